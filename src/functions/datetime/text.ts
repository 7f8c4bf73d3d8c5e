/** Dates and timestamps written and read by a pattern, parts of them by name, units, and what depends on the batch's time. */
import { SluiceError } from "../../errors/error.ts";
import {
  civilFromDays,
  dayOfYear,
  fromLocalTime,
  instantOf,
  isoWeek,
  isoWeekday,
  localTime,
  microsOf,
  zoneOf,
} from "../../types/datetime.ts";
import { datetimeFormat } from "../../types/datetime-pattern.ts";
import {
  DATE,
  DAY_TIME,
  type DataType,
  decimal,
  INT,
  LONG,
  STRING,
  TIMESTAMP,
  TIMESTAMP_NTZ,
} from "../../types/types.ts";
import { longValue, type Value } from "../../types/values.ts";
import { castFunction } from "../cast/cast.ts";
import type { MakeContext } from "../define.ts";
import type { Argument, Emitter, ResolveContext, ScalarFunction, ScalarResolution } from "../definition.ts";
import { checkCount, coerce } from "../signature.ts";
import { timestampAddDays, timestampAddMonths } from "./arithmetic.ts";
import { clockOf, datetime } from "./functions.ts";

const DEFAULT_PATTERN = "yyyy-MM-dd HH:mm:ss";

function cannotParse(text: string, func: string): never {
  throw new SluiceError("CANNOT_PARSE_TIMESTAMP", { message: `Text '${text}' doesn't match the pattern`, func });
}

/** to_timestamp, to_date, unix_timestamp and their kin, with a pattern or without. */
function reader(
  name: string,
  aliases: readonly string[],
  summary: string,
  examples: readonly string[],
  output: DataType,
  attempt: boolean,
): ScalarFunction {
  return {
    kind: "scalar",
    name,
    aliases,
    group: "datetime",
    doc: { summary, args: "expr, fmt", examples },
    resolve(args, context) {
      checkCount(args, context, 1, 2);
      const source = coerce(args, 0, { anyOf: [STRING, DATE, TIMESTAMP, TIMESTAMP_NTZ] }, context);
      const inputs = [source, ...(args.length === 2 ? [coerce(args, 1, STRING, context)] : [])];
      return {
        inputs,
        output,
        nullable: attempt ? true : args.some((a) => a.nullable),
        evaluation: {
          nulls: "propagate",
          mayReturnNull: attempt || !context.settings.ansi,
          emit: (e, values) =>
            `${e.bind(readFunction(name, e, source, output, values.length === 2, attempt), name)}(${values.join(", ")})`,
        },
      };
    },
  };
}

function readFunction(
  name: string,
  e: Emitter,
  source: DataType,
  output: DataType,
  hasPattern: boolean,
  attempt: boolean,
) {
  const zone = clockOf(output, e.settings);
  const mode = attempt ? "try" : e.settings.ansi ? "ansi" : "legacy";
  const cast = castFunction(source, output, { mode, settings: e.settings, wide: e.wide, run: e.run });
  if (source.kind !== "string" || !hasPattern) return (v: Value) => cast(v);
  return (text: string, pattern: string): Value => {
    const found = datetimeFormat(pattern).parse(text, zone);
    if (found === undefined)
      return attempt || !e.settings.ansi ? null : cannotParse(text, attempt ? name : `try_${name}`);
    const us = microsOf(found, e.wide);
    return output.kind === "date" ? localTime(us, zone).days : us;
  };
}

