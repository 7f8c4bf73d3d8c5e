import { defineApi } from "../protocol/api.ts";
import { attempt } from "../protocol/attempt.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, field, int16, int32, int64, string, struct } from "../protocol/schema.ts";
import { producerErrorCode } from "./producer-errors.ts";

const request = struct({
  transactionalId: string,
  producerId: int64,
  producerEpoch: int16,
  topics: array(struct({ name: string, partitions: array(int32) })),
});

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  results: array(
    struct({ name: string, resultsByPartition: array(struct({ partitionIndex: int32, partitionErrorCode: int16 })) }),
  ),
});

type Topics = readonly { name: string; partitions: readonly number[] }[];

export const addPartitionsToTxn = defineApi({
  key: 24,
  name: "AddPartitionsToTxn",
  versions: [0, 3],
  flexibleFrom: 3,
  request,
  response,
  handle({ broker, version }, { topics, ...claim }) {
    const wanted = topics.flatMap(({ name, partitions }) => partitions.map((index) => [name, index] as const));
    const exists = (name: string, index: number) => broker.topics.partition(name, index) !== undefined;
    if (!wanted.every(([name, index]) => exists(name, index))) {
      const { OPERATION_NOT_ATTEMPTED, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode;
      return answer(topics, (name, index) =>
        exists(name, index) ? OPERATION_NOT_ATTEMPTED : UNKNOWN_TOPIC_OR_PARTITION,
      );
    }
    const code = attempt(
      () => {
        broker.transactions.addPartitions(claim, wanted);
        return ErrorCode.NONE;
      },
      (error) => producerErrorCode(error, version < 2),
    );
    return answer(topics, () => code);
  },
  failed: ({ topics }, errorCode) => answer(topics, () => errorCode),
});

function answer(topics: Topics, codeOf: (name: string, index: number) => number) {
  return {
    results: topics.map(({ name, partitions }) => ({
      name,
      resultsByPartition: partitions.map((partitionIndex) => ({
        partitionIndex,
        partitionErrorCode: codeOf(name, partitionIndex),
      })),
    })),
  };
}
