/** Functions that take a lambda: their loops are written in line, so that no closure runs for each row. */
import { tightestCommonType } from "../../types/coercion.ts";
import { type ArrayType, array, BOOLEAN, type DataType, INT, type MapType, map, NULL } from "../../types/types.ts";
import { MapValue, type Value } from "../../types/values.ts";
import type {
  Argument,
  Emitted,
  Emitter,
  LazyArgument,
  ResolveContext,
  ScalarFunction,
  ScalarResolution,
} from "../definition.ts";
import { zero } from "../form.ts";
import { type Comparator, comparatorFor, distinctKey, nullsLast } from "../ordering.ts";
import { named } from "../predicate/comparison.ts";
import { checkCount, coerce, unexpectedType } from "../signature.ts";
import { mapBuilder } from "./map.ts";

type Parameters = readonly { type: DataType; nullable: boolean }[];

interface Loop {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly args: string;
  readonly group?: "collection" | "map";
  readonly summary: string;
  readonly examples: readonly string[];
  readonly lambdas: (index: number, args: readonly (Argument | undefined)[]) => Parameters;
  readonly resolve: (args: readonly Argument[], context: ResolveContext) => ScalarResolution;
}

function higherOrder(def: Loop): ScalarFunction {
  return {
    kind: "scalar",
    name: def.name,
    ...(def.aliases ? { aliases: def.aliases } : {}),
    group: def.group ?? "collection",
    doc: { summary: def.summary, args: def.args, examples: def.examples },
    lambdaParameters: def.lambdas,
    resolve: def.resolve,
  };
}

function arrayType(args: readonly (Argument | undefined)[], index = 0): ArrayType {
  const type = args[index]?.type;
  return type?.kind === "array" ? type : array(NULL);
}
function mapType(args: readonly (Argument | undefined)[], index = 0): MapType {
  const type = args[index]?.type;
  return type?.kind === "map" ? type : map(NULL, NULL);
}

function needArray(args: readonly Argument[], index: number, context: ResolveContext): ArrayType {
  if (args[index].type.kind !== "array") throw unexpectedType(args, index, '"ARRAY"', context);
  return arrayType(args, index);
}
function needMap(args: readonly Argument[], index: number, context: ResolveContext): MapType {
  if (args[index].type.kind !== "map") throw unexpectedType(args, index, '"MAP"', context);
  return mapType(args, index);
}
function needBoolean(args: readonly Argument[], index: number, context: ResolveContext): void {
  if (args[index].type.kind !== "boolean" && args[index].type.kind !== "null")
    throw unexpectedType(args, index, '"BOOLEAN"', context);
}

/** Runs `body` where the argument isn't null; the result variable is null otherwise. */
function unlessNull(
  e: Emitter,
  arg: LazyArgument,
  hint: string,
  body: (value: string, result: string) => void,
): Emitted {
  const source = named(e, arg.emit(), "source");
  const result = e.fresh(hint);
  if (source.isNull === "true") return { value: "null", isNull: "true" };
  e.line(`let ${result} = null;`);
  if (source.isNull === "false") body(source.value, result);
  else e.block(`if (!(${source.isNull}))`, () => body(source.value, result));
  return { value: result, isNull: source.isNull === "false" ? "false" : `${result} === null` };
}

/** The loop variable of an element, and whether it is null. */
function element(e: Emitter, list: string, index: string, nullable: boolean, type: DataType): Emitted {
  const name = e.fresh("element");
  e.line(`const ${name} = ${list}[${index}];`);
  return { value: name, isNull: nullable || type.kind === "null" ? `${name} === null` : "false" };
}

function stored(item: Emitted): string {
  return item.isNull === "true"
    ? "null"
    : item.isNull === "false"
      ? item.value
      : `${item.isNull} ? null : ${item.value}`;
}

function isTrue(item: Emitted): string {
  return item.isNull === "true" ? "false" : item.isNull === "false" ? item.value : `!(${item.isNull}) && ${item.value}`;
}

function forEach(e: Emitter, list: string, body: (index: string) => void): void {
  const i = e.fresh("i");
  e.block(`for (let ${i} = 0; ${i} < ${list}.length; ${i}++)`, () => body(i));
}

const elementParameters =
  (withIndex: boolean) =>
  (_: number, args: readonly (Argument | undefined)[]): Parameters => {
    const type = arrayType(args);
    const one = { type: type.elementType, nullable: type.containsNull };
    return withIndex ? [one, { type: INT, nullable: false }] : [one];
  };