function unixTimestamp(name: "unix_timestamp" | "to_unix_timestamp", examples: readonly string[]): ScalarFunction {
  return {
    kind: "scalar",
    name,
    group: "datetime",
    doc: {
      summary: "Seconds since 1970-01-01 UTC, of a date, a timestamp or a text in a pattern; of now without arguments.",
      args: "timeExp, fmt",
      examples,
    },
    prettyName: (args) =>
      `${name}(${(args.length === 0 ? ["current_timestamp()", DEFAULT_PATTERN] : args.length === 1 ? [args[0], DEFAULT_PATTERN] : args).join(", ")})`,
    resolve(args, context) {
      checkCount(args, context, name === "unix_timestamp" ? 0 : 1, 2);
      if (args.length === 0) return perBatch(LONG, (e) => `Math.floor(${e.bind(e.run, "run")}.nowUs / 1e6)`);
      const source = coerce(args, 0, { anyOf: [STRING, DATE, TIMESTAMP, TIMESTAMP_NTZ] }, context);
      const inputs = [source, ...(args.length === 2 ? [coerce(args, 1, STRING, context)] : [])];
      return {
        inputs,
        output: LONG,
        evaluation: {
          nulls: "propagate",
          mayReturnNull: !context.settings.ansi,
          emit: (e, values) => `${e.bind(unixSeconds(e, source), name)}(${values.join(", ")})`,
        },
      };
    },
  };
}

function unixSeconds(e: Emitter, source: DataType) {
  const zone = zoneOf(e.settings.timeZone);
  const whole = (seconds: number): Value => (e.wide ? BigInt(seconds) : seconds);
  return (v: Value, pattern = DEFAULT_PATTERN): Value => {
    switch (source.kind) {
      case "date":
        return whole(zone.toUtc((v as number) * 86400));
      case "timestamp":
        return whole(instantOf(v as number | bigint).seconds);
      case "timestamp_ntz":
        return whole(zone.toUtc(instantOf(v as number | bigint).seconds));
      default: {
        const found = datetimeFormat(pattern).parse(v as string, zone);
        if (found === undefined) return e.settings.ansi ? cannotParse(v as string, "try_to_timestamp") : null;
        return whole(found.seconds);
      }
    }
  };
}

function perBatch(output: DataType, number: (e: Emitter) => string): ScalarResolution {
  return {
    inputs: [],
    output,
    nullable: false,
    perBatch: true,
    evaluation: {
      nulls: "propagate",
      emit(e) {
        const code = number(e);
        return e.wide && output.kind !== "date" && output.kind !== "string" ? `BigInt(${code})` : code;
      },
    },
  };
}

function now(
  name: string,
  aliases: readonly string[],
  summary: string,
  output: DataType,
  code: (e: Emitter) => string,
): ScalarFunction {
  return {
    kind: "scalar",
    name,
    aliases,
    group: "datetime",
    doc: { summary, args: "", examples: [`${name}() IS NOT NULL`] },
    resolve(args, context) {
      checkCount(args, context, 0, 0);
      return perBatch(output, code);
    },
  };
}

function nowUs(e: Emitter): string {
  return `${e.bind(e.run, "run")}.nowUs`;
}

/** Parts by name for extract and date_part. */
const PARTS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    year: "Y YEARS YR YRS",
    yearofweek: "YEAROFWEEK",
    quarter: "QTR",
    month: "MON MONS MONTHS",
    week: "W WEEKS",
    day: "D DAYS",
    dayofweek: "DOW",
    dayofweek_iso: "DOW_ISO",
    doy: "DOY",
    hour: "H HOURS HR HRS",
    minute: "M MIN MINS MINUTES",
    second: "S SEC SECONDS SECS",
  }).flatMap(([part, names]) => [[part.toUpperCase(), part], ...names.split(" ").map((n) => [n, part])]),
);

function partType(part: string): DataType {
  return part === "second" ? decimal(8, 6) : INT;
}

function partOf(
  part: string,
  type: DataType,
  context: { settings: { timeZone: string }; wide: boolean },
): (v: Value) => Value {
  if (type.kind === "yearmonth_interval")
    return (v) => (part === "year" ? Math.trunc((v as number) / 12) : (v as number) % 12) as number;
  if (type.kind === "daytime_interval") return intervalPart(part, context.wide);
  const zone = clockOf(type, { ansi: true, caseSensitive: false, ...context.settings });
  return (v) => {
    const local =
      type.kind === "date" ? { days: v as number, secondOfDay: 0, micros: 0 } : localTime(v as number | bigint, zone);
    const { year, month, day } = civilFromDays(local.days);
    switch (part) {
      case "year":
        return year;
      case "yearofweek":
        return isoWeek(local.days).year;
      case "quarter":
        return Math.ceil(month / 3);
      case "month":
        return month;
      case "week":
        return isoWeek(local.days).week;
      case "day":
        return day;
      case "dayofweek":
        return (isoWeekday(local.days) % 7) + 1;
      case "dayofweek_iso":
        return isoWeekday(local.days);
      case "doy":
        return dayOfYear(local.days);
      case "hour":
        return Math.floor(local.secondOfDay / 3600);
      case "minute":
        return Math.floor(local.secondOfDay / 60) % 60;
      default: {
        const us = (local.secondOfDay % 60) * 1e6 + local.micros;
        return context.wide ? BigInt(us) : us;
      }
    }
  };
}

