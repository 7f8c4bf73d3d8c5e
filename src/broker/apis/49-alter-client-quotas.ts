import { defineApi } from "../protocol/api.ts";
import { ErrorCode } from "../protocol/errors.ts";
import {
  array,
  boolean,
  field,
  float64,
  int16,
  int32,
  nullable,
  type ReadOf,
  string,
  struct,
} from "../protocol/schema.ts";

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

/** Quotas are accepted and have no effect: a dev broker holds nobody back. */
export const alterClientQuotas = defineApi({
  key: 49,
  name: "AlterClientQuotas",
  versions: [0, 1],
  flexibleFrom: 1,
  request,
  response,
  handle: (_context, query) => answer(query, ErrorCode.NONE),
  failed: answer,
});

function answer({ entries }: ReadOf<typeof request>, errorCode: number) {
  return { entries: entries.map((entry) => ({ errorCode, errorMessage: null, entity: entry.entity })) };
}
