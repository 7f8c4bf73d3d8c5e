import { SluiceError } from "../../errors/error.ts";
import { daysInMonth } from "../../types/calendar.ts";
import {
  addMonths,
  checkedDays,
  civilFromDays,
  dayOfYear,
  daysFromCivil,
  fromLocalTime,
  instantOf,
  isoWeek,
  isoWeekday,
  lastDayOfMonth,
  localTime,
  microsOf,
  zoneOf,
} from "../../types/datetime.ts";
import {
  DATE,
  type DataType,
  DOUBLE,
  decimal,
  INT,
  LONG,
  STRING,
  TIMESTAMP,
  TIMESTAMP_NTZ,
} from "../../types/types.ts";
import { longValue, type Value } from "../../types/values.ts";
import { type MakeContext, type SimpleDefinition, simple } from "../define.ts";
import type { ScalarFunction, SessionSettings } from "../definition.ts";

export function datetime(def: Omit<SimpleDefinition, "group">): ScalarFunction {
  return simple({ group: "datetime", ...def });
}

/** The clock that a timestamp type is read on. */
export function clockOf(type: DataType, settings: SessionSettings) {
  return zoneOf(type.kind === "timestamp_ntz" ? "UTC" : settings.timeZone);
}

/** A field of a date's calendar. */
function dateField(
  name: string,
  aliases: readonly string[],
  summary: string,
  examples: readonly string[],
  run: (days: number) => number,
): ScalarFunction {
  return datetime({ name, aliases, summary, args: "date", examples, inputs: [DATE], output: INT, run });
}

function clockField(
  name: string,
  summary: string,
  examples: readonly string[],
  run: (secondOfDay: number) => number,
): ScalarFunction {
  return datetime({
    name,
    summary,
    args: "timestamp",
    examples,
    inputs: ["anyTimestamp"],
    output: INT,
    make({ types, settings }) {
      const zone = clockOf(types[0], settings);
      return (us: number | bigint) => run(localTime(us, zone).secondOfDay);
    },
  });
}

function quarter(days: number): number {
  return Math.ceil(civilFromDays(days).month / 3);
}

/** Truncated to the start of a unit of days, or undefined when the unit isn't one of those. */
export function truncateDays(days: number, unit: string): number | undefined {
  const { year, month } = civilFromDays(days);
  switch (unit.toUpperCase()) {
    case "YEAR":
    case "YYYY":
    case "YY":
      return daysFromCivil(year, 1, 1);
    case "QUARTER":
      return daysFromCivil(year, Math.floor((month - 1) / 3) * 3 + 1, 1);
    case "MONTH":
    case "MON":
    case "MM":
      return daysFromCivil(year, month, 1);
    case "WEEK":
      return days - isoWeekday(days) + 1;
    default:
      return undefined;
  }
}

function truncateDate(days: number, unit: string): number | null {
  return truncateDays(days, unit) ?? null;
}

const CLOCK_UNITS: Readonly<Record<string, number>> = { HOUR: 3600, MINUTE: 60, SECOND: 1 };

function truncateTimestamp({ types, settings, wide }: MakeContext) {
  const zone = clockOf(types[1], settings);
  return (unit: string, us: number | bigint): Value => {
    const name = unit.toUpperCase();
    if (name === "MICROSECOND") return us;
    if (name === "MILLISECOND") {
      const { seconds, micros } = instantOf(us);
      return microsOf({ seconds, micros: micros - (micros % 1000) }, wide);
    }
    const local = localTime(us, zone);
    const size = CLOCK_UNITS[name];
    if (size !== undefined) {
      const over = local.secondOfDay % size;
      const { seconds } = instantOf(us);
      return microsOf({ seconds: seconds - over, micros: 0 }, wide);
    }
    const days = name === "DAY" || name === "DD" ? local.days : truncateDays(local.days, name);
    return days === undefined ? null : fromLocalTime({ days, secondOfDay: 0, micros: 0 }, zone, wide);
  };
}