function intervalPart(part: string, wide: boolean): (v: Value) => Value {
  return (v) => {
    const us = BigInt(v as number | bigint);
    switch (part) {
      case "day":
        return Number(us / 86400000000n);
      case "hour":
        return Number((us / 3600000000n) % 24n);
      case "minute":
        return Number((us / 60000000n) % 60n);
      default:
        return longValue(us % 60000000n, wide);
    }
  };
}

function partFunction(
  name: "date_part" | "extract",
  aliases: readonly string[],
  examples: readonly string[],
): ScalarFunction {
  return {
    kind: "scalar",
    name,
    aliases,
    group: "datetime",
    doc: { summary: "A part of a date, timestamp or interval by its name.", args: "field, source", examples },
    prettyName: (args) =>
      name === "extract" ? `extract(${args[0]} FROM ${args[1]})` : `date_part(${args.join(", ")})`,
    resolve(args, context) {
      checkCount(args, context, 2, 2);
      const field = args[0].literal?.value;
      const source = args[1].type.kind === "string" ? TIMESTAMP : args[1].type;
      const part = typeof field === "string" ? PARTS[field.toUpperCase()] : undefined;
      const ofInterval = source.kind === "daytime_interval" || source.kind === "yearmonth_interval";
      const small =
        ofInterval &&
        (part === "hour" || part === "minute" || (part === "month" && source.kind === "yearmonth_interval"));
      if (part === undefined || (ofInterval && !["year", "month", "day", "hour", "minute", "second"].includes(part))) {
        throw new SluiceError("INVALID_EXTRACT_FIELD", { field: String(field), expr: `"${args[1].sql}"` });
      }
      const output: DataType = small ? { kind: "byte" } : partType(part);
      return {
        inputs: [args[0].type, source],
        output,
        nullable: args[1].nullable,
        evaluation: { nulls: "propagate", emit: (e, [, v]) => `${e.bind(partOf(part, source, e), part)}(${v})` },
      };
    },
  };
}

const UNIT_US: Readonly<Record<string, number>> = {
  MICROSECOND: 1,
  MILLISECOND: 1000,
  SECOND: 1e6,
  MINUTE: 6e7,
  HOUR: 3.6e9,
};
const UNIT_DAYS: Readonly<Record<string, number>> = { DAY: 1, DAYOFYEAR: 1, WEEK: 7 };
const UNIT_MONTHS: Readonly<Record<string, number>> = { MONTH: 1, QUARTER: 3, YEAR: 12 };

function unitOf(args: readonly Argument[], context: ResolveContext): string {
  const unit = args[0].literal?.value;
  const name = typeof unit === "string" ? unit.toUpperCase() : "";
  if (name in UNIT_US || name in UNIT_DAYS || name in UNIT_MONTHS) return name;
  throw new SluiceError("INVALID_PARAMETER_VALUE.DATETIME_UNIT", {
    functionName: `\`${context.name}\``,
    parameter: "`unit`",
    invalidValue: String(unit),
  });
}

