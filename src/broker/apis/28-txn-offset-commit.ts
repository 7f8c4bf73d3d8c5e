import type { Broker } from "../broker.ts";
import { defineApi } from "../protocol/api.ts";
import { attempt } from "../protocol/attempt.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, field, int16, int32, int64, nullable, type ReadOf, string, struct } from "../protocol/schema.ts";
import { producerErrorCode } from "./producer-errors.ts";

const request = struct({
  transactionalId: string,
  groupId: string,
  producerId: int64,
  producerEpoch: int16,
  generationId: field(int32, "3+", -1),
  memberId: field(string, "3+", ""),
  groupInstanceId: field(nullable(string), "3+", null),
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          partitionIndex: int32,
          committedOffset: int64,
          committedLeaderEpoch: field(int32, "2+", -1),
          committedMetadata: nullable(string),
        }),
      ),
    }),
  ),
});

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  topics: array(struct({ name: string, partitions: array(struct({ partitionIndex: int32, errorCode: int16 })) })),
});

type Query = ReadOf<typeof request>;

export const txnOffsetCommit = defineApi({
  key: 28,
  name: "TxnOffsetCommit",
  versions: [0, 3],
  flexibleFrom: 3,
  request,
  response,
  handle({ broker, version }, query) {
    if (query.groupId === "") return answer(query, () => ErrorCode.INVALID_GROUP_ID);
    const code = attempt(
      () => {
        commit(broker, query);
        return ErrorCode.NONE;
      },
      (error) => producerErrorCode(error, version < 2),
    );
    return answer(query, (name, index) =>
      code === ErrorCode.NONE && broker.topics.partition(name, index) === undefined
        ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        : code,
    );
  },
  failed: (query, errorCode) => answer(query, () => errorCode),
});

function commit(broker: Broker, query: Query): void {
  const { transactionalId, producerId, producerEpoch, generationId, memberId, groupInstanceId } = query;
  const offsets = query.topics.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ partitionIndex }) => broker.topics.partition(name, partitionIndex) !== undefined)
      .map((each) => ({
        topic: name,
        partition: each.partitionIndex,
        offset: each.committedOffset,
        leaderEpoch: each.committedLeaderEpoch,
        metadata: each.committedMetadata ?? "",
      })),
  );
  broker.transactions.addOffsets(
    { transactionalId, producerId, producerEpoch },
    query.groupId,
    { memberId, generationId, instanceId: groupInstanceId },
    offsets,
  );
}

function answer({ topics }: Query, codeOf: (name: string, index: number) => number) {
  return {
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: codeOf(name, partitionIndex) })),
    })),
  };
}
