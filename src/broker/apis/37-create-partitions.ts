import type { Broker } from "../broker.ts";
import { defineApi } from "../protocol/api.ts";
import { attempt } from "../protocol/attempt.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import { array, boolean, field, int16, int32, nullable, type ReadOf, string, struct } from "../protocol/schema.ts";

const request = struct({
  topics: array(
    struct({ name: string, count: int32, assignments: nullable(array(struct({ brokerIds: array(int32) }))) }),
  ),
  timeoutMs: int32,
  validateOnly: boolean,
});

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  results: array(struct({ name: string, errorCode: int16, errorMessage: nullable(string) })),
});

const PARTITIONS_MAX = 10_000;

export const createPartitions = defineApi({
  key: 37,
  name: "CreatePartitions",
  versions: [0, 3],
  flexibleFrom: 2,
  request,
  response,
  handle({ broker }, { topics, validateOnly }) {
    return {
      results: topics.map((wanted) => {
        const { name } = wanted;
        return attempt(
          () => {
            const topic = check(broker, wanted);
            if (!validateOnly) broker.topics.addPartitions(topic, wanted.count);
            return { name, errorCode: ErrorCode.NONE, errorMessage: null };
          },
          (error) => ({ name, errorCode: error.code, errorMessage: error.message }),
        );
      }),
    };
  },
  failed: ({ topics }, errorCode) => ({ results: topics.map(({ name }) => ({ name, errorCode, errorMessage: null })) }),
});

function check(broker: Broker, { name, count, assignments }: ReadOf<typeof request>["topics"][number]) {
  const topic = broker.topics.get(name);
  if (topic === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
  const present = topic.partitions.length;
  if (count === present) throw new KafkaError("INVALID_PARTITIONS", `Topic already has ${present} partition(s).`);
  if (count < present) {
    throw new KafkaError(
      "INVALID_PARTITIONS",
      `The topic ${name} currently has ${present} partition(s); ${count} would not be an increase.`,
    );
  }
  if (count > PARTITIONS_MAX)
    throw new KafkaError("INVALID_PARTITIONS", `A dev broker takes ${PARTITIONS_MAX} partitions.`);
  if (assignments === null) return topic;
  const here = assignments.every(({ brokerIds }) => brokerIds.length === 1 && brokerIds[0] === broker.nodeId);
  if (assignments.length !== count - present || !here) {
    throw new KafkaError(
      "INVALID_REPLICA_ASSIGNMENT",
      `Each of the ${count - present} new partitions must have broker ${broker.nodeId} as its only replica.`,
    );
  }
  return topic;
}
