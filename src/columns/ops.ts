/** Whole-column operations: pick rows, put batches one behind the other, change storage. */
import type { DataType } from "../types/types.ts";
import { isLongLike } from "../types/types.ts";
import type { Value } from "../types/values.ts";
import { formOf, hasLongs } from "./form.ts";
import { type Batch, type Nulls, reprOf, type Utf8Vector, type Vector, valueAt, vectorFrom } from "./vector.ts";

/** Rows `indices[0..count)` of a column; an index of −1 gives null. */
export function takeVector(v: Vector, indices: Int32Array, count: number): Vector {
  const nulls = takeNulls(v.nulls, indices, count);
  switch (v.repr) {
    case "utf8": {
      const starts = new Int32Array(count);
      const ends = new Int32Array(count);
      for (let k = 0; k < count; k++) {
        const i = indices[k];
        if (i < 0) continue;
        starts[k] = v.starts[i];
        ends[k] = v.ends[i];
      }
      return { repr: "utf8", type: v.type, bytes: v.bytes, starts, ends, nulls };
    }
    case "obj": {
      const values: Value[] = new Array(count);
      for (let k = 0; k < count; k++) values[k] = indices[k] < 0 ? null : v.values[indices[k]];
      return { repr: "obj", type: v.type, values, nulls };
    }
    case "i64": {
      const values = new BigInt64Array(count);
      for (let k = 0; k < count; k++) if (indices[k] >= 0) values[k] = v.values[indices[k]];
      return { repr: "i64", type: v.type, values, nulls };
    }
    case "f64": {
      const values = new Float64Array(count);
      for (let k = 0; k < count; k++) if (indices[k] >= 0) values[k] = v.values[indices[k]];
      return { repr: "f64", type: v.type, values, nulls };
    }
    case "i32": {
      const values = new Int32Array(count);
      for (let k = 0; k < count; k++) if (indices[k] >= 0) values[k] = v.values[indices[k]];
      return { repr: "i32", type: v.type, values, nulls };
    }
    case "bool": {
      const values = new Uint8Array(count);
      for (let k = 0; k < count; k++) if (indices[k] >= 0) values[k] = v.values[indices[k]];
      return { repr: "bool", type: v.type, values, nulls };
    }
  }
}

function takeNulls(nulls: Nulls, indices: Int32Array, count: number): Nulls {
  let out: Uint8Array | null = null;
  for (let k = 0; k < count; k++) {
    const i = indices[k];
    if (i < 0 || (nulls !== null && nulls[i] === 1)) {
      out ??= new Uint8Array(count);
      out[k] = 1;
    }
  }
  return out;
}

export function takeRows(batch: Batch, indices: Int32Array, count: number): Batch {
  return { rows: count, columns: batch.columns.map((v) => takeVector(v, indices, count)) };
}

/** Rows [from, to) of a batch. */
export function sliceRows(batch: Batch, from: number, to: number): Batch {
  if (from === 0 && to === batch.rows) return batch;
  const n = to - from;
  const indices = new Int32Array(n);
  for (let k = 0; k < n; k++) indices[k] = from + k;
  return takeRows(batch, indices, n);
}

/** Rows [from, to) of a column, on the same memory. */
export function viewOf(v: Vector, from: number, to: number): Vector {
  const nulls = v.nulls?.subarray(from, to) ?? null;
  switch (v.repr) {
    case "utf8":
      return { ...v, starts: v.starts.subarray(from, to), ends: v.ends.subarray(from, to), nulls };
    case "obj":
      return { ...v, values: v.values.slice(from, to), nulls };
    default:
      return { ...v, values: v.values.subarray(from, to), nulls } as Vector;
  }
}

/** One batch of all rows. The result doesn't share memory with utf8 inputs, so that large source buffers can go. */
export function concatBatches(batches: readonly Batch[], types: readonly DataType[], wide: boolean): Batch {
  const rows = batches.reduce((n, b) => n + b.rows, 0);
  const columns = types.map((type, c) =>
    concatVectors(
      batches.map((b) => ({ vector: b.columns[c] as Vector, rows: b.rows })),
      type,
      rows,
      wide,
    ),
  );
  return { rows, columns };
}

interface Part {
  readonly vector: Vector;
  readonly rows: number;
}

function concatVectors(parts: readonly Part[], type: DataType, rows: number, wide: boolean): Vector {
  const nulls = concatNulls(parts, rows);
  if (parts.length > 0 && parts.every((p) => p.vector.repr === "utf8")) {
    return concatUtf8(parts as readonly { vector: Utf8Vector; rows: number }[], type, rows, nulls);
  }
  const repr = reprOf(type, wide);
  if (repr !== "obj" && parts.every((p) => p.vector.repr === repr)) {
    const out =
      repr === "f64"
        ? new Float64Array(rows)
        : repr === "i32"
          ? new Int32Array(rows)
          : repr === "i64"
            ? new BigInt64Array(rows)
            : new Uint8Array(rows);
    let at = 0;
    for (const p of parts) {
      (out as Float64Array).set((p.vector as unknown as { values: Float64Array }).values.subarray(0, p.rows), at);
      at += p.rows;
    }
    return { repr, type, values: out, nulls } as Vector;
  }
  const values: Value[] = new Array(rows);
  let at = 0;
  for (const p of parts) for (let i = 0; i < p.rows; i++) values[at++] = valueAt(p.vector, i);
  return vectorFrom(type, values, wide);
}

function concatNulls(parts: readonly Part[], rows: number): Nulls {
  let out: Uint8Array | null = null;
  let at = 0;
  for (const p of parts) {
    if (p.vector.nulls !== null) {
      out ??= new Uint8Array(rows);
      out.set(p.vector.nulls.subarray(0, p.rows), at);
    }
    at += p.rows;
  }
  return out;
}

function concatUtf8(
  parts: readonly { vector: Utf8Vector; rows: number }[],
  type: DataType,
  rows: number,
  nulls: Nulls,
): Vector {
  let size = 0;
  for (const { vector: v, rows: n } of parts)
    for (let i = 0; i < n; i++) if (v.nulls === null || v.nulls[i] === 0) size += v.ends[i] - v.starts[i];
  const bytes = new Uint8Array(size);
  const starts = new Int32Array(rows);
  const ends = new Int32Array(rows);
  let at = 0;
  let row = 0;
  for (const { vector: v, rows: n } of parts) {
    for (let i = 0; i < n; i++, row++) {
      if (v.nulls !== null && v.nulls[i] === 1) continue;
      const from = v.starts[i];
      const to = v.ends[i];
      starts[row] = at;
      if (to - from < 32) for (let p = from; p < to; p++) bytes[at++] = v.bytes[p];
      else {
        bytes.set(v.bytes.subarray(from, to), at);
        at += to - from;
      }
      ends[row] = at;
    }
  }
  return { repr: "utf8", type, bytes, starts, ends, nulls };
}

/** A column of nulls. */
export function nullVector(type: DataType, rows: number, wide: boolean): Vector {
  return vectorFrom(type, new Array<Value>(rows).fill(null), wide);
}

/** The column in the form (narrow or wide) that the running query uses. */
export function inForm(v: Vector, rows: number, wide: boolean): Vector {
  if (v.repr === "utf8") return v;
  if (v.repr === "obj" && !hasLongs(v.type)) return v;
  if (v.repr !== "obj" && (!isLongLike(v.type) || v.repr === reprOf(v.type, wide))) return v;
  const values: Value[] = new Array(rows);
  for (let i = 0; i < rows; i++) values[i] = formOf(valueAt(v, i), v.type, wide);
  return vectorFrom(v.type, values, wide);
}
