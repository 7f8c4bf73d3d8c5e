/** Rows from a server's answer. */
import type { ObservedMetrics, Observer, ResultBatch } from "../api/engine.ts";
import { decodeArrow } from "../columns/arrow.ts";
import { fromProtoType } from "../plan/data-types.ts";
import { literalValue } from "../plan/literals.ts";
import type { ExecutePlanResponse } from "../plan/messages.ts";
import { field, type StructType, struct } from "../types/types.ts";

/** The batches of an answer. A batch that came in chunks is joined first: a chunk alone is no Arrow stream. */
export async function* resultBatches(
  responses: AsyncIterable<ExecutePlanResponse>,
  observer?: Observer,
): AsyncGenerator<ResultBatch> {
  let schema: StructType | undefined;
  let chunks: Uint8Array[] = [];
  for await (const response of responses) {
    if (observer) observedMetrics(response).forEach(observer);
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

/** What df.observe saw, as far as this response tells. */
export function observedMetrics(response: ExecutePlanResponse): ObservedMetrics[] {
  return response.observedMetrics.map(({ name, planId, keys, values }) => {
    const literals = values.map(literalValue);
    return {
      name,
      planId,
      schema: struct(...keys.map((key, i) => field(key, literals[i].type))),
      values: literals.map(({ value }) => value),
    };
  });
}
