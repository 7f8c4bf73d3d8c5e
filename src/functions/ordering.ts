/** How Spark orders and equates values of each type. */
import { type DataType, isLongLike } from "../types/types.ts";
import type { MapValue, Value } from "../types/values.ts";

export type Comparator = (a: Value, b: Value) => number;

/** Strings in the order of their UTF-8 bytes. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates stand for code points above all of those that take one unit.
    if (x >= 0xd800 && y >= 0xd800) {
      x = x >= 0xe000 ? x - 0x800 : x + 0x2000;
      y = y >= 0xe000 ? y - 0x800 : y + 0x2000;
    }
    return x < y ? -1 : 1;
  }
  return a.length < b.length ? -1 : a.length > b.length ? 1 : 0;
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
  return a.length - b.length;
}

/** NaN equals NaN and is above every number; −0 equals 0. */
export function compareDouble(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  const aNaN = Number.isNaN(a);
  const bNaN = Number.isNaN(b);
  return aNaN === bNaN ? 0 : aNaN ? 1 : -1;
}

function comparePlain(a: Value, b: Value): number {
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}

const comparators = new WeakMap<DataType, Comparator>();

/** Compares two non-null values of a type; nulls inside arrays and structs come first. Maps are compared by their entries in order. */
export function comparatorFor(type: DataType): Comparator {
  let found = comparators.get(type);
  if (found === undefined) comparators.set(type, (found = makeComparator(type)));
  return found;
}

function makeComparator(type: DataType): Comparator {
  switch (type.kind) {
    case "string":
      return compareText as Comparator;
    case "binary":
      return compareBytes as Comparator;
    case "float":
    case "double":
      return compareDouble as Comparator;
    case "array": {
      const element = nullsFirst(comparatorFor(type.elementType));
      return (a, b) => compareSequences(a as Value[], b as Value[], element);
    }
    case "struct": {
      const fields = type.fields.map((f) => nullsFirst(comparatorFor(f.type)));
      return (a, b) => {
        for (let i = 0; i < fields.length; i++) {
          const c = fields[i]((a as Value[])[i], (b as Value[])[i]);
          if (c !== 0) return c;
        }
        return 0;
      };
    }
    case "map": {
      const key = nullsFirst(comparatorFor(type.keyType));
      const value = nullsFirst(comparatorFor(type.valueType));
      return (a, b) =>
        compareSequences((a as MapValue).keys, (b as MapValue).keys, key) ||
        compareSequences((a as MapValue).values, (b as MapValue).values, value);
    }
    default:
      return comparePlain;
  }
}

function compareSequences(a: Value[], b: Value[], element: Comparator): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const c = element(a[i], b[i]);
    if (c !== 0) return c;
  }
  return a.length - b.length;
}

/** The comparator with null below everything. */
export function nullsFirst(compare: Comparator): Comparator {
  return (a, b) => (a === null ? (b === null ? 0 : -1) : b === null ? 1 : compare(a, b));
}

/** The comparator with null above everything. */
export function nullsLast(compare: Comparator): Comparator {
  return (a, b) => (a === null ? (b === null ? 0 : 1) : b === null ? -1 : compare(a, b));
}

/** Whether `a` and `b`, not null, are equal: as SQL's `=` (NaN equals NaN, −0 equals 0; nulls inside are equal). */
export function equalityFor(type: DataType): (a: Value, b: Value) => boolean {
  switch (type.kind) {
    case "boolean":
    case "string":
    case "byte":
    case "short":
    case "integer":
    case "date":
    case "yearmonth_interval":
      return strictlyEqual;
    default: {
      if (isLongLike(type)) return strictlyEqual;
      const compare = comparatorFor(type);
      return (a, b) => compare(a, b) === 0;
    }
  }
}

function strictlyEqual(a: Value, b: Value): boolean {
  return a === b;
}

/** A string that is the same for equal values (nulls included) and differs for others; for sets and maps of values. */
export function distinctKey(type: DataType): (value: Value) => string | number | bigint | boolean | null {
  switch (type.kind) {
    case "float":
    case "double":
      // A JS Map takes NaN as equal to itself and −0 as 0, as Spark does.
      return (v) => v as number | null;
    case "binary":
      return (v) => (v === null ? null : Buffer.from(v as Uint8Array).toString("latin1"));
    case "array": {
      const element = distinctKey(type.elementType);
      return (v) => (v === null ? null : (v as Value[]).map((x) => part(element(x))).join(""));
    }
    case "struct": {
      const fields = type.fields.map((f) => distinctKey(f.type));
      return (v) => (v === null ? null : fields.map((f, i) => part(f((v as Value[])[i]))).join(""));
    }
    case "map": {
      const key = distinctKey(type.keyType);
      const value = distinctKey(type.valueType);
      return (v) => {
        if (v === null) return null;
        const map = v as MapValue;
        return map.keys.map((k, i) => part(key(k)) + part(value(map.values[i]))).join("");
      };
    }
    default:
      return (v) => v as string | number | bigint | boolean | null;
  }
}

function part(key: string | number | bigint | boolean | null): string {
  if (key === null) return "n;";
  const text = Object.is(key, -0) ? "0" : String(key);
  return `${text.length}:${text};`;
}

/** False for maps, and what holds them. */
export function isOrderable(type: DataType): boolean {
  switch (type.kind) {
    case "map":
      return false;
    case "array":
      return isOrderable(type.elementType);
    case "struct":
      return type.fields.every((f) => isOrderable(f.type));
    default:
      return true;
  }
}
