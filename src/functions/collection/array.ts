import { SluiceError } from "../../errors/error.ts";
import { tightestCommonType } from "../../types/coercion.ts";
import { sqlType } from "../../types/print.ts";
import {
  type ArrayType,
  array,
  BOOLEAN,
  type DataType,
  field,
  INT,
  LONG,
  NULL,
  STRING,
  struct,
} from "../../types/types.ts";
import type { MapValue, Value } from "../../types/values.ts";
import { oneType } from "../conditional/conditional.ts";
import { type MakeContext, type SimpleDefinition, simple } from "../define.ts";
import type { Argument, ResolveContext, ScalarFunction } from "../definition.ts";
import { randomDoubles } from "../math/random.ts";
import { comparatorFor, distinctKey, equalityFor, isOrderable, nullsFirst } from "../ordering.ts";
import { checkCount, coerce, unexpectedType } from "../signature.ts";

export function collection(
  def: Omit<SimpleDefinition, "group"> & { group?: SimpleDefinition["group"] },
): ScalarFunction {
  return simple({ group: "collection", ...def });
}

export function elementOf(type: DataType): DataType {
  return type.kind === "array" ? type.elementType : NULL;
}

/** The arguments as arrays with one element type, e.g. for array_union. */
function sameArrays(args: readonly Argument[], context: ResolveContext): ArrayType {
  const types = args.map((a) => (a.type.kind === "null" ? array(NULL) : a.type));
  types.forEach((t, i) => {
    if (t.kind !== "array") throw unexpectedType(args, i, '"ARRAY"', context);
  });
  const type = types.reduce<DataType | undefined>((a, b) => a && tightestCommonType(a, b), types[0]);
  if (type?.kind === "array") return type;
  throw diffTypes(args, context, "BINARY_ARRAY_DIFF_TYPES");
}

function diffTypes(
  args: readonly Argument[],
  context: ResolveContext,
  condition: "ARRAY_FUNCTION_DIFF_TYPES" | "BINARY_ARRAY_DIFF_TYPES",
): SluiceError {
  return new SluiceError(`DATATYPE_MISMATCH.${condition}`, {
    sqlExpr: `"${context.sql}"`,
    functionName: `\`${context.name}\``,
    leftType: `"${sqlType(args[0].type)}"`,
    rightType: `"${sqlType(args[1].type)}"`,
  });
}

function checkOrderable(type: DataType, context: ResolveContext): void {
  if (isOrderable(type)) return;
  throw new SluiceError("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE", {
    sqlExpr: `"${context.sql}"`,
    functionName: `\`${context.name}\``,
    dataType: `"${sqlType(type)}"`,
  });
}

/** A function of arrays of one type. */
function setFunction(
  name: string,
  summary: string,
  examples: readonly string[],
  output: (type: ArrayType, args: readonly ArrayType[]) => DataType,
  make: (element: DataType) => (a: Value[], b: Value[]) => Value,
  mayReturnNull = false,
): ScalarFunction {
  return {
    kind: "scalar",
    name,
    group: "collection",
    doc: { summary, args: "array1, array2", examples },
    resolve(args, context) {
      checkCount(args, context, 2, 2);
      const type = sameArrays(args, context);
      checkOrderable(type.elementType, context);
      const own = args.map((a) => (a.type.kind === "array" ? a.type : array(NULL)));
      return {
        inputs: [type, type],
        output: output(type, own),
        evaluation: {
          nulls: "propagate",
          ...(mayReturnNull ? { mayReturnNull } : {}),
          emit: (e, [a, b]) => `${e.bind(make(type.elementType), name)}(${a}, ${b})`,
        },
      };
    },
  };
}

