/** Sinks that hand the rows to a function of the user's. */
import { batchBytes, copyBatch } from "../../columns/copy.ts";
import type { Batch } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import type { StructType } from "../../types/types.ts";
import { WideRequired } from "../../types/values.ts";
import type { Sink, SinkProvider } from "../contract.ts";

/** Rows of one batch that foreachBatch may hold, so that a huge batch is an error instead of the end of the process. */
const BATCH_BYTES_MAX = 1 << 30;

/** foreach: one call for each column batch of rows. A batch that is run again after a crash is passed again. */
export function foreachSink(call: (schema: StructType, batch: Batch, batchId: number) => Promise<void>): SinkProvider {
  return {
    format: "foreach",
    options: [],
    outputModes: ["append", "update", "complete"],
    batch: false,
    create: async (request) => ({
      ...functionSink("ForeachWriterTable"),
      async begin(batchId) {
        return {
          write: (batch) =>
            userCall("FOREACH_USER_FUNCTION_ERROR", batchId, () => call(request.schema, batch, batchId)),
          commit: async () => undefined,
          async abort() {},
        };
      },
    }),
  };
}

/** foreachBatch: one call for each batch, with all of its rows and its number. */
export function foreachBatchSink(
  call: (schema: StructType, batches: readonly Batch[], batchId: number) => Promise<void>,
): SinkProvider {
  return {
    format: "foreachbatch",
    options: [],
    outputModes: ["append", "update", "complete"],
    batch: false,
    create: async (request) => ({
      ...functionSink("ForeachBatchSink"),
      async begin(batchId) {
        const batches: Batch[] = [];
        let bytes = 0;
        return {
          write(batch) {
            if (batch.rows === 0) return;
            bytes += batchBytes(batch);
            if (bytes > BATCH_BYTES_MAX) throw tooLarge();
            batches.push(copyBatch(batch));
          },
          async commit() {
            await userCall("FOREACH_BATCH_USER_FUNCTION_ERROR", batchId, () => call(request.schema, batches, batchId));
            return undefined;
          },
          async abort() {},
        };
      },
    }),
  };
}

function functionSink(description: string): Omit<Sink, "begin"> {
  return {
    description,
    guarantee: "at-least-once",
    guaranteeNote: "the function is called again with the same batch number when a batch is run again after a crash",
    open: async () => -1,
    async close() {},
  };
}

function tooLarge(): SluiceError {
  return new SluiceError("UNSUPPORTED_FEATURE", {
    feature: `a batch of more than ${BATCH_BYTES_MAX >> 20} MiB`,
    where: " in foreachBatch",
    hint: "Limit the batch at the source, e.g. with maxOffsetsPerTrigger or maxFilesPerTrigger.",
  });
}

async function userCall(
  condition: "FOREACH_USER_FUNCTION_ERROR" | "FOREACH_BATCH_USER_FUNCTION_ERROR",
  batchId: number,
  call: () => Promise<void>,
): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (error instanceof WideRequired) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SluiceError(condition, { batchId, reason }, { cause: error });
  }
}
