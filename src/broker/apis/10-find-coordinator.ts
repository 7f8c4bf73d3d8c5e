import type { Broker } from "../broker.ts";
import { defineApi } from "../protocol/api.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, field, int8, int16, int32, nullable, string, struct } from "../protocol/schema.ts";

const request = struct({
  key: field(string, "0-3", ""),
  keyType: field(int8, "1+", 0),
  coordinatorKeys: field(array(string), "4+", []),
});

const response = struct({
  throttleTimeMs: field(int32, "1+", 0),
  errorCode: field(int16, "0-3", 0),
  errorMessage: field(nullable(string), "1-3", null),
  nodeId: field(int32, "0-3", -1),
  host: field(string, "0-3", ""),
  port: field(int32, "0-3", -1),
  coordinators: field(
    array(
      struct({
        key: string,
        nodeId: int32,
        host: string,
        port: int32,
        errorCode: int16,
        errorMessage: nullable(string),
      }),
    ),
    "4+",
    [],
  ),
});

const GROUP = 0;
const TRANSACTION = 1;

export const findCoordinator = defineApi({
  key: 10,
  name: "FindCoordinator",
  versions: [0, 6],
  flexibleFrom: 3,
  request,
  response,
  handle({ broker, connection, version }, { key, keyType, coordinatorKeys }) {
    if (version < 4) return coordinator(broker, connection.brokerHost, key, keyType);
    return { coordinators: coordinatorKeys.map((each) => coordinator(broker, connection.brokerHost, each, keyType)) };
  },
  failed: ({ key, coordinatorKeys }, errorCode, version) =>
    version < 4 ? nowhere(key, errorCode) : { coordinators: coordinatorKeys.map((each) => nowhere(each, errorCode)) },
});

function coordinator({ nodeId, port }: Broker, host: string, key: string, keyType: number) {
  if (keyType !== GROUP && keyType !== TRANSACTION) return nowhere(key, ErrorCode.INVALID_REQUEST);
  return { key, nodeId, host, port, errorCode: ErrorCode.NONE, errorMessage: null };
}

function nowhere(key: string, errorCode: number) {
  return { key, nodeId: -1, host: "", port: -1, errorCode, errorMessage: null };
}
