import { doubleText } from "../../columns/text.ts";
import { SluiceError } from "../../errors/error.ts";
import {
  formatDate,
  formatTimestamp,
  formatTimestampNtz,
  fromLocalTime,
  localTime,
  parseDate,
  parseTimestamp,
  parseTimestampNtz,
  zoneOf,
} from "../../types/datetime.ts";
import { formatDayTime, formatYearMonth, parseDayTime, parseYearMonth } from "../../types/intervals.ts";
import { sqlType } from "../../types/print.ts";
import type { DataType, DayTimeIntervalType, YearMonthIntervalType } from "../../types/types.ts";
import { longValue, type Value } from "../../types/values.ts";
import type { SessionSettings } from "../definition.ts";
import { castOverflow } from "../errors.ts";
import { decimalText, divideHalfUp, power10 } from "../math/decimals.ts";
import { type CastContext, type CastFunction, identity, invalidInput, throws } from "./cast.ts";
import { trimAll } from "./parse.ts";

const UTC = zoneOf("UTC");

/** The cast to a date, timestamp or interval type, or from an interval to a number. */
export function castToDatetime(from: DataType, to: DataType, context: CastContext): CastFunction {
  const made = makeCast(from, to, context);
  if (made !== undefined) return made;
  throw new SluiceError("UNSUPPORTED_FEATURE", {
    feature: `CAST from ${sqlType(from)} to ${sqlType(to)}`,
    where: "",
    hint: "Cast to STRING in between.",
  });
}

function makeCast(from: DataType, to: DataType, context: CastContext): CastFunction | undefined {
  if (from.kind === "daytime_interval" || from.kind === "yearmonth_interval") return fromInterval(from, to, context);
  switch (to.kind) {
    case "date":
      return toDate(from, to, context);
    case "timestamp":
      return toTimestamp(from, to, context);
    case "timestamp_ntz":
      return toTimestampNtz(from, to, context);
    case "daytime_interval":
    case "yearmonth_interval":
      return toInterval(from, to, context);
    default:
      return undefined;
  }
}

function toDate(from: DataType, to: DataType, context: CastContext): CastFunction | undefined {
  switch (from.kind) {
    case "string":
      return (v) => parseDate(trimAll(v as string)) ?? invalidInput(v as string, from, to, context);
    case "timestamp": {
      const zone = zoneOf(context.settings.timeZone);
      return (v) => localTime(v as number | bigint, zone).days;
    }
    case "timestamp_ntz":
      return (v) => localTime(v as number | bigint, UTC).days;
    default:
      return from.kind === to.kind ? identity : undefined;
  }
}

function toTimestamp(from: DataType, to: DataType, context: CastContext): CastFunction | undefined {
  const { wide } = context;
  const zone = zoneOf(context.settings.timeZone);
  switch (from.kind) {
    case "string":
      return (v) => {
        const text = trimAll(v as string);
        const today = text.includes("-") ? undefined : localTime(context.run?.nowUs ?? 0, zone).days;
        return parseTimestamp(text, zone, wide, today) ?? invalidInput(v as string, from, to, context);
      };
    case "date":
      return (v) => fromLocalTime({ days: v as number, secondOfDay: 0, micros: 0 }, zone, wide);
    case "timestamp_ntz":
      return (v) => fromLocalTime(localTime(v as number | bigint, UTC), zone, wide);
    case "boolean":
      return (v) => longValue(v === true ? 1n : 0n, wide);
    case "byte":
    case "short":
    case "integer":
    case "long":
      return (v) => {
        const us = BigInt(v as number | bigint) * 1000000n;
        return longValue(us > LONG_MAX ? LONG_MAX : us < -LONG_MAX - 1n ? -LONG_MAX - 1n : us, wide);
      };
    case "decimal": {
      const unit = power10(from.scale);
      return (v) => longValue(BigInt.asIntN(64, (BigInt(v as number | bigint) * 1000000n) / unit), wide);
    }
    case "float":
    case "double":
      return (v) => {
        const seconds = v as number;
        if (!Number.isFinite(seconds)) {
          return throws(context) ? invalidInput(doubleText(seconds), from, to, context) : null;
        }
        return longValue(BigInt(Math.trunc(seconds * 1e6)), wide);
      };
    default:
      return from.kind === to.kind ? identity : undefined;
  }
}

const LONG_MAX = 9223372036854775807n;