/** A function of an array and a value of its element type. */
function elementFunction(
  name: string,
  args: string,
  summary: string,
  examples: readonly string[],
  output: (type: ArrayType, value: Argument) => DataType,
  make: (element: DataType, context: { wide: boolean }) => (a: Value[], x: Value) => Value,
  options: { nullValue?: boolean; nullableResult?: boolean } = {},
): ScalarFunction {
  return {
    kind: "scalar",
    name,
    group: "collection",
    doc: { summary, args, examples },
    resolve(callArgs, context) {
      checkCount(callArgs, context, 2, 2);
      const [subject, value] = callArgs;
      if (subject.type.kind !== "array" && subject.type.kind !== "null")
        throw unexpectedType(callArgs, 0, '"ARRAY"', context);
      const own = elementOf(subject.type);
      const element = tightestCommonType(own, value.type);
      if (element === undefined) throw diffTypes(callArgs, context, "ARRAY_FUNCTION_DIFF_TYPES");
      if (subject.type.kind === "null" || (value.type.kind === "null" && options.nullValue !== true)) {
        throw new SluiceError("DATATYPE_MISMATCH.NULL_TYPE", {
          sqlExpr: `"${context.sql}"`,
          functionName: `\`${name}\``,
        });
      }
      const containsNull = subject.type.kind !== "array" || subject.type.containsNull;
      const type = array(element, containsNull);
      const mayReturnNull = options.nullableResult === true && containsNull;
      return {
        inputs: [type, element],
        output: output(type, value),
        ...(options.nullValue ? { nullable: subject.nullable } : {}),
        evaluation: options.nullValue
          ? {
              nulls: "custom",
              emit(e, [a, x]) {
                const list = a.emit();
                const item = x.emit();
                const result = e.fresh(name);
                const fn = e.bind(make(element, e), name);
                const itemCode =
                  item.isNull === "true"
                    ? "null"
                    : item.isNull === "false"
                      ? item.value
                      : `(${item.isNull} ? null : ${item.value})`;
                e.line(
                  `const ${result} = ${list.isNull === "false" ? "" : `${list.isNull} ? null : `}${fn}(${list.value}, ${itemCode});`,
                );
                return { value: result, isNull: list.isNull === "false" ? "false" : `${result} === null` };
              },
            }
          : {
              nulls: "propagate",
              ...(mayReturnNull ? { mayReturnNull } : {}),
              emit: (e, [a, x]) => `${e.bind(make(element, e), name)}(${a}, ${x})`,
            },
      };
    },
  };
}

const makeArray: ScalarFunction = {
  kind: "scalar",
  name: "array",
  group: "collection",
  doc: {
    summary: "An array of the arguments.",
    args: "expr, …",
    examples: [
      "array(1, 2, 3)",
      "array()",
      "array(1, NULL)",
      "array(1, 2.5)",
      "array('a', 1)",
      "array(array(1), array(NULL))",
      "array(true, 'x')",
    ],
  },
  resolve(args, context) {
    const type = args.length === 0 ? NULL : oneType(args, context);
    return {
      inputs: args.map(() => type),
      output: array(
        type,
        args.some((a) => a.nullable),
      ),
      nullable: false,
      evaluation: {
        nulls: "custom",
        emit(e, lazy) {
          const items = lazy.map((arg) => {
            const { value, isNull } = arg.emit();
            return isNull === "true" ? "null" : isNull === "false" ? value : `${isNull} ? null : ${value}`;
          });
          const name = e.fresh("items");
          e.line(`const ${name} = [${items.join(", ")}];`);
          return { value: name, isNull: "false" };
        },
      },
    };
  },
};

function arrayContains(element: DataType) {
  const equal = equalityFor(element);
  return (a: Value[], x: Value): boolean | null => {
    let sawNull = false;
    for (const item of a) {
      if (item === null) sawNull = true;
      else if (equal(item, x)) return true;
    }
    return sawNull ? null : false;
  };
}

function distinct(element: DataType) {
  const key = distinctKey(element);
  return (a: Value[]): Value[] => {
    const seen = new Set<unknown>();
    return a.filter((item) => {
      const k = item === null ? undefined : key(item);
      if (seen.has(k)) return false;
      seen.add(k);
      return true;
    });
  };
}

