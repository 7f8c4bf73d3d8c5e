import { crc32c } from "../protocol/crc32c.ts";

/** Log bytes between two index entries. */
const INTERVAL_BYTES = 4096;
const ENTRY_NUMBERS = 3;

/**
 * Sparse index of one segment: offset → position, and time → offset. An entry stands for the batch at its position;
 * its timestamp is the largest of all batches before it.
 */
export class OffsetIndex {
  #entries = new Float64Array(ENTRY_NUMBERS * 64);
  #count = 0;
  #lastPosition = Number.NEGATIVE_INFINITY;

  /** Notes a batch that is about to stand at `position`, when the last entry is far enough back. */
  note(offset: number, position: number, maxTimestampBefore: number): void {
    if (position - this.#lastPosition < INTERVAL_BYTES) return;
    if ((this.#count + 1) * ENTRY_NUMBERS > this.#entries.length) {
      const grown = new Float64Array(this.#entries.length * 2);
      grown.set(this.#entries);
      this.#entries = grown;
    }
    this.#entries.set([offset, position, maxTimestampBefore], this.#count * ENTRY_NUMBERS);
    this.#count++;
    this.#lastPosition = position;
  }

  /** Where to begin looking for `offset`: at or before the batch that holds it. */
  positionFor(offset: number): number {
    return this.#lookUp(0, (entry) => entry <= offset);
  }

  /** Where to begin looking for the first batch with a timestamp of at least `timestampMs`. */
  positionForTime(timestampMs: number): number {
    return this.#lookUp(2, (entry) => entry < timestampMs);
  }

  #lookUp(column: number, isBefore: (value: number) => boolean): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.#entries[middle * ENTRY_NUMBERS + column])) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : this.#entries[(low - 1) * ENTRY_NUMBERS + 1];
  }

  /** As a file: checksum, then the entries, then the numbers that the segment needs besides. */
  encode(extra: readonly number[]): Buffer {
    const numbers = this.#entries.subarray(0, this.#count * ENTRY_NUMBERS);
    const body = Buffer.alloc((1 + extra.length + numbers.length) * 8);
    let at = 0;
    for (const value of [extra.length, ...extra, ...numbers]) at = body.writeDoubleLE(value, at);
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32LE(crc32c(body));
    return Buffer.concat([checksum, body]);
  }

  /** Reads what `encode` wrote; null when it is damaged. */
  static decode(content: Buffer): { index: OffsetIndex; extra: number[] } | null {
    if (content.length < 12 || (content.length - 4) % 8 !== 0) return null;
    if (content.readUInt32LE(0) !== crc32c(content, 4)) return null;
    const at = (i: number) => content.readDoubleLE(4 + i * 8);
    const extraCount = at(0);
    const extra = Array.from({ length: extraCount }, (_, i) => at(1 + i));
    const index = new OffsetIndex();
    const total = (content.length - 4) / 8 - 1 - extraCount;
    for (let i = 0; i + ENTRY_NUMBERS <= total; i += ENTRY_NUMBERS) {
      index.note(at(1 + extraCount + i), at(2 + extraCount + i), at(3 + extraCount + i));
    }
    return { index, extra };
  }
}
