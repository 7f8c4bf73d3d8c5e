import type { Broker } from "../broker.ts";
import type { PartitionLog } from "../log/partition-log.ts";
import type { AbortedTransaction } from "../log/producers.ts";
import { defineApi } from "../protocol/api.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import {
  array,
  field,
  int8,
  int16,
  int32,
  int64,
  nullable,
  type ReadOf,
  records,
  string,
  struct,
  tagged,
  uuid,
} from "../protocol/schema.ts";
import { checkLeaderEpoch } from "./leader-epoch.ts";
import { NO_ID } from "./operations.ts";

const request = struct({
  clusterId: tagged(0, nullable(string), "12+", null),
  replicaId: field(int32, "0-14", -1),
  maxWaitMs: int32,
  minBytes: int32,
  maxBytes: field(int32, "3+", 0x7fffffff),
  isolationLevel: field(int8, "4+", 0),
  sessionId: field(int32, "7+", 0),
  sessionEpoch: field(int32, "7+", -1),
  topics: array(
    struct({
      topic: field(string, "0-12", ""),
      topicId: field(uuid, "13+", NO_ID),
      partitions: array(
        struct({
          partition: int32,
          currentLeaderEpoch: field(int32, "9+", -1),
          fetchOffset: int64,
          lastFetchedEpoch: field(int32, "12+", -1),
          logStartOffset: field(int64, "5+", -1),
          partitionMaxBytes: int32,
        }),
      ),
    }),
  ),
  forgottenTopicsData: field(
    array(
      struct({
        topic: field(string, "7-12", ""),
        topicId: field(uuid, "13+", NO_ID),
        partitions: array(int32),
      }),
    ),
    "7+",
    [],
  ),
  rackId: field(string, "11+", ""),
});

const response = struct({
  throttleTimeMs: field(int32, "1+", 0),
  errorCode: field(int16, "7+", 0),
  sessionId: field(int32, "7+", 0),
  responses: array(
    struct({
      topic: field(string, "0-12", ""),
      topicId: field(uuid, "13+", NO_ID),
      partitions: array(
        struct({
          partitionIndex: int32,
          errorCode: int16,
          highWatermark: int64,
          lastStableOffset: field(int64, "4+", -1),
          logStartOffset: field(int64, "5+", -1),
          abortedTransactions: field(nullable(array(struct({ producerId: int64, firstOffset: int64 }))), "4+", null),
          preferredReadReplica: field(int32, "11+", -1),
          records,
        }),
      ),
    }),
  ),
});

type Query = ReadOf<typeof request>;
type PartitionQuery = Query["topics"][number]["partitions"][number];

/** A session belongs to a broker that remembers what a consumer reads; this one is told with every request. */
const NO_SESSION = 0;

export const fetch = defineApi({
  key: 1,
  name: "Fetch",
  versions: [4, 17],
  flexibleFrom: 12,
  request,
  response,
  handle({ broker, connection }, query) {
    if (query.sessionId !== NO_SESSION) {
      return { errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND, responses: [] };
    }
    const poll = new Poll(broker, query);
    const first = poll.collect();
    if (first.complete || query.maxWaitMs <= 0) return first;
    return poll.wait(connection.signal, query.maxWaitMs).then(() => poll.collect());
  },
  failed: ({ topics }, errorCode, version) => ({
    errorCode: version >= 7 ? errorCode : 0,
    responses:
      version >= 7
        ? []
        : topics.map(({ topic, topicId, partitions }) => ({
            topic,
            topicId,
            partitions: partitions.map(({ partition }) => refusal(partition, errorCode)),
          })),
  }),
});

function refusal(partitionIndex: number, errorCode: number) {
  return { partitionIndex, errorCode, highWatermark: -1, logStartOffset: -1, abortedTransactions: null, records: [] };
}

/** One fetch, which may have to wait for records. */
class Poll {
  readonly #broker: Broker;
  readonly #query: Query;
  /** The logs it reads, each with the bytes appended when it was last read. */
  #logs = new Map<PartitionLog, number>();
  #bytes = 0;
  #failed = false;

  constructor(broker: Broker, query: Query) {
    this.#broker = broker;
    this.#query = query;
  }

  /** Reads what is there; `complete` when that is enough for an answer. */
  collect() {
    this.#bytes = 0;
    this.#logs.clear();
    const responses = this.#query.topics.map(({ topic: name, topicId, partitions }) => {
      const byId = topicId !== NO_ID;
      const topic = byId ? this.#broker.topics.byId(topicId) : this.#broker.topics.get(name);
      const missing = byId ? "UNKNOWN_TOPIC_ID" : "UNKNOWN_TOPIC_OR_PARTITION";
      return {
        topic: name,
        topicId,
        partitions: partitions.map((wanted) => {
          try {
            if (topic === undefined) throw new KafkaError(missing);
            const log = topic.partitions[wanted.partition];
            if (log === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
            return this.#read(log, wanted);
          } catch (error) {
            if (!(error instanceof KafkaError)) throw error;
            this.#failed = true;
            const unknown = topic?.partitions[wanted.partition] === undefined;
            return { ...refusal(wanted.partition, error.code), abortedTransactions: unknown ? [] : null };
          }
        }),
      };
    });
    const complete = this.#failed || this.#bytes >= this.#query.minBytes || this.#logs.size === 0;
    return { responses, complete };
  }

  #read(log: PartitionLog, wanted: PartitionQuery) {
    checkLeaderEpoch(log, wanted.currentLeaderEpoch);
    const committedOnly = this.#query.isolationLevel === 1;
    const upTo = committedOnly ? log.lastStableOffset : log.highWatermark;
    const room = Math.min(wanted.partitionMaxBytes, this.#query.maxBytes - this.#bytes);
    const atLeastOne = this.#bytes === 0;
    const { chunks, nextOffset } = log.read(wanted.fetchOffset, Math.max(room, 0), upTo, atLeastOne);
    for (const chunk of chunks) this.#bytes += chunk.length;
    this.#logs.set(log, log.appendedBytes);
    const aborted = committedOnly && chunks.length > 0 ? log.abortedBetween(wanted.fetchOffset, nextOffset) : [];
    return {
      partitionIndex: wanted.partition,
      errorCode: ErrorCode.NONE,
      highWatermark: log.highWatermark,
      lastStableOffset: log.lastStableOffset,
      logStartOffset: log.startOffset,
      abortedTransactions: committedOnly ? aborted.map(abortedEntry) : null,
      records: chunks,
    };
  }

  /** Waits until enough may have arrived, the time is over, or the client is gone. */
  wait(signal: AbortSignal, maxWaitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const stops: (() => void)[] = [];
      const finish = (): void => {
        for (const stop of stops) stop();
        resolve();
      };
      const timer = setTimeout(finish, Math.min(maxWaitMs, 0x7fffffff));
      stops.push(() => clearTimeout(timer));
      signal.addEventListener("abort", finish);
      stops.push(() => signal.removeEventListener("abort", finish));
      const check = (): void => {
        let bytes = this.#bytes;
        for (const [log, before] of this.#logs) bytes += log.closed ? this.#query.minBytes : log.appendedBytes - before;
        if (bytes < this.#query.minBytes) return;
        // Appended is not yet readable: a transaction may be open, or the records are not on the device.
        if (this.collect().complete) finish();
      };
      for (const log of this.#logs.keys()) stops.push(log.watch(check));
    });
  }
}

function abortedEntry({ producerId, firstOffset }: AbortedTransaction) {
  return { producerId, firstOffset };
}
