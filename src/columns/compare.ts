/** Spark's ordering of values: NaN above all numbers, −0 equal to 0, text by its UTF-8 bytes, binaries unsigned. */
import type { DataType } from "../types/types.ts";
import type { Value } from "../types/values.ts";
import type { Vector } from "./vector.ts";

/** Compares two non-null values of one type. */
export type Comparator = (a: Value, b: Value) => number;

export function comparator(type: DataType): Comparator {
  switch (type.kind) {
    case "string":
      return (a, b) => compareText(a as string, b as string);
    case "binary":
      return (a, b) => compareBytes(a as Uint8Array, b as Uint8Array);
    case "float":
    case "double":
      return (a, b) => compareDouble(a as number, b as number);
    case "array": {
      const item = comparator(type.elementType);
      return (a, b) => {
        const x = a as Value[];
        const y = b as Value[];
        for (let i = 0; i < Math.min(x.length, y.length); i++) {
          const c = nullsFirst(x[i], y[i], item);
          if (c !== 0) return c;
        }
        return x.length - y.length;
      };
    }
    case "struct": {
      const items = type.fields.map((f) => comparator(f.type));
      return (a, b) => {
        for (let i = 0; i < items.length; i++) {
          const c = nullsFirst((a as Value[])[i], (b as Value[])[i], items[i]);
          if (c !== 0) return c;
        }
        return 0;
      };
    }
    default:
      return (a, b) => ((a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0);
  }
}

function nullsFirst(a: Value, b: Value, compare: Comparator): number {
  if (a === null) return b === null ? 0 : -1;
  return b === null ? 1 : compare(a, b);
}

export function compareDouble(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  const aNan = Number.isNaN(a);
  return aNan === Number.isNaN(b) ? 0 : aNan ? 1 : -1;
}

/** By code points, which is the order of the UTF-8 bytes (UTF-16 differs for surrogate pairs). */
export function compareText(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const xSurrogate = x >= 0xd800 && x <= 0xdfff;
    if (xSurrogate !== (y >= 0xd800 && y <= 0xdfff)) return xSurrogate ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

/** Compares rows i and j of a column, without nulls. */
export function rowComparator(v: Vector): (i: number, j: number) => number {
  switch (v.repr) {
    case "f64": {
      const { values } = v;
      return (i, j) => compareDouble(values[i], values[j]);
    }
    case "i32":
    case "bool": {
      const { values } = v;
      return (i, j) => values[i] - values[j];
    }
    case "i64": {
      const { values } = v;
      return (i, j) => (values[i] < values[j] ? -1 : values[i] > values[j] ? 1 : 0);
    }
    case "utf8": {
      const { bytes, starts, ends } = v;
      return (i, j) => {
        const n = Math.min(ends[i] - starts[i], ends[j] - starts[j]);
        for (let k = 0; k < n; k++) {
          const d = bytes[starts[i] + k] - bytes[starts[j] + k];
          if (d !== 0) return d;
        }
        return ends[i] - starts[i] - (ends[j] - starts[j]);
      };
    }
    case "obj": {
      const compare = comparator(v.type);
      const { values } = v;
      return (i, j) => compare(values[i], values[j]);
    }
  }
}
