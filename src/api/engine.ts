/**
 * The contract between the API and an engine. Nothing above it knows which engine runs; nothing below it knows who wrote
 * the query. Plans are Spark Connect's; rows come back as Arrow-free columns.
 */
import type { Batch } from "../columns/vector.ts";
import type { Plan, Relation } from "../plan/messages.ts";
import type { StructType } from "../types/types.ts";
import type { Value } from "../types/values.ts";

export interface Engine {
  readonly kind: "embedded" | "cluster";
  /** E.g. "4.2.0": the Spark whose behaviour is followed. */
  readonly sparkVersion: string;
  readonly config: EngineConfig;
  schema(relation: Relation): Promise<StructType>;
  isStreaming(relation: Relation): Promise<boolean>;
  explain(relation: Relation, mode: ExplainMode): Promise<string>;
  /** Rows of a batch relation. `observer` hears what df.observe saw, when the last row has been read. */
  execute(relation: Relation, observer?: Observer): AsyncIterable<ResultBatch>;
  /** A command: view, write, SQL text. A query in SQL text answers with the relation to run. */
  command(plan: Plan, observer?: Observer): Promise<Relation | undefined>;
  /** The plan holds a writeStreamOperationStart command. */
  startStream(plan: Plan, foreach?: ForeachFunctions): Promise<EngineQuery>;
  queries(): Promise<EngineQuery[]>;
  stop(): Promise<void>;
}

/** What a session asks of its engine when it starts. */
export interface EngineOptions {
  /** `sc://host:port/;…` for a cluster; undefined for the engine in this process. */
  readonly remote: string | undefined;
  /** Settings of the builder, `spark.app.name` and `spark.master` among them. */
  readonly config: ReadonlyMap<string, string>;
}

export type EngineFactory = (options: EngineOptions) => Promise<Engine>;

export interface ResultBatch {
  readonly schema: StructType;
  readonly batch: Batch;
}

/** What one df.observe of a batch relation saw. */
export interface ObservedMetrics {
  readonly name: string;
  /** Of the relation that observes; 0 where the server tells none. */
  readonly planId: bigint;
  readonly schema: StructType;
  /** One for each field, in internal form. */
  readonly values: readonly Value[];
}

export type Observer = (metrics: ObservedMetrics) => void;

export type ExplainMode = "simple" | "extended" | "codegen" | "cost" | "formatted";

export interface EngineConfig {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
  unset(key: string): Promise<void>;
  all(): Promise<ReadonlyMap<string, string>>;
}

/** TypeScript functions of a write; the embedded engine only. */
export interface ForeachFunctions {
  /** foreachBatch: the batch's rows as a relation that can be read while the call lasts. */
  readonly batch?: (relation: Relation, batchId: number) => Promise<void>;
  /** foreach: one call for each row. */
  readonly row?: (schema: StructType, batch: Batch, batchId: number) => Promise<void>;
}

export interface QueryGuarantee {
  readonly guarantee: "exactly-once" | "at-least-once";
  /** Why it is only at-least-once. */
  readonly note: string | null;
}

/** A streaming query of an engine. */
export interface EngineQuery {
  readonly id: string;
  readonly runId: string;
  readonly name: string | undefined;
  /** How often a row comes to be in the sink when a batch is run again after a crash. Undefined where it isn't known. */
  readonly guarantee?: QueryGuarantee;
  isActive(): Promise<boolean>;
  status(): Promise<{ message: string; isDataAvailable: boolean; isTriggerActive: boolean }>;
  /** Newest last, in Spark's JSON form. */
  recentProgress(): Promise<readonly string[]>;
  lastProgress(): Promise<string | undefined>;
  processAllAvailable(): Promise<void>;
  /** True when it ended within `timeoutMs`; rejects with the query's error when it failed. */
  awaitTermination(timeoutMs?: number): Promise<boolean>;
  exception(): Promise<Error | undefined>;
  explain(extended: boolean): Promise<string>;
  stop(): Promise<void>;
  /** Called with each progress and at the end; returns the function that ends it. */
  onEvent?(listener: (event: EngineQueryEvent) => void): () => void;
}

export type EngineQueryEvent =
  | { readonly kind: "progress"; readonly progress: string }
  | { readonly kind: "idle" }
  | { readonly kind: "terminated"; readonly error: Error | undefined };
