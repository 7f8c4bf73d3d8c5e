import { SluiceError } from "../../errors/error.ts";
import { canCast } from "../../types/coercion.ts";
import { sqlType } from "../../types/print.ts";
import {
  BINARY,
  BOOLEAN,
  BYTE,
  DATE,
  type DataType,
  DOUBLE,
  decimal,
  FLOAT,
  INT,
  isIntegral,
  LONG,
  SHORT,
  STRING,
  TIMESTAMP,
} from "../../types/types.ts";
import type { ScalarFunction } from "../definition.ts";
import { checkCount } from "../signature.ts";
import { type CastMode, castFunction, neverNull } from "./cast.ts";

/** `int(x)`, `string(x)`, …: casts written as functions. */
function castCall(name: string, type: DataType, examples: readonly string[]): ScalarFunction {
  return {
    kind: "scalar",
    name,
    group: "cast",
    doc: { summary: `The value as ${sqlType(type)}, as CAST makes it.`, args: "expr", examples },
    prettyName: (args) => args[0],
    resolve(args, context) {
      checkCount(args, context, 1, 1);
      const from = args[0].type;
      if (!canCast(from, type)) {
        const instead = alternative(from, type);
        if (instead !== undefined) {
          throw new SluiceError("DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION", {
            sqlExpr: `"${context.sql}"`,
            srcType: `"${sqlType(from)}"`,
            targetType: `"${sqlType(type)}"`,
            functionNames: instead,
          });
        }
        throw new SluiceError("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", {
          sqlExpr: `"${context.sql}"`,
          srcType: `"${sqlType(from)}"`,
          targetType: `"${sqlType(type)}"`,
        });
      }
      const mode: CastMode = context.settings.ansi ? "ansi" : "legacy";
      return {
        inputs: [from],
        output: type,
        evaluation: {
          nulls: "propagate",
          ...(neverNull(from, type, mode) ? {} : { mayReturnNull: true }),
          emit: (e, [x]) =>
            `${e.bind(castFunction(from, type, { mode, settings: e.settings, wide: e.wide, run: e.run }), `to_${name}`)}(${x})`,
        },
      };
    },
  };
}

/** What to call where a cast doesn't exist. */
function alternative(from: DataType, to: DataType): string | undefined {
  if (to.kind === "date" && isIntegral(from)) return "`DATE_FROM_UNIX_DATE`";
  return undefined;
}

