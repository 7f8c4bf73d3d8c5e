import type { Broker } from "../broker.ts";
import { defineApi } from "../protocol/api.ts";
import { ErrorCode } from "../protocol/errors.ts";
import {
  array,
  boolean,
  field,
  int16,
  int32,
  nullable,
  type ReadOf,
  string,
  struct,
  uuid,
} from "../protocol/schema.ts";
import { NO_ID, TOPIC_OPERATIONS } from "./operations.ts";

const cursor = struct({ topicName: string, partitionIndex: int32 });

const request = struct({
  topics: array(struct({ name: string })),
  responsePartitionLimit: int32,
  cursor: nullable(cursor),
});

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  topics: array(
    struct({
      errorCode: int16,
      name: nullable(string),
      topicId: field(uuid, "0+", NO_ID),
      isInternal: field(boolean, "0+", false),
      partitions: array(
        struct({
          errorCode: int16,
          partitionIndex: int32,
          leaderId: int32,
          leaderEpoch: int32,
          replicaNodes: array(int32),
          isrNodes: array(int32),
          eligibleLeaderReplicas: field(nullable(array(int32)), "0+", []),
          lastKnownElr: field(nullable(array(int32)), "0+", []),
          offlineReplicas: field(array(int32), "0+", []),
        }),
      ),
      topicAuthorizedOperations: field(int32, "0+", TOPIC_OPERATIONS),
    }),
  ),
  nextCursor: field(nullable(cursor), "0+", null),
});

const PARTITIONS_MAX = 2000;

type Query = ReadOf<typeof request>;

export const describeTopicPartitions = defineApi({
  key: 75,
  name: "DescribeTopicPartitions",
  versions: [0, 0],
  flexibleFrom: 0,
  request,
  response,
  handle: ({ broker }, query) => describe(broker, query),
  failed: ({ topics }, errorCode) => ({
    topics: topics.map(({ name }) => ({ errorCode, name, partitions: [] })),
  }),
});

/** Topics by name, each with its partitions, until the limit is reached; the cursor says where to go on. */
function describe(broker: Broker, { topics: wanted, responsePartitionLimit, cursor: from }: Query) {
  const named = wanted.length > 0 ? wanted.map(({ name }) => name) : broker.topics.list().map(({ name }) => name);
  const names = [...new Set(named)].sort().filter((name) => from === null || name >= from.topicName);
  let room = Math.min(Math.max(responsePartitionLimit, 1), PARTITIONS_MAX);
  const topics = [];
  for (const name of names) {
    const topic = broker.topics.get(name);
    if (topic === undefined) {
      topics.push({ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, name, partitions: [] });
      continue;
    }
    const first = name === from?.topicName ? Math.max(from.partitionIndex, 0) : 0;
    if (room === 0) return { topics, nextCursor: { topicName: name, partitionIndex: first } };
    const last = Math.min(topic.partitions.length, first + room);
    room -= last - first;
    topics.push({ errorCode: ErrorCode.NONE, name, topicId: topic.id, partitions: partitions(broker, first, last) });
    if (last < topic.partitions.length) return { topics, nextCursor: { topicName: name, partitionIndex: last } };
  }
  return { topics };
}

function partitions({ nodeId }: Broker, first: number, last: number) {
  return Array.from({ length: Math.max(last - first, 0) }, (_, i) => ({
    errorCode: ErrorCode.NONE,
    partitionIndex: first + i,
    leaderId: nodeId,
    leaderEpoch: 0,
    replicaNodes: [nodeId],
    isrNodes: [nodeId],
  }));
}
