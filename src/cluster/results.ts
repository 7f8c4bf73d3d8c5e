/** Rows from a server's answer. */

import type { ResultBatch } from "../api/engine.ts";
import { decodeArrow } from "../columns/arrow.ts";
import { fromProtoType } from "../plan/data-types.ts";
import type { ExecutePlanResponse } from "../plan/messages.ts";
import type { StructType } from "../types/types.ts";

/** The batches of an answer. A batch that came in chunks is joined first: a chunk alone is no Arrow stream. */
export async function* resultBatches(responses: AsyncIterable<ExecutePlanResponse>): AsyncGenerator<ResultBatch> {
  let schema: StructType | undefined;
  let chunks: Uint8Array[] = [];
  for await (const response of responses) {
    if (response.schema) schema = fromProtoType(response.schema) as StructType;
    if (response.responseType.case !== "arrowBatch") continue;
    const { data, numChunksInBatch = 1n } = response.responseType.value;
    chunks.push(data);
    if (BigInt(chunks.length) < numChunksInBatch) continue;
    const decoded = decodeArrow(chunks.length === 1 ? data : Buffer.concat(chunks));
    chunks = [];
    for (const batch of decoded.batches) yield { schema: schema ?? decoded.schema, batch };
  }
}
