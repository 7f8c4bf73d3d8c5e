/** FROM: tables, subqueries, table functions, VALUES, joins and lateral views. */
import { SluiceError } from "../errors/error.ts";
import type { Expression, Relation } from "../plan/messages.ts";
import { quoteIfNeeded } from "../types/print.ts";
import { aliasList, expression, expressionList, isAliasAhead, multipartName, propertyList } from "./expressions.ts";
import type { Parser } from "./parser.ts";
import { isQueryAhead, query, unionAll, unsupported } from "./query.ts";

const INNER = 1;
const FULL_OUTER = 2;
const LEFT_OUTER = 3;
const RIGHT_OUTER = 4;
const LEFT_ANTI = 5;
const LEFT_SEMI = 6;
const CROSS = 7;

/** `FROM a, b JOIN c ON …`; the cursor is at FROM. */
export function fromClause(p: Parser): Relation {
  const start = p.mark();
  p.stream.expectWord("FROM");
  let left = joined(p, undefined, start);
  while (p.stream.acceptOp(",")) left = joined(p, left, start);
  left = lateralViews(p, start, left) as Relation;
  refusePivot(p);
  return left;
}

/** A relation and the joins after it; joined to `outer` by the comma before it. */
function joined(p: Parser, outer: Relation | undefined, from: number): Relation {
  const start = outer ? from : p.mark();
  const lateral = p.stream.isWord("LATERAL") && !p.stream.isWord("LATERAL", "VIEW") && p.stream.acceptWord("LATERAL");
  const primary = relationPrimary(p);
  let left = outer ? joinOf(p, start, outer, primary, lateral, { joinType: lateral ? INNER : CROSS }) : primary;
  for (;;) {
    refusePivot(p);
    const next = join(p, start, left);
    if (next === undefined) return left;
    left = next;
  }
}

function refusePivot(p: Parser): void {
  for (const word of ["PIVOT", "UNPIVOT"]) {
    if (
      !p.stream.isWord(word) ||
      !(p.stream.isOp("(", 1) || p.stream.isWord(word, "INCLUDE") || p.stream.isWord(word, "EXCLUDE"))
    )
      continue;
    throw unsupported(p, `${word} in SQL`, "Use groupBy(…).pivot(…), unpivot(…), or CASE expressions.");
  }
}

interface JoinSpec {
  readonly joinType: number;
  readonly joinCondition?: Expression;
  readonly usingColumns?: string[];
}

function joinOf(p: Parser, start: number, left: Relation, right: Relation, lateral: boolean, spec: JoinSpec): Relation {
  if (!lateral) return p.relation(start, { case: "join", value: { left, right, ...spec } });
  const { joinType, joinCondition } = spec;
  const value = joinCondition ? { left, right, joinType, joinCondition } : { left, right, joinType };
  return p.relation(start, { case: "lateralJoin", value });
}

function join(p: Parser, start: number, left: Relation): Relation | undefined {
  const { stream } = p;
  const natural = stream.isWord("NATURAL") && stream.acceptWord("NATURAL");
  const joinType = joinTypeAhead(p);
  if (joinType === undefined) {
    if (natural) throw stream.syntaxError(": JOIN is expected here");
    return undefined;
  }
  const lateral = stream.acceptWord("LATERAL");
  const right = relationPrimary(p);
  if (natural) {
    const joinCondition = p.internalCall(start, "natural_join", []);
    return joinOf(p, start, left, right, false, { joinType, joinCondition });
  }
  if (stream.acceptWord("ON")) {
    return joinOf(p, start, left, right, lateral, { joinType, joinCondition: expression(p) });
  }
  if (stream.acceptWord("USING")) {
    stream.expectOp("(");
    return joinOf(p, start, left, right, lateral, { joinType, usingColumns: aliasList(p) });
  }
  return joinOf(p, start, left, right, lateral, { joinType: joinType === INNER && !lateral ? CROSS : joinType });
}

/** Reads `LEFT OUTER JOIN` and the like. */
function joinTypeAhead(p: Parser): number | undefined {
  const { stream } = p;
  if (stream.acceptWord("JOIN") || stream.acceptWord("INNER", "JOIN")) return INNER;
  if (stream.acceptWord("CROSS", "JOIN")) return CROSS;
  for (const [word, type] of [
    ["LEFT", LEFT_OUTER],
    ["RIGHT", RIGHT_OUTER],
    ["FULL", FULL_OUTER],
  ] as const) {
    if (stream.acceptWord(word, "JOIN") || stream.acceptWord(word, "OUTER", "JOIN")) return type;
  }
  if (stream.acceptWord("LEFT", "SEMI", "JOIN") || stream.acceptWord("SEMI", "JOIN")) return LEFT_SEMI;
  if (stream.acceptWord("LEFT", "ANTI", "JOIN") || stream.acceptWord("ANTI", "JOIN")) return LEFT_ANTI;
  return undefined;
}

