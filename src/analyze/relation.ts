/** Unresolved relations to typed nodes: one case for each kind. */

import { create } from "@bufbuild/protobuf";
import { SluiceError } from "../errors/error.ts";
import { type Expression, type Expression_Literal, ExpressionSchema, type Relation } from "../plan/messages.ts";
import { type AnalyzeSubquery, type Block, noPending } from "./block.ts";
import type { Session } from "./context.ts";
import { needed } from "./expressions.ts";
import { at } from "./place.ts";
import type { PlanNode } from "./plan.ts";
import { aggregateRelation } from "./relations/aggregate.ts";
import { dropColumns, renameColumns, toDF, toSchema, withColumns } from "./relations/columns.ts";
import { filterRelation } from "./relations/filter.ts";
import { joinRelation } from "./relations/join.ts";
import { cachedRelation, localRelation, oneRow, rangeRelation, readRelation } from "./relations/leaf.ts";
import { dropMissing, fillMissing, replaceValues } from "./relations/missing.ts";
import { parseRelation } from "./relations/parse.ts";
import { project } from "./relations/project.ts";
import { setOperation } from "./relations/set-operation.ts";
import { sortRelation } from "./relations/sort.ts";
import { tableFunction } from "./relations/table-function.ts";
import { deduplicate, limit, observe, offset, sample, subqueryAlias, tail, watermark } from "./relations/unary.ts";
import { unpivot } from "./relations/unpivot.ts";
import { mergePlanIds, type Resolved, type Scope, scopeOf } from "./scope.ts";

/** What the analysis of one relation needs besides the message. */
export interface Place {
  readonly session: Session;
  /** The query around this one, when it is a subquery. */
  readonly outer: Scope | undefined;
}

export function analyzeRelation(place: Place, relation: Relation | undefined): Resolved {
  const message = needed(relation);
  return at(message, () => {
    const resolved = dispatch(place, message);
    const id = message.common?.planId;
    if (id === undefined) return resolved;
    return { ...resolved, planIds: mergePlanIds([resolved.planIds, new Map([[id, [resolved.output]]])]) };
  });
}

function dispatch(place: Place, message: Relation): Resolved {
  const r = message.relType;
  switch (r.case) {
    case "read":
      return readRelation(place, r.value);
    case "project":
      return project(place, r.value.input ? analyzeRelation(place, r.value.input) : oneRow(), r.value.expressions);
    case "filter":
      return filterRelation(place, r.value);
    case "join":
    case "lateralJoin":
      return joinRelation(place, message);
    case "setOp":
      return setOperation(place, r.value);
    case "sort":
      return sortRelation(place, r.value);
    case "limit":
      return limit(place, r.value);
    case "offset":
      return offset(place, r.value);
    case "tail":
      return tail(place, r.value);
    case "aggregate":
      return aggregateRelation(place, r.value);
    case "sql":
      return sqlRelation(place, message);
    case "withRelations":
      for (const reference of r.value.references) noteReference(place.session, reference);
      return analyzeRelation(place, r.value.root);
    case "localRelation":
      return localRelation(place, r.value);
    case "cachedLocalRelation":
      return cachedRelation(place, r.value.hash);
    case "cachedRemoteRelation":
      return cachedRelation(place, r.value.relationId);
    case "range":
      return rangeRelation(place, r.value);
    case "sample":
      return sample(place, r.value);
    case "deduplicate":
      return deduplicate(place, r.value);
    case "subqueryAlias":
      return subqueryAlias(place, r.value);
    case "repartition":
    case "repartitionByExpression":
    case "hint":
      return analyzeRelation(place, r.value.input);
    case "toDf":
      return toDF(place, r.value);
    case "withColumnsRenamed":
      return renameColumns(place, r.value);
    case "withColumns":
      return withColumns(place, r.value);
    case "drop":
      return dropColumns(place, r.value);
    case "toSchema":
      return toSchema(place, r.value);
    case "unpivot":
      return unpivot(place, r.value);
    case "withWatermark":
      return watermark(place, r.value);
    case "collectMetrics":
      return observe(place, r.value, message.common?.planId ?? 0n);
    case "parse":
      return parseRelation(place, r.value);
    case "fillNa":
      return fillMissing(place, r.value);
    case "dropNa":
      return dropMissing(place, r.value);
    case "replace":
      return replaceValues(place, r.value);
    case "unresolvedTableValuedFunction":
      return tableFunction(place, r.value);
    default:
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: `A relation of the kind ${r.case ?? "unknown"}`,
        where: " in this engine",
        hint: "Run the query on a Spark cluster, or write it another way.",
      });
  }
}

/** SQL text is parsed once and then analysed as what it says. */
function sqlRelation(place: Place, message: Relation): Resolved {
  if (message.relType.case !== "sql") throw new SluiceError("INTERNAL_ERROR", { message: "No SQL relation." });
  return analyzeRelation(place, parsedQuery(place.session, message.relType.value));
}

type Sql = Extract<Relation["relType"], { case: "sql" }>["value"];

export function parsedQuery(session: Session, sql: Sql): Relation {
  return session.context.parseQuery(sql.query, sqlArguments(sql));
}

/** What `:name` and `?` stand for in a text. */
export function sqlArguments(sql: Sql): { named: Map<string, Expression>; positional: Expression[] } {
  const literal = (value: Expression_Literal): Expression =>
    create(ExpressionSchema, { exprType: { case: "literal", value } });
  const named = new Map<string, Expression>(Object.entries(sql.namedArguments));
  for (const [name, value] of Object.entries(sql.args)) named.set(name, literal(value));
  return { named, positional: sql.posArguments.length > 0 ? sql.posArguments : sql.posArgs.map(literal) };
}

function noteReference(session: Session, reference: Relation): void {
  const id = reference.common?.planId;
  if (id !== undefined) session.references.set(id, reference);
  if (reference.relType.case === "subqueryAlias") {
    session.named.set(reference.relType.value.alias.toLowerCase(), reference);
  }
}

/** Where expressions over these relations are resolved. */
export function blockOver(place: Place, scope: Scope, aggregates: Block["aggregates"] = "allowed"): Block {
  return { session: place.session, scope, pending: noPending(), subquery: subqueryOf(place), aggregates };
}

export function blockOf(place: Place, input: Resolved, aggregates: Block["aggregates"] = "allowed"): Block {
  return blockOver(place, scopeOf(input, place.outer), aggregates);
}

function subqueryOf(place: Place): AnalyzeSubquery {
  return (planId, outer): PlanNode => {
    const relation = place.session.references.get(planId);
    if (relation === undefined) {
      throw new SluiceError("INTERNAL_ERROR", { message: `The plan has no subquery with the plan id ${planId}.` });
    }
    return analyzeRelation({ ...place, outer }, relation).plan;
  };
}

/** The same relation with another plan on top that passes all columns through. */
export function passing(input: Resolved, plan: PlanNode): Resolved {
  return { ...input, plan };
}
