// What Apache Spark's parser takes and refuses (test/types/recorded/record.py asks it), beside ours.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { SluiceError } from "../../src/errors/error.ts";
import { sqlText } from "../../src/plan/print.ts";
import { parseExpressionWithSubqueries, parseStatement } from "../../src/sql/index.ts";

function recorded(name: string): [string, unknown][] {
  const url = new URL(`../types/recorded/${name}.json`, import.meta.url);
  return Object.entries(JSON.parse(readFileSync(url, "utf8")) as Record<string, unknown>);
}

function answer(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    if (error instanceof SluiceError) return { error: error.condition };
    throw error;
  }
}

const REFUSED = { error: "PARSE_SYNTAX_ERROR" };

/** Where our text is another one on purpose. */
const OTHER_EXPRESSIONS: Readonly<Record<string, unknown>> = {
  // LIKE is in brackets, so that the text reads back to the same expression.
  "a LIKE 'x%'": "(a LIKE 'x%')",
  "a NOT LIKE 'x'": "(NOT (a LIKE 'x'))",
  "a LIKE 'x' ESCAPE '/'": "(a LIKE 'x' ESCAPE '/')",
  "a like 'x' and b": "((a LIKE 'x') AND b)",
  "a LIKE ANY ('x', 'y')": "((a LIKE 'x') OR (a LIKE 'y'))",
  "a LIKE ALL ('x', 'y')": "((a LIKE 'x') AND (a LIKE 'y'))",
  "a NOT LIKE ANY ('x', 'y')": "((NOT (a LIKE 'x')) OR (NOT (a LIKE 'y')))",
  // Spark's text leaves something out here.
  "count(DISTINCT a, b)": "count(DISTINCT a, b)",
  "sum(a) FILTER (WHERE b > 1)": "sum(a) FILTER (WHERE (b > 1))",
  "first(a) IGNORE NULLS": "first(a, true)",
  "first(a IGNORE NULLS)": "first(a, true)",
  "cast(a as struct<x:int>)": "CAST(a AS STRUCT<x: INT>)",
  "cast(a as array<array<int>>)": "CAST(a AS ARRAY<ARRAY<INT>>)",
  "f(x => 1, y => 2)": "f(x => 1, y => 2)",
  "t.*": "t.*",
  "*": "*",
  // Spark's text shows its inner classes here.
  "1F": "1.0F",
  "a IS UNKNOWN": "(a IS NULL)",
  "lag(a) OVER (PARTITION BY b ORDER BY c)": "lag(a) OVER (PARTITION BY b ORDER BY c ASC NULLS FIRST)",
  "sum(a) OVER ()": "sum(a) OVER ()",
  "rank() over (partition by a order by b desc nulls last)": "rank() OVER (PARTITION BY a ORDER BY b DESC NULLS LAST)",
  "transform(a, x -> x + 1)": "transform(a, (x -> (x + 1)))",
  "aggregate(a, 0, (x, y) -> x + y)": "aggregate(a, 0, ((x, y) -> (x + y)))",
  "filter(a, x -> x.b > y)": "filter(a, (x -> (x.b > y)))",
  "exists(a, x -> x > 1)": "exists(a, (x -> (x > 1)))",
  "x -> x": "(x -> x)",
  "(x, y) -> x": "((x, y) -> x)",
  "(a AS b, c)": "named_struct('b', a, 'c', c)",
  current_date: "current_date()",
  current_timestamp: "current_timestamp()",
  current_user: "current_user()",
  "dateadd(DAY, 1, a)": "timestampadd('DAY', 1, a)",
  "timestampadd(MONTH, 1, a)": "timestampadd('MONTH', 1, a)",
  "datediff(DAY, a, b)": "timestampdiff('DAY', a, b)",
  "timestampdiff(HOUR, a, b)": "timestampdiff('HOUR', a, b)",
  "percentile_cont(0.5) WITHIN GROUP (ORDER BY a)": "percentile_cont(a, 0.5BD)",
  // A window's name belongs to a query.
  "sum(a) OVER w": { error: "MISSING_WINDOW_SPECIFICATION" },
  "sum(a) OVER (w)": { error: "MISSING_WINDOW_SPECIFICATION" },
  // Spark takes these as column names, aliases or the like; the error is the better answer.
  "CASE END": REFUSED,
  from: REFUSED,
  select: REFUSED,
  "f(a)(b)": "f(a) AS b",
  // A query in brackets is a query, however many brackets.
  "a in ((select 1))": "(a IN (listquery()))",
  // A field may be named by digits.
  "a.1": "a.`1`",
};

const OTHER_QUERIES: Readonly<Record<string, unknown>> = {
  // Spark takes the keyword as a column's or a table's name.
  "SELECT FROM t": REFUSED,
  "SELECT a, FROM t": REFUSED,
  "SELECT a FROM": REFUSED,
  "SELECT a FROM t WHERE": REFUSED,
  "SELECT a FROM t LIMIT": REFUSED,
  "SELECT 1 + FROM t": REFUSED,
  "SELECT a AS FROM t": REFUSED,
  "SELECT a left FROM t": REFUSED,
  "SELECT DISTINCT ON FROM t": REFUSED,
  // Spark finds it later, when it analyses the query.
  "SELECT rank() OVER w FROM t": { error: "MISSING_WINDOW_SPECIFICATION" },
  // Not supported, and said so.
  "SELECT * FROM t TABLESAMPLE (10 PERCENT)": { error: "UNSUPPORTED_FEATURE" },
  "SELECT * FROM t PIVOT (sum(a) FOR b IN (1, 2))": { error: "UNSUPPORTED_FEATURE" },
  "CREATE VIEW": { error: "UNSUPPORTED_FEATURE" },
  // Beyond Spark: its DataFrames have unionByName, its SQL has not.
  "SELECT a FROM t UNION ALL BY NAME SELECT b FROM u": true,
  "-- only a comment": { error: "PARSE_EMPTY_STATEMENT" },
};

test("expressions are taken, refused and printed as by Spark", () => {
  const cases = recorded("expressions");
  assert.ok(cases.length > 200);
  for (const [text, spark] of cases) {
    const ours = answer(() => sqlText(parseExpressionWithSubqueries(text, { timeZone: "UTC" }).expression));
    assert.deepEqual(ours, OTHER_EXPRESSIONS[text] ?? spark, text);
  }
});

test("statements are taken and refused as by Spark", () => {
  const cases = recorded("queries");
  assert.ok(cases.length > 130);
  for (const [text, spark] of cases) {
    const ours = answer(() => parseStatement(text) !== undefined);
    assert.deepEqual(ours, OTHER_QUERIES[text] ?? (typeof spark === "string" ? { error: spark } : spark), text);
  }
});
