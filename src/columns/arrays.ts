/** Where the arrays of columns come from: new ones, or the same ones again for whoever is done with a batch before the next. */
export interface Arrays {
  /** All zero. */
  flags(length: number): Uint8Array;
  i32(length: number): Int32Array;
  f64(length: number): Float64Array;
  i64(length: number): BigInt64Array;
}

// An array without elements needs memory of its own all the same, and batches have several.
const NO_FLAGS = new Uint8Array(0);
const NO_I32 = new Int32Array(0);
const NO_F64 = new Float64Array(0);

export const newArrays: Arrays = {
  flags: (length) => (length === 0 ? NO_FLAGS : new Uint8Array(length)),
  i32: (length) => (length === 0 ? NO_I32 : new Int32Array(length)),
  f64: (length) => (length === 0 ? NO_F64 : new Float64Array(length)),
  i64: (length) => new BigInt64Array(length),
};

type Storage = Uint8Array | Int32Array | Float64Array | BigInt64Array;

/** Arrays of one kind, handed out in turn. */
class Shelf<T extends Storage> {
  private readonly arrays: T[] = [];
  private readonly make: (length: number) => T;
  private next = 0;

  constructor(make: (length: number) => T) {
    this.make = make;
  }

  take(length: number): T {
    const at = this.next++;
    let array = this.arrays[at];
    if (array === undefined || array.length < length) {
      array = this.make(Math.max(1024, length + (length >> 2)));
      this.arrays[at] = array;
    }
    return array.subarray(0, length) as T;
  }

  reset(): void {
    this.next = 0;
  }
}

/** Hands out the same arrays after each `reset`. Whatever was made with them before is overwritten. */
export class ReusedArrays implements Arrays {
  private readonly bytes = new Shelf((n) => new Uint8Array(n));
  private readonly ints = new Shelf((n) => new Int32Array(n));
  private readonly doubles = new Shelf((n) => new Float64Array(n));
  private readonly longs = new Shelf((n) => new BigInt64Array(n));

  flags(length: number): Uint8Array {
    return this.bytes.take(length).fill(0);
  }

  i32(length: number): Int32Array {
    return this.ints.take(length);
  }

  f64(length: number): Float64Array {
    return this.doubles.take(length);
  }

  i64(length: number): BigInt64Array {
    return this.longs.take(length);
  }

  reset(): void {
    for (const shelf of [this.bytes, this.ints, this.doubles, this.longs]) shelf.reset();
  }
}
