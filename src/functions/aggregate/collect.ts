/** Aggregates that keep a collection of values for each group. */
import { SluiceError } from "../../errors/error.ts";
import { array, BINARY, type DataType, DOUBLE, LONG, STRING } from "../../types/types.ts";
import { longValue, type Value } from "../../types/values.ts";
import { decimalToDouble } from "../cast/cast.ts";
import type {
  AggregateFunction,
  AggregateResolution,
  Argument,
  BufferSlot,
  Emitter,
  ResolveContext,
} from "../definition.ts";
import { xxHashOf } from "../hash/hash.ts";
import { comparatorFor, distinctKey, isOrderable } from "../ordering.ts";
import { checkCount, coerce } from "../signature.ts";
import { addHash, emptyRegisters, estimate, mergeRegisters, precisionFor } from "./hyperloglog.ts";
import { aggregate, unordered } from "./simple.ts";

function push(list: Value[], x: Value): Value[] {
  list.push(x);
  return list;
}
function pushAll(list: Value[], more: Value[]): Value[] {
  for (const x of more) list.push(x);
  return list;
}

/** A list of the values of the group, and what becomes of it in the end. */
function listing(
  type: DataType,
  output: DataType,
  nullable: boolean,
  skipNulls: boolean,
  finish: (e: Emitter) => (list: Value[]) => Value,
): AggregateResolution {
  const slotSet = (e: Emitter, slot: BufferSlot, fn: unknown, x: string): void =>
    e.line(slot.set(`${e.bind(fn, "push")}(${slot.value}, ${x})`));
  return {
    inputs: [type],
    output,
    nullable,
    buffers: [{ name: "values", type: array(type, false), initial: [] }],
    skipNulls,
    update: (e, [slot], [x]) => slotSet(e, slot, push, x.value),
    merge: (e, [slot], [other]) => slotSet(e, slot, pushAll, other.value),
    finish(e, [slot]) {
      const result = e.fresh("collected");
      e.line(`const ${result} = ${e.bind(finish(e), "finish")}(${slot.value});`);
      return { value: result, isNull: nullable ? `${result} === null` : "false" };
    },
  };
}

const collectList = aggregate({
  name: "collect_list",
  aliases: ["array_agg"],
  prettyName: (args) => `collect_list(${args[0]})`,
  args: "expr",
  summary: "The values of the group as an array, in the order in which rows come; NULLs are left out.",
  examples: [
    "collect_list(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "collect_list(a) FROM VALUES (1) AS t(a) WHERE a > 1",
    "collect_list(DISTINCT a) FROM VALUES (1), (1) AS t(a)",
    "collect_list(1)",
    "array_agg(NULL)",
    "collect_list('a')",
  ],
  resolve(args, context) {
    checkCount(args, context, 1, 1);
    const { type, nullable } = args[0];
    return listing(type, array(type, false), false, nullable, () => (list) => list.slice());
  },
});

const collectSet = aggregate({
  name: "collect_set",
  args: "expr",
  summary: "The different values of the group as an array; NULLs are left out.",
  examples: [
    "sort_array(collect_set(a)) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "collect_set(1)",
    "collect_set(CAST(NULL AS INT))",
  ],
  resolve(args, context) {
    checkCount(args, context, 1, 1);
    const { type, nullable } = args[0];
    if (!isOrderable(type)) {
      throw new SluiceError("DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE", {
        sqlExpr: `"${context.sql}"`,
        functionName: "`collect_set`",
        dataType: '"MAP"',
      });
    }
    const key = distinctKey(type);
    return {
      ...listing(type, array(type, false), false, nullable, () => (list) => list.slice()),
      // The list holds each value once; the key set beside it is made again when the state comes from disk.
      update: (e, [slot], [x]) =>
        e.line(slot.set(`${e.bind(addDistinct(key), "addDistinct")}(${slot.value}, ${x.value})`)),
      merge: (e, [slot], [other]) =>
        e.line(slot.set(`${e.bind(addAllDistinct(key), "addAllDistinct")}(${slot.value}, ${other.value})`)),
    };
  },
});

type Key = (value: Value) => unknown;

function addDistinct(key: Key) {
  const sets = new WeakMap<Value[], Set<unknown>>();
  return (list: Value[], x: Value): Value[] => {
    let seen = sets.get(list);
    if (seen === undefined || seen.size !== list.length) {
      seen = new Set(list.map((v) => key(v)));
      sets.set(list, seen);
    }
    const k = key(x);
    if (!seen.has(k)) {
      seen.add(k);
      list.push(x);
    }
    return list;
  };
}

function addAllDistinct(key: Key) {
  const add = addDistinct(key);
  return (list: Value[], more: Value[]): Value[] => {
    for (const x of more) add(list, x);
    return list;
  };
}

/** A number of any type as a double. */
function asDouble(type: DataType): (v: Value) => number {
  if (type.kind === "decimal") return (v) => decimalToDouble(v as number | bigint, type.scale);
  return (v) => Number(v);
}

