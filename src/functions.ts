/**
 * Spark's functions on columns, by their names in PySpark. Where a column is expected, a string is a column's name; a
 * constant is written `lit(…)`. A function that isn't here is called by name: `call_function("soundex", "name")`.
 *
 * @example
 * import { avg, col, from_json, window } from "sluice/functions";
 */
export * from "./api/functions/aggregates.ts";
export * from "./api/functions/collections.ts";
export * from "./api/functions/core.ts";
export * from "./api/functions/json.ts";
export * from "./api/functions/numbers.ts";
export * from "./api/functions/strings.ts";
export * from "./api/functions/time.ts";
