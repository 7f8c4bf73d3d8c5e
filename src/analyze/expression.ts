/** Expressions of the analysed plan: every name is resolved, every type known, every implicit cast written out. */
import type { AggregateResolution, FunctionDefinition, ScalarResolution } from "../functions/definition.ts";
import type { DataType } from "../types/types.ts";
import type { Value } from "../types/values.ts";

/** A column of a relation. `id` is unique within an analysed plan and survives renaming of relations, not of columns. */
export interface Attribute {
  readonly kind: "attribute";
  readonly id: number;
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
  /** Set on windows of time that are never null, though Spark takes their column to be nullable. */
  readonly isPresent?: boolean;
  /** Names of the relation that it can be qualified with, outermost last name last, e.g. ["spark_catalog","default","t"]. */
  readonly qualifier: readonly string[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Set below and above withWatermark, on the event-time column and on windows made of it. Microseconds. */
  readonly watermarkDelayUs?: number;
}

/** The column on a side of a join that may be missing. */
export function asNullable(a: Attribute): Attribute {
  return a.nullable && !a.isPresent ? a : { ...a, nullable: true, isPresent: false };
}

export interface Literal {
  readonly kind: "literal";
  readonly type: DataType;
  readonly value: Value;
  /** True for NULL. */
  readonly nullable: boolean;
}

/** A scalar function with its types settled; `args` already carry the casts that `resolution.inputs` asks for. */
export interface Call {
  readonly kind: "call";
  readonly fn: FunctionDefinition & { readonly kind: "scalar" };
  readonly resolution: ScalarResolution;
  readonly args: readonly TypedExpression[];
  readonly type: DataType;
  readonly nullable: boolean;
  readonly deterministic: boolean;
  /** The name that the user wrote, when it is another than the function's own; only for printing. */
  readonly written?: string;
}

export interface Cast {
  readonly kind: "cast";
  readonly child: TypedExpression;
  readonly type: DataType;
  readonly nullable: boolean;
  /** `ansi` throws on a bad value, `try` and `legacy` give null (legacy also wraps on overflow), `implicit` is ansi without a place in the user's text. */
  readonly mode: "ansi" | "try" | "legacy" | "implicit";
}

/** Field `ordinal` of a struct. */
export interface GetField {
  readonly kind: "field";
  readonly child: TypedExpression;
  readonly ordinal: number;
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
}

export interface Lambda {
  readonly kind: "lambda";
  readonly parameters: readonly LambdaVariable[];
  readonly body: TypedExpression;
  readonly type: DataType;
  readonly nullable: boolean;
}

export interface LambdaVariable {
  readonly kind: "variable";
  readonly id: number;
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
}

/** An aggregate call. Stands only in the `aggregates` of an Aggregate node. */
export interface AggregateCall {
  readonly kind: "aggregate";
  readonly fn: FunctionDefinition & { readonly kind: "aggregate" };
  readonly resolution: AggregateResolution;
  readonly args: readonly TypedExpression[];
  readonly distinct: boolean;
  readonly filter: TypedExpression | undefined;
  readonly type: DataType;
  readonly nullable: boolean;
  /** The name that the user wrote, when it is another than the function's own; only for printing. */
  readonly written?: string;
}

/** A TypeScript function of the user's, on internal values turned to public ones. */
export interface ScriptCall {
  readonly kind: "script";
  readonly token: string;
  readonly name: string;
  readonly args: readonly TypedExpression[];
  readonly type: DataType;
  readonly nullable: boolean;
}

/** The value of a one-row, one-column query, computed before the rest. */
export interface ScalarSubquery {
  readonly kind: "subquery";
  readonly plan: import("./plan.ts").PlanNode;
  readonly type: DataType;
  readonly nullable: boolean;
}

/** `x IN (SELECT …)`; `negated` follows SQL's null rules. Rewritten to a semi or anti join where it can be. */
export interface InSubquery {
  readonly kind: "inSubquery";
  readonly value: TypedExpression;
  readonly plan: import("./plan.ts").PlanNode;
  readonly type: DataType;
  readonly nullable: boolean;
}

export type TypedExpression =
  | Attribute
  | Literal
  | Call
  | Cast
  | GetField
  | Lambda
  | LambdaVariable
  | AggregateCall
  | ScriptCall
  | ScalarSubquery
  | InSubquery;

/** An expression with the attribute that it defines. */
export interface NamedExpression {
  readonly expression: TypedExpression;
  /** What the rows above see. For a bare column it is that column's own attribute (same id). */
  readonly output: Attribute;
}
