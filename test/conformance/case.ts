/** What a conformance case is: a program and its input, run on every engine, with equal results. */
import type { DataFrame, SparkSession } from "../../src/index.ts";

/** Rows of a table; `schema` is DDL. */
export interface Table {
  readonly schema: string;
  readonly rows: readonly (readonly unknown[])[];
}

/** A stream's rows, as JSON lines, cut into the batches in which they arrive. */
export interface Stream {
  readonly schema: string;
  readonly batches: readonly (readonly string[])[];
}

/** Why an engine doesn't give Spark's result yet. A gap that closes fails the run, so that this is taken out. */
export interface Gap {
  readonly engine: "embedded";
  /** The condition of the error that it gives instead; "different" when it gives other rows, types or counters. */
  readonly condition: string;
  readonly reason: string;
}

export interface Input {
  readonly spark: SparkSession;
  /** By the names in `tables` and `streams`. */
  readonly table: (name: string) => DataFrame;
  readonly stream: (name: string) => DataFrame;
  /** A path in the case's own folder; `files` are there already. */
  readonly path: (name: string) => string;
}

interface Common {
  /** Unique in its file, e.g. "sum of DOUBLE with NaN". */
  readonly name: string;
  readonly tables?: Readonly<Record<string, Table>>;
  /** Texts of files, by their path below the case's folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** Settings of the session while the case runs. */
  readonly conf?: Readonly<Record<string, string>>;
  readonly gap?: Gap;
  readonly program: (input: Input) => DataFrame | Promise<DataFrame>;
}

export interface BatchCase extends Common {
  readonly kind: "batch";
  /** True when the order of rows is part of the result. */
  readonly ordered?: boolean;
}

export interface StreamCase extends Common {
  readonly kind: "stream";
  readonly streams: Readonly<Record<string, Stream>>;
  readonly outputMode: "append" | "update" | "complete";
}

export type Case = BatchCase | StreamCase;

/** A case's result: rows with their columns, or the condition of the error. */
export type Outcome =
  | {
      readonly columns: readonly (readonly [name: string, type: string])[];
      readonly rows: readonly unknown[];
      /** Counters of each batch, of streaming cases. */
      readonly progress?: readonly BatchCounters[];
    }
  | { readonly error: string };

export interface BatchCounters {
  readonly batchId: number;
  readonly numInputRows: number;
  readonly watermark: string | undefined;
  readonly stateOperators: readonly {
    readonly operatorName: string;
    readonly numRowsTotal: number;
    readonly numRowsUpdated: number;
    readonly numRowsRemoved: number;
    readonly numRowsDroppedByWatermark: number;
  }[];
}

/** The embedded engine gives other rows, types or counters. */
export function differs(reason: string): Gap {
  return { engine: "embedded", condition: "different", reason };
}

/** The embedded engine ends with another error, or with one where Spark gives rows. */
export function failsWith(condition: string, reason: string): Gap {
  return { engine: "embedded", condition, reason };
}
