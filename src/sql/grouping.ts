/** GROUP BY and HAVING. */
import type { Expression, Relation } from "../plan/messages.ts";
import { expression } from "./expressions.ts";
import type { Parser } from "./parser.ts";
import { unsupported } from "./query.ts";

const GROUP_BY = 1;
const ROLLUP = 2;
const CUBE = 3;
const GROUPING_SETS = 5;

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

function readGrouping(p: Parser): Grouping {
  const { stream } = p;
  if (stream.isWord("ALL") && !stream.isOp(".", 1) && !stream.isOp("(", 1)) {
    const start = p.mark();
    stream.next();
    return plainGrouping([p.attribute(start, "ALL")]);
  }
  const analytics = groupingAnalytics(p);
  if (analytics) {
    if (stream.isOp(","))
      throw unsupported(
        p,
        "More than one of ROLLUP, CUBE and GROUPING SETS in a GROUP BY",
        "Write the sets out in one GROUPING SETS.",
      );
    return analytics;
  }
  const expressions: Expression[] = [];
  do {
    if (isAnalyticsAhead(p)) {
      throw unsupported(
        p,
        "ROLLUP, CUBE or GROUPING SETS beside other grouping expressions",
        "Write the sets out in one GROUPING SETS.",
      );
    }
    expressions.push(expression(p));
  } while (stream.acceptOp(","));
  if (stream.acceptWord("WITH", "ROLLUP"))
    return { groupType: ROLLUP, groupingExpressions: expressions, groupingSets: [] };
  if (stream.acceptWord("WITH", "CUBE")) return { groupType: CUBE, groupingExpressions: expressions, groupingSets: [] };
  if (stream.isWord("GROUPING", "SETS")) return { ...groupingSets(p), groupingExpressions: expressions };
  return plainGrouping(expressions);
}

function isAnalyticsAhead(p: Parser): boolean {
  const { stream } = p;
  return (
    ((stream.isWord("ROLLUP") || stream.isWord("CUBE")) && stream.isOp("(", 1)) || stream.isWord("GROUPING", "SETS")
  );
}

function groupingAnalytics(p: Parser): Grouping | undefined {
  const { stream } = p;
  if (!isAnalyticsAhead(p)) return undefined;
  if (stream.isWord("GROUPING")) return groupingSets(p);
  const groupType = stream.next().value === "ROLLUP" ? ROLLUP : CUBE;
  stream.expectOp("(");
  const groupingExpressions: Expression[] = [];
  do groupingExpressions.push(expression(p));
  while (stream.acceptOp(","));
  stream.expectOp(")");
  return { groupType, groupingExpressions, groupingSets: [] };
}

/** `GROUPING SETS ((a, b), a, ())`; the grouping expressions are those of all sets. */
function groupingSets(p: Parser): Grouping {
  const { stream } = p;
  stream.expectWord("GROUPING", "SETS");
  stream.expectOp("(");
  const sets: { groupingSet: Expression[] }[] = [];
  do {
    const groupingSet: Expression[] = [];
    if (stream.acceptOp("(")) {
      if (!stream.isOp(")")) {
        do groupingSet.push(expression(p));
        while (stream.acceptOp(","));
      }
      stream.expectOp(")");
    } else groupingSet.push(expression(p));
    sets.push({ groupingSet });
  } while (stream.acceptOp(","));
  stream.expectOp(")");
  return { groupType: GROUPING_SETS, groupingExpressions: sets.flatMap((s) => s.groupingSet), groupingSets: sets };
}
