import type { Broker } from "../broker.ts";
import { defineApi } from "../protocol/api.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import { array, field, int16, int32, nullable, string, struct } from "../protocol/schema.ts";

const request = struct({
  groupId: string,
  memberId: field(string, "0-2", ""),
  members: field(
    array(struct({ memberId: string, groupInstanceId: nullable(string), reason: field(nullable(string), "5+", null) })),
    "3+",
    [],
  ),
});

const response = struct({
  throttleTimeMs: field(int32, "1+", 0),
  errorCode: int16,
  members: field(array(struct({ memberId: string, groupInstanceId: nullable(string), errorCode: int16 })), "3+", []),
});

export const leaveGroup = defineApi({
  key: 13,
  name: "LeaveGroup",
  versions: [0, 5],
  flexibleFrom: 4,
  request,
  response,
  handle({ broker, version }, { groupId, memberId, members }) {
    if (groupId === "") return { errorCode: ErrorCode.INVALID_GROUP_ID };
    if (version < 3) return { errorCode: leave(broker, groupId, memberId, null) };
    return {
      errorCode: ErrorCode.NONE,
      members: members.map((member) => ({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        errorCode: leave(broker, groupId, member.memberId, member.groupInstanceId),
      })),
    };
  },
  failed: (_request, errorCode) => ({ errorCode }),
});

function leave(broker: Broker, groupId: string, memberId: string, instanceId: string | null): number {
  try {
    const group = broker.groups.classic(groupId);
    if (group === undefined) throw new KafkaError("UNKNOWN_MEMBER_ID");
    group.leave(memberId, instanceId);
    return ErrorCode.NONE;
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return error.code;
  }
}
