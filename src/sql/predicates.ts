/** BETWEEN, IN, LIKE and IS after a value. */
import { SluiceError } from "../errors/error.ts";
import type { Expression } from "../plan/messages.ts";
import { balanced, expressionList, value } from "./expressions.ts";
import type { Parser } from "./parser.ts";
import { isQueryAhead, query } from "./query.ts";

/** `left` with the predicate at the cursor; `left` itself when there is none. */
export function predicate(p: Parser, start: number, left: Expression): Expression {
  const { stream } = p;
  if (stream.acceptWord("IS")) return isPredicate(p, start, left);
  const before = stream.at;
  const negated = stream.acceptWord("NOT") || stream.acceptOp("!");
  const found = predicateAfterNot(p, start, left, negated);
  if (found === undefined) {
    stream.at = before;
    return left;
  }
  return found;
}

function predicateAfterNot(p: Parser, start: number, left: Expression, negated: boolean): Expression | undefined {
  const { stream } = p;
  const not = (e: Expression): Expression => (negated ? p.call(start, "not", [e]) : e);
  if (stream.acceptWord("BETWEEN")) {
    const lower = value(p);
    stream.expectWord("AND");
    return not(p.call(start, "between", [left, lower, value(p)]));
  }
  if (stream.acceptWord("IN")) return not(inPredicate(p, start, left));
  if (stream.acceptWord("RLIKE") || stream.acceptWord("REGEXP")) return not(p.call(start, "rlike", [left, value(p)]));
  for (const word of ["LIKE", "ILIKE"]) {
    if (stream.acceptWord(word)) return likePredicate(p, start, left, word.toLowerCase(), negated);
  }
  return undefined;
}

function isPredicate(p: Parser, start: number, left: Expression): Expression {
  const { stream } = p;
  const negated = stream.acceptWord("NOT") || stream.acceptOp("!");
  const not = (e: Expression): Expression => (negated ? p.call(start, "not", [e]) : e);
  if (stream.acceptWord("NULL") || stream.acceptWord("UNKNOWN")) {
    return p.call(start, negated ? "isnotnull" : "isnull", [left]);
  }
  if (stream.acceptWord("DISTINCT")) {
    stream.expectWord("FROM");
    const same = p.call(start, "<=>", [left, value(p)]);
    return negated ? same : p.call(start, "not", [same]);
  }
  const at = p.mark();
  if (stream.isWord("TRUE") || stream.isWord("FALSE")) {
    const wanted = stream.next().value === "TRUE";
    const literal = p.expression(at, { case: "literal", value: { literalType: { case: "boolean", value: wanted } } });
    return not(p.call(start, "<=>", [left, literal]));
  }
  throw stream.syntaxError(": NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM is expected here");
}

function inPredicate(p: Parser, start: number, left: Expression): Expression {
  const { stream } = p;
  stream.expectOp("(");
  if (isQueryAhead(p)) {
    const planId = p.addSubquery(query(p));
    stream.expectOp(")");
    const inSubqueryValues = [...(p.rows.get(left) ?? [left])];
    return p.expression(start, { case: "subqueryExpression", value: { planId, subqueryType: 4, inSubqueryValues } });
  }
  if (stream.isOp(")")) {
    throw new SluiceError("INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE", {}, stream.place(stream.last(), stream.peek()));
  }
  const list = expressionList(p);
  stream.expectOp(")");
  return p.call(start, "in", [left, ...list]);
}

function likePredicate(p: Parser, start: number, left: Expression, name: string, negated: boolean): Expression {
  const { stream } = p;
  const not = (e: Expression): Expression => (negated ? p.call(start, "not", [e]) : e);
  for (const quantifier of ["ANY", "SOME", "ALL"]) {
    if (!stream.isWord(quantifier) || !stream.isOp("(", 1)) continue;
    stream.at += 2;
    if (stream.isOp(")")) throw stream.syntaxError(": at least one pattern is expected here");
    const patterns = expressionList(p);
    stream.expectOp(")");
    const each = patterns.map((pattern) => not(p.call(start, name, [left, pattern])));
    return balanced(each, (a, b) => p.call(start, quantifier === "ALL" ? "and" : "or", [a, b]));
  }
  const pattern = value(p);
  if (!stream.acceptWord("ESCAPE")) return not(p.call(start, name, [left, pattern]));
  const at = stream.peek();
  const escape = stream.expectString();
  if ([...escape].length !== 1) {
    throw new SluiceError("INVALID_ESC", { invalidEscape: at.text }, stream.place(at));
  }
  return not(p.call(start, name, [left, pattern, p.string(at.start, escape)]));
}
