// Random texts and random expressions: garbage gives a SluiceError and nothing else; what is printed reads back the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SluiceError } from "../../src/errors/error.ts";
import { sqlText } from "../../src/plan/print.ts";
import { parseExpression, parseQuery, parseStatements } from "../../src/sql/index.ts";
import { parseDdl } from "../../src/types/ddl.ts";

const NAMES = ["a", "b.c", "`x y`.z", "end", "ts", "t.`a``b`"];
const TYPES = [
  "INT",
  "STRING",
  "DECIMAL(10,2)",
  "ARRAY<STRUCT<x: BIGINT>>",
  "MAP<STRING, DATE>",
  "INTERVAL DAY TO SECOND",
];

/** Texts of expressions, built from the grammar. */
const { expression } = fc.letrec<{ expression: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom(...NAMES),
    fc.integer().map(String),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) => `${n}L`),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => `${x}D`),
    fc.string({ maxLength: 8 }).map((s) => `'${s.replace(/[\\']/g, "\\$&")}'`),
    fc.constantFrom(
      "NULL",
      "TRUE",
      "1.50",
      "X'1F'",
      "DATE '2024-02-29'",
      "TIMESTAMP '2024-01-01 01:02:03.5'",
      "count(*)",
    ),
    fc.constantFrom("INTERVAL '1 02:03:04' DAY TO SECOND", "INTERVAL 3 MONTHS", "INTERVAL -5 SECONDS"),
  ),
  expression: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    tie("leaf"),
    fc
      .tuple(
        tie("expression"),
        fc.constantFrom(
          "+",
          "-",
          "*",
          "/",
          "%",
          "div",
          "||",
          "=",
          "<>",
          "<=>",
          "<",
          ">=",
          "and",
          "or",
          "&",
          "|",
          "^",
          "<<",
          ">>",
          ">>>",
          "like",
        ),
        tie("expression"),
      )
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(fc.constantFrom("not ", "- ", "~ "), tie("expression")).map(([op, a]) => `(${op}(${a}))`),
    fc
      .tuple(tie("expression"), fc.constantFrom("is null", "is not null", "is true", "is distinct from 1"))
      .map(([a, p]) => `((${a}) ${p})`),
    fc
      .tuple(tie("expression"), tie("expression"), tie("expression"))
      .map(([a, b, c]) => `((${a}) not between (${b}) and (${c}))`),
    fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => `((${a}) in (${b}, 1))`),
    fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => `case when ${a} then ${b} else 0 end`),
    fc.tuple(tie("expression"), fc.constantFrom(...TYPES)).map(([a, t]) => `try_cast(${a} as ${t})`),
    fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => `f(${a}, distinct_, ${b})`),
    fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => `transform(${a}, (x, i) -> x + i + ${b})`),
    fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => `f(${a})[${b}].g`),
    fc
      .tuple(tie("expression"), tie("expression"))
      .map(([a, b]) => `sum(${a}) over (partition by ${b} order by ${a} desc)`),
  ),
}));

test("what is printed reads back to the same text", () => {
  fc.assert(
    fc.property(expression, (text) => {
      const printed = sqlText(parseExpression(text));
      assert.equal(sqlText(parseExpression(printed)), printed, text);
    }),
    { numRuns: 500 },
  );
});

function onlyOurErrors(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
  }
}

const WORDS =
  "select from where group by having order limit ( ) , . * + - = < > 'a' `b` 1 1.5 a b and or not in between case when then end cast as int interval day to second over partition rows preceding with union all join on using lateral view explode stream values distinct -> => :: : ? [ ] null is like escape exists window create temp view set explain ; date '2024-01-01' -- /* */ \" ' \\".split(
    " ",
  );

test("garbage gives our errors only", () => {
  const garbage = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.array(fc.constantFrom(...WORDS), { maxLength: 30 }).map((words) => words.join(" ")),
    fc.array(fc.constantFrom(...WORDS), { maxLength: 20 }).map((words) => `select ${words.join(" ")} from t`),
  );
  fc.assert(
    fc.property(garbage, (text) => {
      onlyOurErrors(() => parseExpression(text));
      onlyOurErrors(() => parseQuery(text));
      onlyOurErrors(() => parseStatements(text));
      onlyOurErrors(() => parseDdl(text));
    }),
    { numRuns: 2000 },
  );
});

test("a cut-off query gives our errors only", () => {
  const whole =
    "with q(a) as (select distinct x, count(*) filter (where y) over (partition by z rows between 1 preceding and current row) c from v, stream t left join (values (1, interval '1' day)) u(p, q) using (p) lateral view outer explode(m) e as k where a in (select 1) and b like 'x' escape '/' group by grouping sets ((a), ()) having n > 1 order by 1 desc nulls last limit 3) select * except (a) from q";
  assert.ok(parseQuery(whole));
  for (let i = 0; i < whole.length; i++) {
    onlyOurErrors(() => parseQuery(whole.slice(0, i)));
    onlyOurErrors(() => parseQuery(whole.slice(0, i) + whole.slice(i + 3)));
  }
});
