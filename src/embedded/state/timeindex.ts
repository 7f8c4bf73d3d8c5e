import type { SlotColumn } from "./slots.ts";

/**
 * Slots by time, so that what a watermark has passed is found without looking at every slot. Times within one second share
 * a bucket.
 */
export class TimeIndex {
  readonly #buckets = new Map<number, number[]>();
  #earliest = Number.POSITIVE_INFINITY;

  /** Enters a slot; `us` is its time in microseconds. */
  add(slot: number, us: number): void {
    const bucket = Math.floor(us / 1e6);
    const slots = this.#buckets.get(bucket);
    if (slots === undefined) this.#buckets.set(bucket, [slot]);
    else slots.push(slot);
    if (bucket < this.#earliest) this.#earliest = bucket;
  }

  /** True when some slot may have a time at or before `us`. */
  mayHold(us: number): boolean {
    return this.#earliest * 1e6 <= us;
  }

  /** Takes out the slots with a time at or before `us`. `time` gives a slot's time, undefined when the slot is gone. */
  takeUpTo(us: number, time: (slot: number) => number | undefined): Int32Array {
    if (!this.mayHold(us)) return new Int32Array(0);
    const taken: number[] = [];
    let earliest = Number.POSITIVE_INFINITY;
    for (const [bucket, slots] of [...this.#buckets].sort((a, b) => a[0] - b[0])) {
      if (bucket * 1e6 > us) {
        if (bucket < earliest) earliest = bucket;
        continue;
      }
      const kept: number[] = [];
      for (const slot of slots) {
        const t = time(slot);
        if (t === undefined) continue;
        if (t <= us) taken.push(slot);
        else if (Math.floor(t / 1e6) === bucket) kept.push(slot); // otherwise it was entered again under its new time
      }
      if (kept.length > 0) {
        this.#buckets.set(bucket, kept);
        if (bucket < earliest) earliest = bucket;
      } else this.#buckets.delete(bucket);
    }
    this.#earliest = earliest;
    return Int32Array.from(taken);
  }

  clear(): void {
    this.#buckets.clear();
    this.#earliest = Number.POSITIVE_INFINITY;
  }
}

/** A slot's time in microseconds as a number, from a column of timestamps; undefined for null. */
export function timeOf(column: SlotColumn, slot: number): number | undefined {
  if (column.nulls !== null && column.nulls[slot] === 1) return undefined;
  return Number(column.values[slot]);
}
