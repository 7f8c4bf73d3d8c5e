/** The user's functions of `foreachBatch` and `foreach`, as an engine calls them. */
import { publicRows } from "./actions.ts";
import { DataFrame } from "./dataframe.ts";
import type { ForeachFunctions } from "./engine.ts";
import type { Row } from "./row.ts";
import type { SparkSession } from "./session.ts";

/** `batch` may be read, joined and written while the promise is open. */
export type ForeachBatchFunction = (batch: DataFrame, batchId: number) => void | Promise<void>;

export interface ForeachWriter {
  /** False skips the batch's rows. */
  open?(partitionId: number, epochId: number): boolean | Promise<boolean>;
  process(row: Row): void | Promise<void>;
  /** `error` is what `process` threw. */
  close?(error: unknown): void | Promise<void>;
}

export function foreachBatchFunctions(session: SparkSession, f: ForeachBatchFunction): ForeachFunctions {
  return {
    async batch(relation, batchId) {
      await f(new DataFrame(session, relation), batchId);
    },
  };
}

export function foreachFunctions(f: ((row: Row) => void | Promise<void>) | ForeachWriter): ForeachFunctions {
  const writer: ForeachWriter = typeof f === "function" ? { process: f } : f;
  return {
    async row(schema, batch, batchId) {
      if (writer.open && !(await writer.open(0, batchId))) return;
      let failure: unknown;
      try {
        for (const row of publicRows({ schema, batch })) await writer.process(row);
      } catch (error) {
        failure = error;
        throw error;
      } finally {
        await writer.close?.(failure);
      }
    },
  };
}
