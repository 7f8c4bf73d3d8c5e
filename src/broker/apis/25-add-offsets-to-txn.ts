import { defineApi } from "../protocol/api.ts";
import { attempt } from "../protocol/attempt.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { field, int16, int32, int64, string, struct } from "../protocol/schema.ts";
import { producerErrorCode } from "./producer-errors.ts";

const request = struct({ transactionalId: string, producerId: int64, producerEpoch: int16, groupId: string });

const response = struct({ throttleTimeMs: field(int32, "0+", 0), errorCode: int16 });

export const addOffsetsToTxn = defineApi({
  key: 25,
  name: "AddOffsetsToTxn",
  versions: [0, 3],
  flexibleFrom: 3,
  request,
  response,
  handle({ broker, version }, { groupId, ...claim }) {
    return attempt(
      () => {
        broker.transactions.addGroup(claim, groupId);
        return { errorCode: ErrorCode.NONE };
      },
      (error) => ({ errorCode: producerErrorCode(error, version < 2) }),
    );
  },
  failed: (_request, errorCode) => ({ errorCode }),
});