function keySet(element: DataType, items: readonly Value[]): Set<unknown> {
  const key = distinctKey(element);
  return new Set(items.map((v) => (v === null ? undefined : key(v))));
}

function slice(a: Value[], start: number, length: number): Value[] {
  if (start === 0)
    throw new SluiceError("INVALID_PARAMETER_VALUE.START", { parameter: "`start`", functionName: "`slice`" });
  if (length < 0)
    throw new SluiceError("INVALID_PARAMETER_VALUE.LENGTH", { parameter: "`length`", functionName: "`slice`", length });
  const from = start > 0 ? start - 1 : a.length + start;
  return from < 0 || from >= a.length ? [] : a.slice(from, from + length);
}

function flatten(a: (Value[] | null)[]): Value[] | null {
  const out: Value[] = [];
  for (const inner of a) {
    if (inner === null) return null;
    for (const v of inner) out.push(v);
  }
  return out;
}

function arrayInsert(a: Value[], position: number, item: Value): Value[] {
  if (position === 0) throw new SluiceError("INVALID_INDEX_OF_ZERO");
  const out = a.slice();
  if (position > 0) {
    while (out.length < position - 1) out.push(null);
    out.splice(position - 1, 0, item);
    return out;
  }
  const at = a.length + position + 1;
  if (at >= 0) {
    out.splice(at, 0, item);
    return out;
  }
  return [item, ...new Array<Value>(-at).fill(null), ...out];
}

function join(a: (string | null)[], delimiter: string, replacement?: string): string {
  const out: string[] = [];
  for (const s of a) {
    if (s !== null) out.push(s);
    else if (replacement !== undefined) out.push(replacement);
  }
  return out.join(delimiter);
}

function best(name: "array_max" | "array_min", examples: readonly string[]): ScalarFunction {
  const sign = name === "array_max" ? 1 : -1;
  return collection({
    name,
    summary:
      name === "array_max" ? "The greatest element; NULLs are left out." : "The least element; NULLs are left out.",
    args: "array",
    examples,
    inputs: ["array"],
    output: (types) => elementOf(types[0]),
    mayReturnNull: true,
    check: (_, context, types) => checkOrderable(elementOf(types[0]), context),
    make({ types }) {
      const compare = comparatorFor(elementOf(types[0]));
      return (a: Value[]) => {
        let found: Value = null;
        for (const v of a) if (v !== null && (found === null || compare(v, found) * sign > 0)) found = v;
        return found;
      };
    },
  });
}

function sortArray({ types }: MakeContext) {
  const compare = comparatorFor(elementOf(types[0]));
  const ascending = nullsFirst(compare);
  return (a: Value[], up = true): Value[] => a.toSorted(up ? ascending : (x, y) => -ascending(x, y));
}

