/**
 * Java's DateTimeFormatter patterns (`yyyy-MM-dd HH:mm:ss`), for writing and reading dates and timestamps, as far as
 * Spark takes them.
 */
import { SluiceError } from "../errors/error.ts";
import {
  type CivilDate,
  checkedDays,
  civilFromDays,
  dayOfYear,
  type Instant,
  instantOf,
  isoWeekday,
  type LocalTime,
  localTime,
  type Zone,
} from "./datetime.ts";
import { findZone } from "./zones.ts";

interface Field {
  readonly letter: string;
  readonly count: number;
}
/** A literal text, a field, or an optional section. */
type Part = string | Field | readonly Part[];

const LETTERS = "GyMLdDQqEaHhKkmsSVzOXxZF";

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

function parsePattern(pattern: string): readonly Part[] {
  const stack: Part[][] = [[]];
  for (let i = 0; i < pattern.length; ) {
    const c = pattern[i];
    const top = stack[stack.length - 1];
    if (c === "'") {
      const end = pattern.indexOf("'", i + 1);
      if (end === i + 1) top.push("'");
      else top.push(pattern.slice(i + 1, end < 0 ? pattern.length : end));
      i = end < 0 ? pattern.length : end + 1;
    } else if (c === "[") {
      stack.push([]);
      i++;
    } else if (c === "]") {
      const section = stack.pop() as Part[];
      if (stack.length === 0) throw badLetter("]", pattern);
      stack[stack.length - 1].push(section);
      i++;
    } else if (/[A-Za-z]/.test(c)) {
      let end = i + 1;
      while (pattern[end] === c) end++;
      checkField(c, end - i, pattern);
      top.push({ letter: c, count: end - i });
      i = end;
    } else {
      top.push(c);
      i++;
    }
  }
  while (stack.length > 1) {
    const section = stack.pop() as Part[];
    stack[stack.length - 1].push(section);
  }
  return stack[0];
}

function badLetter(c: string, pattern: string): SluiceError {
  return new SluiceError("INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER", { c: `'${c}'`, pattern: `'${pattern}'` });
}

function unrecognised(pattern: string): SluiceError {
  return new SluiceError("INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION", {
    pattern: `'${pattern}'`,
  });
}

/** Letters that older versions took and that mean something else, or nothing, now. */
const LEGACY = "YWwue";

function checkField(letter: string, count: number, pattern: string): void {
  if (LEGACY.includes(letter)) throw unrecognised(pattern);
  if (!LETTERS.includes(letter)) throw badLetter(letter, pattern);
  const max: Readonly<Record<string, number>> = {
    G: 4,
    y: 6,
    M: 4,
    L: 4,
    d: 2,
    D: 3,
    Q: 4,
    q: 4,
    E: 4,
    a: 1,
    H: 2,
    h: 2,
    K: 2,
    k: 2,
    m: 2,
    s: 2,
    S: 9,
    V: 2,
    z: 4,
    O: 4,
    X: 5,
    x: 5,
    Z: 5,
    F: 1,
  };
  if (count > (max[letter] ?? 2)) {
    // What older versions took is told apart from what never was a pattern.
    if (!"qOxV".includes(letter)) throw unrecognised(pattern);
    throw new SluiceError("INVALID_DATETIME_PATTERN.LENGTH", { pattern: `'${letter.repeat(count)}'` });
  }
}

export interface DatetimeFormat {
  /** The text of a timestamp on the zone's clock. */
  format(us: number | bigint, zone: Zone, zoneId: string): string;
  /** The instant of a text, or undefined when it doesn't match; `zone` applies where the text names none. */
  parse(text: string, zone: Zone): Instant | undefined;
}

const cache = new Map<string, DatetimeFormat>();
const CACHED_MAX = 256;

/** The formatter of a pattern. Throws INVALID_DATETIME_PATTERN. */
export function datetimeFormat(pattern: string): DatetimeFormat {
  let found = cache.get(pattern);
  if (found === undefined) {
    if (cache.size >= CACHED_MAX) cache.clear();
    found = makeFormat(pattern);
    cache.set(pattern, found);
  }
  return found;
}