const transform = higherOrder({
  name: "transform",
  args: "expr, func",
  summary: "The array with a function of each element (and its index) in its place.",
  examples: [
    "transform(array(1, 2, 3), x -> x + 1)",
    "transform(array(1, 2, 3), (x, i) -> x + i)",
    "transform(array(1, NULL), x -> coalesce(x, 0))",
    "transform(CAST(NULL AS ARRAY<INT>), x -> x)",
    "transform(array(array(1), array(2, 3)), x -> transform(x, y -> y * 2))",
  ],
  lambdas: elementParameters(true),
  resolve(args, context) {
    checkCount(args, context, 2, 2);
    const type = needArray(args, 0, context);
    return {
      inputs: [type, args[1].type],
      output: array(args[1].type, args[1].nullable),
      nullable: args[0].nullable,
      evaluation: {
        nulls: "custom",
        emit: (e, [source, fn]) =>
          unlessNull(e, source, "transformed", (list, result) => {
            e.line(`${result} = new Array(${list}.length);`);
            forEach(e, list, (i) => {
              const item = element(e, list, i, type.containsNull, type.elementType);
              e.line(`${result}[${i}] = ${stored(fn.apply([item, { value: i, isNull: "false" }]))};`);
            });
          }),
      },
    };
  },
});

const filter = higherOrder({
  name: "filter",
  args: "expr, func",
  summary: "The elements for which the condition is true.",
  examples: [
    "filter(array(1, 2, 3), x -> x % 2 == 1)",
    "filter(array(0, 2, 3), (x, i) -> x > i)",
    "filter(array(0, NULL, 2, 3, NULL), x -> x IS NOT NULL)",
    "filter(array(1, NULL), x -> x > 0)",
  ],
  lambdas: elementParameters(true),
  resolve(args, context) {
    checkCount(args, context, 2, 2);
    const type = needArray(args, 0, context);
    needBoolean(args, 1, context);
    return {
      inputs: [type, BOOLEAN],
      output: type,
      nullable: args[0].nullable,
      evaluation: {
        nulls: "custom",
        emit: (e, [source, fn]) =>
          unlessNull(e, source, "filtered", (list, result) => {
            e.line(`${result} = [];`);
            forEach(e, list, (i) => {
              const item = element(e, list, i, type.containsNull, type.elementType);
              const keep = fn.apply([item, { value: i, isNull: "false" }]);
              e.line(`if (${isTrue(keep)}) ${result}.push(${item.value});`);
            });
          }),
      },
    };
  },
});

function quantifier(
  name: "exists" | "forall",
  aliases: readonly string[],
  examples: readonly string[],
): ScalarFunction {
  const any = name === "exists";
  return higherOrder({
    name,
    aliases,
    args: "expr, pred",
    summary: any
      ? "True when the condition is true for an element."
      : "True when the condition is true for every element.",
    examples,
    lambdas: elementParameters(false),
    resolve(args, context) {
      checkCount(args, context, 2, 2);
      const type = needArray(args, 0, context);
      needBoolean(args, 1, context);
      return {
        inputs: [type, BOOLEAN],
        output: BOOLEAN,
        nullable: args[0].nullable || args[1].nullable,
        evaluation: {
          nulls: "custom",
          emit: (e, [source, fn]) => {
            const result = unlessNull(e, source, name, (list, found) => {
              e.line(`${found} = ${!any};`);
              forEach(e, list, (i) => {
                const item = element(e, list, i, type.containsNull, type.elementType);
                const test = named(e, fn.apply([item]), "test");
                if (test.isNull !== "false") e.line(`if (${test.isNull}) { ${found} = null; continue; }`);
                if (test.isNull !== "true")
                  e.line(`if (${any ? "" : "!"}(${test.value})) { ${found} = ${any}; break; }`);
              });
            });
            return { value: result.value, isNull: `${result.value} === null` };
          },
        },
      };
    },
  });
}

