import { formatDate, instantOf, localTime, type Zone, zoneOf } from "../../types/datetime.ts";

/**
 * A timestamp as Spark writes it into JSON and CSV files: `yyyy-MM-dd'T'HH:mm:ss.SSSXXX`. What is below milliseconds is
 * cut off.
 *
 * @example isoText(0, zoneOf("Asia/Tokyo")) // "1970-01-01T09:00:00.000+09:00"
 */
export function isoText(us: number | bigint, zone: Zone): string {
  const { seconds } = instantOf(us);
  return `${isoLocalText(us, zone)}${offsetText(zone.fixedOffset ?? zone.offsetAt(seconds))}`;
}

/** A TIMESTAMP_NTZ: without the offset. */
export function isoNtzText(us: number | bigint): string {
  return isoLocalText(us, zoneOf("UTC"));
}

function isoLocalText(us: number | bigint, zone: Zone): string {
  const { days, secondOfDay, micros } = localTime(us, zone);
  const hours = Math.floor(secondOfDay / 3600);
  const minutes = Math.floor(secondOfDay / 60) % 60;
  const millis = String(Math.floor(micros / 1000)).padStart(3, "0");
  return `${formatDate(days)}T${two(hours)}:${two(minutes)}:${two(secondOfDay % 60)}.${millis}`;
}

/** `Z`, or `+hh:mm`. */
export function offsetText(seconds: number): string {
  if (seconds === 0) return "Z";
  const size = Math.abs(seconds);
  return `${seconds < 0 ? "-" : "+"}${two(Math.floor(size / 3600))}:${two(Math.floor(size / 60) % 60)}`;
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}
