import type { Broker } from "../broker.ts";
import { defineApi } from "../protocol/api.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import { array, field, int16, int32, nullable, string, struct, uuid } from "../protocol/schema.ts";
import { NO_ID } from "./operations.ts";

const request = struct({
  topics: field(array(struct({ name: nullable(string), topicId: uuid })), "6+", []),
  topicNames: field(array(string), "0-5", []),
  timeoutMs: int32,
});

const response = struct({
  throttleTimeMs: field(int32, "1+", 0),
  responses: array(
    struct({
      name: nullable(string, 6),
      topicId: field(uuid, "6+", NO_ID),
      errorCode: int16,
      errorMessage: field(nullable(string), "5+", null),
    }),
  ),
});

export const deleteTopics = defineApi({
  key: 20,
  name: "DeleteTopics",
  versions: [1, 6],
  flexibleFrom: 4,
  request,
  response,
  handle({ broker, version }, { topics, topicNames }) {
    const wanted = version >= 6 ? topics : topicNames.map((name) => ({ name, topicId: NO_ID }));
    return { responses: wanted.map(({ name, topicId }) => remove(broker, name, topicId)) };
  },
  failed: ({ topics, topicNames }, errorCode, version) => ({
    responses:
      version >= 6
        ? topics.map(({ name, topicId }) => ({ name, topicId, errorCode }))
        : topicNames.map((name) => ({ name, errorCode })),
  }),
});

function remove(broker: Broker, name: string | null, topicId: string) {
  try {
    const topic = name === null ? broker.topics.byId(topicId) : broker.topics.get(name);
    if (topic === undefined) throw new KafkaError(name === null ? "UNKNOWN_TOPIC_ID" : "UNKNOWN_TOPIC_OR_PARTITION");
    broker.deleteTopic(topic.name);
    return { name: topic.name, topicId: topic.id, errorCode: ErrorCode.NONE };
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return { name, topicId, errorCode: error.code, errorMessage: error.message };
  }
}
