/** Expressions: operators by binding power, predicates, and what stands between operators. */
import type { Expression } from "../plan/messages.ts";
import { quoteIfNeeded } from "../types/print.ts";
import { caseExpression, castTo, functionCall, specialCall } from "./calls.ts";
import { literal, number } from "./literals.ts";
import { CHAIN_MAX, type Parser } from "./parser.ts";
import { predicate } from "./predicates.ts";
import { isQueryAhead, query } from "./query.ts";

/** Spark's names of the operators, and how tightly they bind. Comparison binds least. */
const BINARY: Readonly<Record<string, { readonly name: string; readonly power: number }>> = {
  "=": { name: "==", power: 1 },
  "==": { name: "==", power: 1 },
  "<>": { name: "!=", power: 1 },
  "!=": { name: "!=", power: 1 },
  "<": { name: "<", power: 1 },
  "<=": { name: "<=", power: 1 },
  "!>": { name: "<=", power: 1 },
  ">": { name: ">", power: 1 },
  ">=": { name: ">=", power: 1 },
  "!<": { name: ">=", power: 1 },
  "<=>": { name: "<=>", power: 1 },
  "|": { name: "|", power: 2 },
  "^": { name: "^", power: 3 },
  "&": { name: "&", power: 4 },
  "<<": { name: "<<", power: 5 },
  ">>": { name: ">>", power: 5 },
  ">>>": { name: ">>>", power: 5 },
  "+": { name: "+", power: 6 },
  "-": { name: "-", power: 6 },
  "||": { name: "concat", power: 6 },
  "*": { name: "*", power: 7 },
  "/": { name: "/", power: 7 },
  "%": { name: "%", power: 7 },
  DIV: { name: "div", power: 7 },
};

/** Words that begin or continue a clause. Spark takes them as names too, but then the error points at the wrong place. */
const NOT_COLUMNS = new Set(
  "SELECT FROM WHERE HAVING UNION INTERSECT AND OR AS ON IN IS THEN WHEN ELSE BY JOIN USING BETWEEN".split(" "),
);
/** Functions that may stand without brackets. `user` isn't among them: it is too common a column. */
const NO_PARENTHESES = new Set(["CURRENT_DATE", "CURRENT_TIMESTAMP", "LOCALTIMESTAMP", "CURRENT_USER"]);

export function expression(p: Parser): Expression {
  return p.stream.nested(() => disjunction(p));
}

/** Several expressions with commas between, at least one. */
export function expressionList(p: Parser): Expression[] {
  const list = [expression(p)];
  while (p.stream.acceptOp(",")) list.push(expression(p));
  return list;
}

function disjunction(p: Parser): Expression {
  return chain(p, "OR", "or", conjunction);
}

function conjunction(p: Parser): Expression {
  return chain(p, "AND", "and", negation);
}

function chain(p: Parser, word: string, name: string, operand: (p: Parser) => Expression): Expression {
  const start = p.mark();
  const operands = [operand(p)];
  while (p.stream.acceptWord(word)) {
    operands.push(operand(p));
    if (operands.length > CHAIN_MAX) throw p.stream.tooComplex();
  }
  return balanced(operands, (a, b) => p.call(start, name, [a, b]));
}

/** Joins operands two by two as a tree of little depth: a thousand ORs must not be a thousand levels. */
export function balanced<T>(operands: readonly T[], join: (a: T, b: T) => T): T {
  if (operands.length <= 3) return operands.reduce(join);
  const middle = operands.length >> 1;
  return join(balanced(operands.slice(0, middle), join), balanced(operands.slice(middle), join));
}

function negation(p: Parser): Expression {
  const start = p.mark();
  if (p.stream.acceptWord("NOT") || p.stream.acceptOp("!")) {
    return p.stream.nested(() => p.call(start, "not", [negation(p)]));
  }
  return predicate(p, start, value(p));
}

/** An expression without AND, OR, NOT and predicates: what BETWEEN has on both sides of its AND. */
export function value(p: Parser, power = 0): Expression {
  const start = p.mark();
  let left = unary(p);
  for (;;) {
    const operator = binaryAhead(p);
    const rule = operator === undefined ? undefined : BINARY[operator];
    if (operator === undefined || rule === undefined || rule.power <= power) return left;
    p.stream.at += operator.startsWith(">>") ? operator.length : 1;
    const right = p.stream.nested(() => value(p, rule.power));
    left = binary(p, start, rule.name, left, right);
  }
}

function binary(p: Parser, start: number, name: string, left: Expression, right: Expression): Expression {
  if (name === "!=") return p.call(start, "not", [p.call(start, "==", [left, right])]);
  return p.call(start, name, [left, right]);
}

/** The binary operator at the cursor. Two or three `>` that touch are a shift. */
function binaryAhead(p: Parser): string | undefined {
  const token = p.stream.peek();
  if (token.kind === "word") return token.value === "DIV" ? "DIV" : undefined;
  if (token.kind !== "op") return undefined;
  if (token.value !== ">") return token.value;
  let shift = ">";
  while (shift.length < 3 && p.stream.isOp(">", shift.length) && touches(p, shift.length)) shift += ">";
  return shift;
}

