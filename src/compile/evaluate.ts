import type { Attribute, TypedExpression } from "../analyze/expression.ts";
import type { SessionSettings } from "../functions/definition.ts";
import { type Value, WideRequired } from "../types/values.ts";
import { CodeEmitter } from "./emitter.ts";
import { type ColumnAccess, type ExpressionSurroundings, emitExpression } from "./expression.ts";
import { formOf } from "./literal.ts";

/** A row of values by the attributes' ids. */
export type Row = ReadonlyMap<number, Value>;

/** An expression as a function of a row. */
export type CompiledExpression = (row: Row) => Value;

/** Compiles an expression to run row by row. For folding, tests and the edges of the engine; stages compile their own loops. */
export function compileExpression(
  expr: TypedExpression,
  settings: SessionSettings,
  wide: boolean,
  surroundings: ExpressionSurroundings = {},
): CompiledExpression {
  const e = new CodeEmitter(wide, settings);
  const row = e.fresh("row");
  const columns: ColumnAccess = (attribute: Attribute) => {
    const name = e.fresh(attribute.name);
    const type = e.bind(attribute.type, "type");
    e.line(`const ${name} = ${e.bind(formOf, "formOf")}(${row}.get(${attribute.id}) ?? null, ${type}, ${wide});`);
    return { value: name, isNull: `${name} === null` };
  };
  const result = emitExpression(e, expr, columns, surroundings);
  e.line(result.isNull === "false" ? `return ${result.value};` : `return ${result.isNull} ? null : ${result.value};`);
  return e.compile<CompiledExpression>("evaluate", [row]);
}

const NO_ROW: Row = new Map();

/**
 * Runs an expression on one row of values (in either form). 64-bit results are `number` when every value on the way was
 * exact, `bigint` otherwise. Throws what the expression throws.
 *
 * @example
 * evaluate(onePlusOne, { timeZone: "UTC", ansi: true, caseSensitive: false }); // 2
 */
export function evaluate(
  expr: TypedExpression,
  settings: SessionSettings,
  row: Row = NO_ROW,
  surroundings: ExpressionSurroundings = {},
): Value {
  try {
    return compileExpression(expr, settings, false, surroundings)(row);
  } catch (error) {
    if (!(error instanceof WideRequired)) throw error;
    return compileExpression(expr, settings, true, surroundings)(row);
  }
}

/** True when the value depends on no row: no columns, nothing random, no aggregates, scripts or subqueries. */
export function foldable(expr: TypedExpression): boolean {
  switch (expr.kind) {
    case "literal":
      return true;
    case "call":
      return expr.deterministic && expr.resolution.perBatch !== true && expr.args.every((arg) => foldable(arg));
    case "cast":
    case "field":
      return foldable(expr.child);
    case "lambda":
      return foldable(expr.body);
    case "variable":
      // Bound by a lambda inside the same expression.
      return true;
    default:
      return false;
  }
}
