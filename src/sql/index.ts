/**
 * SQL text → the unresolved plan (Spark Connect's messages). Names, functions and types of expressions stay unresolved.
 *
 * Operators are calls by the names that Spark Connect's clients send: `==`, `<`, `<=`, `>`, `>=`, `<=>`, `and`, `or`,
 * `not`, `+`, `-`, `*`, `/`, `%`, `div`, `&`, `|`, `^`, `~`, `<<`, `>>`, `>>>`, `in`, `like`, `ilike`, `rlike`, `between`,
 * `isnull`, `isnotnull`, `when(condition, value, …, else)`. `a <> b` is `not(a == b)`, `a || b` is `concat(a, b)`,
 * `IS TRUE` is `<=> true`, `IS DISTINCT FROM` is `not(a <=> b)`. `-a`, `+a` are `-` and `+` with one argument; `-5` is a
 * constant. `count(*)` has an unresolved star as its argument. `(a, 1)` is `named_struct('a', a, 'col2', 1)`. `current_date`,
 * `current_timestamp`, `localtimestamp` and `current_user` may stand without brackets; any other bare word is a column.
 * TIMESTAMP '…' without a zone is a cast of its text unless `timeZone` is given.
 *
 * Shapes that the analyser must know:
 *
 * | SQL | relation |
 * |---|---|
 * | SELECT without FROM | Project without `input` |
 * | SELECT list … GROUP BY, or HAVING | Aggregate; its only aggregate expression is the internal call `select_list(list…)`, which says that the output is exactly the list (Spark Connect's own Aggregate puts the grouping expressions in front). `GROUP BY ALL` is the attribute `ALL`, ordinals are integer constants |
 * | SELECT count(*) without GROUP BY | Project whose list holds aggregates |
 * | HAVING | Filter directly over that Aggregate; may hold aggregates and select aliases |
 * | DISTINCT | Deduplicate with all columns as keys, over the above |
 * | ORDER BY | Sort over the above (global); may name select aliases, columns of the input, aggregates; ordinals are integer constants, `ORDER BY ALL` is the attribute `ALL`. SORT BY: not global |
 * | WITH a AS (…) | written out as SubqueryAlias `a` wherever `a` is named |
 * | FROM t AS x (a, b) | SubqueryAlias over ToDF over Read |
 * | FROM STREAM t | Read with is_streaming |
 * | FROM t WITH (key = 'value') | Read with options |
 * | FROM t WATERMARK ts DELAY OF INTERVAL 10 SECONDS [AS x] | WithWatermark (delay in microseconds) over the alias; `WATERMARK expr AS ts`: WithWatermark over Project [*, expr AS ts] |
 * | VALUES | SetOperation (UNION ALL) of Projects without input; columns col1, col2, … |
 * | range(5), explode(a) in FROM | UnresolvedTableValuedFunction |
 * | LATERAL VIEW [OUTER] f(x) t AS a | LateralJoin (inner or left outer) with SubqueryAlias over ToDF over UnresolvedTableValuedFunction |
 * | NATURAL JOIN | Join whose condition is the internal call `natural_join()` |
 * | subqueries in expressions | SubqueryExpression; the queries are the references of one WithRelations around the root |
 *
 * Internal calls (`is_internal`), for what Spark Connect has no message: `select_list(…)`, `natural_join()`,
 * `aggregate_filter(call, condition)` for FILTER (WHERE …), `star_except(star, column…)` for `* EXCEPT (…)`.
 *
 * Every node's `common.origin` is a JvmOrigin: line from 1, start_position within the line, start_index and stop_index
 * (last character) within sql_text. Common names of errors: PARSE_SYNTAX_ERROR, PARSE_EMPTY_STATEMENT,
 * UNSUPPORTED_DATATYPE, FAILED_TO_PARSE_TOO_COMPLEX; each underlines its place.
 */
import { SluiceError } from "../errors/error.ts";
import type { Expression, Relation } from "../plan/messages.ts";
import { TokenStream } from "../types/tokens.ts";
import { namedExpression } from "./expressions.ts";
import { type ParseOptions, Parser } from "./parser.ts";
import { query, withSubqueries } from "./query.ts";
import { windowClause } from "./windows.ts";

export type { ParseOptions } from "./parser.ts";
export { parseStatement, parseStatements, type Statement } from "./statements.ts";

/**
 * One expression, as in `filter("a > 1")` and `expr("a + 1 AS b")`; an alias is allowed.
 * Throws PARSE_SYNTAX_ERROR and others. Subqueries are refused here: use parseExpressionWithSubqueries.
 *
 * @example parseExpression("temperature > 30 AND status = 'ok'")
 */
export function parseExpression(text: string, options: ParseOptions = {}): Expression {
  const p = startOf(text, options);
  const parsed = namedExpression(p);
  endOfExpression(p);
  refuseSubqueries(p);
  return p.checkDepth(parsed);
}

/** Expressions with commas between, as a select list: `a, b + 1 AS c, t.*`. */
export function parseNamedExpressions(text: string, options: ParseOptions = {}): Expression[] {
  const p = startOf(text, options);
  const parsed = [namedExpression(p)];
  while (p.stream.acceptOp(",")) parsed.push(namedExpression(p));
  endOfExpression(p);
  refuseSubqueries(p);
  for (const e of parsed) p.checkDepth(e);
  return parsed;
}

/**
 * As parseExpression, for callers that can carry the queries inside it: `references` go into a WithRelations around the
 * relation that the expression becomes part of.
 */
export function parseExpressionWithSubqueries(
  text: string,
  options: ParseOptions = {},
): { readonly expression: Expression; readonly references: readonly Relation[] } {
  const p = startOf(text, options);
  const parsed = namedExpression(p);
  endOfExpression(p);
  return { expression: p.checkDepth(parsed), references: p.subqueries };
}

/**
 * One query. `args` are the values of its parameters: by name (`:name`) or by position (`?`).
 *
 * @example parseQuery("SELECT site, avg(temperature) FROM readings GROUP BY site")
 */
export function parseQuery(text: string, args?: ParseOptions["args"], options: ParseOptions = {}): Relation {
  const p = startOf(text, args === undefined ? options : { ...options, args });
  const relation = query(p);
  while (p.stream.acceptOp(";"));
  p.stream.expectEnd();
  return p.checkDepth(withSubqueries(p, relation));
}

/**
 * The parts of a dotted name.
 *
 * @example parseIdentifier("a.`b c`") // ["a", "b c"]
 */
export function parseIdentifier(text: string): string[] {
  const stream = new TokenStream(text);
  const parts = [stream.expectName()];
  while (stream.acceptOp(".")) parts.push(stream.expectName());
  stream.expectEnd();
  return parts;
}

function startOf(text: string, options: ParseOptions): Parser {
  const p = new Parser(text, options);
  if (p.stream.atEnd()) throw new SluiceError("PARSE_EMPTY_STATEMENT");
  return p;
}

function endOfExpression(p: Parser): void {
  p.stream.expectEnd();
  // `OVER name` has no WINDOW clause to look into here.
  windowClause(p, 0);
}

function refuseSubqueries(p: Parser): void {
  if (p.subqueries.length === 0) return;
  throw new SluiceError("UNSUPPORTED_FEATURE", {
    feature: "A subquery in an expression given as a string",
    where: "",
    hint: "Use spark.sql(…) with the whole query, or a join.",
  });
}
