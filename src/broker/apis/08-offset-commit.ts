import type { Broker } from "../broker.ts";
import { defineApi } from "../protocol/api.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import { field, int32, int64, nullable, type ReadOf, string, struct } from "../protocol/schema.ts";
import { answerEach, committedTopics, offsetsOfKnown, offsetTopics } from "./offset-topics.ts";

const request = struct({
  groupId: string,
  generationId: field(int32, "1+", -1),
  memberId: field(string, "1+", ""),
  groupInstanceId: field(nullable(string), "7+", null),
  retentionTimeMs: field(int64, "2-4", -1),
  topics: offsetTopics("6+"),
});

const response = struct({
  throttleTimeMs: field(int32, "3+", 0),
  topics: committedTopics,
});

type Query = ReadOf<typeof request>;

export const offsetCommit = defineApi({
  key: 8,
  name: "OffsetCommit",
  versions: [2, 9],
  flexibleFrom: 8,
  request,
  response,
  handle({ broker }, query) {
    try {
      return commit(broker, query);
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return answerEach(query.topics, () => error.code);
    }
  },
  failed: ({ topics }, errorCode) => answerEach(topics, () => errorCode),
});

function commit(broker: Broker, { groupId, generationId, memberId, groupInstanceId: instanceId, topics }: Query) {
  const known = offsetsOfKnown(broker, topics);
  const results = broker.groups.commit(groupId, { memberId, instanceId, generationId }, known);
  let next = 0;
  return answerEach(topics, (topic, partition) => {
    const exists = broker.topics.partition(topic, partition) !== undefined;
    return ErrorCode[exists ? results[next++] : "UNKNOWN_TOPIC_OR_PARTITION"];
  });
}
