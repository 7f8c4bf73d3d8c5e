/** The Fetch request, and its response down to the raw record batches, which `records.ts` reads. */
import { type API, createAPI, fetchV12 } from "./client.ts";
import { WireReader } from "./wire.ts";

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Kafka's error code, 0 when there is none. */
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches, the last of which may be cut off. A view on the response. */
  readonly records: Buffer;
}

export interface FetchResponse {
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
  /** Gives the response's memory back, once nobody reads the partitions' records. */
  readonly free?: () => void;
}

export interface FetchRequestPartition {
  readonly partition: number;
  readonly fetchOffset: number;
  readonly leaderEpoch: number;
}

export interface FetchRequest {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
  readonly readCommitted: boolean;
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly FetchRequestPartition[] }[];
}

type WireArguments = Parameters<typeof fetchV12.createRequest>;

export const fetchApi: API<WireArguments, FetchResponse> = createAPI<WireArguments, FetchResponse>(
  1,
  12,
  fetchV12.createRequest,
  (_correlationId, _key, _version, reader) => {
    const pieces = reader.buffer.buffers;
    if (pieces.length === 1) return parseFetchResponse(pieces[0]);
    const { bytes, free } = joined(pieces);
    return { ...parseFetchResponse(bytes), free };
  },
);

/**
 * One buffer of its own that holds all the pieces. Megabytes pass here many times a second, while hardly an object is made,
 * so that the garbage collector would find them late: memory that is surely done with is given back at once.
 */
function joined(pieces: readonly Buffer[]): { bytes: Buffer; free: () => void } {
  const bytes = Buffer.allocUnsafeSlow(pieces.reduce((n, piece) => n + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  // The first and the last may hold parts of the responses before and after. The client counts the pieces once more before
  // it lets go of them.
  const own = pieces.slice(1, -1).filter((piece) => piece.length === piece.buffer.byteLength);
  queueMicrotask(() => {
    for (const { buffer } of own) if (buffer instanceof ArrayBuffer) buffer.transfer(0);
  });
  return { bytes, free: () => void bytes.buffer.transfer(0) };
}

/**
 * The request in the form that `fetchApi` takes. Without a fetch session: every response tells every high watermark.
 * Without a rack: a leader then never sends us to a follower.
 */
export function fetchArguments(request: FetchRequest): WireArguments {
  const topics = request.topics.map(({ topic, partitions }) => ({
    topicId: topic,
    partitions: partitions.map((p) => ({
      partition: p.partition,
      currentLeaderEpoch: p.leaderEpoch,
      fetchOffset: BigInt(p.fetchOffset),
      lastFetchedEpoch: -1,
      partitionMaxBytes: request.partitionMaxBytes,
    })),
  }));
  const { maxWaitMs, minBytes, maxBytes, readCommitted } = request;
  return [maxWaitMs, minBytes, maxBytes, readCommitted ? 1 : 0, 0, -1, topics, [], ""];
}

/** @throws MalformedResponse */
export function parseFetchResponse(buffer: Buffer): FetchResponse {
  const r = new WireReader(buffer);
  r.int32();
  const errorCode = r.int16();
  r.int32();
  const partitions = r.array(() => {
    const topic = r.string();
    const found = r.array(() => partitionOf(r, topic));
    r.tags();
    return found;
  });
  r.tags();
  return { errorCode, partitions: partitions.flat() };
}

function partitionOf(r: WireReader, topic: string): FetchedPartition {
  const partition = r.int32();
  const errorCode = r.int16();
  const highWatermark = r.int64();
  const lastStableOffset = r.int64();
  const logStartOffset = r.int64();
  const aborted = r.array(() => {
    const transaction = { producerId: r.int64(), firstOffset: r.int64() };
    r.tags();
    return transaction;
  });
  r.int32();
  const records = r.bytes();
  r.tags();
  return { topic, partition, errorCode, highWatermark, lastStableOffset, logStartOffset, aborted, records };
}
