/** Dates and timestamps as Spark reads them from text when no format is given. */
import { localOffsetUs, type Zone, zoneOf } from "./zone.ts";

const DAY_US = 86_400_000_000;

/** Days since 1970-01-01 of a date of the proleptic Gregorian calendar; the date must exist. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468;
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function exists(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (month === 2 && leap ? 29 : MONTH_DAYS[month - 1]);
}

const DATE = /^([+-]?)(\d{4,7})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T][\s\S]*)?)?)?$/;

/** Days since 1970 of `yyyy`, `yyyy-M` or `yyyy-M-d`, where a blank or T and anything may follow a whole date. */
export function parseDate(text: string): number | undefined {
  const match = DATE.exec(trim(text));
  if (match === null) return legacyDays(text);
  const year = Number(match[2]) * (match[1] === "-" ? -1 : 1);
  const month = Number(match[3] ?? 1);
  const day = Number(match[4] ?? 1);
  return exists(year, month, day) ? daysFromCivil(year, month, day) : undefined;
}

/** Spark 1.5 wrote dates as the number of days, and still reads them. */
function legacyDays(text: string): number | undefined {
  return /^[+-]?\d{1,3}$/.test(text) ? Number(text) : undefined;
}

const TIMESTAMP =
  /^([+-]?)(\d{4,6})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T](\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?([^\d.][\s\S]*)?)?)?)?)?)?$/;

/** Microseconds of a wall clock, and the zone text that followed it. */
interface LocalTime {
  readonly days: number;
  readonly us: number;
  readonly zone: string | undefined;
}

function parseLocal(text: string): LocalTime | undefined {
  const match = TIMESTAMP.exec(trim(text));
  if (match === null) return undefined;
  const year = Number(match[2]) * (match[1] === "-" ? -1 : 1);
  const month = Number(match[3] ?? 1);
  const day = Number(match[4] ?? 1);
  const hour = Number(match[5] ?? 0);
  const minute = Number(match[6] ?? 0);
  const second = Number(match[7] ?? 0);
  if (!exists(year, month, day) || hour > 23 || minute > 59 || second > 59) return undefined;
  const fraction = Number((match[8] ?? "").slice(0, 6).padEnd(6, "0"));
  const us = ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction;
  return { days: daysFromCivil(year, month, day), us, zone: match[9] };
}

/** Exact sum of days and microseconds: a number while it is exact, else a bigint. */
function combine(days: number, us: number): number | bigint {
  const total = days * DAY_US + us;
  return Number.isSafeInteger(total) ? total : BigInt(days) * BigInt(DAY_US) + BigInt(us);
}

/**
 * Microseconds since 1970 in UTC, or undefined where Spark's cast would give null.
 *
 * @param zone for text that names none
 * @example parseTimestamp("2024-01-02 03:04:05.5+01:00", zoneOf("UTC")!) // 1704161045500000
 */
export function parseTimestamp(text: string, zone: Zone): number | bigint | undefined {
  const local = parseLocal(text) ?? parseLocal(text.replace("GMT", ""));
  if (local === undefined) return undefined;
  const used = local.zone === undefined ? zone : zoneOf(local.zone.trim());
  if (used === undefined) return undefined;
  const localMs = local.days * 86_400_000 + Math.floor(local.us / 1000);
  return combine(local.days, local.us - localOffsetUs(used, localMs));
}

/** Microseconds of a wall clock; text with a zone is refused, as in Spark. */
export function parseTimestampNtz(text: string): number | bigint | undefined {
  const local = parseLocal(text);
  return local === undefined || local.zone !== undefined ? undefined : combine(local.days, local.us);
}

/** Blanks and control characters at both ends. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 32) start++;
  while (end > start && text.charCodeAt(end - 1) <= 32) end--;
  return text.slice(start, end);
}

/** Two digits at `p`, or a number beyond 99. */
function two(b: Uint8Array, p: number): number {
  const tens = b[p] - 48;
  const ones = b[p + 1] - 48;
  return tens >>> 0 > 9 || ones >>> 0 > 9 ? 1000 : tens * 10 + ones;
}

/** Days of `yyyy-MM-dd` in bytes `[start, start + 10)`; NaN for any other form, which `parseDate` then reads. */
export function isoDays(b: Uint8Array, start: number, end: number): number {
  if (end - start < 10 || b[start + 4] !== 45 || b[start + 7] !== 45) return Number.NaN;
  const century = two(b, start);
  const year = century * 100 + two(b, start + 2);
  const month = two(b, start + 5);
  const day = two(b, start + 8);
  if (year > 9999 || century > 99 || !exists(year, month, day)) return Number.NaN;
  return daysFromCivil(year, month, day);
}

let lastStart = -1;
let lastDays = 0;
const lastDate = new Uint8Array(10);

/** `isoDays`, quick when the date is the one of the call before. */
function cachedDays(b: Uint8Array, start: number, end: number): number {
  if (lastStart >= 0 && end - start >= 10) {
    let i = 9;
    while (i >= 0 && lastDate[i] === b[start + i]) i--;
    if (i < 0) return lastDays;
  }
  const days = isoDays(b, start, end);
  if (!Number.isNaN(days)) {
    lastStart = start;
    lastDays = days;
    for (let i = 0; i < 10; i++) lastDate[i] = b[start + i];
  }
  return days;
}

/**
 * Microseconds of `yyyy-MM-dd[T ]HH:mm:ss[.f…]` with nothing, `Z` or `±HH:mm` behind it; NaN for any other form.
 *
 * @param offsetUs what to subtract when no zone follows; NaN when that isn't one number (the form is then not taken)
 */
export function isoTimestamp(b: Uint8Array, start: number, end: number, offsetUs: number): number {
  if (end - start < 19) return Number.NaN;
  const days = cachedDays(b, start, end);
  const between = b[start + 10];
  if ((between !== 84 && between !== 32) || b[start + 13] !== 58 || b[start + 16] !== 58) return Number.NaN;
  const hour = two(b, start + 11);
  const minute = two(b, start + 14);
  const second = two(b, start + 17);
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
  let us = ((hour * 60 + minute) * 60 + second) * 1_000_000;
  let p = start + 19;
  if (p < end && b[p] === 46) {
    let scale = 100_000;
    for (p++; p < end; p++) {
      const digit = b[p] - 48;
      if (digit >>> 0 > 9) break;
      us += digit * scale;
      scale = Math.floor(scale / 10);
    }
  }
  if (p === end) return days * DAY_US + us - offsetUs;
  if (b[p] === 90 && p + 1 === end) return days * DAY_US + us;
  const sign = b[p];
  if ((sign === 43 || sign === 45) && p + 6 === end && b[p + 3] === 58) {
    const offset = (two(b, p + 1) * 60 + two(b, p + 4)) * 60_000_000;
    if (offset > 18 * 3_600_000_000 || two(b, p + 4) > 59) return Number.NaN;
    return days * DAY_US + us + (sign === 45 ? offset : -offset);
  }
  return Number.NaN;
}
