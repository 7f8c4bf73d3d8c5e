/** SELECT, set operations, WITH, ORDER BY and LIMIT → relations. */
import { create } from "@bufbuild/protobuf";
import { SluiceError } from "../errors/error.ts";
import {
  type Expression,
  type Expression_SortOrder,
  Expression_SortOrderSchema,
  type Relation,
  RelationSchema,
} from "../plan/messages.ts";
import { balanced, expression, expressionList, namedExpression } from "./expressions.ts";
import { fromClause, lateralViews, subqueryAlias, tableName, values } from "./from.ts";
import { groupBy } from "./grouping.ts";
import type { Parser } from "./parser.ts";
import { windowClause } from "./windows.ts";

const INTERSECT = 1;
const UNION = 2;
const EXCEPT = 3;
const NULLS_FIRST = 1;
const NULLS_LAST = 2;

/** True when a query begins at the cursor, after any number of opening brackets. */
export function isQueryAhead(p: Parser): boolean {
  let ahead = 0;
  while (p.stream.isOp("(", ahead)) ahead++;
  const token = p.stream.peek(ahead);
  if (token.kind !== "word") return false;
  const after = p.stream.peek(ahead + 1);
  const startsClause =
    after.kind !== "end" && !(after.kind === "op" && [")", ",", ".", "->", "="].includes(after.value));
  switch (token.value) {
    case "SELECT":
      return startsClause;
    case "WITH":
      return after.kind === "word" || after.kind === "quoted";
    case "VALUES":
      return startsClause;
    case "FROM":
    case "TABLE":
      return after.kind === "word" || after.kind === "quoted";
    default:
      return false;
  }
}

/** A whole query, with its common table expressions, sort and limit. */
export function query(p: Parser): Relation {
  return p.stream.nested(() => {
    const outer = p.ctes;
    if (p.stream.isWord("WITH")) commonTables(p);
    const start = p.mark();
    const firstWindow = p.namedWindows.length;
    const body = setOperations(p);
    const result = organized(p, start, body, firstWindow);
    p.ctes = outer;
    return result;
  });
}

/** `WITH a AS (…), b AS (…)`: each is written out where it is named. */
function commonTables(p: Parser): void {
  const { stream } = p;
  stream.expectWord("WITH");
  if (stream.isWord("RECURSIVE") && !stream.isWord("RECURSIVE", "AS")) {
    throw unsupported(p, "WITH RECURSIVE", "Write the steps out, or loop in the program.");
  }
  const defined = new Set<string>();
  do {
    const start = p.mark();
    const token = stream.peek();
    const name = stream.expectName();
    const columns = stream.acceptOp("(") ? nameList(p) : [];
    stream.acceptWord("AS");
    stream.expectOp("(");
    const before = p.relations;
    const inner = query(p);
    stream.expectOp(")");
    const key = name.toLowerCase();
    if (defined.has(key)) {
      throw new SluiceError("DUPLICATED_CTE_NAMES", { duplicateNames: `\`${name}\`` }, stream.place(token));
    }
    const relation = subqueryAlias(p, start, inner, name, columns);
    defined.add(key);
    p.ctes = new Map([...p.ctes, [key, { relation, size: p.relations - before }]]);
  } while (stream.acceptOp(","));
}

function nameList(p: Parser): string[] {
  const names: string[] = [];
  do names.push(p.stream.expectName());
  while (p.stream.acceptOp(","));
  p.stream.expectOp(")");
  return names;
}

/** UNION, EXCEPT and MINUS from left to right; INTERSECT binds more tightly. */
function setOperations(p: Parser): Relation {
  const start = p.mark();
  let left = intersections(p);
  for (;;) {
    const { stream } = p;
    const isUnion = stream.isWord("UNION");
    if (!isUnion && !stream.isWord("EXCEPT") && !stream.isWord("MINUS") && !stream.isWord("SETMINUS")) return left;
    stream.next();
    left = setOperation(p, start, left, isUnion ? UNION : EXCEPT, intersections);
  }
}

function intersections(p: Parser): Relation {
  const start = p.mark();
  let left = queryPrimary(p);
  while (p.stream.acceptWord("INTERSECT")) left = setOperation(p, start, left, INTERSECT, queryPrimary);
  return left;
}

function setOperation(
  p: Parser,
  start: number,
  leftInput: Relation,
  setOpType: number,
  operand: (p: Parser) => Relation,
): Relation {
  const isAll = p.stream.acceptWord("ALL");
  if (!isAll) p.stream.acceptWord("DISTINCT");
  const byName = p.stream.acceptWord("BY", "NAME");
  const rightInput = operand(p);
  return p.relation(start, { case: "setOp", value: { leftInput, rightInput, setOpType, isAll, byName } });
}

function queryPrimary(p: Parser): Relation {
  const { stream } = p;
  if (stream.isWord("SELECT")) return select(p, undefined);
  if (stream.isWord("VALUES")) return values(p);
  if (stream.isWord("TABLE")) {
    stream.next();
    return tableName(p);
  }
  if (stream.isWord("FROM")) {
    const input = fromClause(p);
    if (!stream.isWord("SELECT")) throw stream.syntaxError(": SELECT is expected here");
    return select(p, input);
  }
  if (stream.isOp("(")) {
    stream.next();
    const inner = query(p);
    stream.expectOp(")");
    return inner;
  }
  throw stream.syntaxError(": a query is expected here");
}

