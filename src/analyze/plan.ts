/**
 * The analysed plan: a small tree of typed nodes. It is what gets optimised, compiled, fingerprinted and explained.
 * `output` lists a node's columns in order.
 */
import type { Batch } from "../columns/vector.ts";
import type { StructType } from "../types/types.ts";
import type { Value } from "../types/values.ts";
import type { AggregateCall, Attribute, NamedExpression, TypedExpression } from "./expression.ts";

/** Rows that the plan carries. */
export interface LocalRelationNode {
  readonly kind: "local";
  readonly output: readonly Attribute[];
  readonly rows: readonly (readonly Value[])[];
}

export interface RangeNode {
  readonly kind: "range";
  readonly output: readonly Attribute[];
  readonly start: bigint;
  readonly end: bigint;
  readonly step: bigint;
}

/** Rows from a connector. `id` numbers the sources of a plan from 0, in the order Spark numbers them (left to right). */
export interface ScanNode {
  readonly kind: "scan";
  readonly id: number;
  readonly output: readonly Attribute[];
  readonly format: string;
  readonly options: ReadonlyMap<string, string>;
  readonly paths: readonly string[];
  /** The schema as the user gave it. */
  readonly userSchema: StructType | undefined;
  /** The source's full schema; `output` may hold fewer columns after pruning: `columns` are their ordinals in it. */
  readonly schema: StructType;
  readonly columns: readonly number[];
  readonly streaming: boolean;
}

/** A batch that the engine holds: cached relations, the rows given to foreachBatch, a memory sink's table. */
export interface CachedNode {
  readonly kind: "cached";
  readonly output: readonly Attribute[];
  readonly batches: () => Iterable<Batch> | AsyncIterable<Batch>;
  readonly name: string;
}

export interface ProjectNode {
  readonly kind: "project";
  readonly output: readonly Attribute[];
  readonly input: PlanNode;
  readonly expressions: readonly NamedExpression[];
}

export interface FilterNode {
  readonly kind: "filter";
  readonly output: readonly Attribute[];
  readonly input: PlanNode;
  readonly condition: TypedExpression;
}

/**
 * Made by the optimiser of `from_json(value, schema)` whose fields are read one by one: appends the fields in use as
 * columns, decoded straight from bytes. `output` is the input's columns followed by `fields`' attributes.
 */
export interface JsonDecodeNode {
  readonly kind: "jsonDecode";
  readonly output: readonly Attribute[];
  readonly input: PlanNode;
  readonly source: Attribute;
  readonly schema: StructType;
  readonly options: ReadonlyMap<string, string>;
  /** `ordinal` in `schema`; -1 is "the whole record was null or malformed to the point that from_json gives null" as BOOLEAN. */
  readonly fields: readonly { readonly ordinal: number; readonly attribute: Attribute }[];
  /** Set where records that can't be decoded are taken out: the column of their numbers, and the source they come from. */
  readonly rejects?: { readonly record: Attribute; readonly source: number };
}

export interface WatermarkNode {
  readonly kind: "watermark";
  readonly output: readonly Attribute[];
  readonly input: PlanNode;
  readonly column: Attribute;
  readonly delayUs: number;
}

/** Several rows for each input row: sliding windows, grouping sets. Each projection makes one row (a false filter drops it). */
export interface ExpandNode {
  readonly kind: "expand";
  readonly output: readonly Attribute[];
  readonly input: PlanNode;
  readonly projections: readonly (readonly TypedExpression[])[];
}

/** explode and friends: the input's columns followed by the generated ones. */
export interface GenerateNode {
  readonly kind: "generate";
  readonly output: readonly Attribute[];
  readonly input: PlanNode;
  readonly args: readonly TypedExpression[];
  readonly generate: (args: readonly Value[]) => Value[][];
  readonly outer: boolean;
  readonly generated: readonly Attribute[];
}

