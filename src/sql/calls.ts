/** Calls: plain ones with DISTINCT, FILTER and OVER, and those with a grammar of their own, such as CAST and EXTRACT. */
import { toProtoType } from "../plan/data-types.ts";
import type { Expression } from "../plan/messages.ts";
import { dataType } from "../types/ddl.ts";
import { quoteIfNeeded } from "../types/print.ts";
import { expression, namedExpression, value } from "./expressions.ts";
import type { Parser } from "./parser.ts";
import { isQueryAhead, query, sortItems } from "./query.ts";
import { over } from "./windows.ts";

const EVAL_MODE_TRY = 3;
/** Calls in which IGNORE NULLS is the second argument. */
const IGNORE_NULLS_ARGUMENT = new Set(["first", "last", "any_value", "first_value", "last_value"]);
/** `DATEADD(MONTH, …)`: the unit is a bare word. */
const UNIT_CALLS = new Set([
  "TIMESTAMPADD",
  "DATEADD",
  "DATE_ADD",
  "TIMESTAMPDIFF",
  "DATEDIFF",
  "DATE_DIFF",
  "TIMEDIFF",
]);
const UNITS = new Set("YEAR QUARTER MONTH WEEK DAY DAYOFYEAR HOUR MINUTE SECOND MILLISECOND MICROSECOND".split(" "));

/** A call with a grammar of its own, when the word at the cursor (a bracket follows it) begins one. */
export function specialCall(p: Parser, word: string): Expression | undefined {
  switch (word) {
    case "CAST":
    case "TRY_CAST":
      return castCall(p, word === "TRY_CAST");
    case "EXISTS":
      return existsCall(p);
    case "EXTRACT":
      return extractCall(p);
    case "POSITION":
      return positionCall(p);
    case "SUBSTR":
    case "SUBSTRING":
      return substringCall(p);
    case "TRIM":
      return trimCall(p);
    case "OVERLAY":
      return overlayCall(p);
    case "STRUCT":
      return structCall(p);
    default:
      return UNIT_CALLS.has(word) ? unitCall(p, word) : undefined;
  }
}

function opened(p: Parser): number {
  const start = p.mark();
  p.stream.at += 2;
  return start;
}

function castCall(p: Parser, isTry: boolean): Expression {
  const start = opened(p);
  const child = expression(p);
  p.stream.expectWord("AS");
  const cast = castTo(p, start, child, isTry, ")");
  return cast;
}

/** A cast to the type at the cursor, with the closing token that must follow, if any. */
export function castTo(p: Parser, start: number, expr: Expression, isTry: boolean, close?: string): Expression {
  const type = toProtoType(dataType(p.stream));
  if (close) p.stream.expectOp(close);
  const evalMode = isTry ? EVAL_MODE_TRY : 0;
  return p.expression(start, { case: "cast", value: { expr, castToType: { case: "type", value: type }, evalMode } });
}

/** `exists(array, lambda)` is an ordinary function; before a query it is a predicate. */
function existsCall(p: Parser): Expression | undefined {
  const before = p.stream.at;
  const start = opened(p);
  if (!isQueryAhead(p)) {
    p.stream.at = before;
    return undefined;
  }
  const planId = p.addSubquery(query(p));
  p.stream.expectOp(")");
  return p.expression(start, { case: "subqueryExpression", value: { planId, subqueryType: 2 } });
}

function extractCall(p: Parser): Expression | undefined {
  const { stream } = p;
  if (!stream.isName(2) || !(stream.peek(3).kind === "word" && stream.peek(3).value === "FROM")) {
    if (stream.peek(2).kind === "string") return undefined;
    stream.at += 2;
    throw stream.syntaxError(": EXTRACT(field FROM source) is expected");
  }
  const start = opened(p);
  const field = p.string(p.mark(), stream.expectName());
  stream.expectWord("FROM");
  const source = value(p);
  stream.expectOp(")");
  return p.call(start, "extract", [field, source]);
}

function positionCall(p: Parser): Expression | undefined {
  const before = p.stream.at;
  const start = opened(p);
  const part = value(p);
  if (!p.stream.acceptWord("IN")) {
    p.stream.at = before;
    return undefined;
  }
  const text = value(p);
  p.stream.expectOp(")");
  return p.call(start, "locate", [part, text, p.integer(start, 1)]);
}

function substringCall(p: Parser): Expression | undefined {
  const before = p.stream.at;
  const start = opened(p);
  const args = [value(p)];
  if (!p.stream.acceptWord("FROM")) {
    p.stream.at = before;
    return undefined;
  }
  args.push(value(p));
  args.push(p.stream.acceptWord("FOR") ? value(p) : p.integer(start, 2147483647));
  p.stream.expectOp(")");
  return p.call(start, "substring", args);
}

function trimCall(p: Parser): Expression | undefined {
  const { stream } = p;
  const before = stream.at;
  const start = opened(p);
  const side = ["BOTH", "LEADING", "TRAILING"].find(
    (s) => stream.isWord(s) && !stream.isOp(")", 1) && !stream.isOp(",", 1),
  );
  if (side) stream.next();
  const what = stream.isWord("FROM") ? undefined : value(p);
  if (!stream.acceptWord("FROM")) {
    if (side) throw stream.syntaxError(": FROM is expected here");
    stream.at = before;
    return undefined;
  }
  const text = value(p);
  stream.expectOp(")");
  const name = side === "LEADING" ? "ltrim" : side === "TRAILING" ? "rtrim" : "trim";
  return p.call(start, name, what ? [what, text] : [text]);
}

