/** Dates and times, one case each, in UTC and in a zone with daylight saving. */

import * as F from "../../../src/functions.ts";
import type { Column } from "../../../src/index.ts";
import { type Case, differs, type Gap } from "../case.ts";
import { times } from "./inputs.ts";

const table: Readonly<Record<string, () => Column>> = {
  year: () => F.year("t"),
  quarter: () => F.quarter("d"),
  month: () => F.month("n"),
  dayofmonth: () => F.dayofmonth("t"),
  dayofweek: () => F.dayofweek("d"),
  dayofyear: () => F.dayofyear("t"),
  weekday: () => F.weekday("t"),
  weekofyear: () => F.weekofyear("d"),
  hour: () => F.hour("t"),
  "hour of TIMESTAMP_NTZ": () => F.hour("n"),
  minute: () => F.minute("t"),
  second: () => F.second("t"),
  "extract second": () => F.extract(F.lit("SECOND"), "t"),
  date_part: () => F.date_part(F.lit("year"), "n"),
  last_day: () => F.last_day("d"),
  next_day: () => F.next_day("d", "Mon"),
  date_add: () => F.date_add("d", "k"),
  date_sub: () => F.date_sub("d", 31),
  add_months: () => F.add_months("d", "k"),
  "add_months at a month's end": () => F.add_months("d", 1),
  months_between: () => F.months_between("t", "u"),
  datediff: () => F.datediff("t", "u"),
  "difference of timestamps": () => F.col("t").minus(F.col("u")),
  "difference of dates": () => F.col("d").minus(F.lit("2024-01-01").cast("date")),
  "timestamp plus interval": () => F.col("t").plus(F.expr("INTERVAL '1 02:03:04.5' DAY TO SECOND")),
  "date plus months": () => F.col("d").plus(F.expr("INTERVAL '1-2' YEAR TO MONTH")),
  date_format: () => F.date_format("t", "yyyy-MM-dd HH:mm:ss.SSSSSS EEE"),
  "date_format with zone": () => F.date_format("t", "dd MMM yyyy hh:mm a XXX"),
  "date_trunc hour": () => F.date_trunc("hour", "t"),
  "date_trunc day": () => F.date_trunc("day", "t"),
  "date_trunc week": () => F.date_trunc("week", "t"),
  "date_trunc quarter": () => F.date_trunc("quarter", "t"),
  "date_trunc of an unknown unit": () => F.date_trunc("eon", "t"),
  "trunc month": () => F.trunc("d", "month"),
  "trunc year": () => F.trunc("d", "year"),
  unix_timestamp: () => F.unix_timestamp("t"),
  unix_seconds: () => F.unix_seconds("t"),
  unix_millis: () => F.unix_millis("t"),
  unix_micros: () => F.unix_micros("t"),
  unix_date: () => F.unix_date("d"),
  timestamp_seconds: () => F.timestamp_seconds("k"),
  timestamp_millis: () => F.timestamp_millis("k"),
  timestamp_micros: () => F.timestamp_micros("k"),
  date_from_unix_date: () => F.date_from_unix_date("k"),
  from_unixtime: () => F.from_unixtime(F.unix_seconds("t")),
  "from_unixtime with format": () => F.from_unixtime("k", "yyyy/MM/dd HH-mm-ss"),
  to_date: () => F.to_date("t"),
  "to_date with format": () => F.to_date(F.date_format("d", "dd.MM.yyyy"), "dd.MM.yyyy"),
  to_timestamp: () => F.to_timestamp(F.col("t").cast("string")),
  "to_timestamp with format": () => F.to_timestamp(F.date_format("t", "yyyyMMdd HHmmss"), "yyyyMMdd HHmmss"),
  "TIMESTAMP as text": () => F.col("t").cast("string"),
  "TIMESTAMP_NTZ as text": () => F.col("n").cast("string"),
  "DATE as text": () => F.col("d").cast("string"),
  "TIMESTAMP as DATE": () => F.col("t").cast("date"),
  "DATE as TIMESTAMP": () => F.col("d").cast("timestamp"),
  "TIMESTAMP as BIGINT": () => F.col("t").cast("bigint"),
  "TIMESTAMP as DOUBLE": () => F.col("t").cast("double"),
  "BIGINT as TIMESTAMP": () => F.col("k").cast("bigint").cast("timestamp"),
  "TIMESTAMP as TIMESTAMP_NTZ": () => F.col("t").cast("timestamp_ntz"),
  "TIMESTAMP_NTZ as TIMESTAMP": () => F.col("n").cast("timestamp"),
  from_utc_timestamp: () => F.from_utc_timestamp("t", "Asia/Tokyo"),
  to_utc_timestamp: () => F.to_utc_timestamp("t", "America/New_York"),
  make_date: () => F.make_date(F.year("d"), F.month("d"), F.lit(1)),
  make_timestamp: () => F.make_timestamp(F.year("d"), F.lit(2), F.lit(3), F.lit(4), F.lit(5), F.lit(6.789)),
  "order of timestamps": () => F.col("t").lt(F.col("u")),
  "date and timestamp": () => F.col("d").eq(F.col("t")),
  "greatest of timestamps": () => F.greatest("t", "u"),
  "tumbling window": () => F.window("t", "10 minutes"),
  "tumbling window with an offset": () => F.window("t", "1 hour", undefined, "15 minutes"),
  dayname: () => F.dayname("d"),
  monthname: () => F.monthname("d"),
  "hash of TIMESTAMP": () => F.hash("t"),
  "hash of DATE": () => F.hash("d"),
  "xxhash64 of TIMESTAMP": () => F.xxhash64("t"),
};

/** Those whose result depends on the session's zone. */
const zoned = [
  "hour",
  "dayofmonth",
  "date_trunc day",
  "date_trunc hour",
  "date_format with zone",
  "TIMESTAMP as text",
  "TIMESTAMP as DATE",
  "DATE as TIMESTAMP",
  "TIMESTAMP as TIMESTAMP_NTZ",
  "TIMESTAMP_NTZ as TIMESTAMP",
  "from_unixtime",
  "unix_timestamp",
  "to_timestamp",
  "make_timestamp",
  "datediff",
  "months_between",
  "timestamp plus interval",
  "tumbling window",
];

const beforeEpoch = differs("fractions of a second before 1970 round down; Spark cuts them off");

/** Differences that stay for now, by case. */
const gaps: Readonly<Record<string, Gap>> = {
  unix_timestamp: beforeEpoch,
  "unix_timestamp in Athens": beforeEpoch,
};

const select = (name: string, column: () => Column, conf?: Readonly<Record<string, string>>): Case => ({
  kind: "batch",
  name,
  ...(gaps[name] && { gap: gaps[name] }),
  ...(conf && { conf }),
  tables: { t: times },
  program: ({ table: read }) => read("t").select("t", "u", "d", "n", "k", column().alias("result")),
});

export const cases: readonly Case[] = [
  ...Object.entries(table).map(([name, column]) => select(name, column)),
  ...zoned.map((name) =>
    select(`${name} in Athens`, table[name] as () => Column, { "spark.sql.session.timeZone": "Europe/Athens" }),
  ),
];