function touches(p: Parser, ahead: number): boolean {
  return p.stream.peek(ahead - 1).stop === p.stream.peek(ahead).start;
}

function unary(p: Parser): Expression {
  const start = p.mark();
  const { stream } = p;
  if (stream.isOp("-") && stream.peek(1).kind === "number") {
    stream.next();
    return postfix(p, start, number(p, start, true));
  }
  for (const operator of ["-", "+", "~"]) {
    if (stream.acceptOp(operator)) return stream.nested(() => p.call(start, operator, [unary(p)]));
  }
  return postfix(p, start, primary(p));
}

/** Fields, subscripts and `::type` after an expression. */
function postfix(p: Parser, start: number, left: Expression): Expression {
  const { stream } = p;
  for (;;) {
    if (stream.isOp(".") && stream.isName(1)) {
      stream.next();
      left = fieldOf(p, start, left, stream.expectName());
    } else if (stream.acceptOp("[")) {
      const index = stream.nested(() => value(p));
      stream.expectOp("]");
      left = p.expression(start, { case: "unresolvedExtractValue", value: { child: left, extraction: index } });
    } else if (stream.acceptOp("::")) left = castTo(p, start, left, false);
    else return left;
  }
}

function fieldOf(p: Parser, start: number, child: Expression, name: string): Expression {
  const { exprType } = child;
  if (exprType.case === "unresolvedAttribute") {
    return p.attribute(start, `${exprType.value.unparsedIdentifier}.${quoteIfNeeded(name)}`);
  }
  if (exprType.case === "unresolvedNamedLambdaVariable") {
    const nameParts = [...exprType.value.nameParts, name];
    return p.expression(start, { case: "unresolvedNamedLambdaVariable", value: { nameParts } });
  }
  const extraction = p.string(p.stream.last().start, name);
  return p.expression(start, { case: "unresolvedExtractValue", value: { child, extraction } });
}

function primary(p: Parser): Expression {
  const start = p.mark();
  const { stream } = p;
  const token = stream.peek();
  if (token.kind === "op") return bracketed(p, start);
  if (token.kind === "end") throw stream.syntaxError();
  const constant = literal(p);
  if (constant) return constant;
  if (token.kind === "word") {
    if (token.value === "CASE" && !stream.isOp("(", 1) && !stream.isOp(".", 1)) return caseExpression(p);
    if (stream.isOp("(", 1)) {
      const special = specialCall(p, token.value);
      if (special) return special;
    } else if (NO_PARENTHESES.has(token.value) && !stream.isOp(".", 1)) {
      stream.next();
      return p.call(start, token.text.toLowerCase(), []);
    }
  }
  return named(p, start);
}

/** What begins with an operator or a bracket. */
function bracketed(p: Parser, start: number): Expression {
  const { stream } = p;
  if (stream.acceptOp("*")) return star(p, start, undefined);
  if (stream.acceptOp("?")) return p.parameter(start, undefined);
  if (stream.isOp(":") && stream.isName(1)) {
    stream.next();
    return p.parameter(start, stream.expectName());
  }
  if (!stream.isOp("(")) throw stream.syntaxError();
  const lambda = lambdaAhead(p);
  if (lambda !== undefined) return lambdaFunction(p, start, lambda);
  stream.next();
  if (isQueryAhead(p)) {
    const planId = p.addSubquery(query(p));
    stream.expectOp(")");
    return p.expression(start, { case: "subqueryExpression", value: { planId, subqueryType: 1 } });
  }
  const first = namedExpression(p);
  if (stream.isOp(",")) {
    const items = [first];
    while (stream.acceptOp(",")) items.push(namedExpression(p));
    stream.expectOp(")");
    return p.row(start, items);
  }
  if (first.exprType.case === "alias") throw stream.syntaxError("", stream.last());
  stream.expectOp(")");
  return first;
}

/** The parameter count of a lambda with a bracketed list, when one is at the cursor. */
function lambdaAhead(p: Parser): number | undefined {
  const { stream } = p;
  for (let ahead = 1; stream.isName(ahead); ahead += 2) {
    if (stream.isOp(")", ahead + 1)) return stream.isOp("->", ahead + 2) ? (ahead + 1) / 2 : undefined;
    if (!stream.isOp(",", ahead + 1)) return undefined;
  }
  return undefined;
}

function lambdaFunction(p: Parser, start: number, bracketedCount: number): Expression {
  const { stream } = p;
  const names: string[] = [];
  if (bracketedCount > 0) {
    stream.expectOp("(");
    do names.push(stream.expectName());
    while (stream.acceptOp(","));
    stream.expectOp(")");
  } else names.push(stream.expectName());
  stream.expectOp("->");
  p.lambdas.push(new Set(names.map((n) => n.toLowerCase())));
  const body = expression(p);
  p.lambdas.pop();
  const parameters = names.map((name) => ({ nameParts: [name] }));
  return p.expression(start, { case: "lambdaFunction", value: { function: body, arguments: parameters } });
}