function monthsBetween({ types, settings }: MakeContext) {
  const zone = clockOf(types[0], settings);
  // Elapsed seconds: on a day on which the clock changes they aren't what it shows.
  const sinceMidnight = (us: number | bigint, days: number): number => instantOf(us).seconds - zone.toUtc(days * 86400);
  return (a: number | bigint, b: number | bigint, roundOff = true): number => {
    const x = localTime(a, zone);
    const y = localTime(b, zone);
    const p = civilFromDays(x.days);
    const q = civilFromDays(y.days);
    const months = (p.year - q.year) * 12 + p.month - q.month;
    const lastP = p.day === daysInMonth(p.year, p.month);
    const lastQ = q.day === daysInMonth(q.year, q.month);
    if (p.day === q.day || (lastP && lastQ)) return months;
    const seconds = (p.day - q.day) * 86400 + (sinceMidnight(a, x.days) - sinceMidnight(b, y.days));
    const difference = months + seconds / (31 * 86400);
    return roundOff ? Math.round(difference * 1e8) / 1e8 : difference;
  };
}

const WEEKDAYS = ["THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY"];

function nextDay(days: number, name: string, ansi: boolean): number | null {
  const wanted = name.trim().toUpperCase();
  const index = WEEKDAYS.findIndex(
    (d) => wanted.length >= 2 && (d === wanted || d.slice(0, 3) === wanted || d.slice(0, 2) === wanted),
  );
  if (index < 0) {
    if (!ansi) return null;
    throw new SluiceError("ILLEGAL_DAY_OF_WEEK", { string: name });
  }
  return days + 1 + ((((index - 1 - days) % 7) + 7) % 7);
}

function badDate(text: string): never {
  throw new SluiceError("DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION", { rangeMessage: text });
}

function makeDate({ settings }: MakeContext) {
  return (year: number, month: number, day: number): number | null =>
    checkedDays(year, month, day) ?? (settings.ansi ? badDate(`${year}-${month}-${day}`) : null);
}

function makeTimestamp(attempt: boolean, type?: DataType) {
  return (context: MakeContext) => {
    const { settings, wide } = context;
    const own = zoneOf((type ?? TIMESTAMP).kind === "timestamp_ntz" ? "UTC" : settings.timeZone);
    return (
      year: number,
      month: number,
      day: number,
      hour: number,
      minute: number,
      micros: number | bigint,
      zoneId?: string,
    ): Value => {
      const zone = zoneId === undefined ? own : zoneOf(zoneId);
      const us = Number(micros);
      const days = checkedDays(year, month, day);
      const valid =
        days !== undefined && hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && us >= 0 && us <= 60e6;
      if (!valid) {
        if (attempt || !settings.ansi) return null;
        if (us > 60e6 && us < 61e6) throw new SluiceError("INVALID_FRACTION_OF_SECOND", { secAndMicros: us / 1e6 });
        return badDate(`${year}-${month}-${day} ${hour}:${minute}:${us / 1e6}`);
      }
      const second = Math.floor(us / 1e6);
      return fromLocalTime({ days, secondOfDay: hour * 3600 + minute * 60 + second, micros: us % 1e6 }, zone, wide);
    };
  };
}

function toMicros(factor: number) {
  return ({ wide }: MakeContext) =>
    (x: number | bigint): Value => {
      const us = BigInt(x) * BigInt(factor);
      if (BigInt.asIntN(64, us) !== us)
        throw new SluiceError("ARITHMETIC_OVERFLOW", { message: "timestamp", alternative: "" });
      return longValue(us, wide);
    };
}

function fromMicros(factor: number) {
  return ({ wide }: MakeContext) =>
    (us: number | bigint): Value => {
      if (typeof us === "number") return Math.floor(us / factor);
      const f = BigInt(factor);
      return longValue((us - (((us % f) + f) % f)) / f, wide);
    };
}