function percentages(args: readonly Argument[], index: number, context: ResolveContext): number[] {
  const value = args[index].literal?.value;
  const type = args[index].type;
  const list = Array.isArray(value) ? value : [value];
  const element = type.kind === "array" ? type.elementType : type;
  return list.map((v) => {
    if (v === undefined || v === null) {
      throw new SluiceError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", {
        sqlExpr: `"${context.sql}"`,
        inputName: "`percentage`",
        inputType: '"DOUBLE"',
        inputExpr: `"${args[index].sql}"`,
      });
    }
    const p = asDouble(element)(v);
    if (p < 0 || p > 1 || Number.isNaN(p)) {
      throw new SluiceError("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE", {
        sqlExpr: `"${context.sql}"`,
        exprName: "percentage",
        valueRange: "[0.0, 1.0]",
        currentValue: String(p),
      });
    }
    return p;
  });
}

/** The value at a fraction of the sorted values, between two of them where it falls between. */
function percentileOf(sorted: readonly number[], p: number): number {
  const position = (sorted.length - 1) * p;
  const low = Math.floor(position);
  const high = Math.ceil(position);
  if (high === low || sorted[low] === sorted[high]) return sorted[low];
  return (high - position) * sorted[low] + (position - low) * sorted[high];
}

function exactPercentile(name: "percentile" | "median", examples: readonly string[]): AggregateFunction {
  return aggregate({
    name,
    args: name === "median" ? "expr" : "expr, percentage",
    prettyName: (args) => `${name}(${args.join(", ")}${name === "median" ? "" : ", 1"})`,
    summary:
      name === "median"
        ? "The value in the middle; the mean of both where there are two."
        : "The exact percentile, a value between neighbours where it falls between.",
    examples,
    resolve(args, context) {
      checkCount(args, context, name === "median" ? 1 : 2, name === "median" ? 1 : 3);
      if (args.length === 3) {
        throw new SluiceError("UNSUPPORTED_FEATURE", {
          feature: "percentile with a frequency",
          where: "",
          hint: "Repeat each row by its frequency instead, e.g. with explode(sequence(1, frequency)).",
        });
      }
      const type = coerce(args, 0, { anyOf: ["numeric", "interval"] }, context);
      const wanted = name === "median" ? [0.5] : percentages(args, 1, context);
      const many = args[1]?.type.kind === "array";
      const number = asDouble(type);
      const sorted = (list: Value[]): number[] => Float64Array.from(list, number).sort() as unknown as number[];
      const base = listing(type, many ? array(DOUBLE, false) : DOUBLE, true, args[0].nullable, () => (list) => {
        if (list.length === 0) return null;
        const values = sorted(list);
        return many ? wanted.map((p) => percentileOf(values, p)) : percentileOf(values, wanted[0]);
      });
      return { ...base, inputs: [type, ...args.slice(1).map((a) => a.type)] };
    },
  });
}

/** percentile_approx: exact here, which is within any accuracy asked for; it gives one of the values. */
const percentileApprox = aggregate({
  name: "percentile_approx",
  aliases: ["approx_percentile"],
  args: "col, percentage, accuracy",
  summary: "The least value that the given fraction of the values doesn't exceed.",
  examples: [
    "percentile_approx(a, 0.5) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "percentile_approx(b, array(0.1, 0.5, 0.9)) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "percentile_approx(id, array(0.01, 0.5, 0.99)) FROM range(0, 1000, 1, 1)",
    "percentile_approx(10, 0.5)",
    "percentile_approx(10, array(0.5, 0.4, 0.1), 100)",
    "approx_percentile(CAST(NULL AS INT), 0.5)",
    "percentile_approx(10, 1.5)",
  ],
  prettyName: (args, written = "percentile_approx") =>
    `${written}(${args.join(", ")}${args.length === 2 ? ", 10000" : ""})`,
  resolve(args, context) {
    checkCount(args, context, 2, 3);
    const type = coerce(args, 0, { anyOf: ["numeric", { kind: "date" }, "anyTimestamp", "interval"] }, context);
    const wanted = percentages(args, 1, context);
    const many = args[1].type.kind === "array";
    const compare = comparatorFor(type);
    const base = listing(type, many ? array(type, false) : type, true, args[0].nullable, () => (list) => {
      if (list.length === 0) return null;
      const sorted = list.toSorted(compare);
      const at = (p: number): Value => sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)];
      return many ? wanted.map(at) : at(wanted[0]);
    });
    return { ...base, inputs: [type, ...args.slice(1).map((a) => a.type)] };
  },
});

const mode = aggregate({
  name: "mode",
  args: "expr",
  summary: "The value that stands most often; NULLs are left out.",
  examples: [
    "mode(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "mode(a) FROM VALUES (1) AS t(a) WHERE a > 1",
    "mode(10)",
    "mode(CAST(NULL AS INT))",
  ],
  resolve(args, context) {
    checkCount(args, context, 1, 2);
    const { type, nullable } = args[0];
    if (!isOrderable(type)) throw unordered("mode", type, context);
    const key = distinctKey(type);
    const base = listing(type, type, true, nullable, () => (list) => {
      const counts = new Map<unknown, number>();
      let best: Value = null;
      let most = 0;
      for (const x of list) {
        const n = (counts.get(key(x)) ?? 0) + 1;
        counts.set(key(x), n);
        if (n > most) {
          most = n;
          best = x;
        }
      }
      return best;
    });
    return { ...base, inputs: args.map((a) => a.type) };
  },
});