const timestampAdd: ScalarFunction = {
  kind: "scalar",
  name: "timestampadd",
  group: "datetime",
  doc: {
    summary: "A timestamp so many units later.",
    args: "unit, quantity, timestamp",
    examples: [
      "timestampadd(DAY, 1, TIMESTAMP'2024-03-09 12:00:00')",
      "timestampadd(HOUR, 24, TIMESTAMP'2024-03-09 12:00:00')",
      "TIMESTAMP'2024-03-09 12:00:00' + INTERVAL '1' DAY",
      "TIMESTAMP'2024-02-10 02:30:00' + INTERVAL '1' MONTH",
      "TIMESTAMP'2024-03-10 12:00:00' - TIMESTAMP'2024-03-09 12:00:00'",
      "DATE'2024-03-10' - TIMESTAMP'2024-03-09 12:00:00'",
      "timestamp('2024-03-10 02:30:00')",
      "timestamp('2024-11-03 01:30:00')",
      "date_trunc('DAY', timestamp('2024-03-10 12:00:00'))",
      "date_trunc('HOUR', timestamp('2024-11-03 06:30:00Z'))",
      "make_timestamp(2024, 3, 10, 2, 30, 0)",
      "from_unixtime(1720000000)",
      "unix_timestamp('2024-07-01 00:00:00')",
      "date(timestamp('2024-07-01 02:00:00Z'))",
      "months_between(timestamp('2024-03-10 12:00:00'), timestamp('2024-02-09 11:00:00'))",
      "date_format(timestamp('2024-07-01 12:00:00Z'), 'yyyy-MM-dd HH:mm z XXX')",
      "sequence(TIMESTAMP'2024-03-09 12:00:00', TIMESTAMP'2024-03-11 12:00:00', INTERVAL '1' DAY)",
      "DATE'2024-01-31' + INTERVAL '1' MONTH",
      "DATE'2024-01-01' + 5",
      "DATE'2024-01-10' - DATE'2024-01-01'",
      "INTERVAL '1' DAY * 2.5",
      "INTERVAL '1' DAY / 3",
      "INTERVAL '1 12' DAY TO HOUR + INTERVAL '30' MINUTE",
      "timestampadd(HOUR, 8, TIMESTAMP_NTZ'2022-02-11 20:30:00')",
      "timestampadd(MONTH, 1, TIMESTAMP'2022-01-31 00:00:00')",
      "timestampadd(DAY, -1, TIMESTAMP'2022-03-01 00:00:00')",
      "timestampadd(WEEK, 2, TIMESTAMP'2022-03-01 00:00:00')",
      "dateadd(YEAR, 1, DATE'2024-02-29')",
    ],
  },
  resolve(args, context) {
    checkCount(args, context, 3, 3);
    const unit = unitOf(args, context);
    const type = coerce(args, 2, "anyTimestamp", context);
    return {
      inputs: [args[0].type, LONG, type],
      output: type,
      nullable: args[1].nullable || args[2].nullable,
      evaluation: {
        nulls: "propagate",
        emit(e, [, n, us]) {
          const run = (count: number | bigint, t: number | bigint): Value => {
            if (unit in UNIT_MONTHS) return timestampAddMonths(t, Number(count) * UNIT_MONTHS[unit], type, e);
            if (unit in UNIT_DAYS) return timestampAddDays(t, Number(count) * UNIT_DAYS[unit], type, e);
            return longValue(BigInt(t) + BigInt(count) * BigInt(UNIT_US[unit]), e.wide);
          };
          return `${e.bind(run, "timestampAdd")}(${n}, ${us})`;
        },
      },
    };
  },
};

const timestampDiff: ScalarFunction = {
  kind: "scalar",
  name: "timestampdiff",
  group: "datetime",
  doc: {
    summary: "Number of whole units from the first timestamp to the second.",
    args: "unit, startTimestamp, endTimestamp",
    examples: [
      "timestampdiff(HOUR, TIMESTAMP'2024-03-09 12:00:00', TIMESTAMP'2024-03-10 12:00:00')",
      "timestampdiff(DAY, TIMESTAMP'2024-03-09 12:00:00', TIMESTAMP'2024-03-10 12:00:00')",
      "timestampdiff(HOUR, TIMESTAMP'2022-02-11 20:30:00', TIMESTAMP'2022-02-12 04:30:00')",
      "timestampdiff(MONTH, TIMESTAMP'2022-01-31 00:00:00', TIMESTAMP'2022-02-28 00:00:00')",
      "timestampdiff(DAY, TIMESTAMP'2022-01-01 00:00:00', TIMESTAMP'2021-12-31 12:00:00')",
      "timestampdiff(YEAR, DATE'2020-02-29', DATE'2024-02-28')",
      "datediff(MINUTE, TIMESTAMP'2022-01-01 00:00:00', TIMESTAMP'2022-01-01 00:59:59')",
    ],
  },
  resolve(args, context) {
    checkCount(args, context, 3, 3);
    const unit = unitOf(args, context);
    return {
      inputs: [args[0].type, coerce(args, 1, TIMESTAMP, context), coerce(args, 2, TIMESTAMP, context)],
      output: LONG,
      nullable: args[1].nullable || args[2].nullable,
      evaluation: {
        nulls: "propagate",
        emit: (e, [, a, b]) => `${e.bind(difference(unit, e), "timestampDiff")}(${a}, ${b})`,
      },
    };
  },
};

