import type { Broker } from "../broker.ts";
import type { Assignment } from "../groups/assignors.ts";
import { defineApi } from "../protocol/api.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, boolean, field, int8, int16, int32, nullable, string, struct, uuid } from "../protocol/schema.ts";
import { GROUP_OPERATIONS, NO_OPERATIONS } from "./operations.ts";

const request = struct({ groupIds: array(string), includeAuthorizedOperations: boolean });

const assignment = struct({
  topicPartitions: array(struct({ topicId: uuid, topicName: string, partitions: array(int32) })),
});

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  groups: array(
    struct({
      errorCode: int16,
      errorMessage: nullable(string),
      groupId: string,
      groupState: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      assignorName: string,
      members: array(
        struct({
          memberId: string,
          instanceId: nullable(string),
          rackId: nullable(string),
          memberEpoch: int32,
          clientId: string,
          clientHost: string,
          subscribedTopicNames: array(string),
          subscribedTopicRegex: nullable(string),
          assignment,
          targetAssignment: assignment,
          memberType: field(int8, "1+", 1),
        }),
      ),
      authorizedOperations: field(int32, "0+", NO_OPERATIONS),
    }),
  ),
});

export const consumerGroupDescribe = defineApi({
  key: 69,
  name: "ConsumerGroupDescribe",
  versions: [0, 1],
  flexibleFrom: 0,
  request,
  response,
  handle({ broker }, { groupIds, includeAuthorizedOperations }) {
    const authorizedOperations = includeAuthorizedOperations ? GROUP_OPERATIONS : NO_OPERATIONS;
    const groups = groupIds.map((id) => describe(broker, id));
    return {
      groups: groups.map((group) => (group.errorCode === ErrorCode.NONE ? { ...group, authorizedOperations } : group)),
    };
  },
  failed: ({ groupIds }, errorCode) => ({ groups: groupIds.map((id) => nobody(id, errorCode, null)) }),
});

function nobody(groupId: string, errorCode: number, errorMessage: string | null) {
  return {
    errorCode,
    errorMessage,
    groupId,
    groupState: "",
    groupEpoch: 0,
    assignmentEpoch: 0,
    assignorName: "",
    members: [],
  };
}

function describe(broker: Broker, groupId: string) {
  if (groupId === "") return nobody(groupId, ErrorCode.INVALID_GROUP_ID, null);
  const group = broker.groups.consumer(groupId);
  if (group === undefined)
    return nobody(groupId, ErrorCode.GROUP_ID_NOT_FOUND, `Group ${groupId} is not a consumer group.`);
  const named = (partitions: Assignment) => ({
    topicPartitions: [...partitions].map(([topicId, indexes]) => ({
      topicId,
      topicName: broker.topics.byId(topicId)?.name ?? "",
      partitions: [...indexes].sort((a, b) => a - b),
    })),
  });
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    groupId,
    groupState: group.state,
    groupEpoch: group.epoch,
    assignmentEpoch: group.assignmentEpoch,
    assignorName: group.assignor,
    members: [...group.members.values()].map((member) => ({
      memberId: member.id,
      instanceId: member.instanceId,
      rackId: member.rackId,
      memberEpoch: member.epoch,
      clientId: member.clientId,
      clientHost: member.clientHost,
      subscribedTopicNames: member.topicNames,
      subscribedTopicRegex: member.topicPattern ?? "",
      assignment: named(member.assigned),
      targetAssignment: named(member.target),
    })),
  };
}
