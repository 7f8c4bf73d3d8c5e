import { defineApi } from "../protocol/api.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import { array, boolean, field, float64, int8, int16, int32, nullable, string, struct } from "../protocol/schema.ts";
import { checkQuotaQuery } from "../quotas.ts";

const request = struct({
  components: array(struct({ entityType: string, matchType: int8, match: nullable(string) })),
  strict: boolean,
});

const entity = struct({ entityType: string, entityName: nullable(string) });

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  errorCode: int16,
  errorMessage: nullable(string),
  entries: nullable(array(struct({ entity: array(entity), values: array(struct({ key: string, value: float64 })) }))),
});

/** A dev broker holds nobody back, so there are never any quotas. */
export const describeClientQuotas = defineApi({
  key: 48,
  name: "DescribeClientQuotas",
  versions: [0, 1],
  flexibleFrom: 1,
  request,
  response,
  handle(_context, { components }) {
    try {
      checkQuotaQuery(components);
      return { errorCode: ErrorCode.NONE, errorMessage: null, entries: [] };
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return { errorCode: error.code, errorMessage: error.message, entries: null };
    }
  },
  failed: (_request, errorCode) => ({ errorCode, errorMessage: null, entries: null }),
});
