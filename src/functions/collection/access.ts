/** Elements of arrays and values of maps: `a[i]`, element_at, get, try_element_at; and structs. */
import { SluiceError } from "../../errors/error.ts";
import { implicitCast, tightestCommonType } from "../../types/coercion.ts";
import { sqlType } from "../../types/print.ts";
import { field, INT, type MapType, struct } from "../../types/types.ts";
import type { MapValue, Value } from "../../types/values.ts";
import type { Argument, ResolveContext, ScalarFunction, ScalarResolution } from "../definition.ts";
import { equalityFor } from "../ordering.ts";
import { checkCount, unexpectedType } from "../signature.ts";

type OnMissing = "error" | "null";

function indexError(index: number, size: number): never {
  throw new SluiceError("INVALID_ARRAY_INDEX", { indexValue: index, arraySize: size });
}
function elementAtError(index: number, size: number): never {
  throw new SluiceError("INVALID_ARRAY_INDEX_IN_ELEMENT_AT", { indexValue: index, arraySize: size });
}

function itemOrError(a: Value[], index: number): Value {
  if (index < 0 || index >= a.length) indexError(index, a.length);
  return a[index];
}
function itemOrNull(a: Value[], index: number): Value {
  return index < 0 || index >= a.length ? null : a[index];
}

function elementAt(onMissing: OnMissing) {
  return (a: Value[], index: number): Value => {
    if (index === 0) throw new SluiceError("INVALID_INDEX_OF_ZERO");
    const at = index > 0 ? index - 1 : a.length + index;
    if (at < 0 || at >= a.length) return onMissing === "null" ? null : elementAtError(index, a.length);
    return a[at];
  };
}

function mapLookup(type: MapType) {
  const equal = equalityFor(type.keyType);
  return (m: MapValue, key: Value): Value => {
    const { keys } = m;
    for (let i = 0; i < keys.length; i++) if (equal(keys[i], key)) return m.values[i];
    return null;
  };
}

function mapAccess(args: readonly Argument[], context: ResolveContext): ScalarResolution {
  const type = args[0].type as MapType;
  const key = tightestCommonType(type.keyType, args[1].type) ?? implicitCast(args[1].type, type.keyType);
  if (key === undefined) throw unexpectedType(args, 1, `"${sqlType(type.keyType)}"`, context);
  const input: MapType = { ...type, keyType: key };
  return {
    inputs: [input, key],
    output: type.valueType,
    nullable: true,
    evaluation: {
      nulls: "propagate",
      mayReturnNull: true,
      emit: (e, [m, k]) => `${e.bind(mapLookup(input), "lookup")}(${m}, ${k})`,
    },
  };
}

function arrayAccess(
  args: readonly Argument[],
  context: ResolveContext,
  run: (a: Value[], i: number) => Value,
  name: string,
): ScalarResolution {
  const type = args[0].type;
  const index = args[1].type;
  const isWhole = ["byte", "short", "integer", "long", "null", "string"].includes(index.kind);
  if (type.kind !== "array" || !isWhole)
    throw unexpectedType(args, type.kind === "array" ? 1 : 0, '"INTEGRAL"', context);
  return {
    inputs: [type, INT],
    output: type.elementType,
    nullable: true,
    evaluation: { nulls: "propagate", mayReturnNull: true, emit: (e, [a, i]) => `${e.bind(run, name)}(${a}, ${i})` },
  };
}

/** `expr[index]`: the analyser's getItem. Positions count from 0. */
const subscript: ScalarFunction = {
  kind: "scalar",
  name: "[]",
  // What the analyser makes of `expr[index]`.
  aliases: ["get_array_item", "get_map_value"],
  group: "collection",
  doc: {
    summary: "The element at a position counted from 0, or the value of a key.",
    args: "collection, key",
    examples: [
      "array(1, 2, 3)[0]",
      "array(1)[5]",
      "array(1)[-1]",
      "map('a', 1)['a']",
      "map('a', 1)['b']",
      "array(1)[NULL]",
      "map(1, 'x')[1]",
      "array(array(1, 2))[0][1]",
    ],
  },
  prettyName: (args) => `${args[0]}[${args[1]}]`,
  resolve(args, context) {
    checkCount(args, context, 2, 2);
    if (args[0].type.kind === "map") return mapAccess(args, context);
    return arrayAccess(args, context, context.settings.ansi ? itemOrError : itemOrNull, "item");
  },
};

