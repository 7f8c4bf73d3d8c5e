import { defineApi } from "../protocol/api.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { bytes, field, int16, int64, nullable, string, struct } from "../protocol/schema.ts";
import { LoginRefused } from "../security/exchange.ts";

const request = struct({ authBytes: bytes });

const response = struct({
  errorCode: int16,
  errorMessage: nullable(string),
  authBytes: bytes,
  sessionLifetimeMs: field(int64, "1+", 0),
});

export const saslAuthenticate = defineApi({
  key: 36,
  name: "SaslAuthenticate",
  versions: [0, 2],
  flexibleFrom: 2,
  beforeLogin: true,
  request,
  response,
  handle({ connection }, { authBytes }) {
    if (connection.login === null) {
      return refused(ErrorCode.ILLEGAL_SASL_STATE, "SaslAuthenticate request received without a SaslHandshake.");
    }
    try {
      const { reply, user } = connection.login.exchange.step(authBytes);
      if (user !== null) connection.loggedIn(user);
      return { errorCode: ErrorCode.NONE, errorMessage: null, authBytes: reply };
    } catch (error) {
      if (!(error instanceof LoginRefused)) throw error;
      connection.closeAfterResponse();
      return refused(ErrorCode.SASL_AUTHENTICATION_FAILED, error.message);
    }
  },
  failed: (_request, errorCode) => refused(errorCode, null),
});

function refused(errorCode: number, errorMessage: string | null) {
  return { errorCode, errorMessage, authBytes: Buffer.alloc(0) };
}
