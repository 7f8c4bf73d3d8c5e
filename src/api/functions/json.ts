/** JSON and CSV text. */

import { toDdl } from "../../types/ddl.ts";
import { toJson } from "../../types/json.ts";
import type { DataType } from "../../types/types.ts";
import { Column, type ColumnOrName, columnExpression, valueExpression } from "../column.ts";
import { call } from "../expression.ts";
import type { OptionValue } from "../options.ts";
import { unary } from "./make.ts";

type Options = Readonly<Record<string, OptionValue>>;

/**
 * JSON text to a struct, array or map. Malformed text gives nulls (`mode: "PERMISSIVE"`) or an error (`"FAILFAST"`).
 *
 * @example from_json(col("value").cast("string"), "device STRING, celsius DOUBLE, time TIMESTAMP")
 */
export function from_json(column: ColumnOrName, schema: string | DataType | Column, options: Options = {}): Column {
  const type = schema instanceof Column ? schema : typeof schema === "string" ? schema : toJson(schema);
  return new Column(call("from_json", [columnExpression(column), valueExpression(type), ...optionMap(options)]));
}

/** A struct, array or map as JSON text. */
export function to_json(column: ColumnOrName, options: Options = {}): Column {
  return new Column(call("to_json", [columnExpression(column), ...optionMap(options)]));
}

/** The value at a path such as `$.a.b[0]`, as text. */
export function get_json_object(column: ColumnOrName, path: string): Column {
  return new Column(call("get_json_object", [columnExpression(column), valueExpression(path)]));
}
/** Several top-level fields, as columns `c0`, `c1`, … */
export function json_tuple(column: ColumnOrName, ...fields: string[]): Column {
  return new Column(call("json_tuple", [columnExpression(column), ...fields.map((f) => valueExpression(f))]));
}
export function schema_of_json(json: ColumnOrName, options: Options = {}): Column {
  const text = typeof json === "string" ? valueExpression(json) : json.expression;
  return new Column(call("schema_of_json", [text, ...optionMap(options)]));
}
export const json_array_length = unary("json_array_length");
export const json_object_keys = unary("json_object_keys");

export function from_csv(column: ColumnOrName, schema: string | DataType | Column, options: Options = {}): Column {
  const type = schema instanceof Column || typeof schema === "string" ? schema : csvSchema(schema);
  return new Column(call("from_csv", [columnExpression(column), valueExpression(type), ...optionMap(options)]));
}
export function to_csv(column: ColumnOrName, options: Options = {}): Column {
  return new Column(call("to_csv", [columnExpression(column), ...optionMap(options)]));
}

function csvSchema(schema: DataType): string {
  return schema.kind === "struct" ? toDdl(schema) : toJson(schema);
}

function optionMap(options: Options) {
  const entries = Object.entries(options).flatMap(([k, v]) => [valueExpression(k), valueExpression(String(v))]);
  return entries.length === 0 ? [] : [call("map", entries)];
}
