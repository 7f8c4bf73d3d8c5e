import type { Broker } from "../broker.ts";
import type { OffsetEntry } from "../groups/offsets.ts";
import { array, field, int16, int32, int64, nullable, string, struct } from "../protocol/schema.ts";

/** What OffsetCommit and TxnOffsetCommit say of each topic, but for the versions in which the leader's epoch is given. */
export function offsetTopics(leaderEpochFrom: string) {
  return array(
    struct({
      name: string,
      partitions: array(
        struct({
          partitionIndex: int32,
          committedOffset: int64,
          committedLeaderEpoch: field(int32, leaderEpochFrom, -1),
          committedMetadata: nullable(string),
        }),
      ),
    }),
  );
}

/** Their answer for each topic. */
export const committedTopics = array(
  struct({ name: string, partitions: array(struct({ partitionIndex: int32, errorCode: int16 })) }),
);

interface Topics
  extends ReadonlyArray<{
    readonly name: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly committedOffset: number;
      readonly committedLeaderEpoch: number;
      readonly committedMetadata: string | null;
    }[];
  }> {}

/** The offsets of partitions that exist, in the request's order. */
export function offsetsOfKnown(broker: Broker, topics: Topics): Omit<OffsetEntry, "commitTimeMs">[] {
  return topics.flatMap(({ name, partitions }) =>
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
}

/** An answer with a code for each partition. */
export function answerEach(topics: Topics, codeOf: (topic: string, partition: number) => number) {
  return {
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: codeOf(name, partitionIndex) })),
    })),
  };
}
