/** Dates, times and windows of time. */
import { Column, type ColumnOrName, type ColumnOrValue, columnExpression, valueExpression } from "../column.ts";
import { call } from "../expression.ts";
import { binary, columnCall, nullary, ternary, unary, variadic } from "./make.ts";

/**
 * Windows of time, as a struct with `start` (inclusive) and `end`: tumbling, or sliding when `slide` is less than the
 * duration. Durations are texts such as `"10 seconds"`.
 *
 * @example df.groupBy(window("time", "10 seconds"), "device").agg(avg("celsius"))
 */
export function window(time: ColumnOrName, duration: string, slide?: string, startTime?: string): Column {
  const texts = startTime === undefined ? [slide] : [slide ?? duration, startTime];
  const more = texts.filter((t) => t !== undefined).map((t) => valueExpression(t));
  return new Column(call("window", [columnExpression(time), valueExpression(duration), ...more]));
}

/** Sessions: rows closer to each other than the gap, a text such as `"5 minutes"` or a column. */
export function session_window(time: ColumnOrName, gap: Column | string): Column {
  return new Column(call("session_window", [columnExpression(time), valueExpression(gap)]));
}

/** The last instant of a window, as a TIMESTAMP: the event time of its results. */
export const window_time = unary("window_time");

export const current_timestamp = nullary("current_timestamp");
export const now = nullary("now");
export const localtimestamp = nullary("localtimestamp");
export const current_date = nullary("current_date");
export const curdate = nullary("curdate");
export const current_timezone = nullary("current_timezone");

export const year = unary("year");
export const quarter = unary("quarter");
export const month = unary("month");
export const day = unary("day");
export const dayofmonth = unary("dayofmonth");
export const dayofweek = unary("dayofweek");
export const dayofyear = unary("dayofyear");
export const weekday = unary("weekday");
export const weekofyear = unary("weekofyear");
export const hour = unary("hour");
export const minute = unary("minute");
export const second = unary("second");
export const last_day = unary("last_day");
export const dayname = unary("dayname");
export const monthname = unary("monthname");

export const unix_date = unary("unix_date");
export const unix_seconds = unary("unix_seconds");
export const unix_millis = unary("unix_millis");
export const unix_micros = unary("unix_micros");
export const timestamp_seconds = unary("timestamp_seconds");
export const timestamp_millis = unary("timestamp_millis");
export const timestamp_micros = unary("timestamp_micros");
export const date_from_unix_date = unary("date_from_unix_date");
export const make_date = ternary("make_date");
/** From year, month, day, hour, minute, second and, if given, zone. */
export const make_timestamp = variadic("make_timestamp");
export const make_timestamp_ntz = variadic("make_timestamp_ntz");
export const make_timestamp_ltz = variadic("make_timestamp_ltz");
export const try_make_timestamp = variadic("try_make_timestamp");
/** Days from the second to the first. */
export const datediff = binary("datediff");
export const date_diff = binary("date_diff");

/** A part by name: `date_part(lit("year"), "time")`. */
export const date_part = binary("date_part");
export const datepart = binary("datepart");
export const extract = binary("extract");

const formatted =
  (name: string) =>
  (column: ColumnOrName, format?: string): Column =>
    new Column(call(name, [columnExpression(column), ...(format === undefined ? [] : [valueExpression(format)])]));

/** Text to DATE, by a pattern such as `"yyyy-MM-dd"`. */
export const to_date = formatted("to_date");
export const try_to_date = formatted("try_to_date");
/** Text to TIMESTAMP. */
export const to_timestamp = formatted("to_timestamp");
export const try_to_timestamp = (column: ColumnOrName, format?: ColumnOrName): Column =>
  columnCall("try_to_timestamp", [column, format]);
export const to_timestamp_ntz = (column: ColumnOrName, format?: ColumnOrName): Column =>
  columnCall("to_timestamp_ntz", [column, format]);
export const to_timestamp_ltz = (column: ColumnOrName, format?: ColumnOrName): Column =>
  columnCall("to_timestamp_ltz", [column, format]);
/** Seconds to text. */
export const from_unixtime = formatted("from_unixtime");

/** Seconds since 1970 of a time, or of text by a pattern; without arguments of now. */
export function unix_timestamp(column?: ColumnOrName, format = "yyyy-MM-dd HH:mm:ss"): Column {
  return new Column(
    call("unix_timestamp", column === undefined ? [] : [columnExpression(column), valueExpression(format)]),
  );
}
export function to_unix_timestamp(column: ColumnOrName, format?: ColumnOrName): Column {
  return columnCall("to_unix_timestamp", [column, format]);
}

/** A time as text, by a pattern such as `"HH:mm"`. */
export function date_format(column: ColumnOrName, format: string): Column {
  return new Column(call("date_format", [columnExpression(column), valueExpression(format)]));
}
/** Cuts a time to a unit: `date_trunc("hour", "time")`. */
export function date_trunc(unit: string, column: ColumnOrName): Column {
  return new Column(call("date_trunc", [valueExpression(unit), columnExpression(column)]));
}
/** Cuts a date to a unit: `trunc("day", "month")`. */
export function trunc(column: ColumnOrName, unit: string): Column {
  return new Column(call("trunc", [columnExpression(column), valueExpression(unit)]));
}

/** A string is a column's name; a number a constant. */
function count(value: ColumnOrName | number) {
  return typeof value === "number" ? valueExpression(value) : columnExpression(value);
}
const shifted =
  (name: string) =>
  (column: ColumnOrName, by: ColumnOrName | number): Column =>
    new Column(call(name, [columnExpression(column), count(by)]));

export const date_add = shifted("date_add");
export const dateadd = shifted("dateadd");
export const date_sub = shifted("date_sub");
export const add_months = shifted("add_months");

export function months_between(later: ColumnOrName, earlier: ColumnOrName, roundOff = true): Column {
  return new Column(
    call("months_between", [columnExpression(later), columnExpression(earlier), valueExpression(roundOff)]),
  );
}
export function next_day(column: ColumnOrName, dayOfWeek: string): Column {
  return new Column(call("next_day", [columnExpression(column), valueExpression(dayOfWeek)]));
}
const zoned =
  (name: string) =>
  (column: ColumnOrName, zone: ColumnOrValue): Column =>
    new Column(call(name, [columnExpression(column), valueExpression(zone)]));

export const from_utc_timestamp = zoned("from_utc_timestamp");
export const to_utc_timestamp = zoned("to_utc_timestamp");

export function convert_timezone(from: Column | null, to: Column, time: ColumnOrName): Column {
  return columnCall("convert_timezone", [from ?? undefined, to, time]);
}
export function make_interval(...parts: ColumnOrName[]): Column {
  return columnCall("make_interval", parts);
}
export const make_dt_interval = variadic("make_dt_interval");
export const make_ym_interval = variadic("make_ym_interval");
/** `timestampdiff("MINUTE", "start", "end")` */
export function timestamp_diff(unit: string, start: ColumnOrName, end: ColumnOrName): Column {
  return new Column(call("timestampdiff", [valueExpression(unit), columnExpression(start), columnExpression(end)]));
}
export function timestamp_add(unit: string, quantity: ColumnOrName, time: ColumnOrName): Column {
  return new Column(call("timestampadd", [valueExpression(unit), columnExpression(quantity), columnExpression(time)]));
}