function relationPrimary(p: Parser): Relation {
  return p.stream.nested(() => relationPrimaryHere(p));
}

function relationPrimaryHere(p: Parser): Relation {
  const start = p.mark();
  const { stream } = p;
  if (stream.isOp("(")) {
    const isQuery = isQueryAhead(p);
    stream.next();
    const inner = isQuery ? query(p) : joined(p, undefined, p.mark());
    stream.expectOp(")");
    return withWatermark(p, start, inner);
  }
  if (stream.isWord("VALUES")) return values(p);
  return tableName(p);
}

/** A table, a stream of a table, or a table function. */
export function tableName(p: Parser): Relation {
  const start = p.mark();
  const { stream } = p;
  if (stream.isWord("STREAM") && (stream.isOp("(", 1) || (stream.isName(1) && isTableAfterStream(p)))) {
    stream.next();
    const bracket = stream.acceptOp("(");
    const parts = multipartName(p);
    if (bracket) stream.expectOp(")");
    return withWatermark(p, start, named(p, start, parts, true));
  }
  const parts = multipartName(p);
  if (stream.isOp("-") && stream.isName(1)) {
    const last = stream.peek(1);
    const ident = stream.text.slice(start, last.stop);
    throw new SluiceError("INVALID_IDENTIFIER", { ident }, { context: stream.context(start, last.stop) });
  }
  if (stream.isOp("(")) return tableFunction(p, start, parts);
  if (stream.isWord("TABLESAMPLE")) throw unsupported(p, "TABLESAMPLE", "Use sample(fraction) of the DataFrame.");
  const cte = parts.length === 1 ? p.ctes.get(parts[0].toLowerCase()) : undefined;
  if (cte) {
    p.countRelations(cte.size);
    return withWatermark(p, start, cte.relation);
  }
  return withWatermark(p, start, named(p, start, parts, false));
}

/** In `FROM stream JOIN …` the word is a table's name. */
function isTableAfterStream(p: Parser): boolean {
  const after = p.stream.peek(1);
  if (after.kind === "quoted") return true;
  p.stream.at++;
  const isName = isAliasAhead(p) && !p.stream.isWord("STREAM", "AS");
  p.stream.at--;
  return isName;
}

function named(p: Parser, start: number, parts: readonly string[], isStreaming: boolean): Relation {
  const unparsedIdentifier = parts.map(quoteIfNeeded).join(".");
  const { stream } = p;
  const options = stream.isWord("WITH") && stream.isOp("(", 1) && stream.acceptWord("WITH") ? propertyList(p) : {};
  return p.relation(start, {
    case: "read",
    value: { readType: { case: "namedTable", value: { unparsedIdentifier, options } }, isStreaming },
  });
}

/**
 * `WATERMARK ts DELAY OF INTERVAL 10 SECONDS`, then the alias. `WATERMARK expression AS name` adds the column first.
 */
function withWatermark(p: Parser, start: number, input: Relation): Relation {
  const { stream } = p;
  if (!isWatermarkAhead(p)) return withAlias(p, start, input);
  stream.next();
  const at = p.mark();
  const of = expression(p);
  const name = stream.acceptWord("AS") || !stream.isWord("DELAY") ? stream.expectName() : undefined;
  stream.expectWord("DELAY", "OF");
  const delayThreshold = delay(p);
  const aliased = withAlias(p, start, input);
  if (name === undefined) {
    if (of.exprType.case !== "unresolvedAttribute") throw stream.syntaxError(": give the expression a name with AS");
    const eventTime = of.exprType.value.unparsedIdentifier;
    return p.relation(start, { case: "withWatermark", value: { input: aliased, eventTime, delayThreshold } });
  }
  const all = p.expression(at, { case: "unresolvedStar", value: {} });
  const column = p.expression(at, { case: "alias", value: { expr: of, name: [name] } });
  const added = p.relation(start, { case: "project", value: { input: aliased, expressions: [all, column] } });
  const eventTime = quoteIfNeeded(name);
  return p.relation(start, { case: "withWatermark", value: { input: added, eventTime, delayThreshold } });
}

/** True at `WATERMARK … DELAY OF`; otherwise the word is an alias. */
function isWatermarkAhead(p: Parser): boolean {
  const { stream } = p;
  if (!stream.isWord("WATERMARK")) return false;
  for (let ahead = 1; stream.peek(ahead).kind !== "end"; ahead++) {
    const token = stream.peek(ahead);
    if (token.kind !== "word") continue;
    if (token.value === "DELAY" && stream.peek(ahead + 1).value === "OF") return true;
    if (token.value === "FROM" || token.value === "WATERMARK" || token.value === "JOIN") return false;
  }
  return false;
}

