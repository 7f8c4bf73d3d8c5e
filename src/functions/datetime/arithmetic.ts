/** `+`, `-`, `*` and `/` on dates, timestamps and intervals. */

import { SluiceError } from "../../errors/error.ts";
import { addMonths, fromLocalTime, localTime, zoneOf } from "../../types/datetime.ts";
import {
  DATE,
  DAY_TIME,
  type DataType,
  DOUBLE,
  INT,
  isIntegral,
  isNumeric,
  LONG,
  TIMESTAMP,
} from "../../types/types.ts";
import { longValue, type Value } from "../../types/values.ts";
import type { Argument, Emitter, ResolveContext, ScalarResolution } from "../definition.ts";
import { divideHalfUp, power10 } from "../math/decimals.ts";

type Symbol = "+" | "-" | "*" | "/" | "%" | "pmod" | "div";

const DAY_US = 86400000000n;
const DAY_ONLY: DataType = { kind: "daytime_interval", start: 0, end: 0 };

function isInterval(t: DataType): boolean {
  return t.kind === "daytime_interval" || t.kind === "yearmonth_interval";
}
function isTimestamp(t: DataType): boolean {
  return t.kind === "timestamp" || t.kind === "timestamp_ntz";
}

/** The microseconds or an error or null when they leave 64 bits. */
function checkedLong(x: bigint, wide: boolean, attempt: boolean, what: string): Value {
  if (BigInt.asIntN(64, x) === x) return longValue(x, wide);
  if (attempt) return null;
  throw new SluiceError("DATETIME_OVERFLOW", { operation: what });
}

function resolution(
  inputs: readonly DataType[],
  output: DataType,
  attempt: boolean,
  make: (e: Emitter) => (a: never, b: never) => Value,
  hint: string,
): ScalarResolution {
  return {
    inputs,
    output,
    evaluation: {
      nulls: "propagate",
      ...(attempt ? { mayReturnNull: true } : {}),
      emit: (e, [a, b]) => `${e.bind(make(e), hint)}(${a}, ${b})`,
    },
  };
}

/** A timestamp moved by months on the calendar of the zone. */
export function timestampAddMonths(
  us: number | bigint,
  months: number,
  type: DataType,
  e: { wide: boolean; settings: { timeZone: string } },
): Value {
  const zone = zoneOf(type.kind === "timestamp" ? e.settings.timeZone : "UTC");
  const local = localTime(us, zone);
  return fromLocalTime({ ...local, days: addMonths(local.days, months) }, zone, e.wide);
}

/** A timestamp moved by days on the calendar of the zone, then by microseconds. */
export function timestampAddDays(
  us: number | bigint,
  days: number,
  type: DataType,
  e: { wide: boolean; settings: { timeZone: string } },
): Value {
  const zone = zoneOf(type.kind === "timestamp" ? e.settings.timeZone : "UTC");
  const local = localTime(us, zone);
  return fromLocalTime({ ...local, days: local.days + days }, zone, e.wide);
}

/** Undefined when neither side is a date, timestamp or interval. */
export function intervalArithmetic(
  symbol: Symbol,
  attempt: boolean,
  args: readonly Argument[],
  context: ResolveContext,
): ScalarResolution | undefined {
  const [x, y] = args.map((a) => a.type);
  if (symbol === "+" || symbol === "-") {
    if (symbol === "+" && (isInterval(x) || isIntegral(x)) && (y.kind === "date" || isTimestamp(y))) {
      const turned = intervalArithmetic("+", attempt, [args[1], args[0]], context);
      return turned && swapped(turned);
    }
    if (isTimestamp(x) || x.kind === "date") return datetimeSum(symbol, attempt, x, y);
    if (y.kind === "date" || isTimestamp(y)) return symbol === "-" ? datetimeSum(symbol, attempt, x, y) : undefined;
    if (isInterval(x) || isInterval(y)) return intervalSum(symbol, attempt, x, y);
    return undefined;
  }
  if (symbol === "*") {
    if (isInterval(x) && (isNumeric(y) || y.kind === "null" || y.kind === "string")) return scaled("*", attempt, x, y);
    if (isInterval(y) && (isNumeric(x) || x.kind === "null" || x.kind === "string")) {
      const turned = scaled("*", attempt, y, x);
      return swapped(turned);
    }
    return undefined;
  }
  if (symbol === "/" && isInterval(x)) return scaled("/", attempt, x, y);
  if (symbol === "div" && isInterval(x) && x.kind === y.kind) return intervalQuotient(x, y);
  return undefined;
}

