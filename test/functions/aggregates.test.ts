// Aggregates merged from parts (as session windows do) against the same rows taken one by one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formOf } from "../../src/columns/form.ts";
import { CodeEmitter } from "../../src/compile/emitter.ts";
import type { AggregateFunction, AggregateResolution, BufferSlot } from "../../src/functions/definition.ts";
import { zero } from "../../src/functions/form.ts";
import { lookupFunction } from "../../src/functions/registry.ts";
import { BOOLEAN, type DataType, DOUBLE, decimal, INT, LONG, STRING } from "../../src/types/types.ts";
import type { Value } from "../../src/types/values.ts";
import { settings } from "./calls.ts";

/** The buffers of one group as a JS array; null stands for null. */
type State = Value[];

interface Compiled {
  start(): State;
  update(state: State, row: readonly Value[]): void;
  merge(state: State, other: State): void;
  finish(state: State): Value;
}

function slots(resolution: AggregateResolution, state: string): BufferSlot[] {
  return resolution.buffers.map((_, i) => ({
    value: `${state}[${i}]`,
    isNull: `${state}[${i}] === null`,
    set: (code) => `${state}[${i}] = ${code};`,
    setNull: () => `${state}[${i}] = null;`,
  }));
}

function compile(resolution: AggregateResolution, wide: boolean): Compiled {
  const named = (...parameters: string[]): CodeEmitter => {
    const e = new CodeEmitter(wide, settings);
    for (const p of parameters) e.fresh(p);
    return e;
  };
  const update = named("state", "row");
  const args = resolution.inputs.map((type, i) => {
    const name = update.fresh("arg");
    update.line(`const ${name} = row[${i}] === null ? ${zero(type, wide)} : row[${i}];`);
    return { value: name, isNull: `row[${i}] === null` };
  });
  if (resolution.skipNulls) update.line(`if (${args.map((a) => a.isNull).join(" || ")}) return;`);
  resolution.update(update, slots(resolution, "state"), args);
  const merge = named("state", "other");
  const other = slots(resolution, "other").map(({ value, isNull }) => ({ value, isNull }));
  resolution.merge(merge, slots(resolution, "state"), other);
  const finish = named("state");
  const result = resolution.finish(finish, slots(resolution, "state"));
  finish.line(`return ${result.isNull} ? null : ${result.value};`);
  return {
    start: () =>
      resolution.buffers.map((b) => {
        const value = formOf(b.initial, b.type, wide);
        return value instanceof Uint8Array || Array.isArray(value) ? (value.slice() as Value) : value;
      }),
    update: update.compile("update", ["state", "row"]),
    merge: merge.compile("merge", ["state", "other"]),
    finish: finish.compile("finish", ["state"]),
  };
}

function resolve(name: string, types: readonly DataType[], literals: readonly (Value | undefined)[] = []) {
  const fn = lookupFunction(name) as AggregateFunction;
  const args = types.map((type, i) => ({
    type,
    nullable: true,
    sql: "x",
    ...(literals[i] === undefined ? {} : { literal: { value: literals[i] as Value } }),
  }));
  return fn.resolve(args, { settings, name, sql: name });
}

/** A small generator of numbers, the same each time. */
function numbers(seed: number): () => number {
  let x = seed;
  return () => {
    x = (Math.imul(x, 1103515245) + 12345) & 0x7fffffff;
    return x;
  };
}

function valueOf(type: DataType, n: number): Value {
  if (n % 7 === 0) return null;
  switch (type.kind) {
    case "double":
      return ((n % 1000) - 500) / 4;
    case "string":
      return `k${n % 20}`;
    case "boolean":
      return n % 2 === 0;
    default:
      return (n % 1000) - 500;
  }
}

function close(a: Value, b: Value): boolean {
  if (typeof a === "number" && typeof b === "number")
    return a === b || Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a));
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b));
}

function plain(v: Value): unknown {
  if (typeof v === "bigint") return String(v);
  return Array.isArray(v) ? v.map(plain) : v;
}

const MONEY = decimal(10, 2);
const cases: readonly (readonly [string, readonly DataType[], (readonly (Value | undefined)[])?])[] = [
  ["count", [INT]],
  ["count_if", [BOOLEAN]],
  ["sum", [LONG]],
  ["sum", [DOUBLE]],
  ["sum", [MONEY]],
  ["try_sum", [LONG]],
  ["avg", [DOUBLE]],
  ["avg", [MONEY]],
  ["min", [INT]],
  ["max", [STRING]],
  ["bool_and", [BOOLEAN]],
  ["bool_or", [BOOLEAN]],
  ["bit_xor", [LONG]],
  ["bit_or", [INT]],
  ["first", [INT]],
  ["first", [INT, BOOLEAN], [undefined, true]],
  ["last", [INT]],
  ["last", [INT, BOOLEAN], [undefined, true]],
  ["max_by", [STRING, INT]],
  ["min_by", [STRING, INT]],
  ["stddev", [DOUBLE]],
  ["var_pop", [DOUBLE]],
  ["skewness", [DOUBLE]],
  ["kurtosis", [DOUBLE]],
  ["covar_samp", [DOUBLE, DOUBLE]],
  ["corr", [DOUBLE, DOUBLE]],
  ["collect_list", [INT]],
  ["collect_set", [STRING]],
  ["median", [DOUBLE]],
  ["percentile", [DOUBLE, DOUBLE], [undefined, 0.3]],
  ["percentile_approx", [INT, DOUBLE], [undefined, 0.9]],
  ["listagg", [STRING]],
  ["approx_count_distinct", [STRING]],
];

for (const [name, types, literals] of cases) {
  for (const wide of [false, true]) {
    const label = `${name}(${types.map((t) => t.kind).join(", ")})${wide ? ", wide" : ""}`;
    test(`${label}: parts merged give what all rows give`, () => {
      const resolution = resolve(name, types, literals);
      const run = compile(resolution, wide);
      const next = numbers(7);
      const rows = Array.from({ length: 60 }, () =>
        resolution.inputs.map((type, i) => formOf((literals?.[i] ?? valueOf(type, next() >> 8)) as Value, type, wide)),
      );
      const whole = run.start();
      for (const row of rows) run.update(whole, row);
      const merged = run.start();
      for (const [from, to] of [
        [0, 0],
        [0, 23],
        [23, 24],
        [24, 60],
        [60, 60],
      ]) {
        const part = run.start();
        for (const row of rows.slice(from, to)) run.update(part, row);
        run.merge(merged, part);
      }
      const [a, b] = [run.finish(whole), run.finish(merged)];
      assert.ok(close(a, b), `${String(plain(a))} is not ${String(plain(b))}`);
      assert.equal(run.finish(run.start()) === null, resolution.nullable, "of no rows");
    });
  }
}

test("a sum beyond 64 bits is an error, or NULL with try_sum", () => {
  const max = 9223372036854775807n;
  const sum = compile(resolve("sum", [LONG]), true);
  const state = sum.start();
  sum.update(state, [max]);
  assert.throws(() => sum.update(state, [1n]), /ARITHMETIC_OVERFLOW/);
  const attempt = compile(resolve("try_sum", [LONG]), true);
  const other = attempt.start();
  for (const x of [max, 1n, 5n]) attempt.update(other, [x]);
  assert.equal(attempt.finish(other), null);
});

test("a sum that isn't exact asks for the wide form", () => {
  const sum = compile(resolve("sum", [LONG]), false);
  const state = sum.start();
  sum.update(state, [9007199254740991]);
  assert.throws(() => sum.update(state, [1]), /wide/);
});