/** The text of an interval, as withWatermark takes it. */
function delay(p: Parser): string {
  const start = p.mark();
  const { exprType } = expression(p);
  const context = p.stream.context(start, p.stream.last().stop);
  const value = exprType.case === "literal" ? exprType.value.literalType : undefined;
  if (value?.case === "dayTimeInterval") return `${value.value} microseconds`;
  if (value?.case === "yearMonthInterval") return `${value.value} months`;
  const input = context.fragment.slice(context.start, context.stop);
  throw new SluiceError("INVALID_INTERVAL_FORMAT", { input, problem: "a constant is expected" }, { context });
}

function tableFunction(p: Parser, start: number, parts: readonly string[]): Relation {
  const { stream } = p;
  stream.expectOp("(");
  const args = stream.isOp(")") ? [] : expressionList(p);
  stream.expectOp(")");
  const functionName = parts.map(quoteIfNeeded).join(".");
  const call = p.relation(start, { case: "unresolvedTableValuedFunction", value: { functionName, arguments: args } });
  return withAlias(p, start, call);
}

/** The alias at the cursor, with column names when they follow. A table without one goes by its own name. */
function withAlias(p: Parser, start: number, input: Relation): Relation {
  const { stream } = p;
  if (!stream.acceptWord("AS") && !isAliasAhead(p)) return input;
  const name = stream.expectName();
  const columns = stream.acceptOp("(") ? aliasList(p) : [];
  return subqueryAlias(p, start, input, name, columns);
}

/** `input AS alias (columns)` */
export function subqueryAlias(
  p: Parser,
  start: number,
  input: Relation,
  alias: string,
  columnNames: string[],
): Relation {
  const renamed = columnNames.length > 0 ? p.relation(start, { case: "toDf", value: { input, columnNames } }) : input;
  return p.relation(start, { case: "subqueryAlias", value: { input: renamed, alias } });
}

/** `VALUES (1, 'a'), (2, 'b') AS t (x, y)`: a union of one-row projections, with columns col1, col2, … */
export function values(p: Parser): Relation {
  const start = p.mark();
  const { stream } = p;
  stream.expectWord("VALUES");
  const rows: Relation[] = [];
  let width: number | undefined;
  do {
    const at = p.mark();
    const row = expression(p);
    const cells = p.rows.get(row) ?? [row];
    width ??= cells.length;
    if (cells.length !== width) {
      throw new SluiceError(
        "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
        { expectedNumCols: width, rowIndex: rows.length, actualNumCols: cells.length },
        { context: stream.context(at, stream.last().stop) },
      );
    }
    const expressions = cells.map((expr, i) =>
      p.expression(at, { case: "alias", value: { expr, name: [`col${i + 1}`] } }),
    );
    rows.push(p.relation(at, { case: "project", value: { expressions } }));
  } while (stream.acceptOp(","));
  return withAlias(p, start, unionAll(p, start, rows));
}

/** `LATERAL VIEW [OUTER] explode(x) t AS a, b`, any number of them, as lateral joins with a table function. */
export function lateralViews(p: Parser, start: number, input: Relation | undefined): Relation | undefined {
  const { stream } = p;
  let left = input;
  while (stream.isWord("LATERAL", "VIEW")) {
    const at = p.mark();
    if (left === undefined) throw stream.syntaxError(": LATERAL VIEW needs a FROM before it");
    stream.at += 2;
    const joinType = stream.acceptWord("OUTER") ? LEFT_OUTER : INNER;
    const functionName = multipartName(p).map(quoteIfNeeded).join(".");
    stream.expectOp("(");
    const args = stream.isOp(")") ? [] : expressionList(p);
    stream.expectOp(")");
    const call = p.relation(at, { case: "unresolvedTableValuedFunction", value: { functionName, arguments: args } });
    const right = lateralAlias(p, at, call);
    left = p.relation(start, { case: "lateralJoin", value: { left, right, joinType } });
  }
  return left;
}

function lateralAlias(p: Parser, at: number, call: Relation): Relation {
  const { stream } = p;
  const alias = stream.isWord("AS") || !isAliasAhead(p) ? undefined : stream.expectName();
  const columns: string[] = [];
  if (stream.acceptWord("AS")) {
    do columns.push(stream.expectName());
    while (stream.acceptOp(","));
  }
  if (alias !== undefined) return subqueryAlias(p, at, call, alias, columns);
  return columns.length > 0 ? p.relation(at, { case: "toDf", value: { input: call, columnNames: columns } }) : call;
}
