import { Interner } from "../../columns/interner.ts";
import { reprOf } from "../../columns/vector.ts";
import type { DataType } from "../../types/types.ts";
import { longValue, type Value } from "../../types/values.ts";
import { SlotList } from "./slotlist.ts";

/**
 * - `code`: Int32Array of an Interner's codes (strings, binaries, and keys of complex types in a canonical text)
 * - the others as in columns/vector.ts
 */
export type SlotRepr = "f64" | "i32" | "bool" | "i64" | "obj" | "code";

export interface SlotColumnSpec {
  readonly name: string;
  readonly type: DataType;
  /** Strings and binaries as interned codes: for keys. */
  readonly interned: boolean;
  readonly nullable: boolean;
  /** What a new slot starts with. */
  readonly initial: Value;
}

type Store = Float64Array | Int32Array | Uint8Array | BigInt64Array | Value[];

/** One column of a table of slots. `values` and `nulls` are replaced when the table grows. */
export class SlotColumn {
  readonly spec: SlotColumnSpec;
  readonly repr: SlotRepr;
  values: Store;
  nulls: Uint8Array | null;
  interner: Interner | undefined;

  constructor(spec: SlotColumnSpec, wide: boolean, capacity: number) {
    this.spec = spec;
    this.repr = spec.interned ? "code" : reprOf(spec.type, wide);
    this.interner = spec.interned ? new Interner() : undefined;
    this.values = newStore(this.repr, capacity);
    this.nulls = spec.nullable ? new Uint8Array(capacity) : null;
  }

  grow(capacity: number): void {
    if (Array.isArray(this.values)) this.values.length = capacity;
    else {
      const bigger = newStore(this.repr, capacity) as Float64Array;
      bigger.set(this.values as Float64Array);
      this.values = bigger;
    }
    if (this.nulls) {
      const nulls = new Uint8Array(capacity);
      nulls.set(this.nulls);
      this.nulls = nulls;
    }
  }

  /** Whether memory that was never used holds the initial value. */
  get startsAtZero(): boolean {
    const { initial } = this.spec;
    if (this.repr === "obj" || this.repr === "code") return false;
    return initial === 0 || initial === 0n || initial === false || (initial === null && this.nulls === null);
  }

  /** Gives the slot its initial value. */
  reset(slot: number): void {
    this.set(slot, this.spec.initial);
  }

  get(slot: number): Value {
    if (this.nulls !== null && this.nulls[slot] === 1) return null;
    switch (this.repr) {
      case "bool":
        return this.values[slot] === 1;
      case "code": {
        const bytes = (this.interner as Interner).bytes(this.values[slot] as number);
        return this.spec.type.kind === "string" ? text.decode(bytes) : bytes.slice();
      }
      default:
        return this.values[slot] as Value;
    }
  }

  set(slot: number, value: Value): void {
    if (value === null) {
      if (this.nulls !== null) this.nulls[slot] = 1;
      if (this.repr === "obj") (this.values as Value[])[slot] = null;
      return;
    }
    if (this.nulls !== null) this.nulls[slot] = 0;
    switch (this.repr) {
      case "bool":
        (this.values as Uint8Array)[slot] = value === true ? 1 : 0;
        break;
      case "i64":
        (this.values as BigInt64Array)[slot] = BigInt(value as number | bigint);
        break;
      case "code":
        (this.values as Int32Array)[slot] =
          typeof value === "string"
            ? (this.interner as Interner).codeOfText(value)
            : (this.interner as Interner).code(value as Uint8Array, 0, (value as Uint8Array).length);
        break;
      case "obj":
        (this.values as Value[])[slot] = owned(this.spec.type, value);
        break;
      default:
        (this.values as Float64Array)[slot] =
          typeof value === "bigint" ? (longValue(value, false) as number) : (value as number);
    }
  }
}

/** The slot's own copy: aggregates change their arrays and bytes in place. A decimal in an `obj` column is a bigint. */
function owned(type: DataType, value: Value): Value {
  if (Array.isArray(value) || value instanceof Uint8Array) return value.slice();
  return type.kind === "decimal" && typeof value === "number" ? BigInt(value) : value;
}

const text = new TextDecoder();

function newStore(repr: SlotRepr, capacity: number): Store {
  switch (repr) {
    case "f64":
      return new Float64Array(capacity);
    case "i32":
    case "code":
      return new Int32Array(capacity);
    case "bool":
      return new Uint8Array(capacity);
    case "i64":
      return new BigInt64Array(capacity);
    case "obj":
      return new Array<Value>(capacity).fill(null);
  }
}

/**
 * Rows at numbered places ("slots"), stored by column. A slot keeps its number for life, also over a restart, so that
 * changes can be written down by number. Slots of removed rows are used again.
 */
export class SlotTable {
  readonly columns: readonly SlotColumn[];
  readonly wide: boolean;
  /** Slots ever used: all live ones are below. */
  top = 0;
  count = 0;
  capacity: number;
  /** 1 where a row lives. */
  live: Uint8Array;
  /** Number of the change round in which the slot was last written. */
  changedIn: Int32Array;
  /** Slots written in this round, each once; may hold slots removed since. */
  changed: Int32Array = new Int32Array(64);
  changedCount = 0;
  /** Slots made in this round. */
  readonly added = new SlotList();
  /** Slots removed in this round. */
  readonly removed = new SlotList();
  round = 1;
  /** Bumped whenever arrays are replaced, so that generated code knows to fetch them again. */
  generation = 0;
  readonly #free = new SlotList();
  /** Slots from here on were never used, whatever was cleared since. */
  #highest = 0;
  /** Columns whose initial value is another than the one that new memory has. */
  readonly #notZero: readonly SlotColumn[];

