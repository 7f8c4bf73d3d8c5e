import type { Broker } from "../broker.ts";
import { defineApi } from "../protocol/api.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import { array, boolean, field, int16, int32, nullable, string, struct, uuid } from "../protocol/schema.ts";
import { checkTopicName, type Topic } from "../topics/topics.ts";
import { CLUSTER_OPERATIONS, NO_ID, NO_OPERATIONS, TOPIC_OPERATIONS } from "./operations.ts";

const request = struct({
  topics: nullable(array(struct({ topicId: field(uuid, "10+", NO_ID), name: nullable(string, 10) })), 1),
  allowAutoTopicCreation: field(boolean, "4+", true),
  includeClusterAuthorizedOperations: field(boolean, "8-10", false),
  includeTopicAuthorizedOperations: field(boolean, "8+", false),
});

const partition = struct({
  errorCode: int16,
  partitionIndex: int32,
  leaderId: int32,
  leaderEpoch: field(int32, "7+", -1),
  replicaNodes: array(int32),
  isrNodes: array(int32),
  offlineReplicas: field(array(int32), "5+", []),
});

const response = struct({
  throttleTimeMs: field(int32, "3+", 0),
  brokers: array(struct({ nodeId: int32, host: string, port: int32, rack: field(nullable(string), "1+", null) })),
  clusterId: field(nullable(string), "2+", null),
  controllerId: field(int32, "1+"),
  topics: array(
    struct({
      errorCode: int16,
      name: nullable(string, 12),
      topicId: field(uuid, "10+", NO_ID),
      isInternal: field(boolean, "1+", false),
      partitions: array(partition),
      topicAuthorizedOperations: field(int32, "8+", NO_OPERATIONS),
    }),
  ),
  clusterAuthorizedOperations: field(int32, "8-10", NO_OPERATIONS),
});

export const metadata = defineApi({
  key: 3,
  name: "Metadata",
  versions: [0, 12],
  flexibleFrom: 9,
  request,
  response,
  handle({ broker, connection, version }, query) {
    const all = query.topics === null || (version === 0 && query.topics.length === 0);
    const operations = query.includeTopicAuthorizedOperations ? TOPIC_OPERATIONS : NO_OPERATIONS;
    const create = query.allowAutoTopicCreation && broker.options.autoCreateTopics;
    const topics = all
      ? broker.topics.list().map((topic) => describe(broker, topic))
      : query.topics!.map(({ name, topicId }) =>
          name === null ? byId(broker, topicId) : byName(broker, name, create),
        );
    return {
      ...cluster(broker, connection.brokerHost),
      topics: topics.map((topic) => ({
        ...topic,
        topicAuthorizedOperations: topic.name === null ? NO_OPERATIONS : operations,
      })),
      clusterAuthorizedOperations: query.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NO_OPERATIONS,
    };
  },
  failed: ({ topics }, errorCode) => ({
    brokers: [],
    controllerId: -1,
    topics: (topics ?? []).map(({ name, topicId }) => ({ errorCode, name, topicId, partitions: [] })),
  }),
});

function cluster(broker: Broker, host: string) {
  return {
    brokers: [{ nodeId: broker.nodeId, host, port: broker.port }],
    clusterId: broker.clusterId,
    controllerId: broker.nodeId,
  };
}

function byId(broker: Broker, topicId: string) {
  const topic = broker.topics.byId(topicId);
  if (topic !== undefined) return describe(broker, topic);
  return { errorCode: ErrorCode.UNKNOWN_TOPIC_ID, name: null, topicId, partitions: [] };
}

function byName(broker: Broker, name: string, create: boolean) {
  try {
    const known = broker.topics.get(name);
    if (known !== undefined) return describe(broker, known);
    checkTopicName(name);
    if (!create) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
    return describe(broker, broker.topics.create(name, broker.options.defaultPartitions));
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return { errorCode: error.code, name, partitions: [] };
  }
}

function describe(broker: Broker, topic: Topic) {
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.id,
    partitions: topic.partitions.map((log, partitionIndex) => ({
      errorCode: ErrorCode.NONE,
      partitionIndex,
      leaderId: broker.nodeId,
      leaderEpoch: log.leaderEpoch,
      replicaNodes: [broker.nodeId],
      isrNodes: [broker.nodeId],
    })),
  };
}
