/** Parts that are found without a look into the map: a power of two, and what is left of 32 bits. */
const RECENT = 64;
const RECENT_SHIFT = 26;

/**
 * Finds a slot by its key: an open-addressing table of slot numbers. The key's hash and the comparison are in generated
 * code, which reads `table`, `mask` and `hashes` directly; this class grows, removes and rebuilds.
 *
 * Keys with a window of time in them are in parts, one for each window. Rows come about in the order of time, so that they
 * look into one or two small tables that are in the processor's cache, however many groups there are.
 */
export class KeyIndex {
  /** The table of the part that was turned to. */
  table: Int32Array;
  mask: number;
  /** Hash by slot. */
  hashes: Int32Array = new Int32Array(64);
  #current: Part;
  readonly #parts = new Map<number, Part>();
  /** Parts that were turned to, each at a place that its time gives. */
  readonly #recent: (Part | undefined)[] = new Array(RECENT).fill(undefined);

  constructor() {
    this.#current = this.#newPart(0);
    this.table = this.#current.table;
    this.mask = this.#current.mask;
  }

  get memoryBytes(): number {
    let bytes = this.hashes.byteLength;
    for (const { table } of this.#parts.values()) bytes += table.byteLength;
    return bytes;
  }

  /** Makes the part of the window that starts at `time` the one that is looked into, and that `insert` and `remove` change. */
  turnTo(time: number): void {
    const at = Math.imul(time, 0x9e3779b1) >>> RECENT_SHIFT;
    let part = this.#recent[at];
    if (part === undefined || part.time !== time) {
      part = this.#parts.get(time) ?? this.#newPart(time);
      this.#recent[at] = part;
    }
    this.#current = part;
    this.table = part.table;
    this.mask = part.mask;
  }

  /** Enters a slot that is not in yet. Invalidates `table`, `mask` and `hashes` as seen before. */
  insert(slot: number, hash: number): void {
    if (slot >= this.hashes.length) {
      const bigger = new Int32Array(Math.max(this.hashes.length * 2, slot + 1));
      bigger.set(this.hashes);
      this.hashes = bigger;
    }
    this.hashes[slot] = hash;
    const part = this.#current;
    if ((part.size + 1) * 2 > part.mask) {
      part.resize(this.hashes);
      this.table = part.table;
      this.mask = part.mask;
    }
    part.place(slot, hash);
    part.size++;
  }

  /** Takes a slot out. */
  remove(slot: number): void {
    this.#current.remove(slot, this.hashes);
  }

  /**
   * Takes slots out. A part that keeps nothing goes as a whole.
   *
   * @param timeOf the part that a slot is in
   */
  removeAll(slots: Int32Array, timeOf: (slot: number) => number): void {
    const goes = new Map<number, number>();
    for (let k = 0; k < slots.length; k++) {
      const time = timeOf(slots[k]);
      goes.set(time, (goes.get(time) ?? 0) + 1);
    }
    const whole = new Set<number>();
    for (const [time, count] of goes) {
      if (this.#parts.get(time)?.size !== count) continue;
      whole.add(time);
      this.#drop(time);
    }
    if (whole.size === goes.size) return;
    for (let k = 0; k < slots.length; k++) {
      const time = timeOf(slots[k]);
      if (!whole.has(time)) this.#parts.get(time)?.remove(slots[k], this.hashes);
    }
  }

  clear(): void {
    this.#parts.clear();
    this.#recent.fill(undefined);
    this.turnTo(0);
  }

  #newPart(time: number): Part {
    const part = new Part(time);
    this.#parts.set(time, part);
    return part;
  }

  #drop(time: number): void {
    this.#parts.delete(time);
    const at = this.#recent.findIndex((part) => part?.time === time);
    if (at >= 0) this.#recent[at] = undefined;
    // Any part that there is: whoever has parts turns to one before anything else.
    if (this.#current.time === time) this.turnTo(0);
  }
}

/** The slots of one window; of all keys, where they have none. */
class Part {
  readonly time: number;
  table: Int32Array = new Int32Array(32).fill(-1);
  mask = 31;
  size = 0;

  constructor(time: number) {
    this.time = time;
  }

  place(slot: number, hash: number): void {
    const { table, mask } = this;
    let at = hash & mask;
    while (table[at] >= 0) at = (at + 1) & mask;
    table[at] = slot;
  }

  resize(hashes: Int32Array): void {
    const old = this.table;
    this.table = new Int32Array(old.length * 2).fill(-1);
    this.mask = this.table.length - 1;
    for (const slot of old) if (slot >= 0) this.place(slot, hashes[slot]);
  }

  /** Keeps every other entry reachable (backward shift, so no tombstones are left). */
  remove(slot: number, hashes: Int32Array): void {
    const { table, mask } = this;
    let at = hashes[slot] & mask;
    while (table[at] !== slot) {
      if (table[at] < 0) return;
      at = (at + 1) & mask;
    }
    for (let next = (at + 1) & mask; table[next] >= 0; next = (next + 1) & mask) {
      const home = hashes[table[next]] & mask;
      if (((next - home) & mask) >= ((next - at) & mask)) {
        table[at] = table[next];
        at = next;
      }
    }
    table[at] = -1;
    this.size--;
  }
}
