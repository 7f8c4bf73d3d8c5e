import type { SyncResult } from "../groups/member.ts";
import { defineApi } from "../protocol/api.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, bytes, field, int16, int32, nullable, string, struct } from "../protocol/schema.ts";

const request = struct({
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: field(nullable(string), "3+", null),
  protocolType: field(nullable(string), "5+", null),
  protocolName: field(nullable(string), "5+", null),
  assignments: array(struct({ memberId: string, assignment: bytes })),
});

const response = struct({
  throttleTimeMs: field(int32, "1+", 0),
  errorCode: int16,
  protocolType: field(nullable(string), "5+", null),
  protocolName: field(nullable(string), "5+", null),
  assignment: bytes,
});

export const syncGroup = defineApi({
  key: 14,
  name: "SyncGroup",
  versions: [0, 5],
  flexibleFrom: 4,
  request,
  response,
  handle({ broker, version }, query) {
    if (query.groupId === "") return refused(ErrorCode.INVALID_GROUP_ID);
    if (version >= 5 && (query.protocolType === null || query.protocolName === null)) {
      return refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    }
    const group = broker.groups.classic(query.groupId);
    if (group === undefined) return refused(ErrorCode.UNKNOWN_MEMBER_ID);
    const { memberId, generationId, groupInstanceId: instanceId } = query;
    const assignments = new Map(query.assignments.map((each) => [each.memberId, each.assignment]));
    const result = group.sync(
      { memberId, generationId, instanceId },
      query.protocolType,
      query.protocolName,
      assignments,
    );
    return result instanceof Promise ? result.then(answer) : answer(result);
  },
  failed: (_request, errorCode) => refused(errorCode),
});

function answer({ error, ...rest }: SyncResult) {
  return { errorCode: ErrorCode[error], ...rest };
}

function refused(errorCode: number) {
  return { errorCode, assignment: Buffer.alloc(0) };
}
