import { SlotList } from "./slotlist.ts";
import type { SlotColumn } from "./slots.ts";

const SECOND_US = 1e6;

/**
 * Slots by time, so that what a watermark has passed is found without looking at every slot. Times within one second share
 * a bucket.
 */
export class TimeIndex {
  readonly #buckets = new Map<number, SlotList>();
  #earliest = Number.POSITIVE_INFINITY;
  /** Where the last slot went: the next one often goes there, too. */
  #lastSecond = Number.NaN;
  #last = new SlotList();

  /** Enters a slot; `us` is its time in microseconds. */
  add(slot: number, us: number): void {
    const second = Math.floor(us / SECOND_US);
    if (second !== this.#lastSecond) this.#turnTo(second);
    this.#last.push(slot);
  }

  #turnTo(second: number): void {
    let bucket = this.#buckets.get(second);
    if (bucket === undefined) this.#buckets.set(second, (bucket = new SlotList()));
    this.#last = bucket;
    this.#lastSecond = second;
    if (second < this.#earliest) this.#earliest = second;
  }

  /** True when some slot may have a time at or before `us`. */
  mayHold(us: number): boolean {
    return this.#earliest * SECOND_US <= us;
  }

  /** Takes out the slots with a time at or before `us`. `time` gives a slot's time, undefined when the slot is gone. */
  takeUpTo(us: number, time: (slot: number) => number | undefined): Int32Array {
    if (!this.mayHold(us)) return new Int32Array(0);
    const taken = new SlotList();
    this.#earliest = Number.POSITIVE_INFINITY;
    this.#lastSecond = Number.NaN;
    for (const [second, bucket] of [...this.#buckets].sort((a, b) => a[0] - b[0])) {
      if (second * SECOND_US > us) {
        if (second < this.#earliest) this.#earliest = second;
        continue;
      }
      this.#buckets.delete(second);
      for (let k = 0; k < bucket.count; k++) {
        const slot = bucket.slots[k];
        const t = time(slot);
        if (t === undefined) continue;
        if (t <= us) taken.push(slot);
        else if (Math.floor(t / SECOND_US) === second) this.add(slot, t); // otherwise it was entered again under its new time
      }
    }
    return taken.view();
  }

  clear(): void {
    this.#buckets.clear();
    this.#earliest = Number.POSITIVE_INFINITY;
    this.#lastSecond = Number.NaN;
  }
}

/** A slot's time in microseconds as a number, from a column of timestamps; undefined for null. */
export function timeOf(column: SlotColumn, slot: number): number | undefined {
  if (column.nulls !== null && column.nulls[slot] === 1) return undefined;
  return Number(column.values[slot]);
}
