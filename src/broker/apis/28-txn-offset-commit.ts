import type { Broker } from "../broker.ts";
import { defineApi } from "../protocol/api.ts";
import { attempt } from "../protocol/attempt.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { field, int16, int32, int64, nullable, type ReadOf, string, struct } from "../protocol/schema.ts";
import { answerEach, committedTopics, offsetsOfKnown, offsetTopics } from "./offset-topics.ts";
import { producerErrorCode } from "./producer-errors.ts";

const request = struct({
  transactionalId: string,
  groupId: string,
  producerId: int64,
  producerEpoch: int16,
  generationId: field(int32, "3+", -1),
  memberId: field(string, "3+", ""),
  groupInstanceId: field(nullable(string), "3+", null),
  topics: offsetTopics("2+"),
});

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  topics: committedTopics,
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
    if (query.groupId === "") return answerEach(query.topics, () => ErrorCode.INVALID_GROUP_ID);
    const code = attempt(
      () => {
        commit(broker, query);
        return ErrorCode.NONE;
      },
      (error) => producerErrorCode(error, version < 2),
    );
    return answerEach(query.topics, (name, index) =>
      code === ErrorCode.NONE && broker.topics.partition(name, index) === undefined
        ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        : code,
    );
  },
  failed: ({ topics }, errorCode) => answerEach(topics, () => errorCode),
});

function commit(broker: Broker, query: Query): void {
  const { transactionalId, producerId, producerEpoch, generationId, memberId, groupInstanceId } = query;
  const offsets = offsetsOfKnown(broker, query.topics);
  broker.transactions.addOffsets(
    { transactionalId, producerId, producerEpoch },
    query.groupId,
    { memberId, generationId, instanceId: groupInstanceId },
    offsets,
  );
}
