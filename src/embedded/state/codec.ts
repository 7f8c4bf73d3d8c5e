/** Values as bytes: how computed and complex values stand in state files. Little-endian, self-delimiting. */
import type { DataType } from "../../types/types.ts";
import { longValue, MapValue, type Value } from "../../types/values.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class ByteWriter {
  /** What was read ahead; kept so that the reading isn't taken for idle. */
  touched = 0;
  bytes: Uint8Array;
  length = 0;
  #view: DataView;

  constructor(bytesFirst = 1 << 12) {
    this.bytes = new Uint8Array(bytesFirst);
    this.#view = new DataView(this.bytes.buffer);
  }

  reserve(n: number): void {
    if (this.length + n <= this.bytes.length) return;
    const bigger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + n));
    bigger.set(this.bytes.subarray(0, this.length));
    this.bytes = bigger;
    this.#view = new DataView(bigger.buffer);
  }
  u8(x: number): void {
    this.reserve(1);
    this.bytes[this.length++] = x;
  }
  u32(x: number): void {
    this.reserve(4);
    this.#view.setUint32(this.length, x, true);
    this.length += 4;
  }
  f64(x: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.length, x, true);
    this.length += 8;
  }
  /** One byte for each of `slots`, out of `from`. */
  bytesAt(from: Uint8Array, slots: Int32Array): void {
    const n = slots.length;
    this.reserve(n);
    const { bytes, length } = this;
    for (let i = 0; i < n; i++) bytes[length + i] = from[slots[i]];
    this.length += n;
  }
  /** A blob of `bytes` more, to be filled in by the caller: aligned to nothing. */
  blobOf(bytes: number): DataView {
    this.u32(bytes);
    this.reserve(bytes);
    const at = this.length;
    this.length += bytes;
    return new DataView(this.bytes.buffer, at, bytes);
  }
  /** A blob of each of the first `count` ranges of `from`. */
  parts(from: Uint8Array, starts: Int32Array, ends: Int32Array, count: number): void {
    let size = 0;
    for (let i = 0; i < count; i++) size += 4 + ends[i] - starts[i];
    this.reserve(size);
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < count; i++) {
      const end = ends[i];
      const length = end - starts[i];
      bytes[at++] = length;
      bytes[at++] = length >> 8;
      bytes[at++] = length >> 16;
      bytes[at++] = length >> 24;
      for (let k = starts[i]; k < end; k++) bytes[at++] = from[k];
    }
    this.length = at;
  }
  raw(b: Uint8Array): void {
    this.reserve(b.length);
    this.bytes.set(b, this.length);
    this.length += b.length;
  }
  blob(b: Uint8Array): void {
    this.u32(b.length);
    this.raw(b);
  }
  text(s: string): void {
    this.blob(encoder.encode(s));
  }
  get view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  u8(): number {
    return this.#view.getUint8(this.at++);
  }
  u32(): number {
    this.at += 4;
    return this.#view.getUint32(this.at - 4, true);
  }
  f64(): number {
    this.at += 8;
    return this.#view.getFloat64(this.at - 8, true);
  }
  raw(n: number): Uint8Array {
    if (this.at + n > this.#bytes.length) throw new RangeError("state file ends early");
    this.at += n;
    return this.#bytes.subarray(this.at - n, this.at);
  }
  blob(): Uint8Array {
    return this.raw(this.u32());
  }
  text(): string {
    return decoder.decode(this.blob());
  }
}

const NULL = 0;
const NUMBER = 1;
const BIG = 2;

/** Writes a value of this type; the reader needs the same type. */
export function writeValue(w: ByteWriter, value: Value, type: DataType): void {
  if (value === null || value === undefined) {
    w.u8(NULL);
    return;
  }
  switch (type.kind) {
    case "boolean":
      w.u8(NUMBER);
      w.u8(value === true ? 1 : 0);
      return;
    case "string":
      w.u8(NUMBER);
      w.text(value as string);
      return;
    case "binary":
      w.u8(NUMBER);
      w.blob(value as Uint8Array);
      return;
    case "array": {
      const items = value as Value[];
      w.u8(NUMBER);
      w.u32(items.length);
      for (const x of items) writeValue(w, x, type.elementType);
      return;
    }
    case "struct":
      w.u8(NUMBER);
      type.fields.forEach((f, i) => {
        writeValue(w, (value as Value[])[i] as Value, f.type);
      });
      return;
    case "map": {
      const m = value as MapValue;
      w.u8(NUMBER);
      w.u32(m.keys.length);
      for (let i = 0; i < m.keys.length; i++) {
        writeValue(w, m.keys[i] as Value, type.keyType);
        writeValue(w, m.values[i] as Value, type.valueType);
      }
      return;
    }
    default:
      if (typeof value === "bigint") {
        w.u8(BIG);
        w.text(value.toString());
      } else {
        w.u8(NUMBER);
        w.f64(value as number);
      }
  }
}

/** Reads a value in the narrow or wide form. Throws WideRequired when a 64-bit value needs the wide one. */
export function readValue(r: ByteReader, type: DataType, wide: boolean): Value {
  const tag = r.u8();
  if (tag === NULL) return null;
  switch (type.kind) {
    case "boolean":
      return r.u8() === 1;
    case "string":
      return r.text();
    case "binary":
      return r.blob().slice();
    case "array": {
      const n = r.u32();
      const out: Value[] = [];
      for (let i = 0; i < n; i++) out.push(readValue(r, type.elementType, wide));
      return out;
    }
    case "struct":
      return type.fields.map((f) => readValue(r, f.type, wide));
    case "map": {
      const n = r.u32();
      const keys: Value[] = [];
      const values: Value[] = [];
      for (let i = 0; i < n; i++) {
        keys.push(readValue(r, type.keyType, wide));
        values.push(readValue(r, type.valueType, wide));
      }
      return new MapValue(keys, values);
    }
    case "long":
    case "timestamp":
    case "timestamp_ntz":
    case "daytime_interval":
    case "decimal": {
      if (tag === BIG) return longValue(BigInt(r.text()), wide);
      const x = r.f64();
      return wide ? BigInt(x) : x;
    }
    default:
      return tag === BIG ? Number(r.text()) : r.f64();
  }
}
