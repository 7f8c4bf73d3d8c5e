/** Aggregates over the rows of a group. Nulls are skipped unless said otherwise. */
import { Column, type ColumnOrName, columnExpression, valueExpression } from "../column.ts";
import { call } from "../expression.ts";
import { binary, columnCall, nullary, unary } from "./make.ts";

/** Rows in which the column isn't null; `count("*")` counts all rows. */
export function count(column: ColumnOrName): Column {
  return columnCall("count", [column === "*" ? new Column(valueExpression(1)) : column]);
}
/** Different values, or combinations of values, without nulls. */
export function count_distinct(column: ColumnOrName, ...more: ColumnOrName[]): Column {
  return columnCall("count", [column, ...more], true);
}
export const countDistinct = count_distinct;
export function sum_distinct(column: ColumnOrName): Column {
  return columnCall("sum", [column], true);
}
/** About how many different values; `rsd` is the relative error allowed (default 0.05). */
export function approx_count_distinct(column: ColumnOrName, rsd?: number): Column {
  const more = rsd === undefined ? [] : [valueExpression(rsd)];
  return new Column(call("approx_count_distinct", [columnExpression(column), ...more]));
}

export const sum = unary("sum");
export const try_sum = unary("try_sum");
export const avg = unary("avg");
export const mean = unary("avg");
export const try_avg = unary("try_avg");
export const min = unary("min");
export const max = unary("max");
/** The first column where the second is least. */
export const min_by = binary("min_by");
export const max_by = binary("max_by");
export const count_if = unary("count_if");
export const stddev = unary("stddev");
export const stddev_samp = unary("stddev_samp");
export const stddev_pop = unary("stddev_pop");
export const std = unary("std");
export const variance = unary("variance");
export const var_samp = unary("var_samp");
export const var_pop = unary("var_pop");
export const skewness = unary("skewness");
export const kurtosis = unary("kurtosis");
export const median = unary("median");
export const mode = unary("mode");
export const product = unary("product");
export const corr = binary("corr");
export const covar_pop = binary("covar_pop");
export const covar_samp = binary("covar_samp");
export const regr_slope = binary("regr_slope");
export const regr_intercept = binary("regr_intercept");
export const regr_r2 = binary("regr_r2");
export const regr_count = binary("regr_count");
/** Values as an array, in no order; nulls left out. */
export const collect_list = unary("collect_list");
export const array_agg = unary("array_agg");
export const collect_set = unary("collect_set");
export const bool_and = unary("bool_and");
export const every = unary("every");
export const bool_or = unary("bool_or");
export const some = unary("some");
export const bit_and = unary("bit_and");
export const bit_or = unary("bit_or");
export const bit_xor = unary("bit_xor");
export const any_value = unary("any_value");
export const grouping = unary("grouping");

export function first(column: ColumnOrName, ignoreNulls = false): Column {
  return new Column(call("first", [columnExpression(column), valueExpression(ignoreNulls)]));
}
export function first_value(column: ColumnOrName, ignoreNulls = false): Column {
  return new Column(call("first_value", [columnExpression(column), valueExpression(ignoreNulls)]));
}
export function last(column: ColumnOrName, ignoreNulls = false): Column {
  return new Column(call("last", [columnExpression(column), valueExpression(ignoreNulls)]));
}
export function last_value(column: ColumnOrName, ignoreNulls = false): Column {
  return new Column(call("last_value", [columnExpression(column), valueExpression(ignoreNulls)]));
}

/** The texts with `delimiter` between them, in no order; nulls left out. */
export function listagg(column: ColumnOrName, delimiter?: string | Column): Column {
  const more = delimiter === undefined ? [] : [valueExpression(delimiter)];
  return new Column(call("listagg", [columnExpression(column), ...more]));
}
export function listagg_distinct(column: ColumnOrName, delimiter?: string | Column): Column {
  const more = delimiter === undefined ? [] : [valueExpression(delimiter)];
  return new Column(call("listagg", [columnExpression(column), ...more], true));
}
export const string_agg = listagg;
export const string_agg_distinct = listagg_distinct;

/** The exact percentile (0 to 1), or several. */
export function percentile(column: ColumnOrName, percentage: number | readonly number[] | Column): Column {
  return new Column(call("percentile", [columnExpression(column), valueExpression(doubles(percentage))]));
}
/** A value of the column near the percentile (0 to 1); `accuracy` (default 10000) is 1 / relative error of the rank. */
export function percentile_approx(
  column: ColumnOrName,
  percentage: number | readonly number[] | Column,
  accuracy = 10000,
): Column {
  const args = [columnExpression(column), valueExpression(doubles(percentage)), valueExpression(accuracy)];
  return new Column(call("percentile_approx", args));
}
export const approx_percentile = percentile_approx;

/** 0 and 1 would be INT literals; Spark's percentages are DOUBLE. */
function doubles(percentage: number | readonly number[] | Column): Column {
  if (percentage instanceof Column) return percentage;
  if (typeof percentage === "number") return double(percentage);
  return new Column(
    call(
      "array",
      percentage.map((p) => double(p).expression),
    ),
  );
}
function double(value: number): Column {
  const column = new Column(valueExpression(value));
  return Number.isInteger(value) ? column.cast("double") : column;
}

// Ranks and neighbours: only over a window of rows, `row_number().over(Window…)`, in batch queries.

export const row_number = nullary("row_number");
export const rank = nullary("rank");
export const dense_rank = nullary("dense_rank");
export const percent_rank = nullary("percent_rank");
export const cume_dist = nullary("cume_dist");
export function ntile(n: number): Column {
  return new Column(call("ntile", [valueExpression(n)]));
}
/** The value `offset` rows before, or `fallback`. */
export function lag(column: ColumnOrName, offset = 1, fallback: Parameters<typeof valueExpression>[0] = null): Column {
  return new Column(call("lag", [columnExpression(column), valueExpression(offset), valueExpression(fallback)]));
}
/** The value `offset` rows after, or `fallback`. */
export function lead(column: ColumnOrName, offset = 1, fallback: Parameters<typeof valueExpression>[0] = null): Column {
  return new Column(call("lead", [columnExpression(column), valueExpression(offset), valueExpression(fallback)]));
}
export function nth_value(column: ColumnOrName, n: number, ignoreNulls = false): Column {
  return new Column(call("nth_value", [columnExpression(column), valueExpression(n), valueExpression(ignoreNulls)]));
}