export const arrayFunctions: readonly ScalarFunction[] = [
  makeArray,
  elementFunction(
    "array_contains",
    "array, value",
    "True when the array holds the value; NULL when it doesn't but holds NULLs.",
    [
      "array_contains(array(1, 2, 3), 2)",
      "array_contains(array(1, NULL), 2)",
      "array_contains(array(1, NULL), 1)",
      "array_contains(NULL, 1)",
      "array_contains(array(1), CAST(NULL AS INT))",
      "array_contains(array(1D), 1)",
      "array_contains(array('a'), 1)",
    ],
    () => BOOLEAN,
    arrayContains,
    { nullableResult: true },
  ),
  elementFunction(
    "array_position",
    "array, element",
    "The position (1 is first) of the value in the array; 0 when it isn't there.",
    [
      "array_position(array(312, 773, 708, 708), 708)",
      "array_position(array(1), 5)",
      "array_position(array(1, NULL), CAST(NULL AS INT))",
    ],
    () => LONG,
    (element, { wide }) => {
      const equal = equalityFor(element);
      return (a, x) => {
        const i = a.findIndex((v) => v !== null && equal(v, x)) + 1;
        return wide ? BigInt(i) : i;
      };
    },
  ),
  elementFunction(
    "array_remove",
    "array, element",
    "The array without the elements equal to the value.",
    ["array_remove(array(1, 2, 3, NULL, 3), 3)", "array_remove(array(1), CAST(NULL AS INT))"],
    (type) => type,
    (element) => {
      const equal = equalityFor(element);
      return (a, x) => a.filter((v) => v === null || !equal(v, x));
    },
  ),
  elementFunction(
    "array_append",
    "array, element",
    "The array with the value after its elements.",
    [
      "array_append(array('b', 'd'), 'd')",
      "array_append(array(1, 2), NULL)",
      "array_append(array(1), 2.5)",
      "array_append(CAST(NULL AS ARRAY<INT>), 1)",
    ],
    (type, value) => array(type.elementType, type.containsNull || value.nullable),
    () => (a, x) => [...a, x],
    { nullValue: true },
  ),
  elementFunction(
    "array_prepend",
    "array, element",
    "The array with the value before its elements.",
    ["array_prepend(array('b', 'd'), 'd')", "array_prepend(array(1), NULL)"],
    (type, value) => array(type.elementType, type.containsNull || value.nullable),
    () => (a, x) => [x, ...a],
    { nullValue: true },
  ),
  setFunction(
    "array_union",
    "The elements of either array, each once.",
    [
      "array_union(array(1, 2, 3), array(1, 3, 5))",
      "array_union(array(1, NULL), array(NULL, 2))",
      "array_union(array(1), array(1.5))",
      "array_union(array(DOUBLE('NaN'), 0D), array(DOUBLE('NaN'), -0D))",
    ],
    (type, args) =>
      array(
        type.elementType,
        args.some((a) => a.containsNull),
      ),
    (element) => {
      const unique = distinct(element);
      return (a, b) => unique([...a, ...b]);
    },
  ),
  setFunction(
    "array_intersect",
    "The elements that both arrays hold, each once.",
    ["array_intersect(array(1, 2, 3), array(1, 3, 5))", "array_intersect(array(1, NULL), array(NULL))"],
    (type, args) =>
      array(
        type.elementType,
        args.every((a) => a.containsNull),
      ),
    (element) => {
      const unique = distinct(element);
      const key = distinctKey(element);
      return (a, b) => {
        const other = keySet(element, b);
        return unique(a).filter((v) => other.has(v === null ? undefined : key(v)));
      };
    },
  ),
  setFunction(
    "array_except",
    "The elements of the first array that the second doesn't hold, each once.",
    ["array_except(array(1, 2, 3), array(1, 3, 5))", "array_except(array(1, NULL, NULL), array(1))"],
    (type, args) => array(type.elementType, args[0].containsNull),
    (element) => {
      const unique = distinct(element);
      const key = distinctKey(element);
      return (a, b) => {
        const other = keySet(element, b);
        return unique(a).filter((v) => !other.has(v === null ? undefined : key(v)));
      };
    },
  ),
  setFunction(
    "arrays_overlap",
    "True when both arrays hold an equal element; NULL when none is found but one holds NULL.",
    [
      "arrays_overlap(array(1, 2, 3), array(3, 4, 5))",
      "arrays_overlap(array(1, 2), array(3, NULL))",
      "arrays_overlap(array(1), array(2))",
      "arrays_overlap(array(), array(NULL))",
    ],
    () => BOOLEAN,
    (element) => {
      const key = distinctKey(element);
      return (a, b) => {
        const other = new Set(b.filter((v) => v !== null).map((v) => key(v)));
        if (a.some((v) => v !== null && other.has(key(v)))) return true;
        return a.length > 0 && b.length > 0 && (a.includes(null) || b.includes(null)) ? null : false;
      };
    },
    true,
  ),
  collection({
    name: "array_distinct",
    summary: "The elements, each once.",
    args: "array",
    examples: ["array_distinct(array(1, 2, 3, NULL, 3, NULL))", "array_distinct(array(0D, -0D))"],
    inputs: ["array"],
    output: (types) => types[0],
    make: ({ types }) => distinct(elementOf(types[0])),
  }),
  collection({
    name: "array_join",
    summary: "The elements as one string with a separator; NULLs are left out or replaced.",
    args: "array, delimiter, nullReplacement",
    examples: [
      "array_join(array('hello', 'world'), ' ')",
      "array_join(array('hello', NULL, 'world'), ' ')",
      "array_join(array('hello', NULL, 'world'), ' ', ',')",
      "array_join(array(1, 2), '-')",
    ],
    inputs: [array(STRING), STRING, STRING],
    min: 2,
    output: STRING,
    run: join,
  }),
  best("array_max", [
    "array_max(array(1, 20, NULL, 3))",
    "array_max(array(CAST(NULL AS INT)))",
    "array_max(array(1D, DOUBLE('NaN')))",
    "array_max(array('a', 'b'))",
  ]),
  best("array_min", ["array_min(array(1, 20, NULL, 3))", "array_min(array())", "array_min(array(1D, DOUBLE('NaN')))"]),
  collection({
    name: "sort_array",
    summary: "The elements in order; NULLs come first, or last when descending.",
    args: "array, ascendingOrder",
    examples: [
      "sort_array(array('b', 'd', NULL, 'c', 'a'))",
      "sort_array(array(2, NULL, 1), false)",
      "sort_array(array(1D, DOUBLE('NaN'), -0D, 0D))",
    ],
    inputs: ["array", BOOLEAN],
    min: 1,
    output: (types) => types[0],
    prettyName: (args) => `sort_array(${args.join(", ")}${args.length === 1 ? ", true" : ""})`,
    make: sortArray,
  }),
  collection({
    name: "slice",
    summary: "Elements from a position (1 is first, negative from the end), so many.",
    args: "x, start, length",
    examples: [
      "slice(array(1, 2, 3, 4), 2, 2)",
      "slice(array(1, 2, 3, 4), -2, 2)",
      "slice(array(1), 0, 1)",
      "slice(array(1), 1, -1)",
      "slice(array(1, 2), 5, 1)",
      "slice(array(1, 2), -5, 2)",
    ],
    inputs: ["array", INT, INT],
    output: (types) => types[0],
    run: slice,
  }),
  collection({
    name: "flatten",
    summary: "An array of arrays as one array.",
    args: "arrayOfArrays",
    examples: [
      "flatten(array(array(1, 2), array(3, 4)))",
      "flatten(array(array(1), NULL))",
      "flatten(array(array(array(1))))",
    ],
    inputs: [{ arrayOf: "array" }],
    output: (types) => elementOf(types[0]),
    mayReturnNull: true,
    run: flatten,
  }),
  collection({
    name: "shuffle",
    summary: "The elements in random order.",
    args: "array, seed",
    examples: ["size(shuffle(array(1, 20, 3, 5)))", "sort_array(shuffle(array(3, 1, 2)))"],
    inputs: ["array", LONG],
    min: 1,
    output: (types) => types[0],
    deterministic: false,
    make: ({ run }) => {
      const next = randomDoubles(BigInt(run.seed));
      return (a: Value[]) => shuffled(a, next);
    },
  }),
  collection({
    name: "array_repeat",
    summary: "An array of so many times the value.",
    args: "element, count",
    examples: ["array_repeat('123', 2)", "array_repeat(1, 0)", "array_repeat(1, -1)"],
    inputs: ["any", INT],
    output: (types, args) => array(types[0], args[0].nullable),
    run: (x: Value, n: number) => new Array<Value>(Math.max(0, n)).fill(x),
  }),
  {
    kind: "scalar",
    name: "array_insert",
    group: "collection",
    doc: {
      summary:
        "The array with a value put in at a position (1 is first, negative from the end); gaps are filled with NULL.",
      args: "x, pos, val",
      examples: [
        "array_insert(array(1, 2, 3, 4), 5, 5)",
        "array_insert(array(5, 4, 3, 2), -1, 1)",
        "array_insert(array(1), 4, 9)",
        "array_insert(array(1), 0, 9)",
        "array_insert(array(2, 3), 1, 1)",
        "array_insert(array(1, 2), -4, 0)",
      ],
    },
    resolve(args, context) {
      checkCount(args, context, 3, 3);
      const own = elementOf(args[0].type);
      const element = tightestCommonType(own, args[2].type);
      if (element === undefined) throw diffTypes([args[0], args[2]], context, "ARRAY_FUNCTION_DIFF_TYPES");
      return {
        inputs: [array(element), coerce(args, 1, INT, context), element],
        output: array(element, true),
        evaluation: {
          nulls: "propagate",
          emit: (e, values) => `${e.bind(arrayInsert, "arrayInsert")}(${values.join(", ")})`,
        },
      };
    },
  },
  collection({
    name: "array_compact",
    summary: "The array without NULLs.",
    args: "array",
    examples: ["array_compact(array(1, 2, 3, NULL))", "array_compact(array(CAST(NULL AS INT)))"],
    inputs: ["array"],
    output: (types) => array(elementOf(types[0]), false),
    run: (a: Value[]) => a.filter((v) => v !== null),
  }),
  collection({
    name: "array_size",
    summary: "Number of elements; NULL for NULL.",
    args: "expr",
    examples: ["array_size(array('b', 'd', 'c', 'a'))", "array_size(CAST(NULL AS ARRAY<INT>))"],
    inputs: ["array"],
    output: INT,
    run: (a: Value[]) => a.length,
  }),
  collection({
    name: "size",
    aliases: ["cardinality"],
    summary: "Number of elements of an array or entries of a map; NULL for NULL.",
    args: "expr",
    examples: [
      "size(array('b', 'd'))",
      "size(map('a', 1, 'b', 2))",
      "size(CAST(NULL AS ARRAY<INT>))",
      "cardinality(array())",
    ],
    inputs: [{ anyOf: ["array", "map"] }],
    output: INT,
    make: ({ types }) => (types[0].kind === "map" ? (m: MapValue) => m.keys.length : (a: Value[]) => a.length),
  }),
  arraysZip(),
];