function elementAtFunction(name: "element_at" | "try_element_at", examples: readonly string[]): ScalarFunction {
  return {
    kind: "scalar",
    name,
    group: "collection",
    doc: {
      summary: `The element at a position (1 is first, negative from the end), or the value of a key${name === "element_at" ? "" : "; NULL when it isn't there"}.`,
      args: "collection, key",
      examples,
    },
    resolve(args, context) {
      checkCount(args, context, 2, 2);
      if (args[0].type.kind === "map") return mapAccess(args, context);
      return arrayAccess(
        args,
        context,
        elementAt(name === "element_at" && context.settings.ansi ? "error" : "null"),
        "elementAt",
      );
    },
  };
}

const get: ScalarFunction = {
  kind: "scalar",
  name: "get",
  group: "collection",
  doc: {
    summary: "The element at a position counted from 0; NULL when it isn't there.",
    args: "array, index",
    examples: ["get(array(1, 2, 3), 0)", "get(array(1, 2, 3), 3)", "get(array(1, 2, 3), -1)", "get(array(1), NULL)"],
  },
  resolve(args, context) {
    checkCount(args, context, 2, 2);
    return arrayAccess(args, context, itemOrNull, "itemOrNull");
  },
};

function structOf(names: readonly string[], args: readonly Argument[], first: number, step: number): ScalarResolution {
  const values = names.map((_, i) => args[first + i * step]);
  return {
    inputs: args.map((a) => a.type),
    output: struct(...names.map((name, i) => field(name, values[i].type, values[i].nullable))),
    nullable: false,
    evaluation: {
      nulls: "custom",
      emit(e, lazy) {
        const items = names.map((_, i) => {
          const { value, isNull } = lazy[first + i * step].emit();
          return isNull === "true" ? "null" : isNull === "false" ? value : `${isNull} ? null : ${value}`;
        });
        const name = e.fresh("struct");
        e.line(`const ${name} = [${items.join(", ")}];`);
        return { value: name, isNull: "false" };
      },
    },
  };
}

const namedStruct: ScalarFunction = {
  kind: "scalar",
  name: "named_struct",
  group: "struct",
  doc: {
    summary: "A struct of names and values in turn.",
    args: "name1, val1, …",
    examples: [
      "named_struct('a', 1, 'b', 2, 'c', 3)",
      "named_struct('a', NULL)",
      "named_struct('a', 1, 'b')",
      "named_struct('x', array(1)).x",
    ],
  },
  resolve(args, context) {
    if (args.length < 2 || args.length % 2 !== 0) {
      throw new SluiceError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", {
        functionName: "`named_struct`",
        expectedNum: "2n (n > 0)",
        actualNum: args.length,
        args: "name1, val1, …",
      });
    }
    const names = args.filter((_, i) => i % 2 === 0).map((a) => a.literal?.value);
    names.forEach((name, i) => {
      if (typeof name !== "string") {
        throw new SluiceError("DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING", {
          sqlExpr: `"${context.sql}"`,
          inputExprs: `["${args[i * 2].sql}"]`,
        });
      }
    });
    return structOf(names as string[], args, 1, 2);
  },
};

const structFunction: ScalarFunction = {
  kind: "scalar",
  name: "struct",
  group: "struct",
  doc: {
    summary: "A struct of the values; fields are named after their expressions, or col1, col2, …",
    args: "col1, col2, …",
    examples: ["struct(1, 'a')", "struct(1 AS x, 2 AS y)", "struct(1, NULL)"],
  },
  resolve(args, context) {
    checkCount(args, context, 1, Number.POSITIVE_INFINITY);
    return structOf(
      args.map((_, i) => `col${i + 1}`),
      args,
      0,
      1,
    );
  },
};

export const accessFunctions: readonly ScalarFunction[] = [
  subscript,
  elementAtFunction("element_at", [
    "element_at(array(1, 2, 3), 2)",
    "element_at(array(1, 2, 3), -1)",
    "element_at(array(1), 5)",
    "element_at(array(1), 0)",
    "element_at(map(1, 'a', 2, 'b'), 2)",
    "element_at(map(1, 'a'), 3)",
  ]),
  elementAtFunction("try_element_at", [
    "try_element_at(array(1, 2, 3), 2)",
    "try_element_at(array(1), 5)",
    "try_element_at(array(1), 0)",
    "try_element_at(map(1, 'a'), 3)",
  ]),
  get,
  namedStruct,
  structFunction,
];
