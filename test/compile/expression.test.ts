import assert from "node:assert/strict";
import { test } from "node:test";
import type { TypedExpression } from "../../src/analyze/expression.ts";
import { CodeEmitter } from "../../src/compile/emitter.ts";
import { evaluate, foldable } from "../../src/compile/evaluate.ts";
import { emitCondition, emitExpression, isTrue } from "../../src/compile/expression.ts";
import { SluiceError } from "../../src/errors/error.ts";
import { BOOLEAN, BYTE, DOUBLE, decimal, FLOAT, INT, LONG, STRING } from "../../src/types/types.ts";
import { attr, call, cast, lit, settings } from "../functions/calls.ts";

function run(expr: TypedExpression) {
  return evaluate(expr, settings);
}
function fails(condition: string, expr: TypedExpression) {
  assert.throws(
    () => run(expr),
    (e) => e instanceof SluiceError && e.condition === condition,
  );
}

test("arithmetic on whole numbers is exact and checked", () => {
  assert.equal(run(call("+", 1, 2)), 3);
  fails("ARITHMETIC_OVERFLOW", call("+", 2147483647, 1));
  assert.equal(run(call("+", 9007199254740993n, 2n)), 9007199254740995n);
  fails("ARITHMETIC_OVERFLOW", call("+", 9223372036854775807n, 1n));
  assert.equal(run(call("*", 3037000499n, 3037000499n)), 9223372030926249001n);
  assert.equal(Object.is(run(call("*", 0, -5)), 0), true);
  assert.equal(run(call("+", 1, null)), null);
  fails("BINARY_ARITHMETIC_OVERFLOW", call("+", lit(127, BYTE), lit(1, BYTE)));
  assert.equal(run(call("try_add", 2147483647, 1)), null);
  assert.equal(run(call("-", 5)), -5);
  assert.equal(run(call("div", -7, 2)), -3);
  assert.equal(run(call("%", -7, 3)), -1);
  assert.equal(run(call("pmod", -7, 3)), 2);
  fails("DIVIDE_BY_ZERO", call("/", 1, 0));
});

test("decimals keep their scale and round half up", () => {
  const a = lit(110, decimal(3, 2));
  const b = lit(2255, decimal(4, 3));
  assert.deepEqual(call("+", a, b).type, decimal(5, 3));
  assert.equal(run(call("+", a, b)), 3355);
  assert.equal(run(call("*", a, b)), 248050);
  const third = call("/", lit(10, decimal(2, 1)), lit(3, decimal(1, 0)));
  assert.deepEqual(third.type, decimal(7, 6));
  assert.equal(run(third), 333333);
  assert.equal(run(cast(lit(12345, decimal(5, 2)), decimal(4, 1))), 1235);
  fails("NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", cast(lit(12345, decimal(5, 2)), decimal(3, 1)));
});

test("strings and numbers are cast as Spark does", () => {
  assert.equal(run(cast(" 12 ", INT)), 12);
  fails("CAST_INVALID_INPUT", cast("1.5", INT));
  assert.equal(run(cast("1.5", INT, "try")), null);
  assert.equal(run(cast("1.5", INT, "legacy")), 1);
  assert.equal(run(cast("1e10", DOUBLE)), 1e10);
  assert.equal(run(cast(1e10, STRING)), "1.0E10");
  assert.equal(run(cast(cast("1.1", FLOAT), STRING)), "1.1");
  assert.equal(run(cast(0.001, STRING)), "0.001");
  assert.equal(run(cast("9223372036854775807", LONG)), 9223372036854775807n);
  fails("CAST_INVALID_INPUT", cast("9223372036854775808", LONG));
  fails("CAST_OVERFLOW", cast(1e10, INT));
  assert.equal(run(cast("yes", BOOLEAN)), true);
  assert.equal(run(cast(lit(-5, decimal(4, 2)), STRING)), "-0.05");
});

