import { defineApi } from "../protocol/api.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { array, boolean, field, int8, int16, int32, nullable, string, struct } from "../protocol/schema.ts";
import { CLUSTER_OPERATIONS, NO_OPERATIONS } from "./operations.ts";

const request = struct({ includeClusterAuthorizedOperations: boolean, endpointType: field(int8, "1+", 1) });

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  errorCode: int16,
  errorMessage: field(nullable(string), "0+", null),
  endpointType: field(int8, "1+", 1),
  clusterId: string,
  controllerId: int32,
  brokers: array(struct({ brokerId: int32, host: string, port: int32, rack: field(nullable(string), "0+", null) })),
  clusterAuthorizedOperations: field(int32, "0+", NO_OPERATIONS),
});

const BROKERS = 1;

export const describeCluster = defineApi({
  key: 60,
  name: "DescribeCluster",
  versions: [0, 1],
  flexibleFrom: 0,
  request,
  response,
  handle({ broker, connection }, { includeClusterAuthorizedOperations, endpointType }) {
    const { clusterId, nodeId, port } = broker;
    if (endpointType !== BROKERS) {
      return { errorCode: ErrorCode.MISMATCHED_ENDPOINT_TYPE, clusterId, controllerId: -1, brokers: [] };
    }
    return {
      errorCode: ErrorCode.NONE,
      clusterId,
      controllerId: nodeId,
      brokers: [{ brokerId: nodeId, host: connection.brokerHost, port }],
      clusterAuthorizedOperations: includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NO_OPERATIONS,
    };
  },
  failed: (_request, errorCode) => ({ errorCode, clusterId: "", controllerId: -1, brokers: [] }),
});
