/** What a source or a sink is. A connector is one folder beside this file and one line in `connectors/list.ts`. */
import type { Batch, RecordHeader } from "../columns/vector.ts";
import type { JsonOptions } from "../formats/json/options.ts";
import type { StructType } from "../types/types.ts";

/** One documented option. Option names are compared without regard to case, as in Spark. */
export interface OptionSpec {
  readonly name: string;
  readonly doc: string;
  readonly default?: string;
  /** For options that are a family: `kafka.` accepts every name that begins so. */
  readonly prefix?: boolean;
  /** Shown as `***` wherever options are printed. */
  readonly secret?: boolean;
}

/** Case-insensitive options of one read or write, checked against the specs already. */
export type Options = ReadonlyMap<string, string>;

/** What a connector gets from its surroundings, so that a test can own it. */
export interface Environment {
  readonly clock: Clock;
  readonly log: Logger;
  /** IANA zone for text without one. */
  readonly timeZone: string;
  /** Aborted when the query or the session stops. */
  readonly signal: AbortSignal;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds, never goes back. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Logger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** A position in a source, as the JSON text that stands in the offset log, e.g. `{"t":{"0":42}}`. */
export type Offset = string;

export interface ReadRequest {
  /** Ordinals of the columns wanted, in this order. */
  readonly columns: readonly number[];
  /** Rows in a batch, at most. Default 8192. */
  readonly batchRowsMax: number;
  /** 64-bit values as bigint (see types/values.ts). A source in the narrow form throws WideRequired when one doesn't fit. */
  readonly wide: boolean;
  /** Fields that will be read out of a column of JSON texts. A source may do it, beside its own work, as `Batch.decoded`. */
  readonly json?: JsonFields | undefined;
}

/** Fields of the JSON records in one column. */
export interface JsonFields {
  /** Place in the request's `columns`. */
  readonly column: number;
  readonly schema: StructType;
  /** Ordinals in `schema`; -1 is "the record was null", as BOOLEAN. */
  readonly fields: readonly number[];
  readonly options: JsonOptions;
  /** Whether the texts are wanted too; otherwise their column may be left empty where the fields are given. */
  readonly keepsTexts: boolean;
  /** The time, for texts that have no date. */
  readonly nowMs: number;
}

export interface Source {
  /** The full schema. */
  readonly schema: StructType;
  /** Rows for a batch query. */
  readBatch?(request: ReadRequest): AsyncIterable<Batch>;
  /** For a streaming query. `checkpoint` is the source's folder `sources/N`, for what it must remember. */
  openStream?(checkpoint: SourceCheckpoint, query?: QueryIdentity): Promise<StreamSource>;
  /** Set when records that the query can't decode are to be taken out of the stream. */
  readonly badRecords?: BadRecords;
  /** Set when dead letters or late rows are to be written. */
  readonly side?: SideTarget;
}

/** What becomes of records that can't be decoded. */
export interface BadRecords {
  readonly mode: "fail" | "drop" | "deadletter";
  /**
   * The source's columns and, as its last one, an INT that numbers a batch's records; batches that have it also have
   * `Batch.record`.
   */
  readonly schema: StructType;
}

/** Topics beside a query's own output. */
export interface SideTarget {
  /** Topic of the dead letters; undefined when there are none to be written. */
  readonly deadLetters: string | undefined;
  /** Topic of the rows that a watermark dropped. */
  readonly lateRows: string | undefined;
  /** A sink that takes records by `writeSide`, each batch in a transaction of its own. The id names the transactions. */
  create(query: { readonly queryId: string; readonly queryName: string | undefined }): Promise<Sink>;
}

/** A record for a side output. */
export interface SideRecord {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

/** The query that a source is opened for. */
export interface QueryIdentity {
  readonly name: string | undefined;
}

/** Small durable texts a source keeps: Kafka's initial offsets, a file source's seen files. Written whole, with checksum. */
export interface SourceCheckpoint {
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string): Promise<void>;
  list(): Promise<string[]>;
}

export interface StreamSource {
  /** As in progress, e.g. `KafkaV2[Subscribe[t]]`. */
  readonly description: string;
  /** Where a new query starts. Called once for a query's life, before the first batch. */
  initialOffset(): Promise<Offset>;
  /**
   * The end of the next batch that starts after `start`: everything there is, cut by the source's own limits
   * (maxOffsetsPerTrigger, …). Equal to `start` when there is nothing new, or not enough (minOffsetsPerTrigger).
   * With `unlimited` the limits don't count (Trigger.Once). When `isFresh` is false, a source that will be told of new data anyway
   * may answer by what it knows, without asking.
   */
  latestOffset(start: Offset, unlimited: boolean, isFresh?: boolean): Promise<Offset>;
  /** For AvailableNow: from now on `latestOffset` never goes past what exists at this moment. */
  freeze(): Promise<void>;
  /** Resolves when there may be data after `offset`, or when `signal` aborts. Must not poll faster than needed. */
  waitForData(offset: Offset, signal: AbortSignal): Promise<void>;
  /** The rows of (start, end]. May be called again with the same offsets after a restart and gives the same rows. */
  read(start: Offset, end: Offset, request: ReadRequest): AsyncIterable<Batch>;
  /** The batch that ended here is in the commit log. */
  commit(end: Offset): Promise<void>;
  /** Newest known end, for lag: shown as `latestOffset` in the progress. */
  newestOffset(): Offset | undefined;
  /** Extra texts for progress `metrics`, e.g. minOffsetsBehindLatest. */
  metrics(end: Offset): Readonly<Record<string, string>>;
  /** Rows between two offsets where it can be known without reading, for numInputRows when a batch was planned but not read. */
  stop(): Promise<void>;
}

export interface SourceProvider {
  /** As given to `format(…)`, lower case. */
  readonly format: string;
  readonly options: readonly OptionSpec[];
  /** Whether a schema may, must or can't be given. */
  readonly userSchema: "optional" | "required" | "refused" | "requiredForStream";
  open(request: SourceRequest, environment: Environment): Promise<Source>;
}

export interface SourceRequest {
  readonly options: Options;
  readonly paths: readonly string[];
  readonly schema: StructType | undefined;
  readonly streaming: boolean;
}

export type OutputMode = "append" | "update" | "complete";
export type Guarantee = "exactly-once" | "at-least-once";

export interface SinkRequest {
  /** False for a batch write (`df.write`). */
  readonly streaming: boolean;
  readonly options: Options;
  readonly path: string | undefined;
  readonly schema: StructType;
  readonly outputMode: OutputMode;
  /** Stable over restarts of one query: the id in the checkpoint's metadata. Names the sink's transactions. */
  readonly queryId: string;
  readonly queryName: string | undefined;
  readonly partitionBy: readonly string[];
  /** For batch writes. */
  readonly saveMode: "append" | "overwrite" | "errorIfExists" | "ignore";
}

export interface Sink {
  /** As in progress, e.g. `KafkaTable`, `MemorySink`. */
  readonly description: string;
  readonly guarantee: Guarantee;
  /** Why, when the guarantee is at-least-once; shown at start. */
  readonly guaranteeNote?: string;
  /**
   * True when rows may be seen before their batch's offsets are on the disk: should the power fail in between, they come again,
   * and in batches that end elsewhere.
   */
  readonly mayPrecedeLog?: boolean;
  /**
   * Characters of a text that this sink's transactions can hold beside rows and the batch's number (`SinkBatch.prepare`). The
   * engine then gives a batch what isn't on the disk yet of the query's log, instead of waiting for the disk.
   */
  readonly memoMax?: number;
  /** After `open`: the text that the last batch came with which the sink itself has committed. */
  lastMemo?(): string | undefined;
  /**
   * Opens the sink for one writer (fences older ones). Resolves to the number of the last batch that the sink itself has
   * committed, or -1; the engine then skips writing a batch that is already in.
   */
  open(): Promise<number>;
  /** Starts the batch. Everything written becomes visible at `commit`, together with the batch's number. */
  begin(batchId: number): Promise<SinkBatch>;
  close(): Promise<void>;
  /** True when this sink's own transactions can hold what `side` would write in its own. */
  takesSide?(side: Sink): boolean;
}

export interface SinkBatch {
  /** Columns are those of `SinkRequest.schema`. The batch's memory may be reused after the promise resolves. */
  write(batch: Batch): Promise<void> | void;
  /** Records of a side output, in the same transaction. */
  writeSide?(records: readonly SideRecord[]): Promise<void>;
  /**
   * Sends what was written, so that `commit` has little left to do. Called at most once, after the last row, and beside the
   * writing of state: nothing may be seen before `commit`.
   *
   * @param memo asked, where the sink has a `memoMax`, when all else is sent: gives the text to be held with the batch, empty where
   *   there is no need for one, undefined where no text will do
   * @returns whether the batch has the text that it needs
   */
  prepare?(memo?: () => string | undefined): Promise<boolean | undefined>;
  /** Resolves when the rows are durable. Called once. Numbers for progress `sink.metrics` may be returned. */
  commit(): Promise<Readonly<Record<string, string>> | undefined>;
  abort(): Promise<void>;
}

export interface SinkProvider {
  readonly format: string;
  readonly options: readonly OptionSpec[];
  /** Modes it takes in a stream; empty when it can't stream. */
  readonly outputModes: readonly OutputMode[];
  readonly batch: boolean;
  create(request: SinkRequest, environment: Environment): Promise<Sink>;
}