/** One point in time as the fields show it. */
interface Shown extends CivilDate {
  readonly time: LocalTime;
  readonly zoneId: string;
  readonly us: number | bigint;
}

function makeFormat(pattern: string): DatetimeFormat {
  const parts = parsePattern(pattern);
  let matcher: Matcher | undefined;
  return {
    format(us, zone, zoneId) {
      const time = localTime(us, zone);
      const { year, month, day } = civilFromDays(time.days);
      return write(parts, { year, month, day, time, zoneId, us });
    },
    parse(text, zone) {
      matcher ??= makeMatcher(parts);
      return matcher(text, zone);
    },
  };
}

function offsetOf({ time, us }: Shown): number {
  return time.days * 86400 + time.secondOfDay - instantOf(us).seconds;
}

function write(parts: readonly Part[], shown: Shown): string {
  let out = "";
  for (const part of parts) {
    if (typeof part === "string") out += part;
    else if ("letter" in part) out += writeField(part.letter, part.count, shown);
    else out += write(part, shown);
  }
  return out;
}

function padded(n: number, width: number): string {
  return n < 0 ? `-${String(-n).padStart(width, "0")}` : String(n).padStart(width, "0");
}

function writeField(letter: string, count: number, shown: Shown): string {
  const { year, month, day, time } = shown;
  const hour = Math.floor(time.secondOfDay / 3600);
  switch (letter) {
    case "G":
      return count === 4 ? (year > 0 ? "Anno Domini" : "Before Christ") : year > 0 ? "AD" : "BC";
    case "y": {
      const ofEra = year > 0 ? year : 1 - year;
      if (count === 2) return padded(ofEra % 100, 2);
      return (count >= 4 && ofEra > 9999 && count < 5 ? "+" : "") + padded(ofEra, count);
    }
    case "M":
    case "L":
      return count === 4 ? MONTHS[month - 1] : count === 3 ? MONTHS[month - 1].slice(0, 3) : padded(month, count);
    case "d":
      return padded(day, count);
    case "D":
      return padded(dayOfYear(time.days), count);
    case "Q":
    case "q": {
      const q = Math.ceil(month / 3);
      return count === 4 ? `${["1st", "2nd", "3rd", "4th"][q - 1]} quarter` : count === 3 ? `Q${q}` : padded(q, count);
    }
    case "E": {
      const name = DAYS[isoWeekday(time.days) - 1];
      return count === 4 ? name : name.slice(0, 3);
    }
    case "F":
      return String(Math.floor((day - 1) / 7) + 1);
    case "a":
      return hour < 12 ? "AM" : "PM";
    case "H":
      return padded(hour, count);
    case "k":
      return padded(hour === 0 ? 24 : hour, count);
    case "K":
      return padded(hour % 12, count);
    case "h":
      return padded(hour % 12 === 0 ? 12 : hour % 12, count);
    case "m":
      return padded(Math.floor(time.secondOfDay / 60) % 60, count);
    case "s":
      return padded(time.secondOfDay % 60, count);
    case "S":
      return `${String(time.micros).padStart(6, "0")}000`.slice(0, count);
    case "V":
      return shown.zoneId;
    case "z":
      return zoneName(shown.zoneId, shown.us, count === 4);
    default:
      return writeOffset(letter, count, offsetOf(shown));
  }
}

function zoneName(zoneId: string, us: number | bigint, long: boolean): string {
  if (/^[+-]/.test(zoneId)) return zoneId;
  if (zoneId === "Z" || zoneId === "UTC") return long ? "Coordinated Universal Time" : zoneId;
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zoneId, timeZoneName: long ? "long" : "short" });
  const parts = format.formatToParts(new Date(Number(BigInt(us) / 1000n)));
  return parts.find((p) => p.type === "timeZoneName")?.value ?? zoneId;
}

