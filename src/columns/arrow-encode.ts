/** Columns to Arrow buffers. Strings are always plain Utf8: Spark reads a dictionary's codes as values. */
import type { Batch as ArrowBatch, DataType as ArrowType } from "@uwdata/flechette";
import type { DataType } from "../types/types.ts";
import type { MapValue, Value } from "../types/values.ts";
import { flechette } from "./arrow-library.ts";
import { type Utf8Vector, type Vector, valueAt } from "./vector.ts";

const utf8 = new TextEncoder();

/** One column's first `rows` values. */
export function encodeVector(vector: Vector, arrow: ArrowType, rows: number): ArrowBatch<unknown> {
  const buffers = storedBuffers(vector, rows);
  if (buffers === undefined) return encodeValues(vector.type, arrow, rows, (i) => valueAt(vector, i));
  const { nulls } = vector;
  return arrowBatch(arrow, rows, { ...validityOf(rows, (i) => nulls !== null && nulls[i] === 1), ...buffers });
}

/** The buffers of a column whose storage is close to Arrow's; undefined for the others. */
function storedBuffers(vector: Vector, rows: number): object | undefined {
  switch (vector.repr) {
    case "f64":
      if (vector.type.kind === "double") return { values: vector.values.subarray(0, rows) };
      if (vector.type.kind === "float") return { values: Float32Array.from(vector.values.subarray(0, rows)) };
      return undefined;
    case "i64":
      return { values: vector.values.subarray(0, rows) };
    case "i32":
      if (vector.type.kind === "byte") return { values: Int8Array.from(vector.values.subarray(0, rows)) };
      if (vector.type.kind === "short") return { values: Int16Array.from(vector.values.subarray(0, rows)) };
      return { values: vector.values.subarray(0, rows) };
    case "utf8":
      return viewBuffers(vector, rows);
    default:
      return undefined;
  }
}

function viewBuffers({ bytes, starts, ends, nulls }: Utf8Vector, rows: number): object {
  const offsets = new Int32Array(rows + 1);
  for (let i = 0; i < rows; i++) {
    const length = nulls !== null && nulls[i] === 1 ? 0 : ends[i] - starts[i];
    offsets[i + 1] = offsets[i] + length;
  }
  const values = new Uint8Array(offsets[rows]);
  for (let i = 0; i < rows; i++) {
    if (offsets[i + 1] > offsets[i]) values.set(bytes.subarray(starts[i], ends[i]), offsets[i]);
  }
  return { offsets, values };
}

function arrowBatch(type: ArrowType, length: number, parts: object): ArrowBatch<unknown> {
  const OfType = flechette().batchType(type, {}) as new (options: object) => ArrowBatch<unknown>;
  return new OfType({ length, type, ...parts });
}

function encodeValues(type: DataType, arrow: ArrowType, rows: number, at: (i: number) => Value): ArrowBatch<unknown> {
  const validity = validityOf(rows, (i) => at(i) === null);
  const buffers = type.kind === "null" ? {} : buffersOf(type, arrow, rows, at);
  return arrowBatch(arrow, rows, { ...validity, ...buffers });
}

function validityOf(rows: number, isNull: (i: number) => boolean): { validity: Uint8Array; nullCount: number } {
  let validity = new Uint8Array(0);
  let nullCount = 0;
  for (let i = 0; i < rows; i++) {
    if (!isNull(i)) continue;
    if (nullCount++ === 0) validity = new Uint8Array((rows + 7) >> 3).fill(255);
    validity[i >> 3] &= ~(1 << (i & 7));
  }
  return { validity, nullCount };
}