export const castFunctions: readonly ScalarFunction[] = [
  castCall("boolean", BOOLEAN, [
    "boolean('true')",
    "boolean(0)",
    "boolean('maybe')",
    "CAST(' Y ' AS BOOLEAN)",
    "CAST(1.5D AS BOOLEAN)",
    "CAST('' AS BOOLEAN)",
  ]),
  castCall("tinyint", BYTE, ["tinyint('12')", "tinyint(128)", "CAST(200S AS TINYINT)", "CAST(' 7 ' AS TINYINT)"]),
  castCall("smallint", SHORT, ["smallint(40000)", "smallint('7')", "CAST(-32768.9D AS SMALLINT)"]),
  castCall("int", INT, [
    "int('12')",
    "int(' +12 ')",
    "int('1.5')",
    "int(2147483648L)",
    "int(1.9D)",
    "int(-1.9)",
    "int(DOUBLE('NaN'))",
    "int(true)",
    "int('')",
    "CAST('0x1' AS INT)",
    "CAST('2147483648' AS INT)",
    "TRY_CAST('abc' AS INT)",
    "TRY_CAST(1e10D AS INT)",
    "CAST(TIMESTAMP'1970-01-01 00:00:05.9' AS INT)",
    "CAST('-0' AS INT)",
    "CAST('1e3' AS INT)",
  ]),
  castCall("bigint", LONG, [
    "bigint('9223372036854775807')",
    "bigint('9223372036854775808')",
    "bigint(1e18D)",
    "bigint(9.3e18D)",
    "CAST(TIMESTAMP'1969-12-31 23:59:59.5' AS BIGINT)",
    "CAST(12345678901234567890.5 AS BIGINT)",
    "bigint(-1.5D)",
  ]),
  castCall("float", FLOAT, [
    "float('1.1')",
    "float(16777217)",
    "float('NaN')",
    "float('-inf')",
    "CAST(FLOAT('1e10') AS STRING)",
    "CAST(FLOAT('0.1') AS STRING)",
    "CAST(FLOAT('3.4e38') AS STRING)",
    "CAST(FLOAT('1.4e-45') AS STRING)",
  ]),
  castCall("double", DOUBLE, [
    "double('1.5')",
    "double(' 1e3 ')",
    "double('1.5d')",
    "double('abc')",
    "double('')",
    "double('Infinity')",
    "double(1.1)",
    "CAST(1.1F AS DOUBLE)",
    "CAST(TIMESTAMP'1970-01-01 00:00:01.5' AS DOUBLE)",
    "CAST('+.5' AS DOUBLE)",
    "CAST('5.' AS DOUBLE)",
    "CAST(9007199254740993L AS DOUBLE)",
  ]),
  castCall("decimal", decimal(10, 0), [
    "decimal('12')",
    "decimal(1.5D)",
    "CAST('1.005' AS DECIMAL(5,2))",
    "CAST(-2.5 AS DECIMAL(3,0))",
    "CAST('abc' AS DECIMAL(5,2))",
    "CAST(12345 AS DECIMAL(4,1))",
    "CAST('1e3' AS DECIMAL(6,2))",
    "CAST(DOUBLE('NaN') AS DECIMAL(5,2))",
    "CAST(0.1F AS DECIMAL(10,8))",
    "TRY_CAST(12345 AS DECIMAL(3,1))",
    "CAST(true AS DECIMAL(3,1))",
    "CAST('99999999999999999999999999999999999999999' AS DECIMAL(38,0))",
    "CAST(12345678901234567890 AS DECIMAL(38,18))",
    "CAST(' 7.7 ' AS DECIMAL(3,1))",
  ]),
  castCall("date", DATE, [
    "date('2024-02-29')",
    "date('2024-2-9')",
    "date('2023-02-29')",
    "date('2024')",
    "date(' 2024-01-01T12 ')",
    "date(TIMESTAMP'2024-01-01 23:59:59')",
    "date(1)",
    "CAST('0000-01-01' AS DATE)",
    "CAST('20240101' AS DATE)",
    "TRY_CAST('x' AS DATE)",
    "CAST('+12024-01-01' AS DATE) IS NOT NULL",
  ]),
  castCall("timestamp", TIMESTAMP, [
    "timestamp('2024-02-29 12:30:00')",
    "timestamp('2024-02-29T12:30:00.123456789Z')",
    "timestamp('2024-02-29 12:30:00+02:00')",
    "timestamp('2024-02-29 12:30:00 America/New_York')",
    "timestamp('2024-02-29 25:00:00')",
    "timestamp('2024')",
    "timestamp(DATE'2024-02-29')",
    "timestamp(1.5D)",
    "timestamp(10)",
    "timestamp(true) IS NULL",
    "CAST('2024-02-29 1:2:3' AS TIMESTAMP)",
    "CAST('x' AS TIMESTAMP)",
    "TRY_CAST('x' AS TIMESTAMP)",
    "CAST(1.234567 AS TIMESTAMP)",
    "CAST('2300-01-01 00:00:00.000001' AS TIMESTAMP)",
    "CAST('2024-01-01 00:00:00' AS TIMESTAMP_NTZ)",
  ]),
  castCall("binary", BINARY, ["hex(binary('é'))", "hex(CAST('' AS BINARY))"]),
  castCall("string", STRING, [
    "string(1)",
    "string(1.0D)",
    "string(1e7D)",
    "string(12345678.9D)",
    "string(1e-3D)",
    "string(0.00012D)",
    "string(1.50)",
    "string(0.0000001)",
    "string(true)",
    "string(DATE'2024-02-29')",
    "string(TIMESTAMP'2024-02-29 12:30:00.120')",
    "string(array(1, NULL))",
    "string(map('a', 1, 'b', NULL))",
    "string(struct(1, 'x', NULL))",
    "string(X'616263')",
    "string(-0D)",
    "string(array(array('a'), array()))",
    "string(map(1, array(1.5)))",
    "string(INTERVAL '1 02:03:04.5' DAY TO SECOND)",
    "string(INTERVAL '1-2' YEAR TO MONTH)",
    "string(1.0E10F)",
    "string(100F)",
    "CAST(array('1', '2') AS ARRAY<INT>)",
    "CAST(map('1', '2') AS MAP<INT, BIGINT>)",
    "CAST(named_struct('a', '1') AS STRUCT<b: INT>)",
    "CAST(array('x') AS ARRAY<INT>)",
    "CAST(NULL AS STRING)",
    "string(2e23D)",
    "string(1.17549435E-38F)",
  ]),
];
