import { type Api, defineApi, type TypedApi } from "../protocol/api.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, field, int16, int32, string, struct } from "../protocol/schema.ts";

const request = struct({
  clientSoftwareName: field(string, "3+"),
  clientSoftwareVersion: field(string, "3+"),
});

const response = struct({
  errorCode: int16,
  apiKeys: array(struct({ apiKey: int16, minVersion: int16, maxVersion: int16 })),
  throttleTimeMs: field(int32, "1+", 0),
});

const SOFTWARE_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;

/** ApiVersions lists the other APIs, so it is made from their table. */
export function apiVersions(others: readonly Api[]): TypedApi<typeof request, typeof response> {
  const own: TypedApi<typeof request, typeof response> = defineApi({
    key: 18,
    name: "ApiVersions",
    versions: [0, 4],
    flexibleFrom: 3,
    beforeLogin: true,
    request,
    response,
    handle({ version }, { clientSoftwareName, clientSoftwareVersion }) {
      const invalid =
        version >= 3 && !(SOFTWARE_NAME.test(clientSoftwareName) && SOFTWARE_NAME.test(clientSoftwareVersion));
      if (invalid) return { errorCode: ErrorCode.INVALID_REQUEST, apiKeys: [] };
      return { errorCode: ErrorCode.NONE, apiKeys: list() };
    },
    failed: (_request, errorCode) => ({ errorCode, apiKeys: [] }),
  });
  const list = () =>
    [...others, own]
      .sort((a, b) => a.key - b.key)
      .map((api) => ({ apiKey: api.key, minVersion: api.advertised[0], maxVersion: api.advertised[1] }));
  return {
    ...own,
    run(context, reader, errorCode) {
      if (context.version >= own.min && context.version <= own.max) return own.run(context, reader, errorCode);
      // A client that is newer than the broker learns from a version 0 answer what the broker speaks.
      const apiKeys = list().filter((api) => api.apiKey === own.key);
      return (writer) => response.write(writer, { errorCode: ErrorCode.UNSUPPORTED_VERSION, apiKeys }, 0, false);
    },
  };
}