function difference(unit: string, e: Emitter) {
  const zone = zoneOf(e.settings.timeZone);
  const utc = zoneOf("UTC");
  return (a: number | bigint, b: number | bigint): Value => {
    // On the wall clock, as Java's ChronoUnit counts.
    const x = localTime(a, zone);
    const y = localTime(b, zone);
    const us = (t: typeof x): number | bigint => fromLocalTime(t, utc, true);
    if (unit in UNIT_US) return longValue((BigInt(us(y)) - BigInt(us(x))) / BigInt(UNIT_US[unit]), e.wide);
    if (unit in UNIT_DAYS)
      return longValue((BigInt(us(y)) - BigInt(us(x))) / (86400000000n * BigInt(UNIT_DAYS[unit])), e.wide);
    const p = civilFromDays(x.days);
    const q = civilFromDays(y.days);
    let months = (q.year - p.year) * 12 + q.month - p.month;
    const restX = (p.day * 86400 + x.secondOfDay) * 1e6 + x.micros;
    const restY = (q.day * 86400 + y.secondOfDay) * 1e6 + y.micros;
    if (months > 0 && restY < restX) months--;
    else if (months < 0 && restY > restX) months++;
    const n = Math.trunc(months / UNIT_MONTHS[unit]) + 0;
    return e.wide ? BigInt(n) : n;
  };
}

function dateFormat({ types, settings, literals }: MakeContext) {
  const zone = clockOf(types[0], settings);
  const id = types[0].kind === "timestamp_ntz" ? "UTC" : settings.timeZone;
  const pattern = literals[1];
  if (typeof pattern === "string") {
    let format: ReturnType<typeof datetimeFormat> | undefined;
    return (us: number | bigint) => (format ??= datetimeFormat(pattern)).format(us, zone, id);
  }
  return (us: number | bigint, p: string) => datetimeFormat(p).format(us, zone, id);
}

function fromUnixtime({ settings }: MakeContext) {
  const zone = zoneOf(settings.timeZone);
  return (seconds: number | bigint, pattern = DEFAULT_PATTERN): string =>
    datetimeFormat(pattern).format(BigInt(seconds) * 1000000n, zone, settings.timeZone);
}

