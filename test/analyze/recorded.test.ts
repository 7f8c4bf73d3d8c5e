/** Columns, rows and error conditions of queries.sql against what Apache Spark answered (recorded/record.py). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { analyze, schemaOf } from "../../src/analyze/index.ts";
import { optimize } from "../../src/analyze/optimize.ts";
import { SluiceError } from "../../src/errors/error.ts";
import { parseQuery } from "../../src/sql/index.ts";
import { toJsonValue } from "../../src/types/json.ts";
import { contextOf, rowsOfPlan } from "./support.ts";

interface Answer {
  readonly query: string;
  readonly columns?: readonly unknown[];
  readonly rows?: readonly (readonly unknown[])[];
  readonly condition?: string;
}

const folder = new URL("./recorded/", import.meta.url);
const answers = JSON.parse(readFileSync(new URL("answers.json", folder), "utf8")) as Answer[];

/** The views that queries.sql makes: `CREATE TEMPORARY VIEW name AS query`. */
const views = Object.fromEntries(
  [...readFileSync(new URL("queries.sql", folder), "utf8").matchAll(/CREATE TEMPORARY VIEW (\w+) AS (.*?);\n/gs)].map(
    (m) => [m[1], m[2]],
  ),
);
const context = contextOf(views);

function columnsOf(plan: Parameters<typeof schemaOf>[0]): unknown[] {
  return schemaOf(plan).fields.map((f) => [f.name, toJsonValue(f.type), f.nullable]);
}

function conditionOf(error: unknown): string {
  if (error instanceof SluiceError) return error.condition;
  throw error;
}

/** Sorted as record.py sorts, which writes JSON with a blank after commas. */
function sorted(query: string, rows: readonly (readonly unknown[])[]): unknown[] {
  if (/order by[^)]*$/i.test(query)) return [...rows];
  return rows.map((r) => JSON.stringify(r)).sort();
}

for (const answer of answers) {
  const { query } = answer;
  test(query, async () => {
    if (answer.columns === undefined) {
      let condition = "none";
      try {
        await rowsOfPlan(optimize(analyze(parseQuery(query, undefined, { timeZone: "UTC" }), context), context));
      } catch (error) {
        condition = conditionOf(error);
      }
      assert.equal(condition, answer.condition);
      return;
    }
    const plan = analyze(parseQuery(query, undefined, { timeZone: "UTC" }), context);
    assert.deepEqual(columnsOf(plan), answer.columns);
    const optimized = optimize(plan, context);
    assert.deepEqual(
      optimized.output.map((a) => [a.name, toJsonValue(a.type)]),
      plan.output.map((a) => [a.name, toJsonValue(a.type)]),
    );
    const expected = sorted(query, answer.rows ?? []);
    assert.deepEqual(sorted(query, await rowsOfPlan(plan)), expected, "the analysed plan");
    assert.deepEqual(sorted(query, await rowsOfPlan(optimized)), expected, "the optimised plan");
  });
}
