/** Time zones: offsets of IANA zones and fixed ones, and local time to UTC by Java's rules. All in whole seconds. */
import { SluiceError } from "../errors/error.ts";
import { daysFromCivil } from "./calendar.ts";

export interface Zone {
  /** As it was asked for. */
  readonly id: string;
  /** The offset of a zone that never changes it. */
  readonly fixedOffset: number | undefined;
  /** Seconds that local time is ahead of UTC, at a UTC second. */
  offsetAt(utcSeconds: number): number;
  /**
   * The UTC second of a local one. Where clocks go back and a local time comes twice, the first is meant; where they go
   * forward and it never comes, it is moved on by the length of the gap.
   */
  toUtc(localSeconds: number): number;
}

const DAY_SECONDS = 86400;
const ZONES_MAX = 200;
const CHUNK_SECONDS = 7 * DAY_SECONDS;
const CHUNKS_MAX = 4096;
/** 400 years, after which weekdays and leap years repeat. */
const CYCLE_SECONDS = 146097 * DAY_SECONDS;
const FAR_FUTURE = daysFromCivil(3000, 1, 1) * DAY_SECONDS;
/** Before it no zone has changed from its local mean time. */
const FAR_PAST = daysFromCivil(1800, 1, 1) * DAY_SECONDS;

/** Java's short names. */
const SHORT_IDS: Readonly<Record<string, string>> = Object.fromEntries(
  (
    "ACT=Australia/Darwin AET=Australia/Sydney AGT=America/Argentina/Buenos_Aires ART=Africa/Cairo AST=America/Anchorage " +
    "BET=America/Sao_Paulo BST=Asia/Dhaka CAT=Africa/Harare CNT=America/St_Johns CST=America/Chicago CTT=Asia/Shanghai " +
    "EAT=Africa/Addis_Ababa ECT=Europe/Paris IET=America/Indiana/Indianapolis IST=Asia/Kolkata JST=Asia/Tokyo " +
    "MIT=Pacific/Apia NET=Asia/Yerevan NST=Pacific/Auckland PLT=Asia/Karachi PNT=America/Phoenix PRT=America/Puerto_Rico " +
    "PST=America/Los_Angeles SST=Pacific/Guadalcanal VST=Asia/Ho_Chi_Minh EST=-05:00 MST=-07:00 HST=-10:00"
  )
    .split(" ")
    .map((pair) => pair.split("=") as [string, string]),
);

const cache = new Map<string, Zone | undefined>();

/**
 * The zone of an IANA name (`Europe/Athens`), an offset (`+02:00`, `-8`, `UTC+3`) or `Z`. Throws INVALID_TIMEZONE.
 */
export function zoneOf(id: string): Zone {
  const zone = findZone(id);
  if (!zone) throw new SluiceError("INVALID_TIMEZONE", { timeZone: id });
  return zone;
}

/** As zoneOf, but undefined when there is no such zone. */
export function findZone(id: string): Zone | undefined {
  if (cache.has(id)) return cache.get(id);
  const zone = makeZone(id);
  if (cache.size >= ZONES_MAX) cache.clear();
  cache.set(id, zone);
  return zone;
}

function makeZone(id: string): Zone | undefined {
  const name = Object.hasOwn(SHORT_IDS, id) ? SHORT_IDS[id] : id;
  const fixed = fixedOffset(name);
  if (fixed !== undefined) return fixedZone(id, fixed);
  if (!/^[A-Za-z][A-Za-z0-9~/._+-]+$/.test(name)) return undefined;
  try {
    const zone = new RegionZone(id, name);
    // The platform takes names in any case; Java, and so Spark, only as they are.
    return zone.name.toLowerCase() === name.toLowerCase() && zone.name !== name ? undefined : zone;
  } catch {
    return undefined;
  }
}

function fixedZone(id: string, offset: number): Zone {
  return { id, fixedOffset: offset, offsetAt: () => offset, toUtc: (local) => local - offset };
}