const aggregate = higherOrder({
  name: "aggregate",
  aliases: ["reduce"],
  args: "expr, start, merge, finish",
  summary: "Starts with a value and takes in one element after the other; a last function makes the result.",
  examples: [
    "aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x)",
    "aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x, acc -> acc * 10)",
    "reduce(array('a', 'b'), '', (acc, x) -> acc || x)",
    "aggregate(array(1, NULL), 0, (acc, x) -> acc + x)",
    "aggregate(CAST(NULL AS ARRAY<INT>), 0, (acc, x) -> acc + x)",
  ],
  lambdas(index, args) {
    const start = args[1]?.type ?? NULL;
    const type = arrayType(args);
    if (index === 3) return [{ type: start, nullable: true }];
    return [
      { type: start, nullable: true },
      { type: type.elementType, nullable: type.containsNull },
    ];
  },
  resolve(args, context) {
    checkCount(args, context, 3, 4);
    const type = needArray(args, 0, context);
    const accumulator = args[1].type;
    if (args[2].type.kind !== accumulator.kind && tightestCommonType(args[2].type, accumulator) === undefined) {
      throw unexpectedType(args, 2, `"${accumulator.kind.toUpperCase()}"`, context);
    }
    const output = args.length === 4 ? args[3].type : accumulator;
    return {
      inputs: [type, accumulator, args[2].type, ...(args.length === 4 ? [args[3].type] : [])],
      output,
      nullable: true,
      evaluation: {
        nulls: "custom",
        emit(e, [source, start, merge, finish]) {
          const result = e.fresh("reduced");
          const resultNull = e.fresh("reducedNull");
          e.line(`let ${result} = ${zero(output, e.wide)}, ${resultNull} = true;`);
          const list = named(e, source.emit(), "source");
          if (list.isNull === "true") return { value: result, isNull: resultNull };
          e.block(`if (!(${list.isNull}))`, () => {
            const acc = e.fresh("acc");
            const accNull = e.fresh("accNull");
            const first = start.emit();
            e.line(`let ${acc} = ${first.value}, ${accNull} = ${first.isNull};`);
            forEach(e, list.value, (i) => {
              const item = element(e, list.value, i, type.containsNull, type.elementType);
              const next = merge.apply([{ value: acc, isNull: accNull }, item]);
              const isNull = e.fresh("nextNull");
              e.line(`const ${isNull} = ${next.isNull};\n${acc} = ${next.value};\n${accNull} = ${isNull};`);
            });
            const last =
              finish === undefined ? { value: acc, isNull: accNull } : finish.apply([{ value: acc, isNull: accNull }]);
            e.line(`${result} = ${last.value};\n${resultNull} = ${last.isNull};`);
          });
          return { value: result, isNull: resultNull };
        },
      },
    };
  },
});

const zipWith = higherOrder({
  name: "zip_with",
  args: "left, right, func",
  summary: "An array of a function of the n-th elements of two arrays; the shorter one is filled with NULL.",
  examples: [
    "zip_with(array(1, 2, 3), array('a', 'b', 'c'), (x, y) -> (y, x))",
    "zip_with(array(1, 2), array(3), (x, y) -> x + y)",
    "zip_with(array('a'), array('b'), (x, y) -> concat(x, y))",
    "zip_with(NULL, array(1), (x, y) -> y)",
  ],
  lambdas: (_, args) => [0, 1].map((i) => ({ type: arrayType(args, i).elementType, nullable: true })),
  resolve(args, context) {
    checkCount(args, context, 3, 3);
    const types = [needArray(args, 0, context), needArray(args, 1, context)];
    return {
      inputs: [...types, args[2].type],
      output: array(args[2].type, args[2].nullable),
      nullable: args[0].nullable || args[1].nullable,
      evaluation: {
        nulls: "custom",
        emit(e, [left, right, fn]) {
          const a = named(e, left.emit(), "left");
          const b = named(e, right.emit(), "right");
          if (a.isNull === "true" || b.isNull === "true") return { value: "null", isNull: "true" };
          const result = e.fresh("zipped");
          e.line(`let ${result} = null;`);
          const i = e.fresh("i");
          e.block(`if (!(${a.isNull}) && !(${b.isNull}))`, () => {
            const size = e.fresh("size");
            e.line(`const ${size} = Math.max(${a.value}.length, ${b.value}.length);\n${result} = new Array(${size});`);
            e.block(`for (let ${i} = 0; ${i} < ${size}; ${i}++)`, () => {
              const [x, y] = [a, b].map((side) => {
                const name = e.fresh("element");
                e.line(`const ${name} = ${i} < ${side.value}.length ? ${side.value}[${i}] : null;`);
                return { value: name, isNull: `${name} === null` };
              });
              e.line(`${result}[${i}] = ${stored(fn.apply([x, y]))};`);
            });
          });
          return { value: result, isNull: `${result} === null` };
        },
      },
    };
  },
});

type MapLoop = "transform_keys" | "transform_values" | "map_filter";

