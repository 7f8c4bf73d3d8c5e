import type { Broker } from "../broker.ts";
import { type AnyGroup, hasPending } from "../groups/any-group.ts";
import { ConsumerGroup } from "../groups/consumer-group.ts";
import { defineApi } from "../protocol/api.ts";
import { attempt } from "../protocol/attempt.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, boolean, field, int16, int32, int64, nullable, string, struct } from "../protocol/schema.ts";

const request = struct({
  groupId: field(string, "0-7", ""),
  topics: field(nullable(array(struct({ name: string, partitionIndexes: array(int32) })), 2), "0-7", null),
  groups: field(
    array(
      struct({
        groupId: string,
        memberId: field(nullable(string), "9+", null),
        memberEpoch: field(int32, "9+", -1),
        topics: nullable(array(struct({ name: string, partitionIndexes: array(int32) }))),
      }),
    ),
    "8+",
    [],
  ),
  requireStable: field(boolean, "7+", false),
});

const topic = struct({
  name: string,
  partitions: array(
    struct({
      partitionIndex: int32,
      committedOffset: int64,
      committedLeaderEpoch: field(int32, "5+", -1),
      metadata: nullable(string),
      errorCode: int16,
    }),
  ),
});

const response = struct({
  throttleTimeMs: field(int32, "3+", 0),
  topics: field(array(topic), "0-7", []),
  errorCode: field(int16, "2-7", 0),
  groups: field(array(struct({ groupId: string, topics: array(topic), errorCode: int16 })), "8+", []),
});

interface GroupQuery {
  readonly groupId: string;
  readonly memberId: string | null;
  readonly memberEpoch: number;
  readonly topics: readonly { name: string; partitionIndexes: readonly number[] }[] | null;
}

export const offsetFetch = defineApi({
  key: 9,
  name: "OffsetFetch",
  versions: [1, 9],
  flexibleFrom: 6,
  request,
  response,
  handle({ broker, version }, { groupId, topics, groups, requireStable }) {
    if (version < 8) return offsetsOf(broker, { groupId, topics, memberId: null, memberEpoch: -1 }, requireStable);
    return { groups: groups.map((group) => offsetsOf(broker, group, requireStable)) };
  },
  failed: ({ groupId, groups }, errorCode, version) =>
    version < 8
      ? { groupId, topics: [], errorCode }
      : { groups: groups.map((group) => ({ groupId: group.groupId, topics: [], errorCode })) },
});

/** A member of a newer group says who it is, and is told when it isn't any more. */
function checkMember(group: AnyGroup | undefined, memberId: string, memberEpoch: number): null {
  if (group instanceof ConsumerGroup && memberEpoch >= 0) group.checkEpoch(memberId, memberEpoch);
  return null;
}

function offsetsOf(broker: Broker, { groupId, memberId, memberEpoch, topics }: GroupQuery, requireStable: boolean) {
  const group = broker.groups.get(groupId);
  const refusal =
    memberId === null
      ? null
      : attempt(
          () => checkMember(group, memberId, memberEpoch),
          ({ code }) => code,
        );
  if (refusal !== null) return { groupId, errorCode: refusal, topics: [] };
  const wanted =
    topics ??
    group?.kept.offsets.topics().map(({ name, partitions }) => ({ name, partitionIndexes: partitions })) ??
    [];
  return {
    groupId,
    errorCode: ErrorCode.NONE,
    topics: wanted.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => {
        const committed = group?.kept.offsets.get(name, partitionIndex);
        const unstable = requireStable && group !== undefined && hasPending(group, name, partitionIndex);
        return {
          partitionIndex,
          committedOffset: unstable ? -1 : (committed?.offset ?? -1),
          committedLeaderEpoch: unstable ? -1 : (committed?.leaderEpoch ?? -1),
          metadata: unstable ? "" : (committed?.metadata ?? ""),
          errorCode: unstable ? ErrorCode.UNSTABLE_OFFSET_COMMIT : ErrorCode.NONE,
        };
      }),
    })),
  };
}
