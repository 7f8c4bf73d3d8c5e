/**
 * Dates and timestamps as text, read and written exactly as Spark's casts do. A date is a day number; a timestamp is
 * microseconds, `number` while exact, `bigint` in the wide form (see values.ts).
 */
import { checkedDays, civilFromDays } from "./calendar.ts";
import { longValue } from "./values.ts";
import { findZone, type Zone, zoneOf } from "./zones.ts";

export * from "./calendar.ts";
export { type Zone, zoneOf } from "./zones.ts";

const DAY_SECONDS = 86400;
const INT_MAX = 2147483647;
const INT_MIN = -2147483648;
const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);

/** A point in time, or a wall clock's reading, in two exact numbers. */
export interface Instant {
  /** Whole seconds since 1970-01-01 00:00:00, rounded down. */
  readonly seconds: number;
  /** 0 to 999,999. */
  readonly micros: number;
}

/** Spark trims blanks and control characters around what it casts. */
function trimAll(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is trimmed
  return text.replace(/^[\x00-\x20\x7f]+|[\x00-\x20\x7f]+$/g, "");
}

const DATE = /^([+-]?)(\d{4,7})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T][\s\S]*)?)?)?$/;

/**
 * The day number of `[+-]yyyy*`, `[+-]yyyy*-[m]m`, `[+-]yyyy*-[m]m-[d]d`, the last with anything after a blank or `T`;
 * undefined when the text isn't a date.
 *
 * @example parseDate("2024-2-29") // 19782
 * @example parseDate("2023-02-29") // undefined
 */
export function parseDate(text: string): number | undefined {
  const match = DATE.exec(trimAll(text));
  if (!match) return undefined;
  const year = Number(match[2]) * (match[1] === "-" ? -1 : 1);
  const days = checkedDays(year, Number(match[3] ?? 1), Number(match[4] ?? 1));
  return days === undefined || days > INT_MAX || days < INT_MIN ? undefined : days;
}

const TIME = String.raw`(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?([^\d.][\s\S]*)?)?)?`;
const TIMESTAMP = new RegExp(String.raw`^(?:([+-]?)(\d{4,6})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T](?:${TIME})?)?)?)?)$`);
const TIME_ONLY = new RegExp(String.raw`^(?:T${TIME}|(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?([^\d.][\s\S]*)?)?)$`);

interface Parsed {
  /** Undefined when only a time was given. */
  readonly days: number | undefined;
  readonly secondOfDay: number;
  readonly micros: number;
  readonly zone: Zone | undefined;
}

function parseParts(text: string): Parsed | undefined {
  const trimmed = trimAll(text);
  const whole = TIMESTAMP.exec(trimmed);
  let days: number | undefined;
  let parts: (string | undefined)[];
  if (whole) {
    days = checkedDays(Number(whole[2]) * (whole[1] === "-" ? -1 : 1), Number(whole[3] ?? 1), Number(whole[4] ?? 1));
    if (days === undefined) return undefined;
    // A blank or T must be followed by an hour.
    if (/[ T]$/.test(trimmed) && whole[5] === undefined) return undefined;
    parts = whole.slice(5, 10);
  } else {
    const time = TIME_ONLY.exec(trimmed);
    if (!time) return undefined;
    parts = time[1] !== undefined ? time.slice(1, 6) : time.slice(6, 11);
  }
  const [hour, minute, second] = parts.slice(0, 3).map((p) => Number(p ?? 0));
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const zone = parts[4] === undefined ? undefined : findZone(parts[4].trim());
  if (parts[4] !== undefined && zone === undefined) return undefined;
  const micros = Number((parts[3] ?? "").slice(0, 6).padEnd(6, "0"));
  return { days, secondOfDay: hour * 3600 + minute * 60 + second, micros, zone };
}

function inRange({ seconds, micros }: Instant): boolean {
  if (Math.abs(seconds) < 9e12) return true;
  const us = BigInt(seconds) * 1000000n + BigInt(micros);
  return us <= LONG_MAX && us >= LONG_MIN;
}

/**
 * The instant of a text in Spark's cast formats, `[+-]yyyy*[-[m]m[-[d]d[ |T][h]h[:[m]m[:[s]s[.us*][zone]]]]]`; a text
 * without a zone is read in `zone`. A time alone (`12:30`, `T12`) is of the day `today` in the zone, and undefined without it.
 * Digits beyond microseconds are cut off. Undefined when the text isn't a timestamp.
 */