test("comparison orders NaN last and strings by their bytes", () => {
  assert.equal(run(call(">", Number.NaN, 1.5)), true);
  assert.equal(run(call("==", lit(Number.NaN, DOUBLE), lit(Number.NaN, DOUBLE))), true);
  assert.equal(run(call("<", "\u{1F600}", "\uFF5E")), false);
  assert.equal(run(call("==", null, 1)), null);
  assert.equal(run(call("<=>", null, null)), true);
  assert.equal(run(call("in", 3, 1, null)), null);
  assert.equal(run(call("in", 1, 1, null)), true);
});

test("and, or don't run the side that can't matter", () => {
  const boom = call(">", call("/", 1, 0), 1);
  assert.equal(run(call("and", false, boom)), false);
  assert.equal(run(call("or", true, boom)), true);
  fails("DIVIDE_BY_ZERO", call("and", true, boom));
  for (const [a, b, and, or] of [
    [true, null, null, true],
    [null, true, null, true],
    [false, null, false, null],
    [null, false, false, null],
    [null, null, null, null],
  ] as const) {
    const x = attr("x", BOOLEAN);
    const y = attr("y", BOOLEAN);
    const row = new Map([
      [x.id, a],
      [y.id, b],
    ]);
    assert.equal(evaluate(call("and", x, y), settings, row), and);
    assert.equal(evaluate(call("or", x, y), settings, row), or);
  }
});

test("an expression that stands twice is computed once, and the code is readable", () => {
  const e = new CodeEmitter(false, settings);
  const t = attr("temperature", DOUBLE);
  const n = attr("n", LONG, false);
  const twice = call("+", call("*", n, 2), call("*", n, 2));
  const condition = call("and", call(">", t, 20.5), call("<", twice, 100));
  const out = emitExpression(e, condition, (a) => ({ value: a.name, isNull: a.nullable ? `${a.name}Null` : "false" }));
  e.line(`return ${isTrue(out)};`);
  assert.equal(e.code.split("exact(n * 2").length, 2, e.code);
  assert.match(e.code, /temperature > 20\.5/);
  const fn = e.compile<(temperature: number, temperatureNull: boolean, n: number) => boolean>("keep", [
    "temperature",
    "temperatureNull",
    "n",
  ]);
  assert.equal(fn(21, false, 1), true);
  assert.equal(fn(21, true, 1), false);
  assert.equal(fn(21, false, 60), false);
});

test("what depends on no row is foldable", () => {
  assert.equal(foldable(call("+", 1, 2)), true);
  assert.equal(foldable(call("+", attr("a", INT), 2)), false);
});

test("a condition is written as JS has them, and its right side runs only when it matters", () => {
  const t = attr("temperature", DOUBLE);
  const s = attr("status", STRING);
  const n = attr("n", LONG, false);
  const columns = (a: { name: string; nullable: boolean }) => ({
    value: a.name,
    isNull: a.nullable ? `${a.name}Null` : "false",
  });
  const plain = new CodeEmitter(false, settings);
  const short = emitCondition(plain, call("and", call(">", t, 20.5), call("==", s, "ok")), columns);
  assert.equal(plain.code, "", "no statement is needed");
  assert.match(short, /^\(.*&&.*status === "ok".*\)$/);

  const e = new CodeEmitter(false, settings);
  const late = call("and", call("<", n, 10), call(">", call("+", n, 9007199254740991n), 5n));
  const code = emitCondition(e, call("or", call("isnull", s), late), columns);
  e.line(`return ${code};`);
  const keep = e.compile<(statusNull: boolean, n: number) => boolean>("keep", ["statusNull", "n"]);
  assert.equal(keep(true, 5), true, "the sum that isn't exact is not computed");
  assert.equal(keep(false, 11), false);
  assert.throws(() => keep(false, 5), /wide/);
});

test("deep conditions stay small", () => {
  const n = attr("n", LONG, false);
  let x = call(">", call("+", n, 1), 5);
  for (let i = 0; i < 60; i++) x = call(i % 2 ? "and" : "or", call("<", n, i), x);
  const e = new CodeEmitter(false, settings);
  emitCondition(e, x, (a) => ({ value: a.name, isNull: "false" }));
  assert.ok(e.code.length < 20_000, String(e.code.length));
});
