import type { DataType } from "../types/types.ts";
import type { Utf8Vector } from "./vector.ts";

const encoder = new TextEncoder();

/**
 * Gives each distinct byte string a small number, so that keys compare as numbers and equal text is kept once.
 * Codes count up from 0. Text is looked up straight from bytes, without a JS string.
 */
export class Interner {
  /** Bytes of all entries, one behind the other. */
  arena: Uint8Array = new Uint8Array(1 << 12);
  /** Entry c is `arena.subarray(starts[c], starts[c + 1])`. */
  starts: Int32Array = new Int32Array(257);
  size = 0;
  #hashes = new Int32Array(256);
  #table = new Int32Array(512).fill(-1);
  #mask = 511;
  #scratch = new Uint8Array(256);
  #arenaView: DataView = new DataView(this.arena.buffer);
  /** The bytes that were looked in last, with a view on them. */
  #lookedIn: Uint8Array | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** The code of these bytes; a new one when they are new. */
  code(bytes: Uint8Array, start: number, end: number): number {
    if (bytes !== this.#lookedIn) {
      this.#lookedIn = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const view = this.#view;
    const length = end - start;
    // Four bytes at a time: a multiplication for each byte would be most of the work.
    let h = length | 0;
    let p = start;
    for (; p + 4 <= end; p += 4) {
      h = Math.imul(h ^ view.getInt32(p, true), -1640531535);
      h ^= h >>> 15;
    }
    for (; p < end; p++) h = Math.imul(h ^ bytes[p], 0x01000193);
    h = Math.imul(h ^ (h >>> 16), -2048144789);
    h ^= h >>> 13;
    const table = this.#table;
    const mask = this.#mask;
    const hashes = this.#hashes;
    const starts = this.starts;
    const arena = this.arena;
    let at = h & mask;
    probe: for (let c = table[at]; c >= 0; at = (at + 1) & mask, c = table[at]) {
      if (hashes[c] !== h) continue;
      const from = starts[c];
      if (starts[c + 1] - from !== length) continue;
      const kept = this.#arenaView;
      let k = 0;
      for (; k + 4 <= length; k += 4) {
        if (kept.getInt32(from + k, true) !== view.getInt32(start + k, true)) continue probe;
      }
      for (; k < length; k++) if (arena[from + k] !== bytes[start + k]) continue probe;
      return c;
    }
    return this.#add(bytes, start, end, h, at);
  }

  /** The code of a JS string. */
  codeOfText(text: string): number {
    const most = text.length * 3;
    if (most > this.#scratch.length) this.#scratch = new Uint8Array(most * 2);
    const scratch = this.#scratch;
    let n = 0;
    for (; n < text.length; n++) {
      const c = text.charCodeAt(n);
      if (c >= 0x80) {
        n = encoder.encodeInto(text, scratch).written;
        break;
      }
      scratch[n] = c;
    }
    return this.code(scratch, 0, n);
  }

  /** A view of the entry's bytes; valid until the next entry is added. */
  bytes(code: number): Uint8Array {
    return this.arena.subarray(this.starts[code], this.starts[code + 1]);
  }

  /** The entries with these codes as a column; it shares the arena, which is only ever appended to. */
  column(type: DataType, codes: ArrayLike<number>, count: number, nulls: Uint8Array | null): Utf8Vector {
    const starts = new Int32Array(count);
    const ends = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      if (nulls !== null && nulls[i] === 1) continue;
      starts[i] = this.starts[codes[i]];
      ends[i] = this.starts[codes[i] + 1];
    }
    return { repr: "utf8", type, bytes: this.arena, starts, ends, nulls };
  }

  /**
   * Keeps only the entries whose codes are given and numbers them anew. Returns the new code by old code. Columns made
   * before stay valid: they hold the old arena.
   */
  compact(codes: Iterable<number>): Map<number, number> {
    const { arena, starts } = this;
    const kept = new Map<number, number>();
    this.arena = new Uint8Array(1 << 12);
    this.#arenaView = new DataView(this.arena.buffer);
    this.starts = new Int32Array(257);
    this.size = 0;
    this.#hashes = new Int32Array(256);
    this.#table = new Int32Array(512).fill(-1);
    this.#mask = 511;
    for (const code of codes) if (!kept.has(code)) kept.set(code, this.code(arena, starts[code], starts[code + 1]));
    return kept;
  }

  get memoryBytes(): number {
    return this.arena.length + this.starts.byteLength + this.#hashes.byteLength + this.#table.byteLength;
  }

  #add(bytes: Uint8Array, start: number, end: number, hash: number, at: number): number {
    const code = this.size;
    const from = this.starts[code];
    const length = end - start;
    if (from + length > this.arena.length) {
      const bigger = new Uint8Array(Math.max(this.arena.length * 2, from + length));
      bigger.set(this.arena.subarray(0, from));
      this.arena = bigger;
      this.#arenaView = new DataView(bigger.buffer);
    }
    const arena = this.arena;
    for (let k = 0; k < length; k++) arena[from + k] = bytes[start + k];
    if (code === this.#hashes.length) {
      this.#hashes = grown(this.#hashes, code * 2);
      this.starts = grown(this.starts, code * 2 + 1);
    }
    this.starts[code + 1] = from + length;
    this.#hashes[code] = hash;
    this.#table[at] = code;
    this.size = code + 1;
    if (this.size * 2 > this.#mask) this.#rehash();
    return code;
  }

  #rehash(): void {
    const mask = (this.#mask + 1) * 2 - 1;
    const table = new Int32Array(mask + 1).fill(-1);
    for (let c = 0; c < this.size; c++) {
      let at = this.#hashes[c] & mask;
      while (table[at] >= 0) at = (at + 1) & mask;
      table[at] = c;
    }
    this.#table = table;
    this.#mask = mask;
  }
}

function grown(a: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const b = new Int32Array(length);
  b.set(a.subarray(0, Math.min(a.length, length)));
  return b;
}