export function parseInstant(text: string, zone: Zone, today?: number): Instant | undefined {
  const parsed = parseParts(text);
  const days = parsed?.days ?? today;
  if (!parsed || days === undefined) return undefined;
  const seconds = (parsed.zone ?? zone).toUtc(days * DAY_SECONDS + parsed.secondOfDay);
  const instant = { seconds, micros: parsed.micros };
  return inRange(instant) ? instant : undefined;
}

/** As parseInstant for TIMESTAMP_NTZ: the clock's reading as it stands; a zone in the text is checked and then left out. */
export function parseLocal(text: string): Instant | undefined {
  const parsed = parseParts(text);
  if (parsed?.days === undefined) return undefined;
  const instant = { seconds: parsed.days * DAY_SECONDS + parsed.secondOfDay, micros: parsed.micros };
  return inRange(instant) ? instant : undefined;
}

/**
 * Microseconds of a timestamp's text; undefined when it isn't one. Throws WideRequired in the narrow form when the number
 * isn't exact (before 1684 or after 2255).
 *
 * @example parseTimestamp("2024-03-31 03:30:00", zoneOf("Europe/Athens"), false)
 */
export function parseTimestamp(text: string, zone: Zone, wide: boolean, today?: number): number | bigint | undefined {
  const instant = parseInstant(text, zone, today);
  return instant && microsOf(instant, wide);
}

/** As parseTimestamp for TIMESTAMP_NTZ. */
export function parseTimestampNtz(text: string, wide: boolean): number | bigint | undefined {
  const instant = parseLocal(text);
  return instant && microsOf(instant, wide);
}

export function microsOf({ seconds, micros }: Instant, wide: boolean): number | bigint {
  if (!wide && Math.abs(seconds) < 9e9) return seconds * 1e6 + micros;
  return longValue(BigInt(seconds) * 1000000n + BigInt(micros), wide);
}

export function instantOf(us: number | bigint): Instant {
  if (typeof us === "number") {
    const seconds = Math.floor(us / 1e6);
    return { seconds, micros: us - seconds * 1e6 };
  }
  const rest = ((us % 1000000n) + 1000000n) % 1000000n;
  return { seconds: Number((us - rest) / 1000000n), micros: Number(rest) };
}

/** What a clock and a calendar in the zone show. */
export interface LocalTime {
  readonly days: number;
  /** 0 to 86,399. */
  readonly secondOfDay: number;
  /** 0 to 999,999. */
  readonly micros: number;
}

/** A timestamp on the clock of a zone; give zoneOf("UTC") for TIMESTAMP_NTZ. */
export function localTime(us: number | bigint, zone: Zone): LocalTime {
  const { seconds, micros } = instantOf(us);
  const local = seconds + (zone.fixedOffset ?? zone.offsetAt(seconds));
  const days = Math.floor(local / DAY_SECONDS);
  return { days, secondOfDay: local - days * DAY_SECONDS, micros };
}

/** The timestamp at which the clock of a zone shows this. */
export function fromLocalTime({ days, secondOfDay, micros }: LocalTime, zone: Zone, wide: boolean): number | bigint {
  return microsOf({ seconds: zone.toUtc(days * DAY_SECONDS + secondOfDay), micros }, wide);
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}

/** `2024-02-29`; years beyond 9999 with `+`, before 0 with `-`. */
export function formatDate(days: number): string {
  const { year, month, day } = civilFromDays(days);
  const digits = String(Math.abs(year)).padStart(4, "0");
  const sign = year < 0 ? "-" : year > 9999 ? "+" : "";
  return `${sign}${digits}-${two(month)}-${two(day)}`;
}

/** `03:04:05.6`: zeros at the end of the fraction are left out. */
export function formatTime(secondOfDay: number, micros: number): string {
  const hour = Math.floor(secondOfDay / 3600);
  const minute = Math.floor(secondOfDay / 60) % 60;
  const fraction = micros === 0 ? "" : `.${String(micros).padStart(6, "0").replace(/0+$/, "")}`;
  return `${two(hour)}:${two(minute)}:${two(secondOfDay % 60)}${fraction}`;
}

/**
 * `2024-02-29 03:04:05.6` on the clock of a zone, as CAST(ts AS STRING) and show() print it.
 *
 * @example formatTimestamp(0, zoneOf("Asia/Tokyo")) // "1970-01-01 09:00:00"
 */
export function formatTimestamp(us: number | bigint, zone: Zone): string {
  const { days, secondOfDay, micros } = localTime(us, zone);
  return `${formatDate(days)} ${formatTime(secondOfDay, micros)}`;
}

/** As formatTimestamp, for TIMESTAMP_NTZ. */
export function formatTimestampNtz(us: number | bigint): string {
  return formatTimestamp(us, zoneOf("UTC"));
}
