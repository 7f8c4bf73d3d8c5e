/** What a kind of file brings: how to find its schema, read it and write it. */
import type { Batch } from "../../columns/vector.ts";
import type { StructType } from "../../types/types.ts";
import type { OptionSpec, Options, ReadRequest } from "../contract.ts";

export interface FileFormat {
  /** As given to `format(…)`. */
  readonly name: string;
  /** As in the progress, e.g. `JSON`. */
  readonly readOptions: readonly OptionSpec[];
  readonly writeOptions: readonly OptionSpec[];
  readonly userSchema: "optional" | "refused" | "requiredForStream";
  /** The schema of these files; undefined when there is nothing to find it from. */
  inferSchema(paths: readonly string[], options: Options, timeZone: string): Promise<StructType | undefined>;
  /** The columns of `schema` that are asked for. */
  read(
    path: string,
    schema: StructType,
    request: ReadRequest,
    options: Options,
    timeZone: string,
  ): AsyncIterable<Batch>;
  writer(schema: StructType, options: Options, timeZone: string): FileWriter;
}

/** Makes one file in memory. */
export interface FileWriter {
  /** With the compression's part, e.g. `.snappy.parquet`. */
  readonly extension: string;
  /** Bytes so far, about. */
  readonly size: number;
  add(batch: Batch): void;
  finish(): Uint8Array;
}