/** listagg: the texts joined; DISTINCT and WITHIN GROUP are the analyser's. */
const listagg = aggregate({
  name: "listagg",
  aliases: ["string_agg"],
  args: "expr, delimiter",
  summary:
    "The strings of the group as one, with a delimiter between; NULLs are left out, and NULL comes of no strings.",
  examples: [
    "listagg(s) FROM VALUES ('a'), (NULL), ('b') AS t(s)",
    "listagg(s, ', ') FROM VALUES ('a'), ('b') AS t(s)",
    "string_agg(s, '-') FROM VALUES (CAST(NULL AS STRING)) AS t(s)",
  ],
  prettyName: (args, written = "listagg") => `${written}(${args[0]}, ${args[1] ?? "NULL"})`,
  resolve(args, context) {
    checkCount(args, context, 1, 2);
    const type = coerce(args, 0, STRING, context);
    const delimiter = args[1]?.literal?.value ?? "";
    if (args.length === 2 && args[1].literal === undefined) {
      throw new SluiceError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", {
        sqlExpr: `"${context.sql}"`,
        inputName: "`delimiter`",
        inputType: '"STRING"',
        inputExpr: `"${args[1].sql}"`,
      });
    }
    const base = listing(
      type,
      STRING,
      true,
      args[0].nullable,
      () => (list) => (list.length === 0 ? null : list.join(String(delimiter))),
    );
    return { ...base, inputs: [type, ...args.slice(1).map((a) => a.type)] };
  },
});

/** approx_count_distinct: HyperLogLog++ over xxHash64, the registers in one binary. */
const approxCountDistinct = aggregate({
  name: "approx_count_distinct",
  args: "expr, relativeSD",
  summary: "An estimate of the number of different values, by default within 5 percent (standard deviation).",
  examples: [
    "approx_count_distinct(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "approx_count_distinct(id) FROM range(0, 100, 1, 1)",
    "approx_count_distinct(id) FROM range(0, 1000, 1, 1)",
    "approx_count_distinct(id, 0.01) FROM range(0, 5000, 1, 1)",
    "approx_count_distinct(CAST(id AS STRING)) FROM range(0, 300, 1, 1)",
    "approx_count_distinct(a) FROM VALUES (1) AS t(a) WHERE a > 1",
    "approx_count_distinct(1)",
    "approx_count_distinct(CAST(NULL AS INT))",
    "approx_count_distinct('a', 0.01)",
  ],
  prettyName: (args) => `approx_count_distinct(${args[0]})`,
  resolve(args, context) {
    checkCount(args, context, 1, 2);
    const { type } = args[0];
    const deviation = args.length === 2 ? asDouble(args[1].type)(args[1].literal?.value ?? 0.05) : 0.05;
    const p = precisionFor(deviation);
    const hash = xxHashOf(type);
    const add = (registers: Uint8Array, x: Value): Uint8Array => {
      const own = registers.length === 0 ? emptyRegisters(p) : registers;
      addHash(own, p, hash(x, 42n));
      return own;
    };
    const merge = (a: Uint8Array, b: Uint8Array): Uint8Array => mergeRegisters(a, b);
    return {
      inputs: args.map((a) => a.type),
      output: LONG,
      nullable: false,
      buffers: [{ name: "registers", type: BINARY, initial: new Uint8Array(0) }],
      skipNulls: args[0].nullable,
      update: (e, [slot], [x]) => e.line(slot.set(`${e.bind(add, "addToSketch")}(${slot.value}, ${x.value})`)),
      merge: (e, [slot], [other]) =>
        e.line(slot.set(`${e.bind(merge, "mergeSketches")}(${slot.value}, ${other.value})`)),
      finish(e, [slot]) {
        const result = e.fresh("estimate");
        const run = (registers: Uint8Array): Value => longValue(BigInt(estimate(registers, p)), e.wide);
        e.line(`const ${result} = ${e.bind(run, "estimate")}(${slot.value});`);
        return { value: result, isNull: "false" };
      },
    };
  },
});

export const collectingAggregates: readonly AggregateFunction[] = [
  collectList,
  collectSet,
  exactPercentile("percentile", [
    "percentile(a, 0.3) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "percentile(b, array(0.25, 0.5, 1)) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "percentile(a, 0.5) FROM VALUES (1) AS t(a) WHERE a > 1",
    "percentile(10, 0.3)",
    "percentile(10, array(0.25, 0.75))",
    "percentile(CAST(NULL AS INT), 0.5)",
  ]),
  exactPercentile("median", [
    "median(a) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "median(b) FROM VALUES (1, 2.5D), (4, -1D), (NULL, 7D), (9, NULL), (4, 0.1D) AS t(a, b)",
    "median(10)",
    "median(2.5)",
  ]),
  percentileApprox,
  mode,
  listagg,
  approxCountDistinct,
];
