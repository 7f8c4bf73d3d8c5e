/** What goes in, made from numbers alone, and what must come out of each of the pipeline's queries. */

/** 2026-01-01T00:00:00Z, in seconds. */
const BASE_SECONDS = 1_767_225_600;
export const WINDOW_SECONDS = 2;
/** Event time moves on by a millisecond a record, so this many records may overtake one another. */
export const WATERMARK_DELAY = "30 seconds";
const DEVICES = 64;
/** One record in so many repeats one of the `REPEAT_REACH` before it. */
const REPEATS = 20;
const REPEAT_REACH = 200;

export interface Reading {
  /** The record's own number, 0, 1, 2, … */
  readonly n: number;
  /** What it tells of: another's number, when it is a repeat. */
  readonly id: number;
  readonly device: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

/** Well-spread 32 bits of a number. */
function mixed(n: number): number {
  let t = (n + 0x6d2b79f5) | 0;
  t = Math.imul(t ^ (t >>> 15), 1 | t);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return (t ^ (t >>> 14)) >>> 0;
}

export function readingOf(n: number): Reading {
  let id = n;
  for (let bits = mixed(id); id > REPEAT_REACH && bits % REPEATS === 0; bits = mixed(id)) {
    id -= 1 + ((bits >>> 8) % REPEAT_REACH);
  }
  const bits = mixed(id ^ 0x5bd1e995);
  return { n, id, device: `d${bits % DEVICES}`, value: (bits >>> 8) % 1000, timeMs: BASE_SECONDS * 1000 + id };
}

/** A record so late in event time that it closes every window before it. */
export function lastReading(n: number): Reading {
  return { n, id: n, device: "end", value: 0, timeMs: BASE_SECONDS * 1000 + n + 3_600_000 };
}

export function jsonOf({ n, id, device, value, timeMs }: Reading): string {
  return `{"n":${n},"id":${id},"device":"${device}","value":${value},"time":"${new Date(timeMs).toISOString()}"}`;
}

export const READING_SCHEMA = "n BIGINT, id BIGINT, device STRING, value BIGINT, time TIMESTAMP";

/** The rows that each query must have put out, as the text of their columns with commas between. */
export interface Expected {
  readonly every: Lines;
  readonly windows: Lines;
  readonly distinct: Lines;
}

/** Rows with a number of their own: row `key` must be there once, as `text(key)`. */
export interface Lines {
  readonly count: number;
  /** The row's number; undefined for a row that can't be ours. */
  key(line: string): number | undefined;
  text(key: number): string;
  name(key: number): string;
}

/** For the input 0 … total − 1 and the last reading, whose window stays open. */
export function expectedOf(total: number): Expected {
  const readings = (n: number): Reading => (n === total ? lastReading(n) : readingOf(n));
  const ids: number[] = [];
  const windows = new Map<string, { count: number; sum: number }>();
  for (let n = 0; n < total; n++) {
    const { id, device, value, timeMs } = readingOf(n);
    if (id === n) ids.push(id);
    const start = Math.floor(timeMs / 1000 / WINDOW_SECONDS) * WINDOW_SECONDS;
    const key = `${start},${device}`;
    const group = windows.get(key);
    if (group === undefined) windows.set(key, { count: 1, sum: value });
    else {
      group.count++;
      group.sum += value;
    }
  }
  ids.push(total);
  const ordinalOfId = new Map(ids.map((id, i) => [id, i]));
  const groups = [...windows];
  const ordinalOfGroup = new Map(groups.map(([key], i) => [key, i]));
  const first = (line: string): number => Number(line.slice(0, line.indexOf(",")));
  return {
    every: {
      count: total + 1,
      key: (line) => (first(line) <= total ? first(line) : undefined),
      text: (n) => {
        const { id, device, value } = readings(n);
        return `${n},${id},${device},${value * 2}`;
      },
      name: (n) => `record ${n}`,
    },
    distinct: {
      count: ids.length,
      key: (line) => ordinalOfId.get(first(line)),
      text: (i) => {
        const { id, device, value } = readings(ids[i]);
        return `${id},${device},${value}`;
      },
      name: (i) => `id ${ids[i]}`,
    },
    windows: {
      count: groups.length,
      key: (line) => ordinalOfGroup.get(line.split(",", 2).join(",")),
      text: (i) => `${groups[i][0]},${groups[i][1].count},${groups[i][1].sum}`,
      name: (i) => `window ${groups[i][0]}`,
    },
  };
}
