import { defineApi } from "../protocol/api.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, int16, string, struct } from "../protocol/schema.ts";

const request = struct({ mechanism: string });

const response = struct({ errorCode: int16, mechanisms: array(string) });

export const saslHandshake = defineApi({
  key: 17,
  name: "SaslHandshake",
  versions: [0, 1],
  flexibleFrom: 2,
  beforeLogin: true,
  request,
  response,
  handle({ broker, connection, version }, { mechanism }) {
    const { logins } = broker;
    if (logins === null) return { errorCode: ErrorCode.ILLEGAL_SASL_STATE, mechanisms: [] };
    const exchange = logins.begin(mechanism);
    if (exchange === null) {
      return { errorCode: ErrorCode.UNSUPPORTED_SASL_MECHANISM, mechanisms: logins.mechanisms };
    }
    connection.login = { exchange, bare: version === 0 };
    return { errorCode: ErrorCode.NONE, mechanisms: logins.mechanisms };
  },
  failed: (_request, errorCode) => ({ errorCode, mechanisms: [] }),
});
