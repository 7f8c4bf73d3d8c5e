/** Offsets of time zones: local wall clock to UTC. */

/** Microseconds east of UTC at one moment of a zone. */
export interface Zone {
  /** Set for zones that never change. */
  readonly fixedUs: number | undefined;
  /** `utcMs`: milliseconds since 1970. */
  offsetUs(utcMs: number): number;
}

const zones = new Map<string, Zone | undefined>();
const ZONES_MAX = 1024;

/**
 * The zone of a text: `Z`, `UTC`, `+02:00`, `+2`, `GMT+1`, or an IANA name. Undefined when there is no such zone.
 *
 * @example zoneOf("Europe/Berlin")?.offsetUs(Date.UTC(2024, 6, 1)) // 7_200_000_000
 */
export function zoneOf(name: string): Zone | undefined {
  if (zones.has(name)) return zones.get(name);
  if (zones.size >= ZONES_MAX) zones.clear();
  const zone = fixedZone(name) ?? region(name);
  zones.set(name, zone);
  return zone;
}

const OFFSET = /^(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?|:(\d))?$/;

function fixedZone(name: string): Zone | undefined {
  if (name === "Z" || name === "UTC" || name === "GMT" || name === "UT") return { fixedUs: 0, offsetUs: () => 0 };
  const match = OFFSET.exec(name);
  if (match === null) return undefined;
  const hours = Number(match[2]);
  const minutes = Number(match[3] ?? match[5] ?? 0);
  const seconds = Number(match[4] ?? 0);
  const total = hours * 3600 + minutes * 60 + seconds;
  if (total > 18 * 3600 || minutes > 59 || seconds > 59) return undefined;
  const us = (match[1] === "-" ? -total : total) * 1_000_000;
  return { fixedUs: us, offsetUs: () => us };
}

const HOUR_MS = 3_600_000;
const HOURS_CACHED_MAX = 100_000;

function region(name: string): Zone | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset", year: "numeric" });
  } catch {
    return undefined;
  }
  // Offsets change on whole quarters of an hour.
  const cache = new Map<number, number>();
  const offsetUs = (utcMs: number): number => {
    const slot = Math.floor(utcMs / (HOUR_MS / 4));
    let offset = cache.get(slot);
    if (offset === undefined) {
      if (cache.size >= HOURS_CACHED_MAX) cache.clear();
      offset = readOffset(format, clampMs(utcMs));
      cache.set(slot, offset);
    }
    return offset;
  };
  return { fixedUs: undefined, offsetUs };
}

/** JavaScript's dates end 8.64e15 ms from 1970. */
function clampMs(ms: number): number {
  return Math.max(-8.64e15, Math.min(8.64e15, ms));
}

function readOffset(format: Intl.DateTimeFormat, ms: number): number {
  const text = format.formatToParts(ms).find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  const match = /([+-])(\d{1,2})(?::(\d{2})(?::(\d{2}))?)?/.exec(text.replace("\u2212", "-"));
  if (match === null) return 0;
  const total = Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0);
  return (match[1] === "-" ? -total : total) * 1_000_000;
}

/**
 * What to subtract from a wall clock to get UTC, in microseconds. As in Java: of two possible times the earlier, and a
 * time that a change of clocks leaves out moves forward by the gap.
 */
export function localOffsetUs(zone: Zone, localMs: number): number {
  if (zone.fixedUs !== undefined) return zone.fixedUs;
  const before = zone.offsetUs(localMs - 24 * HOUR_MS);
  const after = zone.offsetUs(localMs + 24 * HOUR_MS);
  if (before === after) return before;
  if (zone.offsetUs(localMs - before / 1000) === before) return before;
  return zone.offsetUs(localMs - after / 1000) === after ? after : before;
}
