/** Rows of the user's as a relation that travels in the plan. */
import { encodeArrow } from "../columns/arrow.ts";
import { batchFromRows } from "../columns/rows.ts";
import { parseSchema } from "../types/ddl.ts";
import { fromJson, toJson } from "../types/json.ts";
import type { DataType, StructType } from "../types/types.ts";
import { acceptStruct } from "./accept.ts";
import { inferSchema } from "./infer.ts";

/** The Arrow stream and the schema of `rows`. Throws CANNOT_INFER_TYPE_FOR_FIELD, CANNOT_ACCEPT_OBJECT_IN_TYPE, … */
export function localRelation(
  rows: readonly unknown[],
  schema: string | StructType | readonly string[] | undefined,
): { data: Uint8Array; schema: string } {
  const type = schemaOf(rows, schema);
  const scalar = type.fields.length === 1;
  const values = rows.map((row, i) => acceptStruct(scalar && isScalar(row) ? [row] : row, type, `row ${i + 1}`));
  const types: DataType[] = type.fields.map((field) => field.type);
  return { data: encodeArrow(type, [batchFromRows(types, values, true)]), schema: toJson(type) };
}

function schemaOf(rows: readonly unknown[], schema: string | StructType | readonly string[] | undefined): StructType {
  if (schema === undefined) return inferSchema(rows);
  if (typeof schema === "string") {
    return /^\s*\{/.test(schema) ? (fromJson(schema) as StructType) : parseSchema(schema);
  }
  return "kind" in schema ? schema : inferSchema(rows, schema);
}

function isScalar(row: unknown): boolean {
  return typeof row !== "object" || row === null || row instanceof Date;
}
