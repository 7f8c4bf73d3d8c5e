/** Intervals as text: window sizes and delays (`10 seconds`), ANSI literals (`'1 02:03:04' DAY TO SECOND`), and back. */
import { SluiceError } from "../errors/error.ts";

/** Months, days and microseconds apart, as their lengths don't convert into each other. */
export interface CalendarInterval {
  readonly months: number;
  readonly days: number;
  /** May go beyond 2^53 in theory: a bigint, exact. */
  readonly micros: bigint;
}

export type IntervalUnit =
  | "year"
  | "month"
  | "week"
  | "day"
  | "hour"
  | "minute"
  | "second"
  | "millisecond"
  | "microsecond";

const UNIT_MICROS: Readonly<Partial<Record<IntervalUnit, bigint>>> = {
  hour: 3_600_000_000n,
  minute: 60_000_000n,
  second: 1_000_000n,
  millisecond: 1000n,
  microsecond: 1n,
};
const UNITS = ["year", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond"] as const;
export const DAY_MICROS = 86_400_000_000n;
const LONG_MAX = 2n ** 63n - 1n;

/** The unit of a word in singular or plural, any case. */
export function intervalUnit(word: string): IntervalUnit | undefined {
  const singular = word.toLowerCase().replace(/s$/, "");
  return UNITS.find((u) => u === singular);
}

export interface IntervalPart {
  /** As written, with its sign: `-1.5`. */
  readonly count: string;
  readonly unit: IntervalUnit;
}

/** The pairs of `interval 1 hour 30 minutes` (the word may be left out), or undefined when the text isn't of that form. */
export function intervalParts(text: string): IntervalPart[] | undefined {
  const body = text.trim().replace(/^interval(?=[\s+-])\s*/i, "");
  const part = /\s*([+-]?)\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z]+)(?=[\s+-]|$)\s*/iy;
  const found: IntervalPart[] = [];
  while (part.lastIndex < body.length) {
    const match = part.exec(body);
    const unit = match ? intervalUnit(match[3]) : undefined;
    if (!match || !unit) return undefined;
    found.push({ count: match[1] + match[2], unit });
  }
  return found.length > 0 ? found : undefined;
}

/** The sum of parts; undefined when a count other than of seconds has a fraction. Fractions go to microseconds, cut off. */
export function sumParts(parts: readonly IntervalPart[]): CalendarInterval | undefined {
  let months = 0;
  let days = 0;
  let micros = 0n;
  for (const { count, unit } of parts) {
    if (unit === "second") {
      const part = secondsToMicros(count);
      if (part === undefined) return undefined;
      micros += part;
      continue;
    }
    if (!/^[+-]?\d+$/.test(count)) return undefined;
    if (unit === "year") months += Number(count) * 12;
    else if (unit === "month") months += Number(count);
    else if (unit === "week") days += Number(count) * 7;
    else if (unit === "day") days += Number(count);
    else micros += BigInt(count.replace("+", "")) * (UNIT_MICROS[unit] as bigint);
  }
  const fits =
    Math.abs(months) <= 2147483647 && Math.abs(days) <= 2147483647 && micros <= LONG_MAX && micros >= -LONG_MAX;
  return fits ? { months, days, micros } : undefined;
}

function secondsToMicros(count: string): bigint | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d{0,9}))?$/.exec(count);
  if (!match || (match[2] === "" && !match[3])) return undefined;
  const micros = BigInt(match[2] || "0") * 1000000n + BigInt((match[3] ?? "").slice(0, 6).padEnd(6, "0"));
  return match[1] === "-" ? -micros : micros;
}

/**
 * `10 seconds`, `1 hour 30 minutes`, `interval 2 days`, as windows, watermarks and triggers take them.
 * Throws CANNOT_PARSE_INTERVAL.
 *
 * @example parseInterval("1 hour 30 minutes") // { months: 0, days: 0, micros: 5400000000n }
 */
export function parseInterval(text: string): CalendarInterval {
  const parts = intervalParts(text.replaceAll("'", " "));
  const interval = parts && sumParts(parts);
  if (!interval) throw new SluiceError("CANNOT_PARSE_INTERVAL", { intervalString: `'${text}'` });
  return interval;
}

const DAY_TIME_NAMES = ["DAY", "HOUR", "MINUTE", "SECOND"];
const YEAR_MONTH_NAMES = ["YEAR", "MONTH"];
const DAY_TIME_MICROS = [DAY_MICROS, 3_600_000_000n, 60_000_000n, 1_000_000n];
/** The most that a field after the first may be. */
const DAY_TIME_MAX = [0, 23, 59, 59];

