/** Only the columns that somebody above reads, down to the sources. */
import type { Attribute, TypedExpression } from "../expression.ts";
import type { PlanNode } from "../plan.ts";
import { definedIn, referencedIn } from "../references.ts";
import { expressionsIn, expressionsOf, referencesOf } from "../walk.ts";

type Ids = ReadonlySet<number>;

export function pruneColumns(plan: PlanNode): PlanNode {
  return prune(plan, new Set(plan.output.map((a) => a.id)));
}

/** The plan with at least the columns `wanted`; the root's own are all wanted. */
function prune(plan: PlanNode, wanted: Ids): PlanNode {
  switch (plan.kind) {
    case "local": {
      const kept = indexes(plan.output, wanted);
      if (kept.length === plan.output.length) return plan;
      return { ...plan, output: kept.map((i) => plan.output[i]), rows: plan.rows.map((r) => kept.map((i) => r[i])) };
    }
    case "scan": {
      const kept = indexes(plan.output, wanted);
      if (kept.length === plan.output.length) return plan;
      return { ...plan, output: kept.map((i) => plan.output[i]), columns: kept.map((i) => plan.columns[i]) };
    }
    case "range":
    case "cached":
      return plan;
    case "project": {
      const expressions = plan.expressions.filter((n) => wanted.has(n.output.id));
      const input = prune(plan.input, reading(expressions.map((n) => n.expression)));
      return { ...plan, expressions, output: expressions.map((n) => n.output), input };
    }
    case "aggregate": {
      const aggregates = plan.aggregates.filter((a) => wanted.has(a.output.id));
      const input = prune(
        plan.input,
        reading([...plan.grouping.map((g) => g.expression), ...aggregates.map((a) => a.call), ...(plan.lateRow ?? [])]),
      );
      return {
        ...plan,
        aggregates,
        input,
        output: [...plan.grouping.map((g) => g.output), ...aggregates.map((a) => a.output)],
      };
    }
    case "jsonDecode":
      return pruneDecode(plan, wanted);
    case "join":
      return pruneJoin(plan, wanted);
    case "union": {
      const kept = indexes(plan.output, wanted);
      const inputs = plan.inputs.map((input) => {
        const columns = kept.map((i) => input.output[i]);
        return exactly(prune(input, new Set(columns.map((a) => a.id))), columns);
      });
      return { ...plan, inputs, output: kept.map((i) => plan.output[i]) };
    }
    case "expand":
      return pruneExpand(plan, wanted);
    case "generate": {
      const input = prune(plan.input, reading(plan.args, without(wanted, plan.generated)));
      return { ...plan, input, output: [...input.output, ...plan.generated] };
    }
    case "window": {
      const functions = plan.functions.filter((f) => wanted.has(f.output.id));
      const rest = without(
        wanted,
        plan.functions.map((f) => f.output),
      );
      const input = prune(plan.input, reading(expressionsOf({ ...plan, functions }), rest));
      if (functions.length === 0) return input;
      return { ...plan, functions, input, output: [...input.output, ...functions.map((f) => f.output)] };
    }
    default: {
      const input = prune(plan.input, reading(expressionsOf(plan), wanted));
      return passing(plan, input);
    }
  }
}

/** What these expressions read, their subqueries' outer references too, and `more`. */
function reading(expressions: readonly TypedExpression[], more: Ids = new Set()): Set<number> {
  const ids = new Set(more);
  for (const expression of expressions) {
    referencesOf(expression, ids);
    for (const e of expressionsIn(expression)) {
      if (e.kind !== "subquery" && e.kind !== "inSubquery") continue;
      const inner = definedIn(e.plan);
      for (const id of referencedIn(e.plan)) if (!inner.has(id)) ids.add(id);
    }
  }
  return ids;
}

function without(ids: Ids, attributes: readonly Attribute[]): Set<number> {
  const gone = new Set(attributes.map((a) => a.id));
  return new Set([...ids].filter((id) => !gone.has(id)));
}

function indexes(output: readonly Attribute[], wanted: Ids): number[] {
  return output.flatMap((a, i) => (wanted.has(a.id) ? [i] : []));
}

/** A node that passes its input's columns on, over another input: what it says of a column (a watermark) is kept. */
export function passing<P extends Exclude<PlanNode, { input?: never }>>(plan: P, input: PlanNode): P {
  const own = new Map(plan.output.map((a) => [a.id, a]));
  return { ...plan, input, output: input.output.map((a) => own.get(a.id) ?? a) };
}

/** The plan with these columns and no others, in this order. */
export function exactly(plan: PlanNode, columns: readonly Attribute[]): PlanNode {
  if (plan.output.length === columns.length && plan.output.every((a, i) => a.id === columns[i].id)) return plan;
  const expressions = columns.map((c) => {
    const expression = plan.output.find((a) => a.id === c.id) ?? c;
    return { expression, output: c };
  });
  return { kind: "project", output: columns, input: plan, expressions };
}

function pruneDecode(plan: Extract<PlanNode, { kind: "jsonDecode" }>, wanted: Ids): PlanNode {
  const mustSeeAll = readsWholeRecord(plan);
  const fields = mustSeeAll ? plan.fields : plan.fields.filter((f) => wanted.has(f.attribute.id));
  const rest = without(
    wanted,
    plan.fields.map((f) => f.attribute),
  );
  if (fields.length === 0) return prune(plan.input, rest);
  const input = prune(plan.input, new Set([...rest, ...referencesIn(plan)]));
  return { ...plan, fields, input, output: [...input.output, ...fields.map((f) => f.attribute)] };
}

function referencesIn(plan: PlanNode): Set<number> {
  return reading(expressionsOf(plan));
}

/** FAILFAST and the corrupt record's column look at every field, used or not. */
export function readsWholeRecord(
  plan: Pick<Extract<PlanNode, { kind: "jsonDecode" }>, "options" | "schema" | "fields">,
): boolean {
  const option = (name: string): string | undefined =>
    [...plan.options].find(([k]) => k.toLowerCase() === name.toLowerCase())?.[1];
  if (option("mode")?.toUpperCase() === "FAILFAST") return true;
  const corrupt = option("columnNameOfCorruptRecord") ?? "_corrupt_record";
  const ordinal = plan.schema.fields.findIndex((f) => f.name === corrupt);
  return ordinal >= 0 && plan.fields.some((f) => f.ordinal === ordinal);
}

function pruneJoin(plan: Extract<PlanNode, { kind: "join" }>, wanted: Ids): PlanNode {
  const ids = reading(expressionsOf(plan), wanted);
  const left = prune(plan.left, ids);
  const right = prune(plan.right, ids);
  const own = new Map(plan.output.map((a) => [a.id, a]));
  const onlyLeft = plan.joinType === "leftsemi" || plan.joinType === "leftanti";
  const columns = onlyLeft ? left.output : [...left.output, ...right.output];
  return { ...plan, left, right, output: columns.map((a) => own.get(a.id) ?? a) };
}

function pruneExpand(plan: Extract<PlanNode, { kind: "expand" }>, wanted: Ids): PlanNode {
  const kept = indexes(plan.output, wanted);
  const projections = plan.projections.map((p) => kept.map((i) => p[i]));
  const input = prune(plan.input, reading(projections.flat()));
  return { ...plan, projections, input, output: kept.map((i) => plan.output[i]) };
}
