/** Functions that make several rows of one. */
import { SluiceError } from "../../errors/error.ts";
import { commonType } from "../../types/coercion.ts";
import { type DataType, INT, NULL, type StructType } from "../../types/types.ts";
import type { MapValue, Value } from "../../types/values.ts";
import type { Argument, GeneratorFunction, ResolveContext } from "../definition.ts";
import { checkCount, unexpectedType } from "../signature.ts";

interface Column {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
}

/** explode and posexplode, and their outer forms. */
function exploding(name: string, withPosition: boolean, outer: boolean): GeneratorFunction {
  return {
    kind: "generator",
    name,
    group: "generator",
    doc: {
      summary: `A row for each ${withPosition ? "position and " : ""}element of an array, or key and value of a map${outer ? "; a row of nulls for none" : ""}.`,
      args: "expr",
      examples: [],
    },
    resolve(args, context) {
      checkCount(args, context, 1, 1);
      const type = args[0].type;
      const position: Column[] = withPosition ? [{ name: "pos", type: INT, nullable: outer }] : [];
      const at = (row: Value[], i: number): Value[] => (withPosition ? [i, ...row] : row);
      if (type.kind === "array") {
        return {
          inputs: [type],
          output: [...position, { name: "col", type: type.elementType, nullable: outer || type.containsNull }],
          outer,
          generate: ([items]) => ((items as Value[] | null) ?? []).map((x, i) => at([x], i)),
        };
      }
      if (type.kind === "map") {
        return {
          inputs: [type],
          output: [
            ...position,
            { name: "key", type: type.keyType, nullable: outer },
            { name: "value", type: type.valueType, nullable: outer || type.valueContainsNull },
          ],
          outer,
          generate([value]) {
            const entries = value as MapValue | null;
            return entries === null ? [] : entries.keys.map((k, i) => at([k, entries.values[i] as Value], i));
          },
        };
      }
      throw unexpectedType(args, 0, '("ARRAY" or "MAP")', context);
    },
  };
}

function inline(name: string, outer: boolean): GeneratorFunction {
  return {
    kind: "generator",
    name,
    group: "generator",
    doc: { summary: "A row for each struct of an array, with its fields as columns.", args: "expr", examples: [] },
    resolve(args, context) {
      checkCount(args, context, 1, 1);
      const type = args[0].type;
      if (type.kind !== "array" || type.elementType.kind !== "struct") {
        throw unexpectedType(args, 0, '"ARRAY<STRUCT>"', context);
      }
      const { fields }: StructType = type.elementType;
      const nothing: Value[] = fields.map(() => null);
      return {
        inputs: [type],
        output: fields.map((f) => ({
          name: f.name,
          type: f.type,
          nullable: outer || f.nullable || (type.containsNull as boolean),
        })),
        outer,
        generate: ([items]) => ((items as (Value[] | null)[] | null) ?? []).map((x) => x ?? nothing),
      };
    },
  };
}

const stack: GeneratorFunction = {
  kind: "generator",
  name: "stack",
  group: "generator",
  doc: { summary: "Spreads the values over n rows.", args: "n, expr1, expr2, …", examples: [] },
  resolve(args, context) {
    checkCount(args, context, 2, Number.POSITIVE_INFINITY);
    const rows = constantRows(args[0], context);
    const values = args.slice(1);
    const width = Math.ceil(values.length / rows);
    const types = Array.from({ length: width }, (_, c) => columnType(values, c, width, context));
    return {
      inputs: [INT, ...values.map((_, i) => types[i % width])],
      output: types.map((type, c) => ({ name: `col${c}`, type, nullable: true })),
      outer: false,
      generate: ([, ...given]) =>
        Array.from({ length: rows }, (_, r) => types.map((_, c) => given[r * width + c] ?? null)),
    };
  },
};

function constantRows(arg: Argument, context: ResolveContext): number {
  const value = arg.literal?.value;
  if (typeof value !== "number" || value < 1) {
    throw new SluiceError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", {
      sqlExpr: `"${context.sql}"`,
      exprName: "number of rows",
      valueRange: "(0, 2147483647]",
      currentValue: arg.sql,
    });
  }
  return value;
}

function columnType(values: readonly Argument[], column: number, width: number, context: ResolveContext): DataType {
  const given = values.filter((_, i) => i % width === column).map((v) => v.type);
  const type = given.length === 0 ? NULL : commonType(given);
  if (type === undefined) throw unexpectedType(values, column, '"the same type as the other rows"', context);
  return type;
}

export const generatorFunctions: readonly GeneratorFunction[] = [
  exploding("explode", false, false),
  exploding("explode_outer", false, true),
  exploding("posexplode", true, false),
  exploding("posexplode_outer", true, true),
  inline("inline", false),
  inline("inline_outer", true),
  stack,
];
