/** Spark Connect's unresolved plan → the typed plan: names and types, what a streaming query may do, and rewriting. */
import type { Expression, Relation } from "../plan/messages.ts";
import { field, type StructType, struct } from "../types/types.ts";
import { type AnalyzeContext, Session } from "./context.ts";
import type { Attribute, TypedExpression } from "./expression.ts";
import { resolve } from "./expressions.ts";
import { numberOperators } from "./operators.ts";
import type { PlanNode } from "./plan.ts";
import { analyzeRelation, blockOf } from "./relation.ts";
import { oneRow } from "./relations/leaf.ts";

export type { AnalyzeContext, LocalRows, ReadDescriptor, SqlArguments, WindowFrame } from "./context.ts";
export { isStreaming } from "./operators.ts";
export { collectReads } from "./reads.ts";
export { checkBatch, checkStreaming, type StreamOutputMode } from "./streaming.ts";

/**
 * Resolves every name and type of a relation. The result's `output` are its columns; stateful operators and sources are
 * numbered. Throws a SluiceError with Spark's condition and, where the plan knows it, the place in the user's text.
 *
 * @example
 * const plan = analyze(relation, context);
 * schemaOf(plan); // struct<device: string, …>
 */
export function analyze(relation: Relation, context: AnalyzeContext): PlanNode {
  const session = new Session(context);
  return numberOperators(analyzeRelation({ session, outer: undefined }, relation).plan);
}

/** An expression that reads no column, e.g. a function's argument or a test of a function's example. */
export function analyzeExpression(expression: Expression, context: AnalyzeContext): TypedExpression {
  const session = new Session(context);
  return resolve(blockOf({ session, outer: undefined }, oneRow()), expression);
}

/** The columns of a plan as a schema. */
export function schemaOf(plan: { readonly output: readonly Attribute[] }): StructType {
  return struct(...plan.output.map((a) => field(a.name, a.type, a.nullable, a.metadata)));
}
