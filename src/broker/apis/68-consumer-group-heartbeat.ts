import type { Broker } from "../broker.ts";
import type { Assignment } from "../groups/assignors.ts";
import { defineApi } from "../protocol/api.ts";
import { attempt } from "../protocol/attempt.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import { array, field, int16, int32, nullable, type ReadOf, string, struct, uuid } from "../protocol/schema.ts";
import type { RequestContext } from "../server/context.ts";

const topicPartitions = array(struct({ topicId: uuid, partitions: array(int32) }));

const request = struct({
  groupId: string,
  memberId: string,
  memberEpoch: int32,
  instanceId: nullable(string),
  rackId: nullable(string),
  rebalanceTimeoutMs: int32,
  subscribedTopicNames: nullable(array(string)),
  subscribedTopicRegex: field(nullable(string), "1+", null),
  serverAssignor: nullable(string),
  topicPartitions: nullable(topicPartitions),
});

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  errorCode: int16,
  errorMessage: nullable(string),
  memberId: nullable(string),
  memberEpoch: int32,
  heartbeatIntervalMs: int32,
  assignment: nullable(struct({ topicPartitions })),
});

const HEARTBEAT_INTERVAL_MS = 1000;

export const consumerGroupHeartbeat = defineApi({
  key: 68,
  name: "ConsumerGroupHeartbeat",
  versions: [0, 1],
  flexibleFrom: 0,
  request,
  response,
  handle: (context, query) =>
    attempt(
      () => beat(context, query),
      (error) => refused(error.code, error.message),
    ),
  failed: (_request, errorCode) => refused(errorCode, null),
});

function refused(errorCode: number, errorMessage: string | null) {
  return { errorCode, errorMessage, memberId: null, memberEpoch: 0, heartbeatIntervalMs: 0, assignment: null };
}

function beat({ broker, clientId, connection, version }: RequestContext, query: ReadOf<typeof request>) {
  check(query, version);
  const { memberId, memberEpoch, assignment } = group(broker, query).heartbeat({
    ...query,
    clientId,
    clientHost: connection.clientHost,
    owned: query.topicPartitions === null ? null : toAssignment(query.topicPartitions),
  });
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    memberId,
    memberEpoch,
    heartbeatIntervalMs: memberEpoch < 0 ? 0 : HEARTBEAT_INTERVAL_MS,
    assignment: assignment === null ? null : { topicPartitions: toList(assignment) },
  };
}

function group(broker: Broker, { groupId, memberEpoch }: ReadOf<typeof request>) {
  const known = broker.groups.get(groupId);
  if (memberEpoch !== 0 && known?.type !== "consumer") {
    throw new KafkaError("GROUP_ID_NOT_FOUND", `Group ${groupId} not found.`);
  }
  return broker.groups.consumerGroup(groupId);
}

/** What a request must say and may not leave out. */
function check(query: ReadOf<typeof request>, version: number): void {
  const refuse = (why: string): never => {
    throw new KafkaError("INVALID_REQUEST", why);
  };
  if (query.groupId === "") refuse("GroupId can't be empty.");
  if (query.memberEpoch < -2) refuse(`MemberEpoch is ${query.memberEpoch}, but must be greater than or equal to -2.`);
  if (query.instanceId === "") refuse("InstanceId can't be empty.");
  if (query.rackId === "") refuse("RackId can't be empty.");
  if (query.memberId === "" && (version >= 1 || query.memberEpoch !== 0)) refuse("MemberId can't be empty.");
  if (query.memberEpoch === -2 && query.instanceId === null) refuse("InstanceId can't be null.");
  if (query.memberEpoch !== 0) return;
  if (query.rebalanceTimeoutMs === -1) refuse("RebalanceTimeoutMs must be provided in first request.");
  if (query.topicPartitions === null || query.topicPartitions.length > 0) {
    refuse("TopicPartitions must be empty when (re-)joining.");
  }
  const names = query.subscribedTopicNames ?? [];
  if (names.length === 0 && (query.subscribedTopicRegex ?? "") === "" && query.subscribedTopicNames === null) {
    refuse("Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.");
  }
}

function toAssignment(list: readonly { topicId: string; partitions: readonly number[] }[]): Assignment {
  return new Map(list.map(({ topicId, partitions }) => [topicId, new Set(partitions)]));
}

function toList(assignment: Assignment) {
  return [...assignment].map(([topicId, partitions]) => ({
    topicId,
    partitions: [...partitions].sort((a, b) => a - b),
  }));
}