function overlayCall(p: Parser): Expression | undefined {
  const { stream } = p;
  const before = stream.at;
  const start = opened(p);
  const args = [value(p)];
  if (!stream.acceptWord("PLACING")) {
    stream.at = before;
    return undefined;
  }
  args.push(value(p));
  stream.expectWord("FROM");
  args.push(value(p));
  args.push(stream.acceptWord("FOR") ? value(p) : p.integer(start, -1));
  stream.expectOp(")");
  return p.call(start, "overlay", args);
}

function structCall(p: Parser): Expression {
  const start = opened(p);
  const args: Expression[] = [];
  if (!p.stream.isOp(")")) {
    do args.push(namedExpression(p));
    while (p.stream.acceptOp(","));
  }
  p.stream.expectOp(")");
  return callTail(p, start, "struct", args, false);
}

function unitCall(p: Parser, word: string): Expression | undefined {
  const { stream } = p;
  if (!stream.isOp(",", 3) || stream.peek(2).kind !== "word" || !UNITS.has(stream.peek(2).value)) return undefined;
  const start = opened(p);
  const unit = p.string(p.mark(), stream.next().value);
  const args = [unit];
  while (stream.acceptOp(",")) args.push(value(p));
  stream.expectOp(")");
  const name = word.endsWith("ADD") ? "timestampadd" : "timestampdiff";
  return p.call(start, name, args);
}

/** `CASE WHEN a THEN b … ELSE c END` and `CASE x WHEN 1 THEN …`, both as Spark's `when(condition, value, …, else)`. */
export function caseExpression(p: Parser): Expression {
  const start = p.mark();
  const { stream } = p;
  stream.expectWord("CASE");
  const subject = stream.isWord("WHEN") ? undefined : expression(p);
  const args: Expression[] = [];
  do {
    stream.expectWord("WHEN");
    const at = p.mark();
    const condition = expression(p);
    args.push(subject ? p.call(at, "==", [subject, condition]) : condition);
    stream.expectWord("THEN");
    args.push(expression(p));
  } while (stream.isWord("WHEN"));
  if (stream.acceptWord("ELSE")) args.push(expression(p));
  stream.expectWord("END");
  return p.call(start, "when", args);
}

/** A call whose name is read and whose opening bracket is next. */
export function functionCall(p: Parser, start: number, parts: readonly string[]): Expression {
  const { stream } = p;
  const name = parts.map(quoteIfNeeded).join(".");
  stream.expectOp("(");
  const distinct = isQuantifierAhead(p) && stream.next().value === "DISTINCT";
  const args: Expression[] = [];
  if (!stream.isOp(")")) {
    do args.push(argument(p));
    while (stream.acceptOp(","));
  }
  if (stream.isWord("IGNORE", "NULLS") || stream.isWord("RESPECT", "NULLS")) {
    // first(x IGNORE NULLS), as some dialects and Spark's first/last write it.
    nullsOption(p, parts.join("."), args);
  }
  stream.expectOp(")");
  return callTail(p, start, name, args, distinct);
}

function isQuantifierAhead(p: Parser): boolean {
  const { stream } = p;
  if (!stream.isWord("DISTINCT") && !stream.isWord("ALL")) return false;
  const after = stream.peek(1);
  return !(after.kind === "op" && (after.value === ")" || after.value === "," || after.value === "."));
}

function argument(p: Parser): Expression {
  const start = p.mark();
  const { stream } = p;
  if (!stream.isName() || !stream.isOp("=>", 1)) return expression(p);
  const key = stream.expectName();
  stream.expectOp("=>");
  return p.expression(start, { case: "namedArgumentExpression", value: { key, value: expression(p) } });
}

/** WITHIN GROUP, FILTER, IGNORE NULLS and OVER after the closing bracket. */
function callTail(p: Parser, start: number, name: string, args: Expression[], isDistinct: boolean): Expression {
  const { stream } = p;
  if (stream.isWord("WITHIN", "GROUP")) withinGroup(p, args);
  let filter: Expression | undefined;
  if (stream.isWord("FILTER") && stream.isOp("(", 1)) {
    stream.at += 2;
    stream.expectWord("WHERE");
    filter = expression(p);
    stream.expectOp(")");
  }
  if (stream.isWord("IGNORE", "NULLS") || stream.isWord("RESPECT", "NULLS")) nullsOption(p, name, args);
  let call = p.call(start, name, args, isDistinct ? { isDistinct } : {});
  if (filter) call = p.internalCall(start, "aggregate_filter", [call, filter]);
  return stream.isWord("OVER") ? over(p, start, call) : call;
}

/** `percentile_cont(0.5) WITHIN GROUP (ORDER BY x)` is `percentile_cont(x, 0.5)`: the sorted column goes first. */
function withinGroup(p: Parser, args: Expression[]): void {
  const { stream } = p;
  stream.at += 2;
  stream.expectOp("(");
  const at = stream.peek();
  stream.expectWord("ORDER", "BY");
  const items = sortItems(p);
  stream.expectOp(")");
  if (items.length !== 1 || items[0].child === undefined) {
    throw stream.syntaxError(": WITHIN GROUP takes one sort key", at);
  }
  if (items[0].direction === 2) throw stream.syntaxError(": WITHIN GROUP … DESC is not supported, sort ascending", at);
  args.unshift(items[0].child);
}

function nullsOption(p: Parser, name: string, args: Expression[]): void {
  const start = p.mark();
  const { stream } = p;
  const first = stream.next();
  const second = stream.next();
  if (first.value === "RESPECT") return;
  if (!IGNORE_NULLS_ARGUMENT.has(name.toLowerCase())) {
    throw stream.syntaxError(`: ${second.text} can't be ignored by ${name}, only by first, last and any_value`, first);
  }
  args.push(p.expression(start, { case: "literal", value: { literalType: { case: "boolean", value: true } } }));
}