function writeOffset(letter: string, count: number, offset: number): string {
  const size = Math.abs(offset);
  const [h, m, s] = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60].map((n) =>
    String(n).padStart(2, "0"),
  );
  const sign = offset < 0 ? "-" : "+";
  if (letter === "O" || (letter === "Z" && count === 4)) {
    if (offset === 0) return "GMT";
    const minutes = m === "00" && s === "00" ? "" : `:${m}${s === "00" ? "" : `:${s}`}`;
    return count === 4 ? `GMT${sign}${h}:${m}${s === "00" ? "" : `:${s}`}` : `GMT${sign}${Number(h)}${minutes}`;
  }
  if (letter === "Z") return count === 5 ? (offset === 0 ? "Z" : `${sign}${h}:${m}`) : `${sign}${h}${m}`;
  if (letter === "X" && offset === 0) return "Z";
  switch (count) {
    case 1:
      return `${sign}${h}${m === "00" ? "" : m}`;
    case 2:
      return `${sign}${h}${m}`;
    case 3:
      return `${sign}${h}:${m}`;
    case 4:
      return `${sign}${h}${m}${s === "00" ? "" : s}`;
    default:
      return `${sign}${h}:${m}${s === "00" ? "" : `:${s}`}`;
  }
}

type Matcher = (text: string, zone: Zone) => Instant | undefined;

interface Capture {
  readonly letter: string;
  readonly count: number;
}

/** Reads with a regular expression made of the pattern; adjacent digits are split by the fields' widths. */
function makeMatcher(parts: readonly Part[]): Matcher {
  const captures: Capture[] = [];
  const source = regexOf(parts, captures);
  const re = new RegExp(`^${source}$`, "s");
  return (text, zone) => {
    const match = re.exec(text);
    return match === null ? undefined : resolveFields(captures, match, zone);
  };
}

function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function regexOf(parts: readonly Part[], captures: Capture[]): string {
  let out = "";
  parts.forEach((part, i) => {
    if (typeof part === "string") out += quoted(part);
    else if ("letter" in part) {
      const next = parts[i + 1];
      const adjacent =
        next !== undefined && typeof next !== "string" && "letter" in next && /[yMdDHhKkmsS]/.test(next.letter);
      captures.push(part);
      out += `(${fieldRegex(part, adjacent)})`;
    } else out += `(?:${regexOf(part, captures)})?`;
  });
  return out;
}

function fieldRegex({ letter, count }: Field, adjacent: boolean): string {
  switch (letter) {
    case "y":
      if (count === 2) return "\\d{2}";
      if (adjacent) return `\\d{${count}}`;
      return count >= 4 ? "[+-]?\\d{4,}" : `\\d{${count},}`;
    case "M":
    case "L":
      if (count === 4) return MONTHS.join("|");
      if (count === 3) return MONTHS.map((m) => m.slice(0, 3)).join("|");
      return count === 2 ? "\\d{2}" : "\\d{1,2}";
    case "E":
      return (count === 4 ? DAYS : DAYS.map((d) => d.slice(0, 3))).join("|");
    case "a":
      return "AM|PM";
    case "G":
      return count === 4 ? "Anno Domini|Before Christ" : "AD|BC";
    case "Q":
    case "q":
      return count >= 3 ? "Q?[1-4](?:[a-z]* quarter)?" : `\\d{${count}}`;
    case "S":
      return `\\d{${count}}`;
    case "D":
      return count === 3 ? "\\d{3}" : `\\d{${count},3}`;
    case "V":
    case "z":
      return "[A-Za-z][A-Za-z0-9_/+-]*(?::\\d{2})?|[+-]\\d{1,2}(?::?\\d{2})?";
    case "O":
      return "GMT(?:[+-]\\d{1,2}(?::\\d{2})?)?";
    case "X":
      return `Z|${offsetRegex(count)}`;
    case "x":
      return offsetRegex(count);
    case "Z":
      return count === 4 ? "GMT(?:[+-]\\d{2}:\\d{2})?" : count === 5 ? "Z|[+-]\\d{2}:\\d{2}" : "[+-]\\d{4}";
    default:
      return count === 1 && !adjacent ? "\\d{1,2}" : `\\d{${count}}`;
  }
}

