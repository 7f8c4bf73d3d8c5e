/** `sluice/functions` against the engine's own list of functions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { allFunctions } from "../../src/functions/registry.ts";
import * as F from "../../src/functions.ts";
import { Column } from "../../src/index.ts";

/** Operators and SQL syntax, which are methods of Column or have no call form in PySpark either. */
const written = new Set(
  "! % & * + - / < << <= <=> = == > >= >> >>> [] ^ and between case div get_array_item get_map_value if in map mod or | ~ timestampadd timestampdiff typeof value".split(
    " ",
  ),
);
/** In SQL only, as in PySpark. */
const sqlOnly = new Set(["space", "random"]);

test("every function of the engine has a typed one here", () => {
  const missing = allFunctions()
    .filter(({ group }) => group !== "cast")
    .map(({ name }) => name)
    .filter((name) => !Object.hasOwn(F, name) && !written.has(name) && !sqlOnly.has(name));
  assert.deepEqual(missing, []);
});

test("strings are columns where a column is meant, and constants where a value is", () => {
  const parts = (column: Column) => {
    const { exprType } = column.expression;
    assert.equal(exprType.case, "unresolvedFunction");
    return exprType.case === "unresolvedFunction" ? exprType.value.arguments.map((a) => a.exprType.case) : [];
  };
  assert.deepEqual(parts(F.concat("a", "b")), ["unresolvedAttribute", "unresolvedAttribute"]);
  assert.deepEqual(parts(F.concat_ws(",", "a")), ["literal", "unresolvedAttribute"]);
  assert.deepEqual(parts(F.array_contains("a", "x")), ["unresolvedAttribute", "literal"]);
  assert.deepEqual(parts(F.date_trunc("hour", "t")), ["literal", "unresolvedAttribute"]);
  assert.deepEqual(parts(F.from_json("j", "a INT")), ["unresolvedAttribute", "literal"]);
  assert.deepEqual(parts(F.from_json("j", "a INT", { mode: "FAILFAST" })), [
    "unresolvedAttribute",
    "literal",
    "unresolvedFunction",
  ]);
  assert.deepEqual(parts(F.pow("a", 2)), ["unresolvedAttribute", "cast"]);
  assert.deepEqual(parts(F.count("*")), ["literal"]);
  assert.deepEqual(parts(F.percentile_approx("a", [0.5, 1])), ["unresolvedAttribute", "unresolvedFunction", "literal"]);
});

test("a plain value can be made a column, and a column stays itself", () => {
  const column = F.col("a");
  assert.equal(F.lit(column), column);
  assert.ok(F.lit(1) instanceof Column);
});
