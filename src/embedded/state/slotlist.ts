/** Lists longer than this give their memory back when they are emptied. */
const KEPT_MAX = 1 << 16;

/** A growing list of slot numbers, in one typed array: millions of them are no work for the collector of garbage. */
export class SlotList {
  slots = new Int32Array(16);
  count = 0;

  push(slot: number): void {
    if (this.count === this.slots.length) this.#grow(this.count + 1);
    this.slots[this.count++] = slot;
  }

  #grow(least: number): void {
    const bigger = new Int32Array(Math.max(least, this.slots.length * 2));
    bigger.set(this.view());
    this.slots = bigger;
  }

  /** The last one, which is taken out; undefined when there is none. */
  pop(): number | undefined {
    return this.count === 0 ? undefined : this.slots[--this.count];
  }

  /** Those from number `from` on; valid until the next change. */
  view(from = 0): Int32Array {
    return this.slots.subarray(from, this.count);
  }

  pushAll(other: SlotList): void {
    const count = this.count + other.count;
    if (count > this.slots.length) this.#grow(count);
    this.slots.set(other.view(), this.count);
    this.count = count;
  }

  clear(): void {
    this.count = 0;
    if (this.slots.length > KEPT_MAX) this.slots = new Int32Array(16);
  }
}
