/** Wall-clock time of instants in IANA zones, for showing timestamps. */

const HOUR_MS = 3_600_000;
const CACHE_MAX = 4096;
const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();

/** Milliseconds to add to UTC for the wall clock of `zone` at `ms` since 1970. Offsets such as `+02:00` are zones too. */
export function zoneOffsetMs(zone: string, ms: number): number {
  if (zone === "UTC" || zone === "Z" || zone === "Etc/UTC" || zone === "GMT") return 0;
  const fixed = /^(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?$/.exec(zone);
  if (fixed) return (fixed[1] === "-" ? -1 : 1) * (Number(fixed[2]) * HOUR_MS + Number(fixed[3] ?? 0) * 60_000);
  // Zone rules change on quarter hours only.
  const block = Math.floor(ms / (HOUR_MS / 4));
  const key = `${zone}/${block}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    offset = lookUp(zone, block * (HOUR_MS / 4));
    if (offsets.size >= CACHE_MAX) offsets.clear();
    offsets.set(key, offset);
  }
  return offset;
}

function lookUp(zone: string, ms: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
  }
  const part: Record<string, string> = {};
  for (const { type, value } of format.formatToParts(ms)) part[type] = value;
  const year = part["era"] === "BC" ? 1 - Number(part["year"]) : Number(part["year"]);
  const wall = new Date(0);
  wall.setUTCFullYear(year, Number(part["month"]) - 1, Number(part["day"]));
  wall.setUTCHours(Number(part["hour"]), Number(part["minute"]), Number(part["second"]));
  return wall.getTime() - Math.floor(ms / 1000) * 1000;
}
