import type { Broker } from "../broker.ts";
import { defineApi } from "../protocol/api.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, boolean, bytes, field, int16, int32, nullable, string, struct } from "../protocol/schema.ts";
import { GROUP_OPERATIONS, NO_OPERATIONS } from "./operations.ts";

const request = struct({ groups: array(string), includeAuthorizedOperations: field(boolean, "3+", false) });

const response = struct({
  throttleTimeMs: field(int32, "1+", 0),
  groups: array(
    struct({
      errorCode: int16,
      groupId: string,
      groupState: string,
      protocolType: string,
      protocolData: string,
      members: array(
        struct({
          memberId: string,
          groupInstanceId: field(nullable(string), "4+", null),
          clientId: string,
          clientHost: string,
          memberMetadata: bytes,
          memberAssignment: bytes,
        }),
      ),
      authorizedOperations: field(int32, "3+", NO_OPERATIONS),
    }),
  ),
});

export const describeGroups = defineApi({
  key: 15,
  name: "DescribeGroups",
  versions: [0, 5],
  flexibleFrom: 5,
  request,
  response,
  handle({ broker }, { groups, includeAuthorizedOperations }) {
    const authorizedOperations = includeAuthorizedOperations ? GROUP_OPERATIONS : NO_OPERATIONS;
    return { groups: groups.map((id) => ({ ...describe(broker, id), authorizedOperations })) };
  },
  failed: ({ groups }, errorCode) => ({ groups: groups.map((id) => ({ ...nobody(id, ""), errorCode })) }),
});

function nobody(groupId: string, groupState: string) {
  return { errorCode: ErrorCode.NONE, groupId, groupState, protocolType: "", protocolData: "", members: [] };
}

function describe(broker: Broker, groupId: string) {
  if (groupId === "") return { ...nobody(groupId, ""), errorCode: ErrorCode.INVALID_GROUP_ID };
  const group = broker.groups.classic(groupId);
  if (group === undefined) return nobody(groupId, "Dead");
  // What members said and got is settled only while the group is stable.
  const settled = group.state === "Stable";
  const empty = Buffer.alloc(0);
  return {
    errorCode: ErrorCode.NONE,
    groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? "",
    protocolData: settled ? (group.protocolName ?? "") : "",
    members: [...group.members.values()].map((member) => ({
      memberId: member.id,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: settled
        ? (member.protocols.find(({ name }) => name === group.protocolName)?.metadata ?? empty)
        : empty,
      memberAssignment: settled ? member.assignment : empty,
    })),
  };
}
