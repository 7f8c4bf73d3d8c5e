/** ROLLUP, CUBE and GROUPING SETS: each input row once for every set, then one aggregation. */

import { SluiceError } from "../../errors/error.ts";
import { type Aggregate, Aggregate_GroupType, type Expression } from "../../plan/messages.ts";
import { BYTE, INT, LONG } from "../../types/types.ts";
import { type Block, withScope } from "../block.ts";
import { callNamed } from "../calls.ts";
import { sameExpression } from "../equality.ts";
import type { Attribute, NamedExpression, TypedExpression } from "../expression.ts";
import { cast } from "../expressions.ts";
import { constant } from "../literal.ts";
import type { ExpandNode, PlanNode } from "../plan.ts";
import { prettyName } from "../print.ts";
import type { Place } from "../relation.ts";
import type { Resolved } from "../scope.ts";
import { applyTimeWindows } from "../time-window.ts";
import { rewriteExpression } from "../walk.ts";
import { aggregated } from "./aggregate.ts";
import { selectList } from "./project.ts";

const SETS_MAX = 4096;

/** Each set as indexes into the grouping expressions; undefined for a plain GROUP BY. */
export function groupingSetsOf(
  message: Aggregate,
  grouping: readonly NamedExpression[],
  resolve: (message: Expression) => NamedExpression,
): number[][] | undefined {
  const all = grouping.map((_, i) => i);
  switch (message.groupType) {
    case Aggregate_GroupType.ROLLUP:
      return [...all.map((_, i) => all.slice(0, all.length - i)), []];
    case Aggregate_GroupType.CUBE: {
      const sets = 2 ** all.length;
      if (sets > SETS_MAX) throw new SluiceError("GROUPING_SIZE_LIMIT_EXCEEDED", { maxSize: Math.log2(SETS_MAX) });
      return Array.from({ length: sets }, (_, bits) => all.filter((i) => ((bits >> (all.length - 1 - i)) & 1) === 0));
    }
    case Aggregate_GroupType.GROUPING_SETS:
      return message.groupingSets.map((set) =>
        set.groupingSet.map((m) => {
          const { expression } = resolve(m);
          return grouping.findIndex((g) => sameExpression(g.expression, expression));
        }),
      );
    default:
      return undefined;
  }
}

/** The aggregation over the expanded input. */
export function expandSets(
  place: Place,
  block: Block,
  input: Resolved,
  given: readonly NamedExpression[],
  sets: readonly (readonly number[])[],
  list: readonly Expression[],
  isSql: boolean,
): Resolved {
  const { session } = place;
  const first = (g: NamedExpression): number => given.findIndex((h) => sameExpression(g.expression, h.expression));
  const grouping = given.filter((g, i) => first(g) === i);
  const indexOf = given.map((g) => grouping.findIndex((h) => sameExpression(g.expression, h.expression)));
  const used = sets.map((set) => new Set(set.map((i) => indexOf[i])));
  const below = applyTimeWindows(block, input.plan, block.pending.timeWindows);
  const columns = grouping.map((g) =>
    session.attribute(g.output.name, g.output.type, true, {
      qualifier: g.output.qualifier,
      ...(g.output.metadata ? { metadata: g.output.metadata } : {}),
      ...(g.output.watermarkDelayUs === undefined ? {} : { watermarkDelayUs: g.output.watermarkDelayUs }),
    }),
  );
  const id = session.attribute("spark_grouping_id", LONG, false);
  const position = session.attribute("_gen_grouping_pos", INT, false);
  const bitsOf = (set: ReadonlySet<number>): number =>
    grouping.reduce((bits, _, i) => bits * 2 + (set.has(i) ? 0 : 1), 0);
  const ids = used.map(bitsOf);
  const hasRepeats = new Set(ids).size < ids.length;
  const projections = used.map((set, at): TypedExpression[] => [
    ...below.output,
    ...grouping.map((g, i): TypedExpression => (set.has(i) ? g.expression : constant(g.expression.type, null))),
    constant(LONG, ids[at]),
    ...(hasRepeats ? [constant(INT, at)] : []),
  ]);
  const output = [...below.output, ...columns, id, ...(hasRepeats ? [position] : [])];
  const expand: ExpandNode = { kind: "expand", output, input: below, projections };
  block.pending.timeWindows.length = 0;

  const replace = (e: TypedExpression): TypedExpression => replaceGrouping(e, grouping, columns);
  session.grouping = (name, args) => groupingFunction(block, name, args, grouping, columns, id);
  try {
    const items = selectList(withScope(block, {}), list).map((n) => overColumns(n, replace));
    const keys = [...columns, id, ...(hasRepeats ? [position] : [])].map((a) => ({ expression: a, output: a }));
    const own = columns.map((a) => ({ expression: a, output: a }));
    const over: Resolved = { plan: expand as PlanNode, output: [...input.output, ...columns], planIds: input.planIds };
    const made = aggregated(block, over, keys, isSql ? items : [...own, ...items]);
    return made.aggregate ? { ...made, aggregate: { ...made.aggregate, grouping: session.grouping } } : made;
  } finally {
    session.grouping = undefined;
  }
}

