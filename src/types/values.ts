/**
 * How one value of each type is held inside the engine ("internal form").
 *
 * | type | internal form |
 * |---|---|
 * | boolean | `boolean` |
 * | byte, short, integer, date (days), year-month interval (months) | `number` |
 * | float, double | `number` (a float is already rounded by Math.fround) |
 * | long, timestamp, timestamp_ntz, day-time interval (microseconds) | `number` in the narrow form, `bigint` in the wide form |
 * | decimal | the unscaled whole number: `number` in the narrow form, `bigint` in the wide form |
 * | string | `string` |
 * | binary | `Uint8Array` |
 * | array | `Value[]` |
 * | map | `MapValue` |
 * | struct | `Value[]`, one for each field |
 * | null of any type | `null` |
 *
 * A query runs in the narrow form until a 64-bit value beyond ±(2^53 − 1) appears; see `WideRequired`.
 */
export type Value = null | boolean | number | bigint | string | Uint8Array | Value[] | MapValue;

/** A map in insertion order. Not a JS Map, because keys may be arrays or structs, and no key is special. */
export class MapValue {
  readonly keys: Value[];
  readonly values: Value[];
  constructor(keys: Value[], values: Value[]) {
    this.keys = keys;
    this.values = values;
  }
}

/**
 * Thrown in the narrow form when a 64-bit value is not exact as a JS number. The engine then drops the batch's work and
 * redoes the batch in the wide form, where 64-bit values are `bigint`. Never seen by users.
 */
export class WideRequired extends Error {
  override readonly name = "WideRequired";
  constructor() {
    super("a 64-bit value needs the wide form");
  }
}

/** Returns `x` when it is exact as a number; throws WideRequired otherwise. */
export function exact(x: number): number {
  if (x > 9007199254740991 || x < -9007199254740991) throw new WideRequired();
  return x;
}

/** A bigint in the form that the current mode wants. */
export function longValue(x: bigint, wide: boolean): number | bigint {
  if (wide) return x;
  if (x > 9007199254740991n || x < -9007199254740991n) throw new WideRequired();
  return Number(x);
}
