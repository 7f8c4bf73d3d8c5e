/** GROUP BY and HAVING. */
import type { Expression, Relation } from "../plan/messages.ts";
import { sqlText } from "../plan/sql-text.ts";
import { expression } from "./expressions.ts";
import type { Parser } from "./parser.ts";

const GROUP_BY = 1;
const ROLLUP = 2;
const CUBE = 3;
const GROUPING_SETS = 5;
/** The most grouping sets that a GROUP BY may stand for. */
const SETS_MAX = 4096;

interface Grouping {
  readonly groupType: number;
  readonly groupingExpressions: Expression[];
  readonly groupingSets: { groupingSet: Expression[] }[];
}

/**
 * The select list over `input`: a Project, or an Aggregate when GROUP BY or HAVING follows. An Aggregate's output is
 * exactly the select list, which the internal call `select_list` says: Spark Connect's own form would put the grouping
 * expressions in front.
 */
export function groupBy(p: Parser, start: number, input: Relation | undefined, list: Expression[]): Relation {
  const { stream } = p;
  const grouping = stream.acceptWord("GROUP", "BY") ? readGrouping(p) : undefined;
  const having = stream.acceptWord("HAVING") ? expression(p) : undefined;
  const from = input ? { input } : {};
  if (grouping === undefined && having === undefined) {
    return p.relation(start, { case: "project", value: { ...from, expressions: list } });
  }
  const aggregateExpressions = [p.internalCall(start, "select_list", list)];
  const { groupType, groupingExpressions, groupingSets } = grouping ?? plainGrouping([]);
  const value = { ...from, groupType, groupingExpressions, groupingSets, aggregateExpressions };
  const aggregate = p.relation(start, { case: "aggregate", value });
  if (having === undefined) return aggregate;
  return p.relation(start, { case: "filter", value: { input: aggregate, condition: having } });
}

function plainGrouping(groupingExpressions: Expression[]): Grouping {
  return { groupType: GROUP_BY, groupingExpressions, groupingSets: [] };
}

/** One item of a GROUP BY: the sets of expressions by which it groups. */
interface Item {
  readonly kind: "plain" | "rollup" | "cube" | "sets";
  readonly sets: readonly (readonly Expression[])[];
  /** ROLLUP and CUBE: what is between their brackets. */
  readonly elements: readonly (readonly Expression[])[];
}

function readGrouping(p: Parser): Grouping {
  const { stream } = p;
  if (stream.isWord("ALL") && !stream.isOp(".", 1) && !stream.isOp("(", 1)) {
    const start = p.mark();
    stream.next();
    return plainGrouping([p.attribute(start, "ALL")]);
  }
  const items: Item[] = [];
  do items.push(groupingItem(p));
  while (stream.acceptOp(","));
  const expressions = items.flatMap((item) => item.sets.flat());
  if (stream.acceptWord("WITH", "ROLLUP")) return plainKind(ROLLUP, expressions);
  if (stream.acceptWord("WITH", "CUBE")) return plainKind(CUBE, expressions);
  if (stream.isWord("GROUPING", "SETS")) return fromSets(groupingItem(p).sets);
  if (items.every((item) => item.kind === "plain")) return plainGrouping(expressions);
  const [only] = items;
  if (items.length === 1 && only.kind !== "sets" && only.elements.every((e) => e.length === 1)) {
    return plainKind(only.kind === "rollup" ? ROLLUP : CUBE, only.elements.flat());
  }
  return fromSets(crossProduct(p, items));
}

function plainKind(groupType: number, groupingExpressions: Expression[]): Grouping {
  return { groupType, groupingExpressions, groupingSets: [] };
}

/** The grouping expressions are those of all sets, each once. */
function fromSets(sets: readonly (readonly Expression[])[]): Grouping {
  const all = new Map(sets.flat().map((e) => [sqlText(e), e]));
  return {
    groupType: GROUPING_SETS,
    groupingExpressions: [...all.values()],
    groupingSets: sets.map((set) => ({ groupingSet: [...set] })),
  };
}

/** `a, ROLLUP (b)` groups by each set of the one beside each set of the other. */
function crossProduct(p: Parser, items: readonly Item[]): Expression[][] {
  let sets: Expression[][] = [[]];
  for (const item of items) {
    if (sets.length * item.sets.length > SETS_MAX) throw p.stream.tooComplex();
    sets = sets.flatMap((left) => item.sets.map((right) => [...left, ...right]));
  }
  return sets;
}

function groupingItem(p: Parser): Item {
  const { stream } = p;
  if (stream.isWord("GROUPING", "SETS")) {
    stream.at += 2;
    return { kind: "sets", sets: bracketed(p, nestedSets).flat(), elements: [] };
  }
  if ((stream.isWord("ROLLUP") || stream.isWord("CUBE")) && stream.isOp("(", 1)) {
    const kind = stream.next().value === "ROLLUP" ? "rollup" : "cube";
    const elements = bracketed(p, groupingSet);
    if (kind === "cube" && 2 ** elements.length > SETS_MAX) throw stream.tooComplex();
    return { kind, elements, sets: kind === "rollup" ? prefixes(elements) : subsets(elements) };
  }
  return { kind: "plain", sets: [[expression(p)]], elements: [] };
}

/** An element of GROUPING SETS: a set, or a ROLLUP, a CUBE or GROUPING SETS of its own. */
function nestedSets(p: Parser): readonly (readonly Expression[])[] {
  const { stream } = p;
  const isNested = (stream.isWord("ROLLUP") || stream.isWord("CUBE")) && stream.isOp("(", 1);
  if (isNested || stream.isWord("GROUPING", "SETS")) return stream.nested(() => groupingItem(p).sets);
  return [groupingSet(p)];
}

/** `(a, b)`, `a` or `()`. */
function groupingSet(p: Parser): Expression[] {
  const { stream } = p;
  if (stream.isOp("(") && stream.isOp(")", 1)) {
    stream.at += 2;
    return [];
  }
  const one = expression(p);
  return [...(p.rows.get(one) ?? [one])];
}

function bracketed<T>(p: Parser, item: (p: Parser) => T): T[] {
  const found: T[] = [];
  p.stream.expectOp("(");
  do found.push(item(p));
  while (p.stream.acceptOp(","));
  p.stream.expectOp(")");
  return found;
}

/** ROLLUP (a, b): (a, b), (a), (). */
function prefixes(elements: readonly (readonly Expression[])[]): Expression[][] {
  return [...elements.keys(), elements.length].reverse().map((count) => elements.slice(0, count).flat());
}

/** CUBE (a, b): (a, b), (a), (b), (). */
function subsets(elements: readonly (readonly Expression[])[]): Expression[][] {
  let sets: Expression[][] = [[]];
  for (const element of [...elements].reverse()) sets = [...sets.map((set) => [...element, ...set]), ...sets];
  return sets;
}