function shiftZone(direction: "from" | "to") {
  return ({ wide }: MakeContext) =>
    (us: number | bigint, id: string): Value => {
      const zone = zoneOf(id);
      const utc = zoneOf("UTC");
      // from_utc: what the zone's clock shows at that instant, told as if it were UTC.
      return direction === "from"
        ? fromLocalTime(localTime(us, zone), utc, wide)
        : fromLocalTime(localTime(us, utc), zone, wide);
    };
}

const DATE_EXAMPLES = "DATE'2024-02-29'";

export const datetimeFunctions: readonly ScalarFunction[] = [
  dateField(
    "year",
    [],
    "Year.",
    [`year(${DATE_EXAMPLES})`, "year('2016-07-30')", "year(TIMESTAMP'0001-01-01 00:00:00')", "year(NULL)"],
    (d) => civilFromDays(d).year,
  ),
  dateField("quarter", [], "Quarter, 1 to 4.", [`quarter(${DATE_EXAMPLES})`, "quarter('2016-08-31')"], quarter),
  dateField("month", [], "Month, 1 to 12.", [`month(${DATE_EXAMPLES})`], (d) => civilFromDays(d).month),
  dateField(
    "day",
    ["dayofmonth"],
    "Day of the month.",
    [`day(${DATE_EXAMPLES})`, "dayofmonth('2009-07-30')"],
    (d) => civilFromDays(d).day,
  ),
  dateField(
    "dayofweek",
    [],
    "Day of the week, 1 is Sunday.",
    [`dayofweek(${DATE_EXAMPLES})`, "dayofweek('2024-03-03')"],
    (d) => (isoWeekday(d) % 7) + 1,
  ),
  dateField("weekday", [], "Day of the week, 0 is Monday.", [`weekday(${DATE_EXAMPLES})`], (d) => isoWeekday(d) - 1),
  dateField("dayofyear", [], "Day of the year.", [`dayofyear(${DATE_EXAMPLES})`], dayOfYear),
  dateField(
    "weekofyear",
    [],
    "ISO week of the year.",
    [`weekofyear(${DATE_EXAMPLES})`, "weekofyear('2021-01-01')", "weekofyear('2020-12-31')"],
    (d) => isoWeek(d).week,
  ),
  datetime({
    name: "dayname",
    summary: "Day of the week by its English name, three letters.",
    args: "date",
    examples: ["dayname(DATE'2024-02-29')"],
    inputs: [DATE],
    output: STRING,
    run: (d: number) => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][isoWeekday(d) - 1],
  }),
  datetime({
    name: "monthname",
    summary: "Month by its English name, three letters.",
    args: "date",
    examples: ["monthname(DATE'2024-02-29')"],
    inputs: [DATE],
    output: STRING,
    run: (d: number) => "JanFebMarAprMayJunJulAugSepOctNovDec".slice((civilFromDays(d).month - 1) * 3).slice(0, 3),
  }),
  clockField("hour", "Hour, 0 to 23.", ["hour('2009-07-30 12:58:59')", "hour(TIMESTAMP'2024-01-01 23:00:00')"], (s) =>
    Math.floor(s / 3600),
  ),
  clockField("minute", "Minute, 0 to 59.", ["minute('2009-07-30 12:58:59')"], (s) => Math.floor(s / 60) % 60),
  clockField("second", "Second, 0 to 59.", ["second('2009-07-30 12:58:59')"], (s) => s % 60),
  datetime({
    name: "date_add",
    aliases: ["dateadd"],
    summary: "The date so many days later.",
    args: "start_date, num_days",
    examples: [
      "date_add('2016-07-30', 1)",
      "date_add(DATE'2024-02-28', 2)",
      "date_add('2016-07-30', -1)",
      "date_add(NULL, 1)",
    ],
    inputs: [DATE, INT],
    output: DATE,
    run: (d: number, n: number) => (d + n) | 0,
  }),
  datetime({
    name: "date_sub",
    summary: "The date so many days earlier.",
    args: "start_date, num_days",
    examples: ["date_sub('2016-07-30', 1)", "date_sub(DATE'2024-03-01', 1)"],
    inputs: [DATE, INT],
    output: DATE,
    run: (d: number, n: number) => (d - n) | 0,
  }),
  datetime({
    name: "datediff",
    aliases: ["date_diff"],
    summary: "Number of days from the second date to the first.",
    args: "endDate, startDate",
    examples: ["datediff('2009-07-31', '2009-07-30')", "date_diff(DATE'2009-07-30', DATE'2009-07-31')"],
    inputs: [DATE, DATE],
    output: INT,
    run: (a: number, b: number) => a - b,
  }),
  datetime({
    name: "add_months",
    summary: "The same day so many months later, or that month's last day.",
    args: "start_date, num_months",
    examples: ["add_months('2016-08-31', 1)", "add_months('2024-02-29', 12)", "add_months('2024-03-31', -1)"],
    inputs: [DATE, INT],
    output: DATE,
    run: addMonths,
  }),
  datetime({
    name: "months_between",
    summary: "Number of months between two timestamps, a day being 1/31 month.",
    args: "timestamp1, timestamp2, roundOff",
    examples: [
      "months_between('1997-02-28 10:30:00', '1996-10-30')",
      "months_between('1997-02-28 10:30:00', '1996-10-30', false)",
      "months_between('2024-03-31', '2024-02-29')",
    ],
    inputs: [TIMESTAMP, TIMESTAMP, { kind: "boolean" }],
    min: 2,
    output: DOUBLE,
    prettyName: (args) => `months_between(${args.join(", ")}${args.length === 2 ? ", true" : ""})`,
    make: monthsBetween,
  }),
  datetime({
    name: "last_day",
    summary: "The last day of the date's month.",
    args: "date",
    examples: ["last_day('2009-01-12')", "last_day(DATE'2024-02-01')"],
    inputs: [DATE],
    output: DATE,
    run: lastDayOfMonth,
  }),
  datetime({
    name: "next_day",
    summary: "The first date later than the given one that is that day of the week.",
    args: "start_date, day_of_week",
    examples: ["next_day('2015-01-14', 'TU')", "next_day('2015-01-14', 'Wednesday')", "next_day('2015-01-14', 'xx')"],
    inputs: [DATE, STRING],
    output: DATE,
    mayReturnNull: true,
    make:
      ({ settings }) =>
      (d: number, name: string) =>
        nextDay(d, name, settings.ansi),
  }),
  datetime({
    name: "trunc",
    summary: "The date at the start of its year, quarter, month or week.",
    args: "date, fmt",
    examples: [
      "trunc('2019-08-04', 'week')",
      "trunc('2019-08-04', 'quarter')",
      "trunc('2009-02-12', 'MM')",
      "trunc('2015-10-27', 'YEAR')",
      "trunc('2015-10-27', 'xx')",
    ],
    inputs: [DATE, STRING],
    output: DATE,
    mayReturnNull: true,
    run: truncateDate,
  }),
  datetime({
    name: "date_trunc",
    summary: "The timestamp at the start of its year … microsecond.",
    args: "fmt, ts",
    examples: [
      "date_trunc('YEAR', '2015-03-05T09:32:05.359')",
      "date_trunc('MM', TIMESTAMP'2015-03-05 09:32:05.359')",
      "date_trunc('DD', '2015-03-05T09:32:05.359')",
      "date_trunc('HOUR', '2015-03-05T09:32:05.359')",
      "date_trunc('MILLISECOND', '2015-03-05T09:32:05.123456')",
      "date_trunc('WEEK', '2015-03-05')",
      "date_trunc('QUARTER', '2015-08-05')",
      "date_trunc('SECOND', '1960-03-05T09:32:05.5')",
      "date_trunc('x', '2015-03-05')",
    ],
    inputs: [STRING, TIMESTAMP],
    output: TIMESTAMP,
    mayReturnNull: true,
    make: truncateTimestamp,
  }),
  datetime({
    name: "make_date",
    summary: "The date of year, month and day.",
    args: "year, month, day",
    examples: ["make_date(2013, 7, 15)", "make_date(2019, 13, 1)", "make_date(2019, 2, 30)", "make_date(NULL, 1, 1)"],
    inputs: [INT, INT, INT],
    output: DATE,
    mayReturnNull: true,
    make: makeDate,
  }),
  datetime({
    name: "make_timestamp",
    aliases: ["make_timestamp_ltz"],
    summary: "The timestamp of its parts, in the given or the session's time zone.",
    args: "year, month, day, hour, min, sec, timezone",
    examples: [
      "make_timestamp(2014, 12, 28, 6, 30, 45.887)",
      "make_timestamp(2014, 12, 28, 6, 30, 45.887, 'CET')",
      "make_timestamp(2019, 6, 30, 23, 59, 60)",
      "make_timestamp(2019, 13, 1, 10, 11, 12)",
      "make_timestamp(NULL, 7, 22, 15, 30, 0)",
      "make_timestamp(2019, 6, 30, 23, 59, 61)",
    ],
    inputs: [INT, INT, INT, INT, INT, decimal(16, 6), STRING],
    min: 6,
    output: TIMESTAMP,
    mayReturnNull: true,
    make: makeTimestamp(false),
  }),
  datetime({
    name: "make_timestamp_ntz",
    summary: "The timestamp without zone of its parts.",
    args: "year, month, day, hour, min, sec",
    examples: ["make_timestamp_ntz(2014, 12, 28, 6, 30, 45.887)"],
    inputs: [INT, INT, INT, INT, INT, decimal(16, 6)],
    output: TIMESTAMP_NTZ,
    mayReturnNull: true,
    make: makeTimestamp(false, TIMESTAMP_NTZ),
  }),
  datetime({
    name: "try_make_timestamp",
    summary: "The timestamp of its parts, or NULL.",
    args: "year, month, day, hour, min, sec, timezone",
    examples: ["try_make_timestamp(2014, 12, 28, 6, 30, 45.887)", "try_make_timestamp(2014, 13, 28, 6, 30, 45.887)"],
    inputs: [INT, INT, INT, INT, INT, decimal(16, 6), STRING],
    min: 6,
    output: TIMESTAMP,
    nullable: true,
    mayReturnNull: true,
    make: makeTimestamp(true),
  }),
  datetime({
    name: "timestamp_seconds",
    summary: "The timestamp so many seconds after 1970-01-01 UTC.",
    args: "seconds",
    examples: ["timestamp_seconds(1230219000)", "timestamp_seconds(1230219000.123)", "timestamp_seconds(1.5D)"],
    inputs: ["numeric"],
    output: TIMESTAMP,
    mayReturnNull: true,
    make: secondsToTimestamp,
  }),
  datetime({
    name: "timestamp_millis",
    summary: "The timestamp so many milliseconds after 1970-01-01 UTC.",
    args: "milliseconds",
    examples: ["timestamp_millis(1230219000123)", "timestamp_millis(-1)"],
    inputs: ["integral"],
    output: TIMESTAMP,
    make: toMicros(1000),
  }),
  datetime({
    name: "timestamp_micros",
    summary: "The timestamp so many microseconds after 1970-01-01 UTC.",
    args: "microseconds",
    examples: ["timestamp_micros(1230219000123123)"],
    inputs: ["integral"],
    output: TIMESTAMP,
    make: toMicros(1),
  }),
  datetime({
    name: "unix_seconds",
    summary: "Seconds since 1970-01-01 UTC.",
    args: "timestamp",
    examples: ["unix_seconds(TIMESTAMP('1970-01-01 00:00:01Z'))", "unix_seconds(TIMESTAMP'1969-12-31 23:59:59.5')"],
    inputs: [TIMESTAMP],
    output: LONG,
    make: fromMicros(1000000),
  }),
  datetime({
    name: "unix_millis",
    summary: "Milliseconds since 1970-01-01 UTC.",
    args: "timestamp",
    examples: ["unix_millis(TIMESTAMP('1970-01-01 00:00:01Z'))"],
    inputs: [TIMESTAMP],
    output: LONG,
    make: fromMicros(1000),
  }),
  datetime({
    name: "unix_micros",
    summary: "Microseconds since 1970-01-01 UTC.",
    args: "timestamp",
    examples: ["unix_micros(TIMESTAMP('1970-01-01 00:00:01Z'))"],
    inputs: [TIMESTAMP],
    output: LONG,
    run: (us: number | bigint) => us,
  }),
  datetime({
    name: "unix_date",
    summary: "Days since 1970-01-01.",
    args: "date",
    examples: ["unix_date(DATE('1970-01-02'))"],
    inputs: [DATE],
    output: INT,
    run: (d: number) => d,
  }),
  datetime({
    name: "date_from_unix_date",
    summary: "The date so many days after 1970-01-01.",
    args: "days",
    examples: ["date_from_unix_date(1)"],
    inputs: [INT],
    output: DATE,
    run: (d: number) => d,
  }),
  datetime({
    name: "from_utc_timestamp",
    summary: "The timestamp whose clock in UTC shows what the zone's clock shows at the given one.",
    args: "timestamp, timezone",
    examples: [
      "from_utc_timestamp('2016-08-31', 'Asia/Seoul')",
      "from_utc_timestamp('2024-07-01 12:00:00', 'America/New_York')",
    ],
    inputs: [TIMESTAMP, STRING],
    output: TIMESTAMP,
    make: shiftZone("from"),
  }),
  datetime({
    name: "convert_timezone",
    summary: "A clock's reading in one time zone as the reading in another.",
    args: "sourceTz, targetTz, sourceTs",
    examples: [
      "convert_timezone('Europe/Brussels', 'America/Los_Angeles', TIMESTAMP_NTZ'2021-12-06 00:00:00')",
      "convert_timezone('Asia/Tokyo', 'UTC', TIMESTAMP_NTZ'2021-12-05 15:00:00')",
    ],
    inputs: [STRING, STRING, TIMESTAMP_NTZ],
    output: TIMESTAMP_NTZ,
    make:
      ({ wide }) =>
      (from: string, to: string, clock: number | bigint) => {
        const utc = zoneOf("UTC");
        const instant = fromLocalTime(localTime(clock, utc), zoneOf(from), wide);
        return fromLocalTime(localTime(instant as number | bigint, zoneOf(to)), utc, wide);
      },
  }),
  datetime({
    name: "to_utc_timestamp",
    summary: "The reverse of from_utc_timestamp.",
    args: "timestamp, timezone",
    examples: ["to_utc_timestamp('2016-08-31', 'Asia/Seoul')", "to_utc_timestamp('2024-01-01 12:00:00', '+02:00')"],
    inputs: [TIMESTAMP, STRING],
    output: TIMESTAMP,
    make: shiftZone("to"),
  }),
];

function secondsToTimestamp({ types, wide }: MakeContext) {
  const [type] = types;
  return (x: number | bigint): Value => {
    if (type.kind === "double" || type.kind === "float") {
      if (!Number.isFinite(x)) return null;
      return longValue(BigInt(Math.trunc((x as number) * 1e6)), wide);
    }
    if (type.kind === "decimal") {
      const scaled = BigInt(x) * 1000000n;
      const unit = 10n ** BigInt(type.scale);
      if (scaled % unit !== 0n)
        throw new SluiceError("ARITHMETIC_OVERFLOW", {
          message: "timestamp_seconds: digits beyond microseconds",
          alternative: "",
        });
      return longValue(scaled / unit, wide);
    }
    const us = BigInt(x) * 1000000n;
    if (BigInt.asIntN(64, us) !== us)
      throw new SluiceError("ARITHMETIC_OVERFLOW", { message: "timestamp", alternative: "" });
    return longValue(us, wide);
  };
}