  constructor(specs: readonly SlotColumnSpec[], wide: boolean, capacity = 64) {
    this.wide = wide;
    this.capacity = capacity;
    this.columns = specs.map((s) => new SlotColumn(s, wide, capacity));
    this.live = new Uint8Array(capacity);
    this.changedIn = new Int32Array(capacity);
    this.#notZero = this.columns.filter((c) => !c.startsAtZero);
  }

  /** A slot with every column at its initial value, marked as changed. */
  add(): number {
    let slot = this.#free.pop();
    if (slot !== undefined) {
      for (const c of this.columns) c.reset(slot);
    } else {
      if (this.top === this.capacity) this.#grow();
      slot = this.top++;
      // Memory that was never used is zero.
      for (const c of slot < this.#highest ? this.columns : this.#notZero) c.reset(slot);
    }
    if (slot >= this.#highest) this.#highest = slot + 1;
    this.live[slot] = 1;
    this.count++;
    this.added.push(slot);
    this.touch(slot);
    return slot;
  }

  /** Notes that the slot's row changes in this round. */
  touch(slot: number): void {
    if (this.changedIn[slot] === this.round) return;
    this.changedIn[slot] = this.round;
    if (this.changedCount === this.changed.length) {
      const bigger = new Int32Array(this.changed.length * 2);
      bigger.set(this.changed);
      this.changed = bigger;
      this.generation++;
    }
    this.changed[this.changedCount++] = slot;
  }

  remove(slot: number): void {
    this.live[slot] = 0;
    this.count--;
    this.removed.push(slot);
    for (const c of this.columns) if (c.repr === "obj") (c.values as Value[])[slot] = null;
  }

  /** Slots freed in a round may be used again from the next round on. */
  endRound(): void {
    this.#free.pushAll(this.removed);
    this.removed.clear();
    this.added.clear();
    this.changedCount = 0;
    this.round++;
  }

  /** Puts a row back at its own slot, on loading. */
  restore(slot: number): void {
    while (slot >= this.capacity) this.#grow();
    if (slot >= this.top) this.top = slot + 1;
    if (slot >= this.#highest) this.#highest = slot + 1;
    if (this.live[slot] === 0) {
      this.live[slot] = 1;
      this.count++;
    }
  }

  drop(slot: number): void {
    if (slot < this.top && this.live[slot] === 1) {
      this.live[slot] = 0;
      this.count--;
    }
  }

  /** Forgets all rows. */
  clear(): void {
    this.live.fill(0);
    this.count = 0;
    this.top = 0;
    this.endRound();
    this.#free.clear();
  }

  /** After loading: every unused slot below the top is free. */
  rebuildFreeList(): void {
    this.#free.clear();
    for (let s = this.top - 1; s >= 0; s--) if (this.live[s] === 0) this.#free.push(s);
  }

  /** All live slots, in order. */
  liveSlots(): Int32Array {
    const out = new Int32Array(this.count);
    let n = 0;
    for (let s = 0; s < this.top; s++) if (this.live[s] === 1) out[n++] = s;
    return out;
  }

  /** Changed slots of this round that are still live. */
  changedSlots(): Int32Array {
    const out = new Int32Array(this.changedCount);
    let n = 0;
    for (let k = 0; k < this.changedCount; k++) if (this.live[this.changed[k]] === 1) out[n++] = this.changed[k];
    return out.subarray(0, n);
  }

  /**
   * Forgets interned texts that no row uses any more, once they are the most. True when codes have changed: indexes on
   * them must be rebuilt.
   */
  compactTexts(): boolean {
    let changed = false;
    for (const c of this.columns) {
      if (c.interner === undefined || c.interner.size < 4096 + 2 * this.count) continue;
      const slots = this.liveSlots();
      const codes = c.values as Int32Array;
      const isNull = (slot: number) => c.nulls !== null && c.nulls[slot] === 1;
      const moved = c.interner.compact(slots.filter((s) => !isNull(s)).map((s) => codes[s]));
      for (const slot of slots) if (!isNull(slot)) codes[slot] = moved.get(codes[slot]) as number;
      changed = true;
    }
    return changed;
  }

  get memoryBytes(): number {
    let bytes = this.live.length + this.changedIn.byteLength + this.changed.byteLength;
    for (const c of this.columns) {
      bytes += Array.isArray(c.values) ? this.count * 64 : c.values.byteLength;
      bytes += (c.nulls?.length ?? 0) + (c.interner?.memoryBytes ?? 0);
    }
    return bytes;
  }

  #grow(): void {
    this.capacity *= 2;
    for (const c of this.columns) c.grow(this.capacity);
    const live = new Uint8Array(this.capacity);
    live.set(this.live);
    this.live = live;
    const changedIn = new Int32Array(this.capacity);
    changedIn.set(this.changedIn);
    this.changedIn = changedIn;
    this.generation++;
  }
}
