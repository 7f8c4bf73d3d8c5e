/** Dates, times and intervals as Spark writes them into JSON. */
import type { DayTimeIntervalType, YearMonthIntervalType } from "../../types/types.ts";
import type { Zone } from "./zone.ts";

const DAY_MS = 86_400_000;

/** `yyyy-MM-dd` of days since 1970; years beyond 9999 have a sign. */
export function dateText(days: number): string {
  // Howard Hinnant's civil_from_days.
  const z = days + 719468;
  const era = Math.floor(z / 146097);
  const dayOfEra = z - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const digits = String(Math.abs(year)).padStart(4, "0");
  const sign = year < 0 ? "-" : year > 9999 ? "+" : "";
  return `${sign}${digits}-${pad(month)}-${pad(day)}`;
}

function pad(x: number, digits = 2): string {
  return String(x).padStart(digits, "0");
}

/**
 * `yyyy-MM-ddTHH:mm:ss.SSS` with the zone's offset; microseconds below a millisecond are dropped.
 *
 * @param zone undefined for a wall clock, which is written without an offset
 */
export function timestampText(us: number | bigint, zone: Zone | undefined): string {
  const utcMs =
    typeof us === "bigint" ? Number((us - (((us % 1000n) + 1000n) % 1000n)) / 1000n) : Math.floor(us / 1000);
  const offsetUs = zone === undefined ? 0 : (zone.fixedUs ?? zone.offsetUs(utcMs));
  const localMs = utcMs + offsetUs / 1000;
  const days = Math.floor(localMs / DAY_MS);
  const ms = localMs - days * DAY_MS;
  const time = `${pad(Math.floor(ms / 3_600_000))}:${pad(Math.floor(ms / 60_000) % 60)}:${pad(Math.floor(ms / 1000) % 60)}`;
  return `${dateText(days)}T${time}.${pad(ms % 1000, 3)}${zone === undefined ? "" : offsetText(offsetUs)}`;
}

function offsetText(offsetUs: number): string {
  if (offsetUs === 0) return "Z";
  const minutes = Math.floor(Math.abs(offsetUs) / 60_000_000);
  return `${offsetUs < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

const DAY_TIME_UNITS = ["DAY", "HOUR", "MINUTE", "SECOND"];
const YEAR_MONTH_UNITS = ["YEAR", "MONTH"];

/** E.g. `INTERVAL '1 02:03:04.5' DAY TO SECOND`. */
export function dayTimeIntervalText(us: number | bigint, { start, end }: DayTimeIntervalType): string {
  const total = BigInt(us);
  let rest = total < 0n ? -total : total;
  const seconds = rest / 1_000_000n;
  const fraction = String(rest % 1_000_000n)
    .padStart(6, "0")
    .replace(/0+$/, "");
  rest = seconds;
  const sizes = [86_400n, 3_600n, 60n, 1n];
  let text = "";
  for (let unit = start; unit <= end; unit++) {
    const size = sizes[unit] as bigint;
    const value = String(rest / size);
    rest %= size;
    // Units after the first have two digits: the days are followed by a blank, the others by colons.
    if (unit > start) text += unit === 1 ? " " : ":";
    text += unit === start ? value : value.padStart(2, "0");
    if (unit === 3 && fraction !== "") text += `.${fraction}`;
  }
  return `INTERVAL '${total < 0n ? "-" : ""}${text}' ${unitRange(DAY_TIME_UNITS, start, end)}`;
}

/** E.g. `INTERVAL '1-2' YEAR TO MONTH`. */
export function yearMonthIntervalText(months: number, { start, end }: YearMonthIntervalType): string {
  const size = Math.abs(months);
  const years = Math.floor(size / 12);
  const text = start === end ? String(start === 0 ? years : size) : `${years}-${size % 12}`;
  return `INTERVAL '${months < 0 ? "-" : ""}${text}' ${unitRange(YEAR_MONTH_UNITS, start, end)}`;
}

function unitRange(units: readonly string[], start: number, end: number): string {
  return start === end ? String(units[start]) : `${units[start]} TO ${units[end]}`;
}
