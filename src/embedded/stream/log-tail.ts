/**
 * The entries of an offset log that aren't on the disk yet, as one short text. A sink whose transactions can hold it (a memo) shows
 * a batch before its offsets are durable: they are with the rows, or neither is there.
 *
 * Lines: the first entry's number, that entry as a JSON list (watermark, timestamp, offsets), then one line for each entry after it:
 * what its numbers differ from those of the one before, base 36, after a `+`; or a whole list, where more than numbers is different.
 */
import type { OffsetEntry } from "../checkpoint/logs.ts";

/** What of an entry isn't the same over a query's life. */
export type PlannedBatch = Omit<OffsetEntry, "conf">;

interface TailEntry {
  readonly batchId: number;
  readonly whole: string;
  /** Line after the entry before. */
  readonly line: string;
}

/** Digits that a double holds exactly. Longer runs are several numbers. */
const NUMBER = /(0|[1-9]\d{0,14})/;
const BASE = 36;
const DIFFERENCE = /^-?[0-9a-z]+$/;

export class LogTail {
  #entries: TailEntry[] = [];

  add(batchId: number, { batchWatermarkMs, batchTimestampMs, offsets }: PlannedBatch): void {
    const whole = JSON.stringify([batchWatermarkMs, batchTimestampMs, ...offsets.map((offset) => offset ?? null)]);
    const before = this.#entries.at(-1);
    this.#entries.push({ batchId, whole, line: before === undefined ? whole : lineAfter(before.whole, whole) });
  }

  /** Forgets the entries up to `batchId`, which are on the disk. */
  forget(batchId: number): void {
    let old = 0;
    while (old < this.#entries.length && (this.#entries[old] as TailEntry).batchId <= batchId) old++;
    if (old > 0) this.#entries.splice(0, old);
  }

  /** Undefined when it is longer than `max` characters. */
  text(max: number): string | undefined {
    const [first, ...rest] = this.#entries;
    if (first === undefined) return max > 0 ? "" : undefined;
    const text = [first.batchId, first.whole, ...rest.map(({ line }) => line)].join("\n");
    return text.length <= max ? text : undefined;
  }
}

/** The batches of a text, by number. A text of another form gives none. */
export function batchesIn(text: string): Map<number, PlannedBatch> {
  const found = new Map<number, PlannedBatch>();
  const [number = "", ...lines] = text.split("\n");
  if (!/^\d{1,15}$/.test(number)) return found;
  let batchId = Number(number);
  let whole = "";
  for (const line of lines) {
    whole = line.startsWith("+") ? applied(whole, line) : line;
    const batch = batchOf(whole);
    if (batch === undefined) break;
    found.set(batchId++, batch);
  }
  return found;
}

function lineAfter(before: string, whole: string): string {
  const [from, to] = [before.split(NUMBER), whole.split(NUMBER)];
  const isAlike = from.length === to.length && to.every((part, i) => i % 2 === 1 || part === from[i]);
  if (!isAlike) return whole;
  const differences = to.flatMap((part, i) => (i % 2 === 1 ? [(Number(part) - Number(from[i])).toString(BASE)] : []));
  return `+${differences.join(",")}`;
}

/** Empty when the line doesn't fit. */
function applied(before: string, line: string): string {
  const differences = line.slice(1).split(",");
  const parts = before.split(NUMBER);
  if (differences.length !== (parts.length - 1) / 2 || !differences.every((text) => DIFFERENCE.test(text))) return "";
  const numbers = differences.map((text, i) => Number(parts[2 * i + 1]) + Number.parseInt(text, BASE));
  return parts.map((part, i) => (i % 2 === 1 ? numbers[(i - 1) / 2] : part)).join("");
}

function batchOf(whole: string): PlannedBatch | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(whole);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  const [batchWatermarkMs, batchTimestampMs, ...offsets] = parsed as unknown[];
  if (typeof batchWatermarkMs !== "number" || typeof batchTimestampMs !== "number") return undefined;
  if (!offsets.every((offset) => offset === null || typeof offset === "string")) return undefined;
  return { batchWatermarkMs, batchTimestampMs, offsets: offsets.map((offset) => offset ?? undefined) };
}
