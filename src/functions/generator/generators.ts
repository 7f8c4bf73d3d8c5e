import { SluiceError } from "../../errors/error.ts";
import { type DataType, INT, NULL, type StructField } from "../../types/types.ts";
import { MapValue, type Value } from "../../types/values.ts";
import { oneType } from "../conditional/conditional.ts";
import type { Argument, GeneratorFunction, ResolveContext } from "../definition.ts";
import { checkCount, coerce, unexpectedType } from "../signature.ts";

type Columns = { name: string; type: DataType; nullable: boolean }[];

function columnsOf(args: readonly Argument[], context: ResolveContext, outer: boolean): Columns {
  const { type } = args[0];
  if (type.kind === "array") return [{ name: "col", type: type.elementType, nullable: outer || type.containsNull }];
  if (type.kind === "map") {
    return [
      { name: "key", type: type.keyType, nullable: outer },
      { name: "value", type: type.valueType, nullable: outer || type.valueContainsNull },
    ];
  }
  throw unexpectedType(args, 0, '("ARRAY" or "MAP")', context);
}

/** The elements of an array, or the entries of a map, as rows. */
function rowsOf(value: Value): Value[][] {
  if (value === null) return [];
  if (value instanceof MapValue) return value.keys.map((k, i) => [k, value.values[i]]);
  return (value as Value[]).map((v) => [v]);
}

function explode(name: string, position: boolean, outer: boolean, examples: readonly string[]): GeneratorFunction {
  return {
    kind: "generator",
    name,
    group: "generator",
    doc: {
      summary: `A row for each element of an array or entry of a map${position ? ", with its position" : ""}${outer ? "; a row of NULLs when there is none" : ""}.`,
      args: "expr",
      examples,
    },
    resolve(args, context) {
      checkCount(args, context, 1, 1);
      const columns = columnsOf(args, context, outer);
      return {
        inputs: [args[0].type],
        output: position ? [{ name: "pos", type: INT, nullable: outer }, ...columns] : columns,
        generate: ([value]) => (position ? rowsOf(value).map((row, i) => [i, ...row]) : rowsOf(value)),
        outer,
      };
    },
  };
}

function inline(name: string, outer: boolean, examples: readonly string[]): GeneratorFunction {
  return {
    kind: "generator",
    name,
    group: "generator",
    doc: { summary: "An array of structs as rows.", args: "expr", examples },
    resolve(args, context) {
      checkCount(args, context, 1, 1);
      const { type } = args[0];
      if (type.kind !== "array" || type.elementType.kind !== "struct")
        throw unexpectedType(args, 0, '"ARRAY<STRUCT>"', context);
      const fields: readonly StructField[] = type.elementType.fields;
      const anyNull = outer || type.containsNull;
      return {
        inputs: [type],
        output: fields.map((f) => ({ name: f.name, type: f.type, nullable: anyNull || f.nullable })),
        generate: ([value]) =>
          value === null ? [] : (value as (Value[] | null)[]).map((row) => row ?? fields.map(() => null)),
        outer,
      };
    },
  };
}

const stack: GeneratorFunction = {
  kind: "generator",
  name: "stack",
  group: "generator",
  doc: {
    summary: "The values set out in so many rows.",
    args: "n, expr1, …",
    examples: ["stack(2, 1, 2, 3)", "stack(2, 'a', 1, 'b', 2)", "stack(1, 1, 2)"],
  },
  resolve(args, context) {
    checkCount(args, context, 2, Number.POSITIVE_INFINITY);
    coerce(args, 0, INT, context);
    const count = Number(args[0].literal?.value ?? Number.NaN);
    if (!(count >= 1)) {
      throw new SluiceError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", {
        sqlExpr: `"${context.sql}"`,
        exprName: "`n`",
        valueRange: "(0, 2147483647]",
        currentValue: args[0].sql,
      });
    }
    const values = args.slice(1);
    const width = Math.ceil(values.length / count);
    const columns = Array.from({ length: width }, (_, c) => {
      const own = values.filter((_, i) => i % width === c);
      return {
        name: `col${c}`,
        type: own.length === 0 ? NULL : oneType(own, context),
        nullable: own.length < count || own.some((a) => a.nullable),
      };
    });
    return {
      inputs: [INT, ...values.map((_, i) => columns[i % width].type)],
      output: columns,
      generate: ([, ...items]) =>
        Array.from({ length: count }, (_, r) => columns.map((_, c) => items[r * width + c] ?? null)),
      outer: false,
    };
  },
};

export const generatorFunctions: readonly GeneratorFunction[] = [
  explode("explode", false, false, [
    "explode(array(10, 20))",
    "explode(map('a', 1, 'b', 2))",
    "explode(CAST(NULL AS ARRAY<INT>))",
    "explode(array())",
    "explode(1)",
  ]),
  explode("explode_outer", false, true, ["explode_outer(array(10, 20))", "explode_outer(CAST(NULL AS ARRAY<INT>))"]),
  explode("posexplode", true, false, ["posexplode(array(10, 20))", "posexplode(map('a', 1))"]),
  explode("posexplode_outer", true, true, [
    "posexplode_outer(array(10))",
    "posexplode_outer(CAST(NULL AS ARRAY<INT>))",
  ]),
  inline("inline", false, ["inline(array(struct(1, 'a'), struct(2, 'b')))", "inline(array(struct(1, 'a'), NULL))"]),
  inline("inline_outer", true, [
    "inline_outer(array(struct(1, 'a')))",
    "inline_outer(CAST(NULL AS ARRAY<STRUCT<a: INT>>))",
  ]),
  stack,
];