function shuffled(a: readonly Value[], next: () => number): Value[] {
  const out = a.slice();
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

function arraysZip(): ScalarFunction {
  return {
    kind: "scalar",
    name: "arrays_zip",
    group: "collection",
    doc: {
      summary: "An array of structs, the n-th of which holds the n-th element of each array.",
      args: "a1, a2, …",
      examples: [
        "arrays_zip(array(1, 2, 3), array(2, 3, 4))",
        "arrays_zip(array(1, 2), array('a'))",
        "arrays_zip(array(1), NULL)",
      ],
    },
    resolve(args, context) {
      const types = args.map((_, i) => coerce(args, i, "array", context));
      const fields = types.map((t, i) => field(fieldName(args[i].sql, i), elementOf(t)));
      return {
        inputs: types,
        output: array(struct(...fields), false),
        evaluation: { nulls: "propagate", emit: (e, values) => `${e.bind(zip, "zip")}([${values.join(", ")}])` },
      };
    },
  };
}

function fieldName(sql: string, index: number): string {
  return /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/.test(sql) && sql.toUpperCase() !== "NULL"
    ? (sql.split(".").at(-1) as string)
    : String(index);
}

function zip(arrays: readonly Value[][]): Value[] {
  const n = Math.max(0, ...arrays.map((a) => a.length));
  return Array.from({ length: n }, (_, i) => arrays.map((a) => (i < a.length ? a[i] : null)));
}