/** Seconds of `Z`, `UTC`, `GMT`, `UT`, `+2`, `+02`, `+2:30`, `+0230`, `+02:30:15`, `UTC+2`; up to 18 hours. */
function fixedOffset(text: string): number | undefined {
  if (text === "Z" || text === "UTC" || text === "GMT" || text === "UT") return 0;
  const match = /^(?:UTC|GMT|UT)?([+-])(?:(\d{1,2})(?::(\d{1,2})(?::(\d{2}))?)?|(\d{2})(\d{2})(\d{2})?)$/.exec(text);
  if (!match) return undefined;
  const [, sign, h, m, s, h2, m2, s2] = match;
  const minutes = Number(m ?? m2 ?? 0);
  const seconds = Number(s ?? s2 ?? 0);
  const total = Number(h ?? h2) * 3600 + minutes * 60 + seconds;
  if (minutes > 59 || seconds > 59 || total > 18 * 3600) return undefined;
  return sign === "-" ? -total : total;
}

/** A week of a zone: one offset, or two with the second from which the later one holds. */
interface Chunk {
  readonly index: number;
  readonly before: number;
  readonly after: number;
  readonly from: number;
}

class RegionZone implements Zone {
  readonly id: string;
  readonly fixedOffset = undefined;
  /** As the platform names it. */
  readonly name: string;
  private readonly format: Intl.DateTimeFormat;
  private readonly chunks = new Map<number, Chunk>();
  private latest: Chunk | undefined;

  constructor(id: string, name: string) {
    this.id = id;
    this.format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    this.name = this.format.resolvedOptions().timeZone;
  }

  offsetAt(utcSeconds: number): number {
    let seconds = utcSeconds;
    if (seconds >= FAR_FUTURE) seconds -= Math.ceil((seconds - FAR_FUTURE + 1) / CYCLE_SECONDS) * CYCLE_SECONDS;
    else if (seconds < FAR_PAST) seconds = FAR_PAST;
    const index = Math.floor(seconds / CHUNK_SECONDS);
    const chunk = this.latest?.index === index ? this.latest : this.chunk(index);
    return seconds < chunk.from ? chunk.before : chunk.after;
  }

  toUtc(localSeconds: number): number {
    const before = this.offsetAt(localSeconds - DAY_SECONDS);
    const after = this.offsetAt(localSeconds + DAY_SECONDS);
    if (before === after || this.offsetAt(localSeconds - before) === before) return localSeconds - before;
    if (this.offsetAt(localSeconds - after) === after) return localSeconds - after;
    return localSeconds - before;
  }

  private chunk(index: number): Chunk {
    let chunk = this.chunks.get(index);
    if (!chunk) {
      chunk = this.makeChunk(index);
      if (this.chunks.size >= CHUNKS_MAX) this.chunks.clear();
      this.chunks.set(index, chunk);
    }
    this.latest = chunk;
    return chunk;
  }

  /** Zones don't change twice within a week. */
  private makeChunk(index: number): Chunk {
    let low = index * CHUNK_SECONDS;
    let high = low + CHUNK_SECONDS - 1;
    const before = this.ask(low);
    const after = this.ask(high);
    if (before === after) return { index, before, after, from: low };
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.ask(middle) === before) low = middle;
      else high = middle;
    }
    return { index, before, after, from: high };
  }

  /** The offset at a second, from the platform's zone data. */
  private ask(utcSeconds: number): number {
    const parts: Record<string, string> = {};
    for (const { type, value } of this.format.formatToParts(utcSeconds * 1000)) parts[type] = value;
    const year = parts["era"].startsWith("B") ? 1 - Number(parts["year"]) : Number(parts["year"]);
    const days = daysFromCivil(year, Number(parts["month"]), Number(parts["day"]));
    const time = Number(parts["hour"]) * 3600 + Number(parts["minute"]) * 60 + Number(parts["second"]);
    return days * DAY_SECONDS + time - utcSeconds;
  }
}
