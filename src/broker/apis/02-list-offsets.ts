import type { PartitionLog } from "../log/partition-log.ts";
import { defineApi } from "../protocol/api.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import { array, field, int8, int16, int32, int64, string, struct } from "../protocol/schema.ts";
import { checkLeaderEpoch } from "./leader-epoch.ts";

const request = struct({
  replicaId: int32,
  isolationLevel: field(int8, "2+", 0),
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({ partitionIndex: int32, currentLeaderEpoch: field(int32, "4+", -1), timestamp: int64 }),
      ),
    }),
  ),
});

const response = struct({
  throttleTimeMs: field(int32, "2+", 0),
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          partitionIndex: int32,
          errorCode: int16,
          timestamp: field(int64, "1+", -1),
          offset: field(int64, "1+", -1),
          leaderEpoch: field(int32, "4+", -1),
        }),
      ),
    }),
  ),
});

const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;
const EARLIEST_LOCAL = -4;

export const listOffsets = defineApi({
  key: 2,
  name: "ListOffsets",
  versions: [1, 8],
  flexibleFrom: 6,
  request,
  response,
  handle({ broker, version }, { isolationLevel, topics }) {
    return {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, currentLeaderEpoch, timestamp }) => {
          try {
            const log = broker.topics.partition(name, partitionIndex);
            if (log === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
            checkLeaderEpoch(log, currentLeaderEpoch);
            return { partitionIndex, errorCode: ErrorCode.NONE, ...lookUp(log, timestamp, isolationLevel, version) };
          } catch (error) {
            if (!(error instanceof KafkaError)) throw error;
            return { partitionIndex, errorCode: error.code };
          }
        }),
      })),
    };
  },
  failed: ({ topics }, errorCode) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  }),
});

function lookUp(log: PartitionLog, timestamp: number, isolationLevel: number, version: number) {
  const { leaderEpoch } = log;
  const end = isolationLevel === 1 ? log.lastStableOffset : log.highWatermark;
  const unsupported = (since: number) => {
    if (version < since) throw new KafkaError("UNSUPPORTED_VERSION");
  };
  switch (timestamp) {
    case LATEST:
      return { offset: end, leaderEpoch };
    case EARLIEST:
      return { offset: log.startOffset, leaderEpoch };
    case EARLIEST_LOCAL:
      unsupported(8);
      return { offset: log.startOffset, leaderEpoch };
    case MAX_TIMESTAMP: {
      unsupported(7);
      const found = log.offsetOfMaxTime();
      return found === null ? {} : { offset: found.offset, timestamp: found.timestampMs, leaderEpoch };
    }
    default: {
      if (timestamp < 0) throw new KafkaError("UNSUPPORTED_VERSION");
      const found = log.offsetForTime(timestamp, end);
      return found === null ? {} : { offset: found.offset, timestamp: found.timestampMs, leaderEpoch };
    }
  }
}