/** A column, a call, a star or a lambda that begins with a name. */
function named(p: Parser, start: number): Expression {
  const { stream } = p;
  const token = stream.peek();
  if (!stream.isName()) throw stream.syntaxError();
  if (token.kind === "word" && NOT_COLUMNS.has(token.value) && !stream.isOp("(", 1)) throw stream.syntaxError();
  if (stream.isOp("->", 1)) return lambdaFunction(p, start, 0);
  const parts = [stream.expectName()];
  const isLambdaVariable = p.lambdas.some((names) => names.has(parts[0].toLowerCase()));
  while (stream.isOp(".")) {
    if (stream.isOp("*", 1)) {
      stream.at += 2;
      return star(p, start, parts);
    }
    if (!stream.isName(1)) break;
    stream.next();
    parts.push(stream.expectName());
  }
  if (stream.isOp("(")) return functionCall(p, start, parts);
  if (isLambdaVariable)
    return p.expression(start, { case: "unresolvedNamedLambdaVariable", value: { nameParts: parts } });
  return p.attribute(start, parts.map(quoteIfNeeded).join("."));
}

function star(p: Parser, start: number, of: readonly string[] | undefined): Expression {
  const value = of ? { unparsedTarget: `${of.map(quoteIfNeeded).join(".")}.*` } : {};
  const all = p.expression(start, { case: "unresolvedStar", value });
  if (!p.stream.isWord("EXCEPT") || !p.stream.isOp("(", 1) || isSetOperation(p)) return all;
  p.stream.at += 2;
  const dropped: Expression[] = [];
  do {
    const at = p.mark();
    dropped.push(p.attribute(at, multipartName(p).map(quoteIfNeeded).join(".")));
  } while (p.stream.acceptOp(","));
  p.stream.expectOp(")");
  return p.internalCall(start, "star_except", [all, ...dropped]);
}

/** `SELECT * EXCEPT (SELECT …)` is a set operation. */
function isSetOperation(p: Parser): boolean {
  return p.stream.peek(2).kind === "word" && p.stream.peek(2).value === "SELECT" && p.stream.peek(3).kind !== "op";
}

/** `a.b.c` */
export function multipartName(p: Parser): string[] {
  const parts = [p.stream.expectName()];
  while (p.stream.isOp(".") && p.stream.isName(1)) {
    p.stream.next();
    parts.push(p.stream.expectName());
  }
  return parts;
}

/** Words that can't be an alias without AS, because they begin what comes next. */
const NOT_ALIASES = new Set(
  (
    "SELECT FROM WHERE GROUP HAVING ORDER SORT CLUSTER DISTRIBUTE LIMIT OFFSET UNION EXCEPT INTERSECT MINUS WINDOW LATERAL " +
    "JOIN INNER CROSS LEFT RIGHT FULL NATURAL SEMI ANTI ON USING PIVOT UNPIVOT TABLESAMPLE AS AND OR NOT WHEN THEN ELSE " +
    "IN IS BETWEEN LIKE ILIKE RLIKE REGEXP FOR WITH DIV"
  ).split(" "),
);

export function isAliasAhead(p: Parser): boolean {
  const token = p.stream.peek();
  return token.kind === "quoted" || (token.kind === "word" && !NOT_ALIASES.has(token.value));
}

/** An expression with its alias, when it has one: `a + 1 AS b`, `inline(x) AS (a, b)`. */
export function namedExpression(p: Parser): Expression {
  const start = p.mark();
  const { stream } = p;
  const expr = expression(p);
  const explicit = stream.acceptWord("AS");
  if (explicit && stream.acceptOp("(")) return aliased(p, start, expr, aliasList(p));
  if (explicit) return aliased(p, start, expr, [stream.expectName()]);
  if (stream.isOp("(") && stream.isName(1) && (stream.isOp(",", 2) || stream.isOp(")", 2))) {
    stream.next();
    return aliased(p, start, expr, aliasList(p));
  }
  return isAliasAhead(p) ? aliased(p, start, expr, [stream.expectName()]) : expr;
}

function aliased(p: Parser, start: number, expr: Expression, name: string[]): Expression {
  return p.expression(start, { case: "alias", value: { expr, name } });
}

/** Names with commas between, up to the closing bracket, whose opening one is read. */
export function aliasList(p: Parser): string[] {
  const names: string[] = [];
  do names.push(p.stream.expectName());
  while (p.stream.acceptOp(","));
  p.stream.expectOp(")");
  return names;
}

/** `(key 'value', a.b = 'c', n = 1)` */
export function propertyList(p: Parser): Record<string, string> {
  const { stream } = p;
  const options = new Map<string, string>();
  stream.expectOp("(");
  do {
    const key = stream.peek().kind === "string" ? stream.next().value : multipartName(p).join(".");
    stream.acceptOp("=");
    const sign = stream.acceptOp("-") ? "-" : "";
    const token = stream.next();
    if (!["string", "number", "word"].includes(token.kind))
      throw stream.syntaxError(": a value is expected here", token);
    options.set(key, sign + (token.kind === "word" ? token.text : token.value));
  } while (stream.acceptOp(","));
  stream.expectOp(")");
  return Object.fromEntries(options);
}
