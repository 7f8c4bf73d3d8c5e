import { defineApi } from "../protocol/api.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import { field, int16, int32, nullable, string, struct } from "../protocol/schema.ts";

const request = struct({
  groupId: string,
  generationId: int32,
  memberId: string,
  groupInstanceId: field(nullable(string), "3+", null),
});

const response = struct({ throttleTimeMs: field(int32, "1+", 0), errorCode: int16 });

export const heartbeat = defineApi({
  key: 12,
  name: "Heartbeat",
  versions: [0, 4],
  flexibleFrom: 4,
  request,
  response,
  handle({ broker }, { groupId, generationId, memberId, groupInstanceId: instanceId }) {
    try {
      if (groupId === "") throw new KafkaError("INVALID_GROUP_ID");
      const group = broker.groups.classic(groupId);
      if (group === undefined) throw new KafkaError("UNKNOWN_MEMBER_ID");
      group.heartbeat({ memberId, instanceId, generationId });
      return { errorCode: ErrorCode.NONE };
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return { errorCode: error.code };
    }
  },
  failed: (_request, errorCode) => ({ errorCode }),
});
