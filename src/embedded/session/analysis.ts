/** From a relation to a typed plan whose sources are open. */

import { explainPlan, explainSections } from "../../analyze/explain.ts";
import { type AnalyzeContext, analyze, collectReads, isStreaming, schemaOf } from "../../analyze/index.ts";
import { optimize } from "../../analyze/optimize.ts";
import type { PlanNode } from "../../analyze/plan.ts";
import type { ExplainMode } from "../../api/engine.ts";
import { decodeArrow } from "../../columns/arrow.ts";
import { rowsOf } from "../../columns/rows.ts";
import { evaluate } from "../../compile/evaluate.ts";
import type { Environment } from "../../connectors/contract.ts";
import type { SessionSettings } from "../../functions/definition.ts";
import type { Relation } from "../../plan/messages.ts";
import { parseExpression, parseQuery } from "../../sql/index.ts";
import { parseSchemaText } from "../../types/json.ts";
import type { StructType } from "../../types/types.ts";
import { windowAggregate } from "../operators/windowaggregate.ts";
import type { SessionConfig } from "./config.ts";
import type { Session } from "./session.ts";
import { OpenSources } from "./sources.ts";

export interface AnalyzedQuery {
  /** As the user wrote it, with names and types. */
  readonly logical: PlanNode;
  /** What runs. */
  readonly plan: PlanNode;
  readonly schema: StructType;
  readonly settings: SessionSettings;
  readonly sources: OpenSources;
}

export async function analyzed(
  session: Session,
  relation: Relation,
  config: SessionConfig,
  environment: Environment,
): Promise<AnalyzedQuery> {
  const settings = config.settings();
  const sources = new OpenSources(environment);
  const context = analyzeContext(session, settings, sources);
  await sources.open(collectReads(relation, context));
  const logical = analyze(relation, context);
  const plan = optimize(logical, {
    settings,
    fold: (expression) => evaluate(expression, settings),
    numberedSchema: (scan) => (scan.streaming ? sources.of(scan).badRecords?.schema : undefined),
    keepsLateRows: () => sources.all().some((source) => source.side?.lateRows !== undefined),
  });
  return { logical, plan, schema: schemaOf(logical), settings, sources };
}

export function isStreamingPlan(plan: PlanNode): boolean {
  return isStreaming(plan);
}

export function explained({ logical, plan }: AnalyzedQuery, mode: ExplainMode): string {
  const physical = `== Physical Plan ==\n${explainPlan(plan)}\n`;
  return mode === "extended" ? `${explainSections({ analyzed: logical, optimized: plan })}\n\n${physical}` : physical;
}

function analyzeContext(session: Session, settings: SessionSettings, sources: OpenSources): AnalyzeContext {
  const { catalog } = session;
  return {
    settings,
    view: (name) => catalog.find(name),
    viewNames: () => catalog.names(),
    sourceSchema: (read) => sources.schema(read),
    parseExpression: (text) => parseExpression(text, { timeZone: settings.timeZone }),
    parseQuery: (text, { named, positional }) =>
      parseQuery(text, positional.length > 0 ? positional : Object.fromEntries(named), { timeZone: settings.timeZone }),
    localRows(data, schemaText) {
      const { schema, batches } = decodeArrow(data);
      const given = schemaText === undefined ? schema : parseSchemaText(schemaText);
      return { schema: given.kind === "struct" ? given : schema, rows: batches.flatMap(rowsOf) };
    },
    cached: (id) => catalog.cached(id),
    fold: (expression) => evaluate(expression, settings),
    windowAggregate: (call, frame) => windowAggregate(call, frame, settings),
  };
}
