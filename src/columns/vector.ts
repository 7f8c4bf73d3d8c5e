import { type DataType, isIntLike, isLongLike } from "../types/types.ts";
import { type Value, WideRequired } from "../types/values.ts";

/**
 * How the values of a column are stored. It is known when a query is compiled, so that generated code reads the arrays
 * directly.
 *
 * - `bool`: Uint8Array of 0 and 1
 * - `i32`: Int32Array (byte, short, integer, date, year-month interval)
 * - `f64`: Float64Array (float, double; in the narrow form also long, timestamps, day-time interval, decimal's unscaled value)
 * - `i64`: BigInt64Array (the wide form of long, timestamps, day-time interval)
 * - `utf8`: views on shared bytes (string and binary as they come from a source)
 * - `obj`: a JS array of internal values (computed strings and binaries, wide decimals, arrays, maps, structs)
 */
export type Repr = "bool" | "i32" | "f64" | "i64" | "utf8" | "obj";

/** One byte a row, 1 where the value is null; `null` when no value is. */
export type Nulls = Uint8Array | null;

export interface BoolVector {
  readonly repr: "bool";
  readonly type: DataType;
  readonly values: Uint8Array;
  readonly nulls: Nulls;
}
export interface I32Vector {
  readonly repr: "i32";
  readonly type: DataType;
  readonly values: Int32Array;
  readonly nulls: Nulls;
}
export interface F64Vector {
  readonly repr: "f64";
  readonly type: DataType;
  readonly values: Float64Array;
  readonly nulls: Nulls;
}
export interface I64Vector {
  readonly repr: "i64";
  readonly type: DataType;
  readonly values: BigInt64Array;
  readonly nulls: Nulls;
}
/** Row i is `bytes.subarray(starts[i], ends[i])`. The bytes belong to the batch and must not change while it is in use. */
export interface Utf8Vector {
  readonly repr: "utf8";
  readonly type: DataType;
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly nulls: Nulls;
}
export interface ObjVector {
  readonly repr: "obj";
  readonly type: DataType;
  readonly values: Value[];
  readonly nulls: Nulls;
}

/** A column. Arrays may be longer than the batch's row count; `nulls` wins over whatever stands in `values`. */
export type Vector = BoolVector | I32Vector | F64Vector | I64Vector | Utf8Vector | ObjVector;

/** Rows in columns. `columns[i]` is the i-th attribute of whoever made the batch. */
export interface Batch {
  readonly rows: number;
  readonly columns: readonly Vector[];
  /** Where a row came from, in words, for errors: `topic t, partition 0, offset 42`. Sources that know it give it. */
  readonly origin?: (row: number) => string;
  /** A row's record as the source has it. Sources give it where records that can't be decoded are taken out. */
  readonly record?: (row: number) => SourceRecord;
  /** Fields of a JSON column that the source has read already, where it was asked to. */
  readonly decoded?: DecodedFields | undefined;
  /**
   * Gives the batch's memory back at once, instead of when it is collected. For whoever took all that it wants out of the
   * batch, and only then: the columns are empty afterwards.
   */
  readonly release?: (() => void) | undefined;
}

/** What a scan of JSON found. */
export interface DecodedFields {
  readonly columns: readonly Vector[];
  /** Rows whose text was malformed, or had a value of another type. */
  readonly corruptCount: number;
  /** 1 where a row is such a one; `null` when none is. */
  readonly corrupt: Nulls;
}

/** A record of a source, byte for byte. */
export interface SourceRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestampMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

export interface RecordHeader {
  readonly name: string;
  readonly value: Uint8Array | null;
}

/** The storage of a *computed* column of this type (sources may deliver strings and binaries as `utf8` instead). */
export function reprOf(type: DataType, wide: boolean): Exclude<Repr, "utf8"> {
  if (type.kind === "boolean") return "bool";
  if (isIntLike(type)) return "i32";
  if (type.kind === "float" || type.kind === "double") return "f64";
  if (isLongLike(type)) return wide ? (type.kind === "decimal" ? "obj" : "i64") : "f64";
  return "obj";
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Row `i` of a `utf8` column as text. Malformed bytes become U+FFFD. */
export function textAt(v: Utf8Vector, i: number): string {
  const start = v.starts[i];
  const end = v.ends[i];
  const bytes = v.bytes;
  if (end - start < 24) {
    let s = "";
    for (let p = start; p < end; p++) {
      const b = bytes[p];
      if (b >= 0x80) return decoder.decode(bytes.subarray(start, end));
      s += String.fromCharCode(b);
    }
    return s;
  }
  return decoder.decode(bytes.subarray(start, end));
}

/** Whether row `i` of a `utf8` column holds exactly these bytes. */
export function bytesEqual(v: Utf8Vector, i: number, other: Uint8Array): boolean {
  const start = v.starts[i];
  const length = other.length;
  if (v.ends[i] - start !== length) return false;
  const bytes = v.bytes;
  for (let k = 0; k < length; k++) if (bytes[start + k] !== other[k]) return false;
  return true;
}

/** The value of row `i` in internal form. For the edges of the engine (sinks, tests), not for hot loops. */
export function valueAt(v: Vector, i: number): Value {
  if (v.nulls !== null && v.nulls[i] === 1) return null;
  switch (v.repr) {
    case "bool":
      return v.values[i] === 1;
    case "utf8":
      return v.type.kind === "binary" ? v.bytes.slice(v.starts[i], v.ends[i]) : textAt(v, i);
    default:
      return v.values[i];
  }
}

/** Builds a column of `type` from internal values; the storage is `reprOf(type, wide)`. */
export function vectorFrom(type: DataType, values: readonly Value[], wide = false): Vector {
  const n = values.length;
  let nulls: Uint8Array | null = null;
  for (let i = 0; i < n; i++) {
    if (values[i] === null || values[i] === undefined) {
      nulls ??= new Uint8Array(n);
      nulls[i] = 1;
    }
  }
  const repr = reprOf(type, wide);
  switch (repr) {
    case "bool": {
      const out = new Uint8Array(n);
      for (let i = 0; i < n; i++) out[i] = values[i] === true ? 1 : 0;
      return { repr, type, values: out, nulls };
    }
    case "i32": {
      const out = new Int32Array(n);
      for (let i = 0; i < n; i++) out[i] = Number(values[i] ?? 0);
      return { repr, type, values: out, nulls };
    }
    case "f64": {
      const longLike = isLongLike(type);
      const out = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        const x = Number(values[i] ?? 0);
        if (longLike && !Number.isSafeInteger(x)) throw new WideRequired();
        out[i] = x;
      }
      return { repr, type, values: out, nulls };
    }
    case "i64": {
      const out = new BigInt64Array(n);
      for (let i = 0; i < n; i++) out[i] = BigInt((values[i] ?? 0) as number | bigint);
      return { repr, type, values: out, nulls };
    }
    case "obj": {
      const out: Value[] = new Array(n);
      for (let i = 0; i < n; i++) out[i] = values[i] ?? null;
      return { repr, type, values: out, nulls };
    }
  }
}
