/**
 * from_json and to_json. A from_json whose fields are read one by one never runs as a function: the optimiser turns it
 * into a scan of bytes to columns. Here is the rest: the whole struct, array or map is wanted.
 */
import { type Vector, valueAt } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import { jsonOptions } from "../../formats/json/options.ts";
import { createJsonScanner } from "../../formats/json/scanner.ts";
import { parseSchemaText } from "../../types/json.ts";
import { type DataType, field, STRING, type StructType, struct } from "../../types/types.ts";
import { MapValue, type Value } from "../../types/values.ts";
import type { Argument, ResolveContext, ScalarFunction, SessionSettings } from "../definition.ts";
import { checkCount, coerce, unexpectedType } from "../signature.ts";
import { jsonText } from "./to-json.ts";

/** The schema argument: DDL or JSON text, as a constant. Everything in it may be null, as in Spark. */
function schemaOf(args: readonly Argument[]): DataType {
  const value = args[1].literal?.value;
  if (typeof value !== "string") {
    throw new SluiceError("INVALID_SCHEMA.NON_STRING_LITERAL", { inputSchema: `"${args[1].sql}"` });
  }
  return nullable(parseSchemaText(value));
}

function nullable(type: DataType): DataType {
  switch (type.kind) {
    case "array":
      return { ...type, elementType: nullable(type.elementType), containsNull: true };
    case "map":
      return { ...type, valueType: nullable(type.valueType), valueContainsNull: true };
    case "struct":
      return struct(...type.fields.map((f) => field(f.name, nullable(f.type), true, f.metadata)));
    default:
      return type;
  }
}

function optionsOf(arg: Argument | undefined, context: ResolveContext): ReadonlyMap<string, string> {
  if (arg === undefined) return new Map();
  const value = arg.literal?.value;
  if (!(value instanceof MapValue)) {
    throw new SluiceError("INVALID_OPTIONS.NON_MAP_FUNCTION", { function: context.name, options: `"${arg.sql}"` });
  }
  return new Map(value.keys.map((k, i) => [String(k), String(value.values[i])]));
}

const encoder = new TextEncoder();

/** Parses one text at a time into the type. */
function parser(type: DataType, options: ReadonlyMap<string, string>, settings: SessionSettings, wide: boolean) {
  const json = jsonOptions(options, settings.timeZone);
  const root: StructType = type.kind === "struct" ? type : struct(field("value", type));
  const scanner = createJsonScanner(
    root,
    root.fields.map((_, i) => i),
    { json, wide },
  );
  const starts = Int32Array.of(0);
  const ends = new Int32Array(1);
  return (text: string): Value => {
    if (text.trim() === "") return null;
    const bytes = encoder.encode(type.kind === "struct" ? text : `{"value":${text}}`);
    ends[0] = bytes.length;
    const { columns, recordNull } = scanner.scan(bytes, starts, ends, null, 0, 1);
    if (recordNull !== null && recordNull[0] === 1) return null;
    const values = columns.map((c: Vector) => valueAt(c, 0));
    return type.kind === "struct" ? values : values[0];
  };
}

const fromJson: ScalarFunction = {
  kind: "scalar",
  name: "from_json",
  group: "json",
  doc: {
    summary: "A JSON text as a value of the schema; what does not fit is null.",
    args: "jsonStr, schema[, options]",
    examples: [
      `from_json('{"a":1, "b":0.8}', 'a INT, b DOUBLE')`,
      `from_json('{"time":"26/08/2015"}', 'time STRING', map('allowComments', 'true'))`,
      `from_json('[1, 2, null]', 'ARRAY<INT>')`,
      `from_json('{"k": 1}', 'MAP<STRING, INT>')`,
      `from_json('{"a": "x"}', 'a INT')`,
      `from_json('{"a": 1', 'a INT')`,
      `from_json('', 'a INT')`,
      `from_json(NULL, 'a INT')`,
      `from_json('{"a": {"b": [1, 2]}}', 'a STRUCT<b: ARRAY<BIGINT>>')`,
    ],
  },
  resolve(args, context) {
    checkCount(args, context, 2, 3);
    const type = schemaOf(args);
    const options = optionsOf(args[2], context);
    const inputs: DataType[] = [coerce(args, 0, STRING, context), STRING];
    if (args[2]) inputs.push(args[2].type);
    return {
      inputs,
      output: type,
      nullable: true,
      evaluation: {
        nulls: "propagate",
        mayReturnNull: true,
        emit: (e, [text]) => `${e.bind(parser(type, options, e.settings, e.wide), "fromJson")}(${text})`,
      },
    };
  },
};

const toJson: ScalarFunction = {
  kind: "scalar",
  name: "to_json",
  group: "json",
  doc: {
    summary: "A struct, array or map as JSON text; null fields are left out.",
    args: "expr[, options]",
    examples: [
      "to_json(named_struct('a', 1, 'b', 2))",
      "to_json(named_struct('a', CAST(NULL AS INT), 'b', 'x\"y'))",
      "to_json(array(named_struct('a', 1)))",
      "to_json(map('k', 1.5))",
      "to_json(named_struct('t', TIMESTAMP '2015-08-26 10:20:30.123456', 'd', DATE '2015-08-26'))",
      "to_json(named_struct('d', CAST(1 AS DOUBLE), 'm', CAST(1.50 AS DECIMAL(5,2)), 'l', 9223372036854775807L))",
    ],
  },
  resolve(args, context) {
    checkCount(args, context, 1, 2);
    const type = args[0].type;
    if (type.kind !== "struct" && type.kind !== "array" && type.kind !== "map") {
      throw unexpectedType(args, 0, '("STRUCT" or "ARRAY" or "MAP")', context);
    }
    const options = optionsOf(args[1], context);
    return {
      inputs: args.map((a) => a.type),
      output: STRING,
      evaluation: {
        nulls: "propagate",
        emit: (e, [value]) => `${e.bind(jsonText(type, e.settings, options), "toJson")}(${value})`,
      },
    };
  },
};

export const jsonFunctions: readonly ScalarFunction[] = [fromJson, toJson];
