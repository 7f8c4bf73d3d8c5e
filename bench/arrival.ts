/** When the first row arrives in a topic. */
import { fetchArguments, parseFetchResponse } from "../src/connectors/kafka/fetch.ts";
import { connected, fetchApi, topicOf } from "./latency/wire.ts";

/** Where a record batch says what it is; its bit for the markers of transactions. */
const ATTRIBUTES_AT = 21;
const CONTROL = 0x20;

/**
 * Resolves to the milliseconds since `fromMs` (of `performance.now()`) when a reader of committed rows first sees one in `name`,
 * a topic with all its partitions on one broker.
 */
export async function firstArrival(
  bootstrapServers: string,
  name: string,
  fromMs: number,
  signal: AbortSignal,
): Promise<number> {
  const { brokers, leaders } = await topicOf(bootstrapServers, name);
  const [broker] = brokers.values();
  if (broker === undefined) throw new Error("no broker");
  const connection = await connected(broker.host, broker.port);
  try {
    const partitions = [...leaders.keys()].map((partition) => ({ partition, fetchOffset: 0, leaderEpoch: -1 }));
    const topics = [{ topic: name, partitions }];
    const limits = { maxWaitMs: 100, minBytes: 1, maxBytes: 1 << 20, partitionMaxBytes: 1 << 18, readCommitted: true };
    for (;;) {
      signal.throwIfAborted();
      const answer = await fetchApi.async(connection, ...fetchArguments({ ...limits, topics }));
      const nowMs = performance.now();
      if (parseFetchResponse(answer).partitions.some((p) => holdsRows(p.records))) return nowMs - fromMs;
    }
  } finally {
    await connection.close();
  }
}

function holdsRows(records: Buffer): boolean {
  return records.length > ATTRIBUTES_AT + 1 && (records.readInt16BE(ATTRIBUTES_AT) & CONTROL) === 0;
}
