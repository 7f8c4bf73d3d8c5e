import { defineApi } from "../protocol/api.ts";
import { ErrorCode, KafkaError } from "../protocol/errors.ts";
import { array, boolean, field, float64, int16, int32, nullable, string, struct } from "../protocol/schema.ts";
import { checkQuotaChange, distinctEntity } from "../quotas.ts";

const entity = struct({ entityType: string, entityName: nullable(string) });

const request = struct({
  entries: array(
    struct({ entity: array(entity), ops: array(struct({ key: string, value: float64, remove: boolean })) }),
  ),
  validateOnly: boolean,
});

const response = struct({
  throttleTimeMs: field(int32, "0+", 0),
  entries: array(struct({ errorCode: int16, errorMessage: nullable(string), entity: array(entity) })),
});

/** Quotas are checked, accepted and have no effect: a dev broker holds nobody back. */
export const alterClientQuotas = defineApi({
  key: 49,
  name: "AlterClientQuotas",
  versions: [0, 1],
  flexibleFrom: 1,
  request,
  response,
  handle: (_context, { entries }) => ({
    entries: entries.map((entry) => {
      const answer = { entity: distinctEntity(entry.entity) };
      try {
        checkQuotaChange(entry.entity, entry.ops);
        return { ...answer, errorCode: ErrorCode.NONE, errorMessage: null };
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error;
        return { ...answer, errorCode: error.code, errorMessage: error.message };
      }
    }),
  }),
  failed: ({ entries }, errorCode) => ({
    entries: entries.map((entry) => ({ errorCode, errorMessage: null, entity: entry.entity })),
  }),
});
