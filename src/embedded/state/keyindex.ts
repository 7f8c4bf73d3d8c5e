/**
 * Finds a slot by its key: an open-addressing table of slot numbers. The key's hash and the comparison are in generated
 * code, which reads `table`, `mask` and `hashes` directly; this class grows, removes and rebuilds.
 */
export class KeyIndex {
  table: Int32Array = new Int32Array(128).fill(-1);
  mask = 127;
  /** Hash by slot. */
  hashes: Int32Array = new Int32Array(64);
  #size = 0;

  get memoryBytes(): number {
    return this.table.byteLength + this.hashes.byteLength;
  }

  /** Enters a slot that is not in yet. Invalidates `table`, `mask` and `hashes` as seen before. */
  insert(slot: number, hash: number): void {
    if (slot >= this.hashes.length) {
      const bigger = new Int32Array(Math.max(this.hashes.length * 2, slot + 1));
      bigger.set(this.hashes);
      this.hashes = bigger;
    }
    this.hashes[slot] = hash;
    if ((this.#size + 1) * 2 > this.mask) this.#resize((this.mask + 1) * 2);
    this.#place(slot);
    this.#size++;
  }

  /** Takes a slot out, keeping every other entry reachable (backward shift, so no tombstones are left). */
  remove(slot: number): void {
    const { table, mask, hashes } = this;
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
    this.#size--;
  }

  /** Takes out all but these, which are in: quicker than one by one when most go. */
  keepOnly(slots: Int32Array): void {
    this.clear();
    for (let k = 0; k < slots.length; k++) this.#place(slots[k]);
    this.#size = slots.length;
  }

  clear(): void {
    this.table.fill(-1);
    this.#size = 0;
  }

  #place(slot: number): void {
    let at = this.hashes[slot] & this.mask;
    while (this.table[at] >= 0) at = (at + 1) & this.mask;
    this.table[at] = slot;
  }

  #resize(size: number): void {
    const old = this.table;
    this.table = new Int32Array(size).fill(-1);
    this.mask = size - 1;
    for (const slot of old) if (slot >= 0) this.#place(slot);
  }
}
