import type { Broker } from "../broker.ts";
import { defineApi } from "../protocol/api.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import { array, field, int16, int32, int64, nullable, type ReadOf, string, struct } from "../protocol/schema.ts";

const request = struct({
  groupId: string,
  generationId: field(int32, "1+", -1),
  memberId: field(string, "1+", ""),
  groupInstanceId: field(nullable(string), "7+", null),
  retentionTimeMs: field(int64, "2-4", -1),
  topics: array(
    struct({
      name: string,
      partitions: array(
        struct({
          partitionIndex: int32,
          committedOffset: int64,
          committedLeaderEpoch: field(int32, "6+", -1),
          committedMetadata: nullable(string),
        }),
      ),
    }),
  ),
});

const response = struct({
  throttleTimeMs: field(int32, "3+", 0),
  topics: array(struct({ name: string, partitions: array(struct({ partitionIndex: int32, errorCode: int16 })) })),
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
      return { topics: commit(broker, query) };
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return refused(query, error.code);
    }
  },
  failed: refused,
});

function refused({ topics }: Query, errorCode: number) {
  return {
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  };
}

function commit(broker: Broker, query: Query) {
  const { groupId, generationId, memberId, groupInstanceId: instanceId } = query;
  const known = query.topics.flatMap(({ name, partitions }) =>
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
  const results = broker.groups.commit(groupId, { memberId, instanceId, generationId }, known);
  let next = 0;
  return query.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => {
      const exists = broker.topics.partition(name, partitionIndex) !== undefined;
      return { partitionIndex, errorCode: ErrorCode[exists ? results[next++] : "UNKNOWN_TOPIC_OR_PARTITION"] };
    }),
  }));
}
