import { formatDate, instantOf, localTime, zoneOf } from "../../types/datetime.ts";

/**
 * A timestamp in Spark's JSON form, `yyyy-MM-dd'T'HH:mm:ss.SSS` with the zone's offset (`Z` for none); without a zone for
 * a wall clock's reading. Microseconds are cut to milliseconds.
 *
 * @example isoTimestamp(1440584430123456, "UTC") // 2015-08-26T10:20:30.123Z
 */
export function isoTimestamp(us: number | bigint, timeZone: string | undefined): string {
  const zone = zoneOf(timeZone ?? "UTC");
  const { days, secondOfDay, micros } = localTime(us, zone);
  const text = `${formatDate(days)}T${clock(secondOfDay)}.${String(Math.floor(micros / 1000)).padStart(3, "0")}`;
  if (timeZone === undefined) return text;
  const offset = days * 86400 + secondOfDay - instantOf(us).seconds;
  return text + offsetText(offset);
}

function clock(second: number): string {
  return [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60].map(two).join(":");
}

function offsetText(seconds: number): string {
  if (seconds === 0) return "Z";
  const size = Math.abs(seconds);
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60];
  if (size % 60 !== 0) parts.push(size % 60);
  return `${seconds < 0 ? "-" : "+"}${parts.map(two).join(":")}`;
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}