export interface AggregateNode {
  readonly kind: "aggregate";
  /** Grouping attributes first, then one for each aggregate. A Project above computes the user's result expressions. */
  readonly output: readonly Attribute[];
  readonly input: PlanNode;
  readonly grouping: readonly NamedExpression[];
  readonly aggregates: readonly { readonly call: AggregateCall; readonly output: Attribute }[];
  /**
   * Set for session_window: the grouping column at this index holds (row's time, time + gap) as a struct<start,end>, and
   * rows of the same other keys whose sessions touch are merged.
   */
  readonly sessionColumn: number | undefined;
  /** The input's columns as the user wrote it, where rows that come too late are wanted whole. */
  readonly lateRow?: readonly Attribute[];
  /** Number of the stateful operator, counted from 0 in Spark's order (leaves first); undefined in batch. */
  readonly operatorId: number | undefined;
}

export interface DeduplicateNode {
  readonly kind: "deduplicate";
  readonly output: readonly Attribute[];
  readonly input: PlanNode;
  readonly keys: readonly Attribute[];
  readonly withinWatermark: boolean;
  readonly operatorId: number | undefined;
}

export type JoinType = "inner" | "left" | "right" | "full" | "leftsemi" | "leftanti" | "cross";

export interface JoinNode {
  readonly kind: "join";
  readonly output: readonly Attribute[];
  readonly left: PlanNode;
  readonly right: PlanNode;
  readonly joinType: JoinType;
  /** Equalities, left side and right side of each (already the same type). `nullSafe` for <=>. */
  readonly keys: readonly {
    readonly left: TypedExpression;
    readonly right: TypedExpression;
    readonly nullSafe: boolean;
  }[];
  /** The rest of the condition. */
  readonly residual: TypedExpression | undefined;
  /** Set for stream-stream joins. */
  readonly operatorId: number | undefined;
  /** NOT IN: a null on either side makes no row. */
  readonly nullAware?: boolean;
}

export interface UnionNode {
  readonly kind: "union";
  readonly output: readonly Attribute[];
  readonly inputs: readonly PlanNode[];
}

export interface SortOrder {
  readonly expression: TypedExpression;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface SortNode {
  readonly kind: "sort";
  readonly output: readonly Attribute[];
  readonly input: PlanNode;
  readonly order: readonly SortOrder[];
}

export interface LimitNode {
  readonly kind: "limit";
  readonly output: readonly Attribute[];
  readonly input: PlanNode;
  readonly offset: number;
  /** Infinity when only an offset was given. */
  readonly count: number;
  readonly operatorId: number | undefined;
}

export interface TailNode {
  readonly kind: "tail";
  readonly output: readonly Attribute[];
  readonly input: PlanNode;
  readonly count: number;
}

export interface SampleNode {
  readonly kind: "sample";
  readonly output: readonly Attribute[];
  readonly input: PlanNode;
  readonly lower: number;
  readonly upper: number;
  readonly withReplacement: boolean;
  readonly seed: bigint;
}

/** Window functions of batch queries; appends one column for each. */
export interface WindowNode {
  readonly kind: "window";
  readonly output: readonly Attribute[];
  readonly input: PlanNode;
  readonly partition: readonly TypedExpression[];
  readonly order: readonly SortOrder[];
  readonly functions: readonly {
    readonly output: Attribute;
    readonly args: readonly TypedExpression[];
    readonly compute: (rows: readonly (readonly Value[])[], peers: Int32Array, wide: boolean) => Value[];
  }[];
}

/** df.observe: aggregates over the rows that pass, reported in the progress or when a batch query ends. */
export interface ObserveNode {
  readonly kind: "observe";
  readonly output: readonly Attribute[];
  readonly input: PlanNode;
  readonly name: string;
  /** Of the relation in the unresolved plan; 0 where it has none. */
  readonly planId: bigint;
  readonly metrics: readonly { readonly call: AggregateCall; readonly output: Attribute }[];
}

export type PlanNode =
  | LocalRelationNode
  | RangeNode
  | ScanNode
  | CachedNode
  | ProjectNode
  | FilterNode
  | JsonDecodeNode
  | WatermarkNode
  | ExpandNode
  | GenerateNode
  | AggregateNode
  | DeduplicateNode
  | JoinNode
  | UnionNode
  | SortNode
  | LimitNode
  | TailNode
  | SampleNode
  | WindowNode
  | ObserveNode;
