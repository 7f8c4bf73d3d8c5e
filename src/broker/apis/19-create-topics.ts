import type { Broker } from "../broker.ts";
import { defineApi } from "../protocol/api.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import {
  array,
  boolean,
  field,
  int8,
  int16,
  int32,
  nullable,
  type ReadOf,
  string,
  struct,
  uuid,
} from "../protocol/schema.ts";
import { TopicConfigs } from "../topics/configs.ts";
import { ConfigSource, describeTopicConfigs } from "../topics/describe-configs.ts";
import { newTopicId } from "../topics/topics.ts";
import { NO_ID } from "./operations.ts";

const request = struct({
  topics: array(
    struct({
      name: string,
      numPartitions: int32,
      replicationFactor: int16,
      assignments: array(struct({ partitionIndex: int32, brokerIds: array(int32) })),
      configs: array(struct({ name: string, value: nullable(string) })),
    }),
  ),
  timeoutMs: int32,
  validateOnly: field(boolean, "1+", false),
});

const config = struct({
  name: string,
  value: nullable(string),
  readOnly: boolean,
  configSource: int8,
  isSensitive: boolean,
});

const response = struct({
  throttleTimeMs: field(int32, "2+", 0),
  topics: array(
    struct({
      name: string,
      topicId: field(uuid, "7+", NO_ID),
      errorCode: int16,
      errorMessage: field(nullable(string), "1+", null),
      numPartitions: field(int32, "5+", -1),
      replicationFactor: field(int16, "5+", -1),
      configs: field(nullable(array(config)), "5+", null),
    }),
  ),
});

type CreatableTopic = ReadOf<typeof request>["topics"][number];

export const createTopics = defineApi({
  key: 19,
  name: "CreateTopics",
  versions: [2, 7],
  flexibleFrom: 5,
  request,
  response,
  handle({ broker }, { topics, validateOnly }) {
    const times = new Map<string, number>();
    for (const { name } of topics) times.set(name, (times.get(name) ?? 0) + 1);
    const unique = topics.filter((topic, i) => topics.findIndex((other) => other.name === topic.name) === i);
    return {
      topics: unique.map((topic) => {
        try {
          if (times.get(topic.name)! > 1) throw new KafkaError("INVALID_REQUEST", "Duplicate topic name.");
          return create(broker, topic, validateOnly);
        } catch (error) {
          if (!(error instanceof KafkaError)) throw error;
          return { name: topic.name, errorCode: error.code, errorMessage: error.message, configs: [] };
        }
      }),
    };
  },
  failed: ({ topics }, errorCode) => ({ topics: topics.map(({ name }) => ({ name, errorCode })) }),
});

function create(broker: Broker, wanted: CreatableTopic, validateOnly: boolean) {
  const { name, assignments } = wanted;
  const numPartitions = partitionCount(broker, wanted);
  broker.topics.checkCreate(name, numPartitions);
  const copies = assignments.length > 0 ? 1 : wanted.replicationFactor;
  if (copies !== -1 && copies !== 1) {
    throw new KafkaError(
      "INVALID_REPLICATION_FACTOR",
      copies < 1
        ? "Replication factor must be larger than 0, or -1 to use the default value."
        : `Unable to replicate the partition ${copies} time(s): The target replication factor of ${copies} cannot be reached because only 1 broker(s) are registered.`,
    );
  }
  const configs = TopicConfigs.checked(wanted.configs.map((entry) => [entry.name, entry.value] as const));
  const topic = validateOnly ? undefined : broker.topics.create(name, numPartitions, configs);
  return {
    name,
    topicId: topic?.id ?? newTopicId(),
    errorCode: ErrorCode.NONE,
    numPartitions,
    replicationFactor: 1,
    configs: describeTopicConfigs(configs).map(({ name: key, value, source }) => ({
      name: key,
      value,
      readOnly: false,
      configSource: source === ConfigSource.TOPIC ? ConfigSource.TOPIC : ConfigSource.DEFAULT,
      isSensitive: false,
    })),
  };
}

function partitionCount(broker: Broker, { assignments, numPartitions, replicationFactor }: CreatableTopic): number {
  if (assignments.length === 0) return numPartitions === -1 ? broker.options.defaultPartitions : numPartitions;
  if (numPartitions !== -1) {
    throw new KafkaError(
      "INVALID_REQUEST",
      "Both numPartitions or replicationFactor and replicasAssignments were set.",
    );
  }
  if (replicationFactor !== -1) {
    throw new KafkaError(
      "INVALID_REQUEST",
      "A manual partition assignment was specified, but replication factor was not set to -1.",
    );
  }
  const indexes = new Set(assignments.map(({ partitionIndex }) => partitionIndex));
  const onThisBroker = assignments.every(({ brokerIds }) => brokerIds.length === 1 && brokerIds[0] === broker.nodeId);
  const dense = assignments.every((_, i) => indexes.has(i));
  if (!onThisBroker || !dense) {
    throw new KafkaError(
      "INVALID_REPLICA_ASSIGNMENT",
      `Partitions must be numbered from 0 without a gap, each with broker ${broker.nodeId} as its only replica.`,
    );
  }
  return assignments.length;
}
