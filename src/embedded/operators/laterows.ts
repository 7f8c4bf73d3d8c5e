/** Rows that a watermark drops, handed on as JSON where the user wants them. */
import type { Attribute } from "../../analyze/expression.ts";
import type { SessionSettings } from "../../functions/definition.ts";
import { jsonWriter } from "../../functions/json/write.ts";
import { field, struct } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import type { LateRow } from "./contract.ts";

export type TakeLateRow = (row: LateRow) => void;

/** The late rows of one operator. */
export interface LateRows {
  /** What a row is told with: expressions for a stage's `late` step. */
  readonly columns: readonly Attribute[];
  /** @param limitUs the watermark that the row missed, microseconds */
  take(values: readonly unknown[], limitUs: number): void;
}

const NONE: LateRows = { columns: [], take() {} };

/** @param take undefined where nobody wants them */
export function lateRowsOf(
  take: TakeLateRow | undefined,
  columns: readonly Attribute[],
  operator: { readonly operatorName: string; readonly operatorId: number },
  settings: SessionSettings,
): LateRows {
  if (take === undefined) return NONE;
  const type = struct(...columns.map((a) => field(a.name, a.type)));
  const write = jsonWriter(type, { ignoreNullFields: false, pretty: false }, settings);
  const { operatorName, operatorId } = operator;
  return {
    columns,
    take(values, limitUs) {
      const json = write(values as Value[]);
      take({ json, watermarkMs: limitUs / 1000, operator: operatorName, operatorId });
    },
  };
}
