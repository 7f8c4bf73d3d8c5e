import type { JoinResult } from "../groups/member.ts";
import { defineApi } from "../protocol/api.ts";
import { ErrorCode, type ErrorName } from "../protocol/errors.ts";
import { array, boolean, bytes, field, int16, int32, nullable, string, struct } from "../protocol/schema.ts";

const request = struct({
  groupId: string,
  sessionTimeoutMs: int32,
  rebalanceTimeoutMs: field(int32, "1+", -1),
  memberId: string,
  groupInstanceId: field(nullable(string), "5+", null),
  protocolType: string,
  protocols: array(struct({ name: string, metadata: bytes })),
  reason: field(nullable(string), "8+", null),
});

const response = struct({
  throttleTimeMs: field(int32, "2+", 0),
  errorCode: int16,
  generationId: int32,
  protocolType: field(nullable(string), "7+", null),
  protocolName: nullable(string, 7),
  leader: string,
  skipAssignment: field(boolean, "9+", false),
  memberId: string,
  members: array(struct({ memberId: string, groupInstanceId: field(nullable(string), "5+", null), metadata: bytes })),
});

const SESSION_TIMEOUT_MS_MIN = 6_000;
const SESSION_TIMEOUT_MS_MAX = 1_800_000;

export const joinGroup = defineApi({
  key: 11,
  name: "JoinGroup",
  versions: [2, 9],
  flexibleFrom: 6,
  request,
  response,
  handle({ broker, clientId, connection, version }, query) {
    const { groupId, memberId, sessionTimeoutMs } = query;
    if (groupId === "") return refused("INVALID_GROUP_ID", memberId);
    if (sessionTimeoutMs < SESSION_TIMEOUT_MS_MIN || sessionTimeoutMs > SESSION_TIMEOUT_MS_MAX) {
      return refused("INVALID_SESSION_TIMEOUT", memberId);
    }
    const known = broker.groups.get(groupId);
    if (known === undefined && memberId !== "") return refused("UNKNOWN_MEMBER_ID", memberId);
    if (known?.type === "consumer" && known.memberCount > 0) return refused("INCONSISTENT_GROUP_PROTOCOL", memberId);
    const result = broker.groups.classicGroup(groupId).join({
      memberId,
      instanceId: query.groupInstanceId,
      clientId,
      clientHost: connection.clientHost,
      sessionTimeoutMs,
      rebalanceTimeoutMs: query.rebalanceTimeoutMs < 0 ? sessionTimeoutMs : query.rebalanceTimeoutMs,
      protocolType: query.protocolType,
      // The request's bytes go when it is answered; the group keeps these.
      protocols: query.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) })),
      memberIdRequired: version >= 4,
      supportsSkippingAssignment: version >= 9,
    });
    return result instanceof Promise ? result.then(answer) : answer(result);
  },
  failed: ({ memberId }, errorCode) => ({ ...refused("NONE", memberId), errorCode }),
});

function answer({ error, ...rest }: JoinResult) {
  return { errorCode: ErrorCode[error], ...rest };
}

function refused(error: ErrorName, memberId: string) {
  return { errorCode: ErrorCode[error], generationId: -1, protocolName: null, leader: "", memberId, members: [] };
}