/** One SELECT, up to HAVING and WINDOW. `input` is what a FROM before it has read. */
function select(p: Parser, input: Relation | undefined): Relation {
  const start = p.mark();
  const { stream } = p;
  const firstWindow = p.namedWindows.length;
  stream.expectWord("SELECT");
  const distinct = stream.isWord("DISTINCT") && !stream.isOp(",", 1) && !stream.isWord("DISTINCT", "FROM");
  if (distinct || (stream.isWord("ALL") && !stream.isOp(",", 1))) stream.next();
  const list = [namedExpression(p)];
  while (stream.acceptOp(",")) list.push(namedExpression(p));
  let from = input;
  if (stream.isWord("FROM")) from = fromClause(p);
  from = lateralViews(p, start, from);
  if (stream.acceptWord("WHERE")) {
    const condition = expression(p);
    from = p.relation(start, { case: "filter", value: filterOf(from, condition) });
  }
  let result = groupBy(p, start, from, list);
  if (distinct) result = p.relation(start, { case: "deduplicate", value: { input: result, allColumnsAsKeys: true } });
  if (stream.isWord("WINDOW") && stream.isName(1)) windowClause(p, firstWindow);
  return result;
}

function filterOf(input: Relation | undefined, condition: Expression) {
  return input ? { input, condition } : { condition };
}

/** ORDER BY and what may follow it, over the whole query. */
function organized(p: Parser, start: number, body: Relation, firstWindow: number): Relation {
  const { stream } = p;
  let result = body;
  if (stream.acceptWord("ORDER", "BY")) {
    const order = stream.isWord("ALL") && !stream.isOp(".", 1) && !stream.isOp("(", 1) ? orderByAll(p) : sortItems(p);
    result = p.relation(start, { case: "sort", value: { input: result, order, isGlobal: true } });
  } else result = partitioned(p, start, result);
  windowClause(p, firstWindow);
  let limit: number | undefined;
  if (stream.acceptWord("LIMIT") && !stream.acceptWord("ALL")) limit = rowCount(p, "LIMIT");
  if (stream.acceptWord("OFFSET")) {
    const offset = rowCount(p, "OFFSET");
    result = p.relation(start, { case: "offset", value: { input: result, offset } });
  }
  if (limit !== undefined) result = p.relation(start, { case: "limit", value: { input: result, limit } });
  return result;
}

/** CLUSTER BY, DISTRIBUTE BY and SORT BY. */
function partitioned(p: Parser, start: number, body: Relation): Relation {
  const { stream } = p;
  let result = body;
  const cluster = stream.acceptWord("CLUSTER", "BY");
  if (cluster || stream.acceptWord("DISTRIBUTE", "BY")) {
    const partitionExprs = expressionList(p);
    result = p.relation(start, { case: "repartitionByExpression", value: { input: result, partitionExprs } });
    if (cluster) {
      const order = partitionExprs.map((child) =>
        create(Expression_SortOrderSchema, { child, direction: 1, nullOrdering: 1 }),
      );
      return p.relation(start, { case: "sort", value: { input: result, order, isGlobal: false } });
    }
  }
  if (stream.acceptWord("SORT", "BY")) {
    result = p.relation(start, { case: "sort", value: { input: result, order: sortItems(p), isGlobal: false } });
  }
  return result;
}

function orderByAll(p: Parser): Expression_SortOrder[] {
  const start = p.mark();
  p.stream.next();
  return [direction(p, p.attribute(start, "ALL"))];
}

/** `a DESC NULLS LAST, b`: nulls come first when ascending and last when descending, unless told. */
export function sortItems(p: Parser): Expression_SortOrder[] {
  const items: Expression_SortOrder[] = [];
  do items.push(direction(p, expression(p)));
  while (p.stream.acceptOp(","));
  return items;
}

function direction(p: Parser, child: Expression): Expression_SortOrder {
  const { stream } = p;
  const descending = stream.acceptWord("DESC");
  if (!descending) stream.acceptWord("ASC");
  let nullOrdering = descending ? NULLS_LAST : NULLS_FIRST;
  if (stream.acceptWord("NULLS")) {
    nullOrdering = stream.acceptWord("FIRST") ? NULLS_FIRST : NULLS_LAST;
    if (nullOrdering === NULLS_LAST) stream.expectWord("LAST");
  }
  return create(Expression_SortOrderSchema, { child, direction: descending ? 2 : 1, nullOrdering });
}

/** The number of LIMIT or OFFSET: a whole number that is not negative, or a parameter that stands for one. */
function rowCount(p: Parser, name: string): number {
  const start = p.mark();
  const { exprType } = expression(p);
  const value = exprType.case === "literal" ? exprType.value.literalType : undefined;
  const context = p.stream.context(start, p.stream.last().stop);
  if (
    value === undefined ||
    (value.case !== "integer" && value.case !== "long" && value.case !== "short" && value.case !== "byte")
  ) {
    throw new SluiceError("INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE", { name }, { context });
  }
  const count = Number(value.value);
  if (count < 0) throw new SluiceError("INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE", { name, v: count }, { context });
  return Math.min(count, 2147483647);
}

/** The root of a parsed text: the query, beside the queries in its expressions. */
export function withSubqueries(p: Parser, root: Relation): Relation {
  if (p.subqueries.length === 0) return root;
  return create(RelationSchema, { relType: { case: "withRelations", value: { root, references: p.subqueries } } });
}

export function unsupported(p: Parser, feature: string, hint: string): SluiceError {
  return new SluiceError("UNSUPPORTED_FEATURE", { feature, where: "", hint }, p.stream.place(p.stream.peek()));
}

/** Rows one under the other, as a tree of little depth. */
export function unionAll(p: Parser, start: number, rows: readonly Relation[]): Relation {
  return balanced(rows, (leftInput, rightInput) =>
    p.relation(start, { case: "setOp", value: { leftInput, rightInput, setOpType: UNION, isAll: true } }),
  );
}