/** `INTERVAL '…' DAY TO SECOND` around a body: the body alone, and the sign before it. */
function unwrapped(text: string, names: readonly string[], start: number, end: number): [string, boolean] | undefined {
  const match = /^interval\s+([+-]?)\s*'([^']*)'\s+([a-z]+)(?:\s+to\s+([a-z]+))?$/i.exec(text.trim());
  if (!match) return [text.trim(), false];
  const from = names.indexOf(match[3].toUpperCase());
  const to = match[4] === undefined ? from : names.indexOf(match[4].toUpperCase());
  return from === start && to === end ? [match[2].trim(), match[1] === "-"] : undefined;
}

/**
 * Microseconds of the text of a day-time interval with fields `start` to `end` (0 day … 3 second), in its short form
 * (`1 02:03:04.5`) or its long one (`INTERVAL '1 02:03:04.5' DAY TO SECOND`). Undefined when it isn't one.
 *
 * @example parseDayTime("1 02:03", 0, 2) // 93780000000n
 */
export function parseDayTime(text: string, start: number, end: number): bigint | undefined {
  const body = unwrapped(text, DAY_TIME_NAMES, start, end);
  if (!body) return undefined;
  const patterns = ["(\\d+)", "(\\d{1,2})", "(\\d{1,2})", "(\\d{1,2}(?:\\.\\d{1,9})?)"];
  let pattern = start === 3 ? "(\\d+(?:\\.\\d{1,9})?)" : "(\\d+)";
  for (let i = start + 1; i <= end; i++) pattern += (i === 1 ? " " : ":") + patterns[i];
  const match = new RegExp(`^([+-]?)${pattern}$`).exec(body[0]);
  if (!match) return undefined;
  let micros = 0n;
  for (let i = start; i <= end; i++) {
    const value = match[2 + i - start];
    if (i > start && Number(value) >= DAY_TIME_MAX[i] + 1) return undefined;
    const part = i === 3 ? secondsToMicros(value) : BigInt(value) * DAY_TIME_MICROS[i];
    if (part === undefined) return undefined;
    micros += part;
  }
  if (micros > LONG_MAX) return undefined;
  return (match[1] === "-") !== body[1] ? -micros : micros;
}

/**
 * Months of the text of a year-month interval with fields `start` to `end` (0 year, 1 month): `1-2`, `3`, or the long form.
 *
 * @example parseYearMonth("1-2", 0, 1) // 14
 */
export function parseYearMonth(text: string, start: number, end: number): number | undefined {
  const body = unwrapped(text, YEAR_MONTH_NAMES, start, end);
  const match = body && /^([+-]?)(\d+)(?:-(\d{1,2}))?$/.exec(body[0]);
  if (!match || (match[3] !== undefined) !== start < end || Number(match[3] ?? 0) > 11) return undefined;
  const months = start === 1 ? Number(match[2]) : Number(match[2]) * 12 + Number(match[3] ?? 0);
  if (months > 2147483647) return undefined;
  return (match[1] === "-") !== body[1] ? -months : months;
}

function header(names: readonly string[], start: number, end: number): string {
  return start === end ? names[start] : `${names[start]} TO ${names[end]}`;
}

/**
 * A day-time interval as Spark prints it.
 *
 * @example formatDayTime(93784500000, 0, 3) // "INTERVAL '1 02:03:04.5' DAY TO SECOND"
 */
export function formatDayTime(micros: number | bigint, start: number, end: number): string {
  const total = BigInt(micros);
  const size = total < 0n ? -total : total;
  let rest = size;
  let body = "";
  for (let i = start; i <= end; i++) {
    const value = rest / DAY_TIME_MICROS[i];
    rest -= value * DAY_TIME_MICROS[i];
    // Fields after the first have two digits; so have seconds, even alone.
    const digits = String(value).padStart(i > start || i > 0 ? 2 : 1, "0");
    body += (i === start ? "" : i === 1 ? " " : ":") + digits;
  }
  if (end === 3 && rest > 0n) body += `.${String(rest).padStart(6, "0").replace(/0+$/, "")}`;
  return `INTERVAL '${total < 0n ? "-" : ""}${body}' ${header(DAY_TIME_NAMES, start, end)}`;
}

/**
 * A year-month interval as Spark prints it.
 *
 * @example formatYearMonth(14, 0, 1) // "INTERVAL '1-2' YEAR TO MONTH"
 */
export function formatYearMonth(months: number, start: number, end: number): string {
  const size = Math.abs(months);
  const years = Math.floor(size / 12);
  const body = start === 1 ? String(size) : end === 0 ? String(years) : `${years}-${size % 12}`;
  return `INTERVAL '${months < 0 ? "-" : ""}${body}' ${header(YEAR_MONTH_NAMES, start, end)}`;
}