function mapFunction(name: MapLoop, summary: string, examples: readonly string[]): ScalarFunction {
  return higherOrder({
    name,
    group: "map",
    args: "expr, func",
    summary,
    examples,
    lambdas(_, args) {
      const type = mapType(args);
      return [
        { type: type.keyType, nullable: false },
        { type: type.valueType, nullable: type.valueContainsNull },
      ];
    },
    resolve(args, context) {
      checkCount(args, context, 2, 2);
      const type = needMap(args, 0, context);
      if (name === "map_filter") needBoolean(args, 1, context);
      const body = args[1];
      const output =
        name === "map_filter"
          ? type
          : name === "transform_keys"
            ? map(body.type, type.valueType, type.valueContainsNull)
            : map(type.keyType, body.type, body.nullable);
      return {
        inputs: [type, body.type],
        output,
        nullable: args[0].nullable,
        evaluation: { nulls: "custom", emit: (e, [source, fn]) => emitMapLoop(e, name, type, output, source, fn) },
      };
    },
  });
}

function emitMapLoop(
  e: Emitter,
  name: MapLoop,
  type: MapType,
  output: MapType,
  source: LazyArgument,
  fn: LazyArgument,
): Emitted {
  return unlessNull(e, source, "mapped", (m, result) => {
    const keys = e.fresh("keys");
    const values = e.fresh("values");
    e.line(`const ${keys} = [], ${values} = [];`);
    forEach(e, `${m}.keys`, (i) => {
      const key = element(e, `${m}.keys`, i, false, NULL);
      const value = element(e, `${m}.values`, i, type.valueContainsNull, type.valueType);
      const item = fn.apply([{ value: key.value, isNull: "false" }, value]);
      if (name === "map_filter")
        e.line(`if (${isTrue(item)}) { ${keys}.push(${key.value}); ${values}.push(${value.value}); }`);
      else if (name === "transform_keys") e.line(`${keys}.push(${stored(item)});\n${values}.push(${value.value});`);
      else e.line(`${keys}.push(${key.value});\n${values}.push(${stored(item)});`);
    });
    const make = name === "transform_keys" ? mapBuilder(output, e.settings) : newMap;
    e.line(`${result} = ${e.bind(make, "mapOf")}(${keys}, ${values});`);
  });
}

function newMap(keys: Value[], values: Value[]): MapValue {
  return new MapValue(keys, values);
}

const mapZipWith = higherOrder({
  name: "map_zip_with",
  group: "map",
  args: "map1, map2, function",
  summary: "A map of every key of two maps with a function of the key and both values.",
  examples: [
    "map_zip_with(map(1, 'a', 2, 'b'), map(1, 'x', 2, 'y'), (k, v1, v2) -> concat(v1, v2))",
    "map_zip_with(map('a', 1), map('b', 2), (k, v1, v2) -> coalesce(v1, 0) + coalesce(v2, 0))",
  ],
  lambdas: (_, args) => [
    { type: mapType(args).keyType, nullable: false },
    { type: mapType(args, 0).valueType, nullable: true },
    { type: mapType(args, 1).valueType, nullable: true },
  ],
  resolve(args, context) {
    checkCount(args, context, 3, 3);
    const a = needMap(args, 0, context);
    const b = needMap(args, 1, context);
    const output = map(a.keyType, args[2].type, args[2].nullable);
    return {
      inputs: [a, { ...b, keyType: a.keyType }, args[2].type],
      output,
      nullable: args[0].nullable || args[1].nullable,
      evaluation: {
        nulls: "custom",
        emit(e, [left, right, fn]) {
          const x = named(e, left.emit(), "left");
          const y = named(e, right.emit(), "right");
          if (x.isNull === "true" || y.isNull === "true") return { value: "null", isNull: "true" };
          const result = e.fresh("zipped");
          e.line(`let ${result} = null;`);
          e.block(`if (!(${x.isNull}) && !(${y.isNull}))`, () => {
            const rows = e.fresh("rows");
            e.line(`const ${rows} = ${e.bind(pairMaps(a.keyType), "pairs")}(${x.value}, ${y.value});`);
            const [keys, values] = [e.fresh("keys"), e.fresh("values")];
            e.line(`const ${keys} = [], ${values} = [];`);
            forEach(e, rows, (i) => {
              const cells = [0, 1, 2].map((c) => {
                const name = e.fresh(["key", "value1", "value2"][c]);
                e.line(`const ${name} = ${rows}[${i}][${c}];`);
                return { value: name, isNull: c === 0 ? "false" : `${name} === null` };
              });
              e.line(`${keys}.push(${cells[0].value});\n${values}.push(${stored(fn.apply(cells))});`);
            });
            e.line(`${result} = ${e.bind(newMap, "mapOf")}(${keys}, ${values});`);
          });
          return { value: result, isNull: `${result} === null` };
        },
      },
    };
  },
});