function offsetRegex(count: number): string {
  return [
    "[+-]\\d{2}(?:\\d{2})?",
    "[+-]\\d{4}",
    "[+-]\\d{2}:\\d{2}",
    "[+-]\\d{4}(?:\\d{2})?",
    "[+-]\\d{2}:\\d{2}(?::\\d{2})?",
  ][count - 1];
}

function monthNumber(text: string): number {
  if (/^\d/.test(text)) return Number(text);
  return MONTHS.findIndex((m) => m.slice(0, 3) === text.slice(0, 3)) + 1;
}

function resolveFields(captures: readonly Capture[], match: RegExpExecArray, zone: Zone): Instant | undefined {
  let [year, month, day, hour, minute, second, micros] = [1970, 1, 1, 0, 0, 0, 0];
  let half: "AM" | "PM" | undefined;
  let hour12: number | undefined;
  let ofYear: number | undefined;
  let weekday: string | undefined;
  let era = 1;
  let own = zone;
  for (const [i, { letter, count }] of captures.entries()) {
    const text = match[i + 1];
    if (text === undefined) continue;
    switch (letter) {
      case "y":
        year = count === 2 ? 2000 + Number(text) : Number(text);
        break;
      case "M":
      case "L":
        month = monthNumber(text);
        break;
      case "d":
        day = Number(text);
        break;
      case "D":
        ofYear = Number(text);
        break;
      case "E":
        weekday = text;
        break;
      case "G":
        era = text.startsWith("A") ? 1 : -1;
        break;
      case "a":
        half = text as "AM" | "PM";
        break;
      case "H":
        hour = Number(text);
        if (hour > 23) return undefined;
        break;
      case "k":
        if (Number(text) < 1 || Number(text) > 24) return undefined;
        hour = Number(text) % 24;
        break;
      case "h":
        if (Number(text) < 1 || Number(text) > 12) return undefined;
        hour12 = Number(text) % 12;
        break;
      case "K":
        if (Number(text) > 11) return undefined;
        hour12 = Number(text);
        break;
      case "m":
        minute = Number(text);
        break;
      case "s":
        second = Number(text);
        break;
      case "S":
        micros = Number(text.padEnd(6, "0").slice(0, 6));
        break;
      case "V":
      case "z":
      case "O":
      case "X":
      case "x":
      case "Z": {
        const named = findZone(zoneText(text));
        if (named === undefined) return undefined;
        own = named;
        break;
      }
    }
  }
  if (minute > 59 || second > 59) return undefined;
  if (hour12 !== undefined) hour = hour12 + (half === "PM" ? 12 : 0);
  if (era < 0) year = 1 - year;
  const days = ofYear === undefined ? checkedDays(year, month, day) : dayInYear(year, ofYear);
  if (days === undefined) return undefined;
  if (weekday !== undefined && !DAYS[isoWeekday(days) - 1].startsWith(weekday)) return undefined;
  return { seconds: own.toUtc(days * 86400 + hour * 3600 + minute * 60 + second), micros };
}

function zoneText(text: string): string {
  if (text === "GMT" || text === "Z") return "UTC";
  const digits = /^(?:GMT)?([+-])(\d{1,2}):?(\d{2})?(?::?(\d{2}))?$/.exec(text);
  if (digits === null) return text;
  return `${digits[1]}${digits[2].padStart(2, "0")}:${digits[3] ?? "00"}`;
}

function dayInYear(year: number, ofYear: number): number | undefined {
  const first = checkedDays(year, 1, 1);
  const last = checkedDays(year, 12, 31);
  if (first === undefined || last === undefined) return undefined;
  const days = first + ofYear - 1;
  return ofYear < 1 || days > last ? undefined : days;
}