function toTimestampNtz(from: DataType, to: DataType, context: CastContext): CastFunction | undefined {
  const { wide } = context;
  switch (from.kind) {
    case "string":
      return (v) => parseTimestampNtz(trimAll(v as string), wide) ?? invalidInput(v as string, from, to, context);
    case "date":
      return (v) => fromLocalTime({ days: v as number, secondOfDay: 0, micros: 0 }, UTC, wide);
    case "timestamp": {
      const zone = zoneOf(context.settings.timeZone);
      return (v) => fromLocalTime(localTime(v as number | bigint, zone), UTC, wide);
    }
    default:
      return from.kind === to.kind ? identity : undefined;
  }
}

/** Microseconds, or months, of the last field of an interval type: what a bare number counts. */
function fieldUnit(type: DayTimeIntervalType | YearMonthIntervalType): bigint {
  if (type.kind === "yearmonth_interval") return type.end === 0 ? 12n : 1n;
  return [86400000000n, 3600000000n, 60000000n, 1000000n][type.end];
}

function toInterval(
  from: DataType,
  to: DayTimeIntervalType | YearMonthIntervalType,
  context: CastContext,
): CastFunction | undefined {
  const dayTime = to.kind === "daytime_interval";
  const finish = (x: bigint): Value => (dayTime ? longValue(x, context.wide) : Number(x));
  if (from.kind === "string") {
    return (v) => {
      const text = trimAll(v as string);
      const x = dayTime ? parseDayTime(text, to.start, to.end) : parseYearMonth(text, to.start, to.end);
      return x === undefined ? invalidInput(v as string, from, to, context) : finish(BigInt(x));
    };
  }
  const unit = fieldUnit(to);
  const limit = dayTime ? LONG_MAX : 2147483647n;
  const checked = (x: bigint, shown: string): Value => {
    if (x <= limit && x >= -limit - 1n) return finish(x);
    return throws(context) ? castOverflow(shown, `"${sqlType(from)}"`, `"${sqlType(to)}"`) : null;
  };
  switch (from.kind) {
    case "byte":
    case "short":
    case "integer":
    case "long":
      return (v) => checked(BigInt(v as number | bigint) * unit, String(v));
    case "decimal": {
      const scale = power10(from.scale);
      return (v) =>
        checked(
          divideHalfUp(BigInt(v as number | bigint) * unit, scale),
          decimalText(v as number | bigint, from.scale),
        );
    }
    default:
      return undefined;
  }
}

function fromInterval(
  from: DayTimeIntervalType | YearMonthIntervalType,
  to: DataType,
  context: CastContext,
): CastFunction | undefined {
  if (to.kind === from.kind) {
    const unit = fieldUnit(to as DayTimeIntervalType);
    if (from.kind === "yearmonth_interval") return (v) => (v as number) - ((v as number) % Number(unit)) + 0;
    return (v) => {
      const x = BigInt(v as number | bigint);
      return longValue(x - (x % unit), context.wide);
    };
  }
  const unit = fieldUnit(from);
  const limits: Readonly<Record<string, bigint>> = { byte: 127n, short: 32767n, integer: 2147483647n, long: LONG_MAX };
  if (to.kind === "decimal") {
    const scale = power10(to.scale);
    return (v) => longValue(divideHalfUp(BigInt(v as number | bigint) * scale, unit), context.wide);
  }
  const limit = limits[to.kind];
  if (limit === undefined) return undefined;
  return (v) => {
    const x = BigInt(v as number | bigint) / unit;
    if (x > limit || x < -limit - 1n) {
      return throws(context) ? castOverflow(String(v), `"${sqlType(from)}"`, `"${sqlType(to)}"`) : null;
    }
    return to.kind === "long" ? longValue(x, context.wide) : Number(x);
  };
}

/** A date, timestamp or interval as text. */
export function datetimeText(type: DataType, settings: SessionSettings): (value: Value) => string {
  switch (type.kind) {
    case "date":
      return (v) => formatDate(v as number);
    case "timestamp": {
      const zone = zoneOf(settings.timeZone);
      return (v) => formatTimestamp(v as number | bigint, zone);
    }
    case "timestamp_ntz":
      return (v) => formatTimestampNtz(v as number | bigint);
    case "daytime_interval":
      return (v) => formatDayTime(v as number | bigint, type.start, type.end);
    case "yearmonth_interval":
      return (v) => formatYearMonth(v as number, type.start, type.end);
    default:
      return String;
  }
}