function pairMaps(keyType: DataType) {
  const id = distinctKey(keyType);
  return (a: MapValue, b: MapValue): Value[][] => {
    const rows = new Map<unknown, Value[]>();
    a.keys.forEach((k, i) => {
      rows.set(id(k), [k, a.values[i], null]);
    });
    b.keys.forEach((k, i) => {
      const row = rows.get(id(k));
      if (row === undefined) rows.set(id(k), [k, null, b.values[i]]);
      else row[2] = b.values[i];
    });
    return [...rows.values()];
  };
}

/** array_sort, with or without a comparator of two elements that gives a negative number, 0 or a positive one. */
const arraySort = higherOrder({
  name: "array_sort",
  args: "expr, func",
  summary: "The elements in ascending order with NULLs last, or in the order of a comparator.",
  examples: [
    "array_sort(array(5, 6, 1))",
    "array_sort(array('b', NULL, 'a'))",
    "array_sort(array(5, 6, 1), (l, r) -> CASE WHEN l < r THEN 1 WHEN l > r THEN -1 ELSE 0 END)",
    "array_sort(array('bc', 'ab', 'dc'), (l, r) -> CASE WHEN l < r THEN -1 WHEN l > r THEN 1 ELSE 0 END)",
  ],
  lambdas: (_, args) => {
    const type = arrayType(args);
    const one = { type: type.elementType, nullable: type.containsNull };
    return [one, one];
  },
  resolve(args, context) {
    checkCount(args, context, 1, 2);
    const type = needArray(args, 0, context);
    if (args.length === 1) {
      const compare: Comparator = nullsLast(comparatorFor(type.elementType));
      return {
        inputs: [type],
        output: type,
        evaluation: { nulls: "propagate", emit: (e, [a]) => `${a}.toSorted(${e.bind(compare, "compare")})` },
      };
    }
    return {
      inputs: [type, coerce(args, 1, INT, context)],
      output: type,
      nullable: args[0].nullable,
      evaluation: {
        nulls: "custom",
        emit: (e, [source, fn]) =>
          unlessNull(e, source, "sorted", (list, result) => {
            const [a, b] = [e.fresh("left"), e.fresh("right")];
            const compare = e.fresh("compare");
            e.block(`const ${compare} = (${a}, ${b}) =>`, () => {
              const order = fn.apply(
                [a, b].map((name) => ({ value: name, isNull: type.containsNull ? `${name} === null` : "false" })),
              );
              e.line(`return ${order.isNull === "false" ? order.value : `${order.isNull} ? 0 : ${order.value}`};`);
            });
            e.line(`${result} = ${list}.toSorted(${compare});`);
          }),
      },
    };
  },
});

export const lambdaFunctions: readonly ScalarFunction[] = [
  transform,
  filter,
  quantifier(
    "exists",
    [],
    [
      "exists(array(1, 2, 3), x -> x % 2 == 0)",
      "exists(array(1, NULL), x -> x > 5)",
      "exists(array(1, NULL, 7), x -> x > 5)",
      "exists(array(), x -> true)",
    ],
  ),
  quantifier(
    "forall",
    [],
    [
      "forall(array(1, 2, 3), x -> x % 2 == 0)",
      "forall(array(2, NULL), x -> x % 2 == 0)",
      "forall(array(1, NULL), x -> x % 2 == 0)",
    ],
  ),
  aggregate,
  zipWith,
  mapFunction("transform_keys", "The map with a function of key and value as its keys.", [
    "transform_keys(map_from_arrays(array(1, 2, 3), array(1, 2, 3)), (k, v) -> k + 1)",
    "transform_keys(map(1, 2), (k, v) -> CAST(NULL AS INT))",
  ]),
  mapFunction("transform_values", "The map with a function of key and value as its values.", [
    "transform_values(map_from_arrays(array(1, 2, 3), array(1, 2, 3)), (k, v) -> v + 1)",
    "transform_values(map('a', 1), (k, v) -> k || v)",
  ]),
  mapFunction("map_filter", "The entries for which the condition is true.", [
    "map_filter(map(1, 0, 2, 2, 3, -1), (k, v) -> k > v)",
  ]),
  mapZipWith,
  arraySort,
];
