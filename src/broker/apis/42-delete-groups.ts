import { defineApi } from "../protocol/api.ts";
import { attempt } from "../protocol/attempt.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, field, int16, int32, string, struct } from "../protocol/schema.ts";

const request = struct({ groupsNames: array(string) });

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  results: array(struct({ groupId: string, errorCode: int16 })),
});

export const deleteGroups = defineApi({
  key: 42,
  name: "DeleteGroups",
  versions: [0, 2],
  flexibleFrom: 2,
  request,
  response,
  handle({ broker }, { groupsNames }) {
    return {
      results: groupsNames.map((groupId) =>
        attempt(
          () => {
            broker.groups.delete(groupId);
            return { groupId, errorCode: ErrorCode.NONE };
          },
          (error) => ({ groupId, errorCode: error.code }),
        ),
      ),
    };
  },
  failed: ({ groupsNames }, errorCode) => ({ results: groupsNames.map((groupId) => ({ groupId, errorCode })) }),
});