function swapped(r: ScalarResolution): ScalarResolution {
  const { evaluation } = r;
  if (evaluation.nulls !== "propagate") return r;
  return {
    ...r,
    inputs: [r.inputs[1], r.inputs[0]],
    evaluation: { ...evaluation, emit: (e: Emitter, [a, b]: readonly string[]) => evaluation.emit(e, [b, a]) },
  };
}

function datetimeSum(symbol: "+" | "-", attempt: boolean, x: DataType, y: DataType): ScalarResolution | undefined {
  const sign = symbol === "+" ? 1 : -1;
  if (symbol === "-" && (isTimestamp(y) || isTimestamp(x)) && !isInterval(y)) return timestampDifference(x, y, attempt);
  if (symbol === "-" && (y.kind === "date" || y.kind === "string") && (x.kind === "date" || x.kind === "string")) {
    return resolution(
      [DATE, DATE],
      DAY_ONLY,
      attempt,
      (e) => (a: number, b: number) => longValue(BigInt(a - b) * DAY_US, e.wide),
      "dateDifference",
    );
  }
  if (x.kind === "date") {
    if (["byte", "short", "integer", "null"].includes(y.kind) && (y.kind !== "null" || symbol === "+")) {
      return resolution([DATE, INT], DATE, attempt, () => (a: number, n: number) => (a + sign * n) | 0, "dateAdd");
    }
    if (y.kind === "yearmonth_interval") {
      return resolution(
        [DATE, y],
        DATE,
        attempt,
        () => (a: number, m: number) => addMonths(a, sign * m),
        "dateAddMonths",
      );
    }
    if (y.kind === "daytime_interval") {
      if (y.start === 0 && y.end === 0) {
        return resolution(
          [DATE, y],
          DATE,
          attempt,
          () => (a: number, us: number | bigint) => a + sign * Number(BigInt(us) / DAY_US),
          "dateAddDays",
        );
      }
      return datetimeSum(symbol, attempt, TIMESTAMP, y);
    }
    return undefined;
  }
  if (!isTimestamp(x)) return undefined;
  if (y.kind === "yearmonth_interval") {
    return resolution(
      [x, y],
      x,
      attempt,
      (e) => (us: number | bigint, m: number) => timestampAddMonths(us, sign * m, x, e),
      "timestampAddMonths",
    );
  }
  if (y.kind === "daytime_interval") {
    return resolution([x, y], x, attempt, (e) => addDayTime(sign, x, attempt, e), "timestampAdd");
  }
  return undefined;
}

/** Whole days are added on the calendar of the zone, the rest as elapsed time. */
function addDayTime(sign: number, type: DataType, attempt: boolean, e: Emitter): (a: never, b: never) => Value {
  const zone = zoneOf(type.kind === "timestamp" ? e.settings.timeZone : "UTC");
  if (zone.fixedOffset !== undefined) return addMicros(sign, e.wide, attempt);
  return ((us: number | bigint, interval: number | bigint) => {
    const total = BigInt(sign) * BigInt(interval);
    const local = localTime(us, zone);
    const days = Number(total / DAY_US);
    const moved = days === 0 ? BigInt(us) : BigInt(fromLocalTime({ ...local, days: local.days + days }, zone, true));
    return checkedLong(moved + (total % DAY_US), e.wide, attempt, "timestamp + interval");
  }) as (a: never, b: never) => Value;
}

function addMicros(sign: number, wide: boolean, attempt: boolean): (a: never, b: never) => Value {
  if (!wide) {
    return ((a: number, b: number) => {
      const r = a + sign * b;
      return Number.isSafeInteger(r)
        ? r
        : checkedLong(BigInt(a) + BigInt(sign * b), false, attempt, "timestamp + interval");
    }) as (a: never, b: never) => Value;
  }
  return ((a: bigint, b: bigint) => checkedLong(sign > 0 ? a + b : a - b, true, attempt, "timestamp + interval")) as (
    a: never,
    b: never,
  ) => Value;
}

