/** Arrow buffers to columns. 64-bit values and decimals arrive in the wide form. */
import type { Batch as ArrowBatch } from "@uwdata/flechette";
import type { DataType } from "../types/types.ts";
import { MapValue, type Value } from "../types/values.ts";
import type { Nulls, Vector } from "./vector.ts";

/** The parts of an Arrow batch that are read here. */
interface Buffers {
  readonly length: number;
  readonly nullCount: number;
  readonly validity: Uint8Array | undefined;
  readonly values: unknown;
  readonly offsets: Int32Array | BigInt64Array;
  readonly children: readonly ArrowBatch<unknown>[];
}

const text = new TextDecoder("utf-8");

export function decodeVector(batch: ArrowBatch<unknown>, type: DataType): Vector {
  const b = buffersOf(batch);
  const nulls = nullsOf(b);
  const rows = b.length;
  switch (type.kind) {
    case "boolean": {
      const values = new Uint8Array(rows);
      for (let i = 0; i < rows; i++) values[i] = bit(b.values as Uint8Array, i) ? 1 : 0;
      return { repr: "bool", type, values, nulls };
    }
    case "byte":
    case "short":
    case "integer":
    case "date":
    case "yearmonth_interval":
      return { repr: "i32", type, values: Int32Array.from((b.values as Int32Array).subarray(0, rows)), nulls };
    case "float":
    case "double":
      return { repr: "f64", type, values: Float64Array.from((b.values as Float64Array).subarray(0, rows)), nulls };
    case "long":
    case "timestamp":
    case "timestamp_ntz":
    case "daytime_interval":
      return { repr: "i64", type, values: (b.values as BigInt64Array).slice(0, rows), nulls };
    case "string":
    case "binary": {
      const offsets = Int32Array.from(b.offsets as Int32Array, Number);
      const bytes = b.values as Uint8Array;
      return { repr: "utf8", type, bytes, starts: offsets.subarray(0, rows), ends: offsets.subarray(1), nulls };
    }
    default: {
      const at = reader(batch, type);
      const values = Array.from({ length: rows }, (_, i) => at(i));
      return { repr: "obj", type, values, nulls: type.kind === "null" ? new Uint8Array(rows).fill(1) : nulls };
    }
  }
}

/** Reads one value of the batch, in internal form. */
function reader(batch: ArrowBatch<unknown>, type: DataType): (i: number) => Value {
  if (type.kind === "null") return () => null;
  const b = buffersOf(batch);
  const at = nonNullReader(b, type);
  const { validity } = b;
  return b.nullCount > 0 && validity !== undefined ? (i) => (bit(validity, i) ? at(i) : null) : at;
}

function nonNullReader(b: Buffers, type: DataType): (i: number) => Value {
  const { offsets } = b;
  switch (type.kind) {
    case "boolean":
      return (i) => bit(b.values as Uint8Array, i);
    case "string":
      return (i) => text.decode((b.values as Uint8Array).subarray(Number(offsets[i]), Number(offsets[i + 1])));
    case "binary":
      return (i) => (b.values as Uint8Array).slice(Number(offsets[i]), Number(offsets[i + 1]));
    case "decimal": {
      const words = b.values as BigUint64Array;
      return (i) => (BigInt.asIntN(64, words[2 * i + 1]) << 64n) | BigInt.asUintN(64, words[2 * i]);
    }
    case "array": {
      const element = reader(b.children[0], type.elementType);
      return (i) => range(Number(offsets[i]), Number(offsets[i + 1]), element);
    }
    case "map": {
      const [keys, values] = buffersOf(b.children[0]).children;
      const key = reader(keys, type.keyType);
      const value = reader(values, type.valueType);
      return (i) => {
        const [from, to] = [Number(offsets[i]), Number(offsets[i + 1])];
        return new MapValue(range(from, to, key), range(from, to, value));
      };
    }
    case "struct": {
      const fields = type.fields.map((f, c) => reader(b.children[c], f.type));
      return (i) => fields.map((field) => field(i));
    }
    default:
      return (i) => (b.values as ArrayLike<number | bigint>)[i];
  }
}

function range(from: number, to: number, at: (i: number) => Value): Value[] {
  const out: Value[] = new Array(to - from);
  for (let i = from; i < to; i++) out[i - from] = at(i);
  return out;
}

function nullsOf(b: Buffers): Nulls {
  if (b.nullCount === 0 || b.validity === undefined) return null;
  const nulls = new Uint8Array(b.length);
  for (let i = 0; i < b.length; i++) nulls[i] = bit(b.validity, i) ? 0 : 1;
  return nulls;
}

function bit(bitmap: Uint8Array, i: number): boolean {
  return ((bitmap[i >> 3] >> (i & 7)) & 1) === 1;
}

function buffersOf(batch: ArrowBatch<unknown>): Buffers {
  return batch as unknown as Buffers;
}
