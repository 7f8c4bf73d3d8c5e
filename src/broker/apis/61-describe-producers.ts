import { defineApi } from "../protocol/api.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, field, int16, int32, int64, nullable, string, struct } from "../protocol/schema.ts";

const request = struct({ topics: array(struct({ name: string, partitionIndexes: array(int32) })) });

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          partitionIndex: int32,
          errorCode: int16,
          errorMessage: field(nullable(string), "0+", null),
          activeProducers: array(
            struct({
              producerId: int64,
              producerEpoch: int32,
              lastSequence: int32,
              lastTimestamp: int64,
              coordinatorEpoch: int32,
              currentTxnStartOffset: int64,
            }),
          ),
        }),
      ),
    }),
  ),
});

export const describeProducers = defineApi({
  key: 61,
  name: "DescribeProducers",
  versions: [0, 0],
  flexibleFrom: 0,
  request,
  response,
  handle({ broker }, { topics }) {
    return {
      topics: topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => {
          const log = broker.topics.partition(name, partitionIndex);
          if (log === undefined) {
            return { partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, activeProducers: [] };
          }
          const activeProducers = log.producers.list().map((producer) => ({
            producerId: producer.producerId,
            producerEpoch: producer.epoch,
            lastSequence: producer.batches.at(-1)?.lastSequence ?? -1,
            lastTimestamp: producer.lastTimestampMs,
            coordinatorEpoch: producer.coordinatorEpoch,
            currentTxnStartOffset: producer.transactionStart,
          }));
          return { partitionIndex, errorCode: ErrorCode.NONE, activeProducers };
        }),
      })),
    };
  },
  failed: ({ topics }, errorCode) => ({
    topics: topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, errorCode, activeProducers: [] })),
    })),
  }),
});