/** The time between two readings of the clock: across a change to summer time a day is still 24 hours. */
function timestampDifference(x: DataType, y: DataType, attempt: boolean): ScalarResolution {
  const type = x.kind === "timestamp_ntz" && y.kind === "timestamp_ntz" ? x : TIMESTAMP;
  const make = (e: Emitter): ((a: never, b: never) => Value) => {
    const zone = zoneOf(type.kind === "timestamp" ? e.settings.timeZone : "UTC");
    if (zone.fixedOffset !== undefined) return addMicros(-1, e.wide, attempt);
    const utc = zoneOf("UTC");
    const clock = (us: number | bigint): bigint => BigInt(fromLocalTime(localTime(us, zone), utc, true));
    return ((a: number | bigint, b: number | bigint) =>
      checkedLong(clock(a) - clock(b), e.wide, attempt, "timestamp - timestamp")) as (a: never, b: never) => Value;
  };
  return resolution([type, type], DAY_TIME, attempt, make, "timestampDifference");
}

function intervalSum(symbol: "+" | "-", attempt: boolean, x: DataType, y: DataType): ScalarResolution | undefined {
  const a = x.kind === "null" || x.kind === "string" ? y : x;
  const b = y.kind === "null" || y.kind === "string" ? x : y;
  const sign = symbol === "+" ? 1 : -1;
  if (a.kind === "daytime_interval" && b.kind === "daytime_interval") {
    const type: DataType = { kind: a.kind, start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
    const make = (e: Emitter) => (p: number | bigint, q: number | bigint) => {
      const r = BigInt(p) + BigInt(sign) * BigInt(q);
      if (BigInt.asIntN(64, r) === r) return longValue(r, e.wide);
      if (attempt) return null;
      throw new SluiceError("INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION", {});
    };
    return resolution([type, type], type, attempt, make, "intervalSum");
  }
  if (a.kind === "yearmonth_interval" && b.kind === "yearmonth_interval") {
    const type: DataType = { kind: a.kind, start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
    const make = () => (p: number, q: number) => checkedMonths(p + sign * q, attempt);
    return resolution([type, type], type, attempt, make, "intervalSum");
  }
  return undefined;
}

function checkedMonths(m: number, attempt: boolean): number | null {
  if (m === (m | 0)) return m;
  if (attempt) return null;
  throw new SluiceError("INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION", {});
}

/** An interval times or divided by a number: rounded to the nearest microsecond or month, halves away from zero. */
function scaled(symbol: "*" | "/", attempt: boolean, x: DataType, y: DataType): ScalarResolution {
  const factor: DataType = y.kind === "decimal" ? y : isIntegral(y) ? (y.kind === "long" ? LONG : INT) : DOUBLE;
  const months = x.kind === "yearmonth_interval";
  const output: DataType = months ? { kind: "yearmonth_interval", start: 0, end: 1 } : DAY_TIME;
  const finish = (r: bigint, wide: boolean): Value => {
    if (months) return checkedMonths(Number(r), attempt);
    if (BigInt.asIntN(64, r) === r) return longValue(r, wide);
    if (attempt) return null;
    throw new SluiceError("INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION", {});
  };
  const make = (e: Emitter) => (a: number | bigint, n: number | bigint) => {
    if (symbol === "/" && Number(n) === 0) {
      if (attempt) return null;
      throw new SluiceError("INTERVAL_DIVIDED_BY_ZERO");
    }
    const v = BigInt(a);
    if (factor.kind === "double") {
      const exactly = symbol === "*" ? Number(v) * (n as number) : Number(v) / (n as number);
      return finish(BigInt(Math.sign(exactly) * Math.round(Math.abs(exactly))), e.wide);
    }
    const unit = factor.kind === "decimal" ? power10(factor.scale) : 1n;
    return finish(symbol === "*" ? divideHalfUp(v * BigInt(n), unit) : divideHalfUp(v * unit, BigInt(n)), e.wide);
  };
  return resolution([x, factor], output, attempt, make, symbol === "*" ? "intervalTimes" : "intervalDivided");
}

function intervalQuotient(x: DataType, y: DataType): ScalarResolution {
  const make = (e: Emitter) => (a: number | bigint, b: number | bigint) => {
    if (BigInt(b) === 0n) throw new SluiceError("INTERVAL_DIVIDED_BY_ZERO");
    return longValue(BigInt(a) / BigInt(b), e.wide);
  };
  return resolution([x, y], LONG, false, make, "intervalQuotient");
}
