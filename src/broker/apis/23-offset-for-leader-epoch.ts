import type { Broker } from "../broker.ts";
import { defineApi } from "../protocol/api.ts";
import { attempt } from "../protocol/attempt.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import { array, field, int16, int32, int64, string, struct } from "../protocol/schema.ts";
import { checkLeaderEpoch } from "./leader-epoch.ts";

const request = struct({
  replicaId: field(int32, "3+", -2),
  topics: array(
    struct({
      topic: string,
      partitions: array(struct({ partition: int32, currentLeaderEpoch: field(int32, "2+", -1), leaderEpoch: int32 })),
    }),
  ),
});

const response = struct({
  throttleTimeMs: field(int32, "2+", 0),
  topics: array(
    struct({
      topic: string,
      partitions: array(
        struct({ errorCode: int16, partition: int32, leaderEpoch: field(int32, "1+", -1), endOffset: int64 }),
      ),
    }),
  ),
});

export const offsetForLeaderEpoch = defineApi({
  key: 23,
  name: "OffsetForLeaderEpoch",
  versions: [2, 4],
  flexibleFrom: 4,
  request,
  response,
  handle({ broker }, { topics }) {
    return {
      topics: topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, currentLeaderEpoch, leaderEpoch }) =>
          attempt(
            () => ({ partition, ...endOf(broker, topic, partition, currentLeaderEpoch, leaderEpoch) }),
            (error) => ({ partition, errorCode: error.code, endOffset: -1 }),
          ),
        ),
      })),
    };
  },
  failed: ({ topics }, errorCode) => ({
    topics: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition }) => ({ partition, errorCode, endOffset: -1 })),
    })),
  }),
});

/** The leader never changes, so there is one epoch, which ends where the log does. */
function endOf(broker: Broker, topic: string, partition: number, currentLeaderEpoch: number, leaderEpoch: number) {
  const log = broker.topics.partition(topic, partition);
  if (log === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
  checkLeaderEpoch(log, currentLeaderEpoch);
  if (leaderEpoch !== log.leaderEpoch) return { errorCode: ErrorCode.NONE, endOffset: -1 };
  return { errorCode: ErrorCode.NONE, leaderEpoch, endOffset: log.highWatermark };
}
