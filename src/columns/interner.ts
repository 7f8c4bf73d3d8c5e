import type { DataType } from "../types/types.ts";
import type { Utf8Vector } from "./vector.ts";

const encoder = new TextEncoder();
/** Numbers in one entry of the table. */
const ENTRY = 4;
/** Rows that are looked up together. */
const STRIP = 64;

/** Four bytes at a time: a multiplication for each byte would be most of the work. */
function hashOf(bytes: Uint8Array, view: DataView, start: number, end: number): number {
  let h = (end - start) | 0;
  let p = start;
  for (; p + 4 <= end; p += 4) {
    h = Math.imul(h ^ view.getInt32(p, true), -1640531535);
    h ^= h >>> 15;
  }
  for (; p < end; p++) h = Math.imul(h ^ bytes[p], 0x01000193);
  h = Math.imul(h ^ (h >>> 16), -2048144789);
  return h ^ (h >>> 13);
}

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
  /** Open addressing; an entry is [code, hash, start, length], side by side, so that finding it touches one place in memory. */
  #table = new Int32Array(512 * ENTRY).fill(-1);
  /** The table's length − 1, counted in numbers. */
  #mask = 512 * ENTRY - 1;
  #scratch = new Uint8Array(256);
  #codes = new Int32Array(1024);
  readonly #strip = new Int32Array(STRIP);
  readonly #places = new Int32Array(STRIP);
  #touched = 0;
  #arenaView: DataView = new DataView(this.arena.buffer);
  /** The bytes that were looked in last, with a view on them. */
  #lookedIn: Uint8Array | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** The code of these bytes; a new one when they are new. */
  code(bytes: Uint8Array, start: number, end: number): number {
    const view = this.#viewOf(bytes);
    const h = hashOf(bytes, view, start, end);
    const at = this.#find((h * ENTRY) & this.#mask, h, view, start, end - start);
    const code = this.#table[at];
    return code >= 0 ? code : this.#add(bytes, start, end, h, at);
  }

  /**
   * The codes of a column's first `rows` texts, −1 for those that are new; valid until the next call.
   *
   * With many texts each lookup waits for memory, twice. Here the places are touched ahead, a strip of rows at a time, so
   * that the waits are for many rows at once: the shorter a loop that touches, the more of its rows are under way together.
   */
  known(column: Utf8Vector, rows: number): Int32Array {
    const { bytes, starts, ends, nulls } = column;
    if (this.#codes.length < rows) this.#codes = new Int32Array(rows * 2);
    const codes = this.#codes;
    const hashes = this.#strip;
    const places = this.#places;
    const table = this.#table;
    const mask = this.#mask;
    const arena = this.arena;
    const view = this.#viewOf(bytes);
    let touched = 0;
    for (let from = 0; from < rows; from += STRIP) {
      const to = Math.min(rows, from + STRIP);
      for (let i = from; i < to; i++) {
        hashes[i - from] = nulls !== null && nulls[i] === 1 ? 0 : hashOf(bytes, view, starts[i], ends[i]);
      }
      for (let k = 0; k < to - from; k++) touched ^= table[(hashes[k] * ENTRY) & mask];
      for (let k = 0; k < to - from; k++) {
        const h = hashes[k];
        let at = (h * ENTRY) & mask;
        while (table[at] >= 0 && table[at + 1] !== h) at = (at + ENTRY) & mask;
        places[k] = at;
        touched ^= table[at + 2] >= 0 ? arena[table[at + 2]] : 0;
      }
      for (let i = from; i < to; i++) {
        codes[i] =
          nulls !== null && nulls[i] === 1
            ? -1
            : table[this.#find(places[i - from], hashes[i - from], view, starts[i], ends[i] - starts[i])];
      }
    }
    this.#touched = touched;
    return codes;
  }

  /** What `known` touched; kept so that the touching isn't taken for idle. */
  get touched(): number {
    return this.#touched;
  }

  #viewOf(bytes: Uint8Array): DataView {
    if (bytes !== this.#lookedIn) {
      this.#lookedIn = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return this.#view;
  }

  /** The place in the table of the text, or where it would go; looks from `at` on. */
  #find(at: number, h: number, view: DataView, start: number, length: number): number {
    const table = this.#table;
    const mask = this.#mask;
    const kept = this.#arenaView;
    probe: for (; table[at] >= 0; at = (at + ENTRY) & mask) {
      if (table[at + 1] !== h || table[at + 3] !== length) continue;
      const from = table[at + 2];
      let k = 0;
      for (; k + 4 <= length; k += 4) {
        if (kept.getInt32(from + k, true) !== view.getInt32(start + k, true)) continue probe;
      }
      for (; k < length; k++) if (kept.getUint8(from + k) !== view.getUint8(start + k)) continue probe;
      return at;
    }
    return at;
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
    this.#table = new Int32Array(512 * ENTRY).fill(-1);
    this.#mask = 512 * ENTRY - 1;
    for (const code of codes) if (!kept.has(code)) kept.set(code, this.code(arena, starts[code], starts[code + 1]));
    return kept;
  }

  get memoryBytes(): number {
    return this.arena.length + this.starts.byteLength + this.#table.byteLength;
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
    if (code + 1 === this.starts.length) this.starts = grown(this.starts, this.starts.length * 2);
    this.starts[code + 1] = from + length;
    this.#table[at] = code;
    this.#table[at + 1] = hash;
    this.#table[at + 2] = from;
    this.#table[at + 3] = length;
    this.size = code + 1;
    if (this.size * 2 * ENTRY > this.#mask) this.#rehash();
    return code;
  }

  #rehash(): void {
    const old = this.#table;
    const mask = (this.#mask + 1) * 2 - 1;
    const table = new Int32Array(mask + 1).fill(-1);
    for (let e = 0; e < old.length; e += ENTRY) {
      if (old[e] < 0) continue;
      let at = (old[e + 1] * ENTRY) & mask;
      while (table[at] >= 0) at = (at + ENTRY) & mask;
      for (let k = 0; k < ENTRY; k++) table[at + k] = old[e + k];
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
