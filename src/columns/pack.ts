/** Columns copied close together into one piece of memory, so that they can go to another thread as one. */
import type { Nulls, Utf8Vector, Vector } from "./vector.ts";

const ALIGNMENT = 8;
/** Copies of text may pass their end by so many bytes; what follows overwrites them. */
const SLACK = 16;

const aligned = (bytes: number): number => (bytes + ALIGNMENT - 1) & -ALIGNMENT;

/** Bytes that `packed` needs for these columns. Columns stored as `obj` can't be packed. */
export function packedBytes(columns: readonly Vector[], rows: number): number {
  let bytes = SLACK;
  for (const v of columns) {
    if (v.nulls !== null) bytes += aligned(rows);
    switch (v.repr) {
      case "bool":
        bytes += aligned(rows);
        break;
      case "i32":
        bytes += aligned(rows * 4);
        break;
      case "utf8":
        bytes += aligned(rows * 4) * 2 + aligned(textBytes(v, rows)) + ALIGNMENT;
        break;
      default:
        bytes += rows * 8;
    }
  }
  return bytes;
}

function textBytes(v: Utf8Vector, rows: number): number {
  let bytes = 0;
  for (let i = 0; i < rows; i++) if (v.nulls === null || v.nulls[i] === 0) bytes += v.ends[i] - v.starts[i];
  return bytes;
}

/** The first `rows` of the columns, copied into `buffer`, which has room for them. */
export function packed(columns: readonly Vector[], rows: number, buffer: ArrayBuffer): Vector[] {
  let at = 0;
  const place = (bytes: number): number => {
    const from = at;
    at += aligned(bytes);
    return from;
  };
  const nullsOf = (nulls: Nulls): Nulls => {
    if (nulls === null) return null;
    const copy = new Uint8Array(buffer, place(rows), rows);
    copy.set(nulls.subarray(0, rows));
    return copy;
  };
  const copied = (v: Vector): Vector => {
    const nulls = nullsOf(v.nulls);
    switch (v.repr) {
      case "bool": {
        const values = new Uint8Array(buffer, place(rows), rows);
        values.set(v.values.subarray(0, rows));
        return { ...v, values, nulls };
      }
      case "i32": {
        const values = new Int32Array(buffer, place(rows * 4), rows);
        values.set(v.values.subarray(0, rows));
        return { ...v, values, nulls };
      }
      case "f64": {
        const values = new Float64Array(buffer, place(rows * 8), rows);
        values.set(v.values.subarray(0, rows));
        return { ...v, values, nulls };
      }
      case "i64": {
        const values = new BigInt64Array(buffer, place(rows * 8), rows);
        values.set(v.values.subarray(0, rows));
        return { ...v, values, nulls };
      }
      case "utf8": {
        const starts = new Int32Array(buffer, place(rows * 4), rows);
        const ends = new Int32Array(buffer, place(rows * 4), rows);
        const from = at;
        const length = copyTexts(v, rows, new DataView(buffer), from, starts, ends);
        at += aligned(length);
        return { ...v, bytes: new Uint8Array(buffer, from, length), starts, ends, nulls };
      }
      case "obj":
        throw new Error("a column of JavaScript values can't be packed");
    }
  };
  return columns.map(copied);
}

/** Copies the texts to `to` at `base`, one behind the other; returns their length. */
function copyTexts(
  v: Utf8Vector,
  rows: number,
  to: DataView,
  base: number,
  starts: Int32Array,
  ends: Int32Array,
): number {
  const { bytes, nulls } = v;
  const from = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const quick = bytes.length - SLACK;
  const copy = new Uint8Array(to.buffer);
  let at = 0;
  for (let i = 0; i < rows; i++) {
    starts[i] = at;
    if (nulls !== null && nulls[i] === 1) {
      ends[i] = at;
      continue;
    }
    const start = v.starts[i];
    const length = v.ends[i] - start;
    const target = base + at;
    if (length <= SLACK && start <= quick) {
      to.setBigInt64(target, from.getBigInt64(start, true), true);
      if (length > 8) to.setBigInt64(target + 8, from.getBigInt64(start + 8, true), true);
    } else if (length < 64) for (let k = 0; k < length; k++) copy[target + k] = bytes[start + k];
    else copy.set(bytes.subarray(start, start + length), target);
    at += length;
    ends[i] = at;
  }
  return at;
}
