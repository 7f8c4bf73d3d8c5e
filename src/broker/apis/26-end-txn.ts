import { defineApi } from "../protocol/api.ts";
import { attempt } from "../protocol/attempt.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { boolean, field, int16, int32, int64, string, struct } from "../protocol/schema.ts";
import { producerErrorCode } from "./producer-errors.ts";

const request = struct({ transactionalId: string, producerId: int64, producerEpoch: int16, committed: boolean });

const response = struct({ throttleTimeMs: field(int32, "0+", 0), errorCode: int16 });

export const endTxn = defineApi({
  key: 26,
  name: "EndTxn",
  versions: [0, 3],
  flexibleFrom: 3,
  request,
  response,
  handle({ broker, version }, { committed, ...claim }) {
    const done = { errorCode: ErrorCode.NONE as number };
    return attempt(
      () => broker.transactions.end(claim, committed)?.then(() => done) ?? done,
      (error) => ({ errorCode: producerErrorCode(error, version < 2) }),
    );
  },
  failed: (_request, errorCode) => ({ errorCode }),
});
