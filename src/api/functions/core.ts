/** Columns, constants, conditions. */
import { Column, type ColumnOrName, type ColumnOrValue, columnExpression, valueExpression } from "../column.ts";
import { attribute, call, sqlText } from "../expression.ts";
import { binary, columnCall, nullary, ternary, unary, variadic } from "./make.ts";

export { udf } from "../scripts.ts";

/** A column by name. `col("e.device")` reaches into a struct or an aliased DataFrame; `col("*")` is all columns. */
export function col(name: string): Column {
  return new Column(attribute(name));
}
export const column = col;

/**
 * A constant. Whole numbers are INT, or BIGINT beyond 32 bits; other numbers DOUBLE; bigint BIGINT; Date TIMESTAMP;
 * `Decimal` DECIMAL; arrays ARRAY. For others cast: `lit(1).cast("double")`.
 */
export function lit(value: ColumnOrValue): Column {
  return value instanceof Column ? value : new Column(valueExpression(value));
}

/** SQL text as a column: `expr("celsius * 1.8 + 32")`. */
export function expr(sql: string): Column {
  return new Column(sqlText(sql));
}

/** A function by its SQL name, for those that have no function here. */
export function call_function(name: string, ...columns: ColumnOrName[]): Column {
  return columnCall(name, columns);
}

/** `when(condition, value).when(…).otherwise(…)`; null when no condition is true. */
export function when(condition: Column, value: ColumnOrValue): Column {
  return new Column(call("when", [condition.expression, valueExpression(value)]));
}

export function asc(column: ColumnOrName): Column {
  return new Column(columnExpression(column)).asc();
}
export function asc_nulls_first(column: ColumnOrName): Column {
  return new Column(columnExpression(column)).asc_nulls_first();
}
export function asc_nulls_last(column: ColumnOrName): Column {
  return new Column(columnExpression(column)).asc_nulls_last();
}
export function desc(column: ColumnOrName): Column {
  return new Column(columnExpression(column)).desc();
}
export function desc_nulls_first(column: ColumnOrName): Column {
  return new Column(columnExpression(column)).desc_nulls_first();
}
export function desc_nulls_last(column: ColumnOrName): Column {
  return new Column(columnExpression(column)).desc_nulls_last();
}

/** The first argument that isn't null. */
export const coalesce = variadic("coalesce");
export const ifnull = binary("ifnull");
export const nvl = binary("nvl");
/** The second argument where the first isn't null, else the third. */
export const nvl2 = ternary("nvl2");
/** Null where both are equal. */
export const nullif = binary("nullif");
export const nullifzero = unary("nullifzero");
export const zeroifnull = unary("zeroifnull");
/** The first where it isn't NaN, else the second. */
export const nanvl = binary("nanvl");
export const isnull = unary("isnull");
export const isnotnull = unary("isnotnull");
export const isnan = unary("isnan");
export const equal_null = binary("equal_null");
/** The greatest argument; nulls are skipped. */
export const greatest = variadic("greatest");
export const least = variadic("least");
export const not = unary("not");
export const negate = unary("negative");
export const negative = unary("negative");
export const positive = unary("positive");
export const bitwise_not = unary("~");
export const bitwiseNOT = unary("~");
export const typeof_ = unary("typeof");
export const monotonically_increasing_id = nullary("monotonically_increasing_id");
export const spark_partition_id = nullary("spark_partition_id");
export const input_file_name = nullary("input_file_name");
export const uuid = nullary("uuid");
export const version = nullary("version");
export const current_user = nullary("current_user");
export const current_database = nullary("current_database");
export const current_catalog = nullary("current_catalog");

/** A random number in [0, 1). */
export function rand(seed?: number): Column {
  return new Column(call("rand", seed === undefined ? [] : [valueExpression(seed)]));
}
export function randn(seed?: number): Column {
  return new Column(call("randn", seed === undefined ? [] : [valueExpression(seed)]));
}

/** An error at run time where the condition isn't true. */
export function assert_true(condition: Column, message?: ColumnOrValue): Column {
  const more = message === undefined ? [] : [valueExpression(message)];
  return new Column(call("assert_true", [condition.expression, ...more]));
}
export function raise_error(message: ColumnOrValue): Column {
  return new Column(call("raise_error", [valueExpression(message)]));
}
