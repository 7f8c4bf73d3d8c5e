// The narrow and the wide form, and constants and columns, give the same: every recorded example is run in the other ways too.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { Attribute, TypedExpression } from "../../src/analyze/expression.ts";
import { type AnalyzeContext, analyzeExpression } from "../../src/analyze/index.ts";
import { formOf } from "../../src/columns/form.ts";
import { compileExpression, evaluate } from "../../src/compile/evaluate.ts";
import { parseExpression, parseQuery } from "../../src/sql/index.ts";
import { type Value, WideRequired } from "../../src/types/values.ts";
import { attr, settings } from "./calls.ts";

interface Case {
  readonly function: string;
  readonly sql: string;
  readonly rows?: unknown;
}

const folder = new URL("recorded/", import.meta.url);
const cases = readdirSync(folder)
  .filter(
    (name) =>
      name.split(".").length === 2 && !["aggregate.json", "generator.json", "window.json", "misc.json"].includes(name),
  )
  .flatMap((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Case[])
  .filter((c) => c.rows !== undefined);

const context: AnalyzeContext = {
  settings,
  view: () => undefined,
  sourceSchema: () => {
    throw new Error("no sources here");
  },
  parseExpression: (text) => parseExpression(text),
  parseQuery: (text) => parseQuery(text),
  localRows: () => {
    throw new Error("no local rows here");
  },
  fold: (expression) => evaluate(expression, settings),
};

/** The expression with a column in the place of each constant, and the row that holds them. */
function withColumns(expr: TypedExpression, row: Map<number, Value>): TypedExpression {
  switch (expr.kind) {
    case "literal": {
      if (expr.type.kind === "null") return expr;
      const column: Attribute = attr("c", expr.type, true);
      row.set(column.id, expr.value);
      return column;
    }
    case "call": {
      const args = expr.args.map((a) => withColumns(a, row));
      return { ...expr, args, nullable: expr.resolution.nullable ?? true };
    }
    case "cast":
      return { ...expr, child: withColumns(expr.child, row), nullable: true };
    case "field":
      return { ...expr, child: withColumns(expr.child, row), nullable: true };
    case "lambda":
      return { ...expr, body: withColumns(expr.body, row), nullable: true };
    default:
      return expr;
  }
}

function show(value: Value, expr: TypedExpression): string {
  return JSON.stringify(formOf(value, expr.type, true), (_, v) =>
    typeof v === "bigint"
      ? `${v}`
      : v instanceof Uint8Array
        ? [...v]
        : Object.is(v, -0)
          ? "-0"
          : Number.isNaN(v)
            ? "NaN"
            : v,
  );
}

for (const c of cases) {
  const expr = (): TypedExpression => analyzeExpression(parseExpression(c.sql), context);
  if (/\b(rand|randn|uuid|shuffle)\(/.test(c.sql)) continue;
  test(`${c.function}: ${c.sql}`, () => {
    const typed = expr();
    const usual = show(evaluate(typed, settings), typed);
    assert.equal(show(compileExpression(typed, settings, true)(new Map()), typed), usual, "in the wide form");
    const row = new Map<number, Value>();
    const columns = withColumns(typed, row);
    for (const wide of [false, true]) {
      try {
        assert.equal(
          show(compileExpression(columns, settings, wide)(row), typed),
          usual,
          `from columns, wide: ${wide}`,
        );
      } catch (error) {
        if (wide || !(error instanceof WideRequired)) throw error;
      }
    }
  });
}