/** Grouping expressions outside aggregate functions become the expanded columns; inside they keep the row's own value. */
function replaceGrouping(
  expression: TypedExpression,
  grouping: readonly NamedExpression[],
  columns: readonly Attribute[],
): TypedExpression {
  if (expression.kind === "aggregate") return expression;
  const at = grouping.findIndex((g) => sameExpression(g.expression, expression));
  if (at >= 0) return columns[at];
  switch (expression.kind) {
    case "call":
    case "script":
      return { ...expression, args: expression.args.map((a) => replaceGrouping(a, grouping, columns)) };
    case "cast":
    case "field":
      return { ...expression, child: replaceGrouping(expression.child, grouping, columns) };
    case "lambda":
      return { ...expression, body: replaceGrouping(expression.body, grouping, columns) };
    default:
      return expression;
  }
}

function overColumns(n: NamedExpression, replace: (e: TypedExpression) => TypedExpression): NamedExpression {
  const expression = replace(n.expression);
  if (expression === n.expression) return n;
  if (expression.kind === "attribute") return { expression, output: expression };
  return { expression, output: n.output };
}

/** grouping(c): 1 where c was left out of the set; grouping_id(): all of them as bits. */
function groupingFunction(
  block: Block,
  name: string,
  args: readonly TypedExpression[],
  grouping: readonly NamedExpression[],
  columns: readonly Attribute[],
  id: Attribute,
): TypedExpression {
  const indexes = args.map((a) => {
    const plain = rewriteExpression(a, (e) => e);
    const at = grouping.findIndex(
      (g, i) => sameExpression(g.expression, plain) || (plain.kind === "attribute" && plain.id === columns[i].id),
    );
    if (at < 0) {
      throw new SluiceError("GROUPING_COLUMN_MISMATCH", {
        grouping: prettyName(a, block.session),
        groupingColumns: grouping.map((g) => prettyName(g.expression, block.session)).join(", "),
      });
    }
    return at;
  });
  const bit = (index: number): TypedExpression => {
    const shift: TypedExpression = constant(INT, grouping.length - 1 - index);
    const one: TypedExpression = constant(LONG, 1);
    return callNamed(block, "&", callNamed(block, "shiftright", id, shift), one);
  };
  const printed = `${name}(${args.map((a) => prettyName(a, block.session)).join(", ")})`;
  if (name === "grouping") {
    if (indexes.length !== 1) {
      throw new SluiceError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", {
        functionName: name,
        expectedNum: "1",
        actualNum: indexes.length,
        args: "column",
      });
    }
    return printedAs(cast(bit(indexes[0]), BYTE, "implicit"), printed);
  }
  if (indexes.length > 0 && indexes.some((x, i) => x !== i || indexes.length !== grouping.length)) {
    throw new SluiceError("GROUPING_ID_COLUMN_MISMATCH", {
      groupingIdColumn: args.map((a) => prettyName(a, block.session)).join(", "),
      groupByColumns: grouping.map((g) => prettyName(g.expression, block.session)).join(", "),
    });
  }
  block.session.written.set(id.id, printed);
  return id;
}

/** The expression under another printed form: a column's name is what the user wrote, not how it is computed. */
function printedAs(expression: TypedExpression, printed: string): TypedExpression {
  if (expression.kind !== "cast" || expression.child.kind !== "call") return expression;
  const { child } = expression;
  return { ...expression, child: { ...child, fn: { ...child.fn, prettyName: () => printed } } };
}
