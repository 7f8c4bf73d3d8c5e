/** Rewrites an analysed plan into one that gives the same rows with less work. */
import type { SessionSettings } from "../functions/definition.ts";
import type { StructType } from "../types/types.ts";
import type { Value } from "../types/values.ts";
import type { TypedExpression } from "./expression.ts";
import { numberOperators } from "./operators.ts";
import type { PlanNode, ScanNode } from "./plan.ts";
import { rejectBadRecords } from "./rules/bad-records.ts";
import { collapseProjects } from "./rules/collapse.ts";
import { foldConstants } from "./rules/fold.ts";
import { decodeJson, exposeJson, mergeDecodes } from "./rules/json.ts";
import { pruneNestedJson } from "./rules/json-nested.ts";
import { gatherConstantRows } from "./rules/local.ts";
import { pruneColumns } from "./rules/prune.ts";
import { pushFilters } from "./rules/push-filters.ts";
import { simplifyPlan } from "./rules/simplify.ts";
import { rewritePlan } from "./walk.ts";

export interface OptimizeContext {
  readonly settings: SessionSettings;
  /** Evaluates an expression without attributes. May throw the expression's own error; it is then left as it is. */
  fold?(expression: TypedExpression): Value;
  /** The columns of a source whose bad records are taken out, and a last one that numbers a batch's records. */
  numberedSchema?(scan: ScanNode): StructType | undefined;
  /** Whether rows that a watermark drops are wanted whole. */
  keepsLateRows?(): boolean;
}

/** Hands out attribute ids that the plan doesn't use yet. */
export class Ids {
  #next: number;
  constructor(plan: PlanNode) {
    this.#next = highestId(plan) + 1;
  }
  next(): number {
    return this.#next++;
  }
}

function highestId(plan: PlanNode): number {
  let highest = -1;
  const look = (value: unknown): void => {
    if (value === null || typeof value !== "object" || value instanceof Map) return;
    if (Array.isArray(value)) {
      for (const item of value) look(item);
      return;
    }
    const node = value as { kind?: unknown; id?: unknown };
    if ((node.kind === "attribute" || node.kind === "variable") && typeof node.id === "number") {
      highest = Math.max(highest, node.id);
      return;
    }
    // Definitions, literal values and rows hold no attributes.
    for (const [key, part] of Object.entries(value)) {
      if (key !== "fn" && key !== "resolution" && key !== "rows" && key !== "schema" && key !== "value") look(part);
      else if (key === "value" && node.kind === "inSubquery") look(part);
    }
  };
  look(plan);
  return highest;
}

type Rule = (plan: PlanNode, context: OptimizeContext, ids: Ids) => PlanNode;

/** An aggregation by event time reads all of its input's columns, so that a late row can be told with them. */
function keepLateRows(plan: PlanNode, context: OptimizeContext): PlanNode {
  if (context.keepsLateRows?.() !== true) return plan;
  return rewritePlan(plan, (node) => {
    const isTimed = node.kind === "aggregate" && node.grouping.some((g) => g.output.watermarkDelayUs !== undefined);
    return isTimed ? { ...node, lateRow: node.input.output } : node;
  });
}

/** In this order: each rule makes work for those after it. */
const RULES: readonly Rule[] = [
  keepLateRows,
  rejectBadRecords,
  (plan) => collapseProjects(plan),
  foldConstants,
  simplifyPlan,
  gatherConstantRows,
  exposeJson,
  (plan) => pruneColumns(plan),
  decodeJson,
  (plan) => mergeDecodes(plan),
  (plan) => collapseProjects(plan),
  pushFilters,
  (plan) => collapseProjects(plan),
  (plan) => pruneColumns(plan),
  pruneNestedJson,
  foldConstants,
  simplifyPlan,
  (plan) => collapseProjects(plan),
];

/**
 * The plan, rewritten: constants folded, filters as near to the sources as their meaning allows, only the columns that
 * are used, `from_json` decoded straight from bytes. Output names, types and order stay; stateful operators keep their
 * order and are numbered again.
 *
 * @example
 * const plan = optimize(analyze(relation, context), { settings, fold });
 */
export function optimize(plan: PlanNode, context: OptimizeContext): PlanNode {
  const ids = new Ids(plan);
  return numberOperators(RULES.reduce((current, rule) => rule(current, context, ids), plan));
}
