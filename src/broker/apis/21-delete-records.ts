import type { Broker } from "../broker.ts";
import { defineApi } from "../protocol/api.ts";
import { attempt } from "../protocol/attempt.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import { array, field, int16, int32, int64, string, struct } from "../protocol/schema.ts";

const request = struct({
  topics: array(struct({ name: string, partitions: array(struct({ partitionIndex: int32, offset: int64 })) })),
  timeoutMs: int32,
});

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  topics: array(
    struct({
      name: string,
      partitions: array(struct({ partitionIndex: int32, lowWatermark: int64, errorCode: int16 })),
    }),
  ),
});

/** Stands for the high watermark: everything goes. */
const ALL = -1;

export const deleteRecords = defineApi({
  key: 21,
  name: "DeleteRecords",
  versions: [0, 2],
  flexibleFrom: 2,
  request,
  response,
  handle({ broker }, { topics }) {
    return {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, offset }) =>
          attempt(
            () => ({
              partitionIndex,
              lowWatermark: remove(broker, name, partitionIndex, offset),
              errorCode: ErrorCode.NONE,
            }),
            (error) => ({ partitionIndex, lowWatermark: -1, errorCode: error.code }),
          ),
        ),
      })),
    };
  },
  failed: ({ topics }, errorCode) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, lowWatermark: -1, errorCode })),
    })),
  }),
});

function remove(broker: Broker, name: string, index: number, offset: number): number {
  const topic = broker.topics.get(name);
  const log = topic?.partitions[index];
  if (topic === undefined || log === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
  if (!topic.configs.get("cleanup.policy").includes("delete")) throw new KafkaError("POLICY_VIOLATION");
  const upTo = offset === ALL ? log.highWatermark : offset;
  if (upTo < 0 || upTo > log.highWatermark) throw new KafkaError("OFFSET_OUT_OF_RANGE");
  broker.topics.deleteRecords(topic, index, upTo);
  return log.startOffset;
}