export const timeTextFunctions: readonly ScalarFunction[] = [
  reader(
    "to_timestamp",
    [],
    "A text as a timestamp, by a pattern or as a cast reads it.",
    [
      "to_timestamp('2016-12-31 00:12:00')",
      "to_timestamp('2016-12-31', 'yyyy-MM-dd')",
      "to_timestamp('31/12/2016 13:05', 'dd/MM/yyyy HH:mm')",
      "to_timestamp('x')",
      "to_timestamp('2016-13-31', 'yyyy-MM-dd')",
      "to_timestamp(NULL)",
      "to_timestamp('2024-01-01T10:00:00+02:00', \"yyyy-MM-dd'T'HH:mm:ssXXX\")",
      "to_timestamp('Jan 5, 2024 3:07 PM', 'MMM d, yyyy h:mm a')",
      "to_timestamp('20240131235959', 'yyyyMMddHHmmss')",
      "to_timestamp('2024-01-01 10:00:00.123', 'yyyy-MM-dd HH:mm:ss.SSS')",
      "to_timestamp('2024-1-1', 'yyyy-MM-dd')",
      "to_timestamp('1/2/24', 'd/M/yy')",
    ],
    TIMESTAMP,
    false,
  ),
  reader(
    "try_to_timestamp",
    [],
    "A text as a timestamp, or NULL.",
    ["try_to_timestamp('2016-12-31 00:12:00')", "try_to_timestamp('foo', 'yyyy-MM-dd')", "try_to_timestamp('foo')"],
    TIMESTAMP,
    true,
  ),
  reader(
    "to_timestamp_ntz",
    [],
    "A text as a timestamp without zone.",
    ["to_timestamp_ntz('2016-12-31 00:12:00')", "to_timestamp_ntz('2016-12-31', 'yyyy-MM-dd')"],
    TIMESTAMP_NTZ,
    false,
  ),
  reader(
    "to_timestamp_ltz",
    [],
    "A text as a timestamp.",
    ["to_timestamp_ltz('2016-12-31 00:12:00')"],
    TIMESTAMP,
    false,
  ),
  reader(
    "to_date",
    [],
    "A text as a date, by a pattern or as a cast reads it.",
    [
      "to_date('2009-07-30 04:17:52')",
      "to_date('2016-12-31', 'yyyy-MM-dd')",
      "to_date('30/07/2009', 'dd/MM/yyyy')",
      "to_date('x')",
      "to_date('x', 'yyyy')",
      "to_date(TIMESTAMP'2024-01-01 23:59:59')",
    ],
    DATE,
    false,
  ),
  reader(
    "try_to_date",
    [],
    "A text as a date, or NULL.",
    ["try_to_date('2016-12-31')", "try_to_date('foo', 'yyyy-MM-dd')"],
    DATE,
    true,
  ),
  unixTimestamp("unix_timestamp", [
    "unix_timestamp('2016-04-08', 'yyyy-MM-dd')",
    "unix_timestamp('2016-04-08 10:11:12')",
    "unix_timestamp(TIMESTAMP'1970-01-02 00:00:00')",
    "unix_timestamp(DATE'1970-01-02')",
    "unix_timestamp('x')",
  ]),
  unixTimestamp("to_unix_timestamp", [
    "to_unix_timestamp('2016-04-08', 'yyyy-MM-dd')",
    "to_unix_timestamp(TIMESTAMP'1970-01-02 00:00:00')",
  ]),
  datetime({
    name: "from_unixtime",
    summary: "Seconds since 1970-01-01 UTC as text in a pattern.",
    args: "unix_time, fmt",
    examples: [
      "from_unixtime(0, 'yyyy-MM-dd HH:mm:ss')",
      "from_unixtime(0)",
      "from_unixtime(-1)",
      "from_unixtime(1700000000, 'EEE dd MMM')",
    ],
    inputs: [LONG, STRING],
    min: 1,
    output: STRING,
    prettyName: (args) => `from_unixtime(${args.join(", ")}${args.length === 1 ? `, ${DEFAULT_PATTERN}` : ""})`,
    make: fromUnixtime,
  }),
  datetime({
    name: "date_format",
    summary: "A date or timestamp as text in a pattern.",
    args: "timestamp, fmt",
    examples: [
      "date_format('2016-04-08', 'y')",
      "date_format(TIMESTAMP'2024-02-29 13:04:05.678901', 'yyyy-MM-dd HH:mm:ss.SSSSSS')",
      "date_format(TIMESTAMP'2024-02-29 13:04:05', 'EEEE, d MMMM yy h:mm a')",
      "date_format(TIMESTAMP'2024-02-29 13:04:05', \"yyyy-MM-dd'T'HH:mm:ssXXX\")",
      "date_format(DATE'2024-02-29', 'D Q QQQ E')",
      "date_format(DATE'2024-02-29', 'dd/MM/uuuu')",
      "date_format(DATE'2024-02-29', 'YYYY')",
      "date_format(DATE'2024-02-29', 'ww')",
      "date_format(DATE'2024-02-29', 'n')",
      "date_format(DATE'2024-02-29', 'MMMMM')",
      "date_format(TIMESTAMP'2024-02-29 00:04:05', 'k K h H')",
      "date_format(DATE'2024-02-29', 'MMM L')",
      "date_format(TIMESTAMP'2024-02-29 13:04:05', 'VV z O Z x')",
      "date_format(NULL, 'y')",
      "date_format(TIMESTAMP'2024-02-29 13:04:05.5', 'ss.S SS')",
    ],
    inputs: [TIMESTAMP, STRING],
    output: STRING,
    make: dateFormat,
  }),
  now("current_timestamp", ["now"], "The time at which the batch began.", TIMESTAMP, nowUs),
  now("current_date", ["curdate"], "The date at which the batch began, in the session's time zone.", DATE, (e) => {
    const zone = zoneOf(e.settings.timeZone);
    return `${e.bind((us: number) => localTime(us, zone).days, "dateOf")}(${nowUs(e)})`;
  }),
  now("localtimestamp", [], "The clock of the session's time zone when the batch began.", TIMESTAMP_NTZ, (e) => {
    const zone = zoneOf(e.settings.timeZone);
    const utc = zoneOf("UTC");
    return `${e.bind((us: number) => Number(fromLocalTime(localTime(us, zone), utc, false)), "clockAt")}(${nowUs(e)})`;
  }),
  partFunction(
    "date_part",
    ["datepart"],
    [
      "date_part('YEAR', TIMESTAMP'2019-08-12 01:00:00.123456')",
      "date_part('week', TIMESTAMP'2019-08-12 01:00:00')",
      "date_part('doy', DATE'2019-08-12')",
      "date_part('SECONDS', TIMESTAMP'2019-10-01 00:00:01.000001')",
      "date_part('days', INTERVAL '5 3:04:05' DAY TO SECOND)",
      "date_part('x', DATE'2019-08-12')",
    ],
  ),
  partFunction(
    "extract",
    [],
    [
      "extract(YEAR FROM TIMESTAMP'2019-08-12 01:00:00.123456')",
      "extract(DOW FROM DATE'2019-08-12')",
      "extract(DAYOFWEEK_ISO FROM DATE'2019-08-12')",
      "extract(SECONDS FROM TIMESTAMP'2019-10-01 00:00:01.5')",
      "extract(HOURS FROM INTERVAL '5 3:04:05' DAY TO SECOND)",
      "extract(MONTH FROM INTERVAL '1-2' YEAR TO MONTH)",
    ],
  ),
  timestampAdd,
  timestampDiff,
  datetime({
    name: "make_dt_interval",
    summary: "A day-time interval of its parts.",
    args: "days, hours, mins, secs",
    examples: ["make_dt_interval(1, 12, 30, 01.001001)", "make_dt_interval(2)", "make_dt_interval()"],
    inputs: [INT, INT, INT, decimal(18, 6)],
    min: 0,
    output: DAY_TIME,
    make:
      ({ wide }) =>
      (d = 0, h = 0, m = 0, s: number | bigint = 0) =>
        longValue(BigInt(d) * 86400000000n + BigInt(h) * 3600000000n + BigInt(m) * 60000000n + BigInt(s), wide),
    prettyName: (args) => `make_dt_interval(${args.concat(["0", "0", "0", "0.000000"].slice(args.length)).join(", ")})`,
  }),
  datetime({
    name: "make_ym_interval",
    summary: "A year-month interval of its parts.",
    args: "years, months",
    examples: ["make_ym_interval(1, 2)", "make_ym_interval(1)", "make_ym_interval(178956970, 8)"],
    inputs: [INT, INT],
    min: 0,
    output: { kind: "yearmonth_interval", start: 0, end: 1 },
    run: makeYearMonth,
    prettyName: (args) => `make_ym_interval(${args.concat(["0", "0"].slice(args.length)).join(", ")})`,
  }),
  datetime({
    name: "current_timezone",
    summary: "The session's time zone.",
    args: "",
    examples: ["current_timezone()"],
    inputs: [],
    output: STRING,
    nullable: false,
    make:
      ({ settings }) =>
      () =>
        settings.timeZone,
  }),
];

function makeYearMonth(years = 0, months = 0): number {
  const total = years * 12 + months;
  if (total !== (total | 0)) throw new SluiceError("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION", {});
  return total;
}