function buffersOf(type: DataType, arrow: ArrowType, rows: number, at: (i: number) => Value): object {
  switch (type.kind) {
    case "boolean": {
      const values = new Uint8Array((rows + 7) >> 3);
      for (let i = 0; i < rows; i++) if (at(i) === true) values[i >> 3] |= 1 << (i & 7);
      return { values };
    }
    case "string":
    case "binary":
      return textBuffers(rows, at);
    case "array":
      return listBuffers(type.elementType, arrow, rows, at as (i: number) => Value[] | null);
    case "map":
      return mapBuffers(type, arrow, rows, at as (i: number) => MapValue | null);
    case "struct":
      return {
        children: type.fields.map((f, c) =>
          encodeValues(f.type, childType(arrow, c), rows, (i) => (at(i) as Value[] | null)?.[c] ?? null),
        ),
      };
    default:
      return { values: fixedValues(type, rows, at) };
  }
}

function fixedValues(type: DataType, rows: number, at: (i: number) => Value): ArrayBufferView {
  switch (type.kind) {
    case "byte":
      return fill(new Int8Array(rows), at);
    case "short":
      return fill(new Int16Array(rows), at);
    case "integer":
    case "date":
    case "yearmonth_interval":
      return fill(new Int32Array(rows), at);
    case "float":
      return fill(new Float32Array(rows), at);
    case "double":
      return fill(new Float64Array(rows), at);
    case "decimal": {
      const values = new BigInt64Array(rows * 2);
      for (let i = 0; i < rows; i++) {
        const unscaled = BigInt((at(i) ?? 0) as number | bigint);
        values[2 * i] = BigInt.asIntN(64, unscaled);
        values[2 * i + 1] = unscaled >> 64n;
      }
      return values;
    }
    default: {
      const values = new BigInt64Array(rows);
      for (let i = 0; i < rows; i++) values[i] = BigInt((at(i) ?? 0) as number | bigint);
      return values;
    }
  }
}

function fill<A extends Int8Array | Int16Array | Int32Array | Float32Array | Float64Array>(
  values: A,
  at: (i: number) => Value,
): A {
  for (let i = 0; i < values.length; i++) values[i] = (at(i) ?? 0) as number;
  return values;
}

function textBuffers(rows: number, at: (i: number) => Value): object {
  const offsets = new Int32Array(rows + 1);
  let bytes = new Uint8Array(Math.max(64, rows * 16));
  let end = 0;
  for (let i = 0; i < rows; i++) {
    const value = at(i) as string | Uint8Array | null;
    if (value !== null) {
      const most = typeof value === "string" ? value.length * 3 : value.length;
      if (end + most > bytes.length) {
        const grown = new Uint8Array(Math.max(bytes.length * 2, end + most));
        grown.set(bytes);
        bytes = grown;
      }
      if (typeof value === "string") end += utf8.encodeInto(value, bytes.subarray(end)).written;
      else {
        bytes.set(value, end);
        end += value.length;
      }
    }
    offsets[i + 1] = end;
  }
  return { offsets, values: bytes.subarray(0, end) };
}

function listBuffers(element: DataType, arrow: ArrowType, rows: number, at: (i: number) => Value[] | null): object {
  const offsets = new Int32Array(rows + 1);
  const elements: Value[] = [];
  for (let i = 0; i < rows; i++) {
    for (const value of at(i) ?? []) elements.push(value);
    offsets[i + 1] = elements.length;
  }
  return { offsets, children: [encodeValues(element, childType(arrow, 0), elements.length, (i) => elements[i])] };
}

function mapBuffers(
  type: DataType & { kind: "map" },
  arrow: ArrowType,
  rows: number,
  at: (i: number) => MapValue | null,
): object {
  const offsets = new Int32Array(rows + 1);
  const entries: Value[] = [];
  for (let i = 0; i < rows; i++) {
    const map = at(i);
    map?.keys.forEach((key, k) => {
      entries.push([key, map.values[k]]);
    });
    offsets[i + 1] = entries.length;
  }
  const entry: DataType = {
    kind: "struct",
    fields: [
      { name: "key", type: type.keyType, nullable: false },
      { name: "value", type: type.valueType, nullable: type.valueContainsNull },
    ],
  };
  return { offsets, children: [encodeValues(entry, childType(arrow, 0), entries.length, (i) => entries[i])] };
}

function childType(arrow: ArrowType, index: number): ArrowType {
  return (arrow as { children: { type: ArrowType }[] }).children[index].type;
}
