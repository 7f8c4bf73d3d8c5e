/** One side of a join: its rows in slots, found by key. Rows with the same key hang together in a chain. */
import type { Attribute, TypedExpression } from "../../analyze/expression.ts";
import { type Batch, type Vector, valueAt } from "../../columns/vector.ts";
import { CodeEmitter } from "../../compile/emitter.ts";
import { Stage, type StageEnvironment, type StageStep } from "../../compile/stage.ts";
import { BOOLEAN } from "../../types/types.ts";
import { KeyIndex } from "../state/keyindex.ts";
import { type SlotColumn, type SlotColumnSpec, SlotTable } from "../state/slots.ts";
import { gatherColumn } from "./gather.ts";
import { emitEqual, emitHash, emitKey, emitStore, type Keys, keysOf, SlotNames, storedKeys } from "./keys.ts";

export interface JoinKey {
  readonly expression: TypedExpression;
  readonly nullSafe: boolean;
}

export class JoinSide {
  readonly keys: Keys;
  readonly table: SlotTable;
  readonly attributes: readonly Attribute[];
  readonly #joinKeys: readonly JoinKey[];
  readonly #environment: StageEnvironment;
  /** Holds the first slot of each chain. */
  readonly #index = new KeyIndex();
  /** The next slot of the same key, −1 at the end. */
  #next = new Int32Array(64).fill(-1);
  readonly #firstRowColumn: number;
  #hash: ((slot: number) => number) | undefined;
  /** Columns of the batch being entered. */
  #incoming: readonly Vector[] = [];

  constructor(
    name: string,
    attributes: readonly Attribute[],
    joinKeys: readonly JoinKey[],
    environment: StageEnvironment,
  ) {
    this.attributes = attributes;
    this.#joinKeys = joinKeys;
    this.#environment = environment;
    this.keys = keysOf(
      joinKeys.map((k, i) => ({ expression: k.expression, name: `${name}_key${i + 1}` })),
      environment.wide,
    );
    this.#firstRowColumn = this.keys.specs.length;
    const rows: SlotColumnSpec[] = attributes.map((a) => ({
      name: `${name}_${a.name}`,
      type: a.type,
      interned: false,
      nullable: true,
      initial: null,
    }));
    const matched: SlotColumnSpec = {
      name: "matched",
      type: BOOLEAN,
      interned: false,
      nullable: false,
      initial: false,
    };
    this.table = new SlotTable([...this.keys.specs, ...rows, matched], environment.wide);
  }

  get rows(): number {
    return this.table.count;
  }

  get matched(): SlotColumn {
    return this.table.columns[this.table.columns.length - 1];
  }

  /** The slot column of the k-th attribute. */
  column(k: number): SlotColumn {
    return this.table.columns[this.#firstRowColumn + k];
  }

  /**
   * Enters rows; returns their slots, −1 for a row whose key is null (it can match nothing) — unless `keepNulls`, which
   * enters such rows too, in no chain.
   */
  inserter(steps: readonly StageStep[], keepNulls: boolean): (batch: Batch) => Int32Array {
    const state = { slots: new Int32Array(0) };
    const stage = new Stage<[], void>(
      "join insert",
      this.attributes,
      steps,
      {
        parameters: [],
        begin: () => {},
        finish: () => {},
        row: (scope) => {
          const { e } = scope;
          const out = e.bind(state, "inserted");
          const names = new SlotNames(e, this.table);
          const keyValues = this.keys.leaves.map((leaf) => emitKey(scope, leaf, this.table));
          const isNull = this.#nullKey(keyValues.map((k) => k.isNull));
          const slot = e.fresh("slot");
          const add = () => {
            e.line(`const ${slot} = ${e.bind(this, "side")}.addRow(${scope.row});`);
            names.load(e, true);
            emitStore(e, keyValues, names, slot);
            e.line(`${out}.slots[${scope.row}] = ${slot};`);
          };
          const chain = () => {
            const hash = emitHash(e, keyValues);
            e.line(`${e.bind(this, "side")}.link(${slot}, ${hash});`);
          };
          if (isNull === "false") {
            add();
            chain();
          } else if (keepNulls) {
            add();
            e.block(`if (!(${isNull}))`, chain);
          } else {
            e.block(`if (!(${isNull}))`, () => {
              add();
              chain();
            });
          }
        },
      },
      this.#environment,
    );
    return (batch) => {
      state.slots = new Int32Array(batch.rows).fill(-1);
      this.#incoming = batch.columns;
      stage.run(batch);
      return state.slots;
    };
  }

  /** Called by generated code: a slot with the row's columns. */
  addRow(row: number): number {
    const slot = this.table.add();
    const columns = this.#incoming;
    for (let k = 0; k < columns.length; k++)
      this.table.columns[this.#firstRowColumn + k].set(slot, valueAt(columns[k], row));
    return slot;
  }

  /** Called by generated code: puts the slot into its key's chain. */
  link(slot: number, hash: number): void {
    const next = this.#nextFor(slot);
    const head = this.#find(slot, hash);
    if (head < 0) {
      next[slot] = -1;
      this.#index.insert(slot, hash);
    } else {
      next[slot] = next[head];
      next[head] = slot;
    }
  }

  /**
   * Finds the rows of this side that match each row of a batch of the other side. The pairs come back in order of the
   * other side's rows.
   */
  prober(
    attributes: readonly Attribute[],
    expressions: readonly TypedExpression[],
    steps: readonly StageStep[] = [],
  ): (batch: Batch) => { rows: Int32Array; slots: Int32Array; count: number; passed: Uint8Array } {
    const pairs = { rows: new Int32Array(1024), slots: new Int32Array(1024), count: 0, passed: new Uint8Array(0) };
    const push = (row: number, head: number) => {
      for (let slot = head; slot >= 0; slot = this.#next[slot]) {
        if (pairs.count === pairs.rows.length) {
          pairs.rows = doubled(pairs.rows);
          pairs.slots = doubled(pairs.slots);
        }
        pairs.rows[pairs.count] = row;
        pairs.slots[pairs.count++] = slot;
      }
    };
    const probeKeys = this.keys.leaves.map((leaf) => leaf);
    const own = keysOf(
      expressions.map((expression, i) => ({ expression, name: `probe_key${i + 1}` })),
      this.#environment.wide,
    );
    const stage = new Stage<[], void>(
      "join probe",
      attributes,
      steps,
      {
        parameters: [],
        begin: () => {},
        finish: () => {},
        row: (scope) => {
          const { e } = scope;
          e.line(`${e.bind(pairs, "pairs")}.passed[${scope.row}] = 1;`);
          const names = new SlotNames(e, this.table);
          const values = own.leaves.map((leaf, k) => ({
            ...emitKey(scope, { ...leaf, column: probeKeys[k].column }, this.table),
            leaf: probeKeys[k],
          }));
          const isNull = this.#nullKey(values.map((v) => v.isNull));
          const find = () => {
            const hash = emitHash(e, values);
            const index = e.bind(this.#index, "index");
            const at = e.fresh("at");
            const slot = e.fresh("slot");
            names.load(e, true);
            e.line(`let ${at} = ${hash} & ${index}.mask;`);
            e.line(`let ${slot} = ${index}.table[${at}];`);
            e.block(
              `while (${slot} >= 0 && !(${index}.hashes[${slot}] === ${hash} && ${emitEqual(values, names, slot)}))`,
              () => {
                e.line(`${at} = (${at} + 1) & ${index}.mask;`);
                e.line(`${slot} = ${index}.table[${at}];`);
              },
            );
            e.line(`if (${slot} >= 0) ${e.bind(push, "pair")}(${scope.row}, ${slot});`);
          };
          if (isNull === "false") find();
          else e.block(`if (!(${isNull}))`, find);
        },
      },
      this.#environment,
    );
    return (batch) => {
      pairs.count = 0;
      pairs.passed = new Uint8Array(batch.rows);
      stage.run(batch);
      return pairs;
    };
  }

  /** This side's columns of the given slots; −1 gives nulls. */
  gather(slots: Int32Array, count: number): Vector[] {
    return this.attributes.map((_, k) => gatherColumn(this.column(k), slots, 0, count));
  }

  remove(slot: number): void {
    const next = this.#next;
    const hash = this.#hashOf(slot);
    const head = this.#find(slot, hash);
    if (head === slot) {
      this.#index.remove(slot);
      if (next[slot] >= 0) this.#index.insert(next[slot], hash);
    } else if (head >= 0) {
      let at = head;
      while (at >= 0 && next[at] !== slot) at = next[at];
      if (at >= 0) next[at] = next[slot];
    }
    this.table.remove(slot);
  }

  /** After loading: chains every live slot. Rows with a null key stay outside. */
  relink(): void {
    this.#index.clear();
    this.#next = new Int32Array(this.table.capacity).fill(-1);
    const leaves = this.keys.leaves.filter((_, k) => this.#refusesNull(k));
    for (const slot of this.table.liveSlots()) {
      if (leaves.some((l) => this.table.columns[l.column].nulls?.[slot] === 1)) continue;
      this.link(slot, this.#hashOf(slot));
    }
  }

  #nextFor(slot: number): Int32Array {
    if (slot >= this.#next.length) {
      const bigger = new Int32Array(Math.max(this.#next.length * 2, slot + 1)).fill(-1);
      bigger.set(this.#next);
      this.#next = bigger;
    }
    return this.#next;
  }

  /** The first slot of the chain with the same key as `slot`. */
  #find(slot: number, hash: number): number {
    const { table, mask, hashes } = this.#index;
    let at = hash & mask;
    for (let s = table[at]; s >= 0; at = (at + 1) & mask, s = table[at]) {
      if (s === slot || (hashes[s] === hash && this.#sameKey(s, slot))) return s;
    }
    return -1;
  }

  #sameKey(a: number, b: number): boolean {
    for (const leaf of this.keys.leaves) {
      const c = this.table.columns[leaf.column];
      const aNull = c.nulls !== null && c.nulls[a] === 1;
      if (aNull !== (c.nulls !== null && c.nulls[b] === 1)) return false;
      if (
        !aNull &&
        c.values[a] !== c.values[b] &&
        !(leaf.kind === "double" && Number.isNaN(c.values[a]) && Number.isNaN(c.values[b]))
      )
        return false;
    }
    return true;
  }

  #hashOf(slot: number): number {
    if (this.#hash === undefined) {
      const e = new CodeEmitter(this.#environment.wide, this.#environment.settings);
      const s = e.fresh("slot");
      const names = new SlotNames(e, this.table);
      names.load(e, true);
      e.line(`return ${emitHash(e, storedKeys(this.keys, names, s))};`);
      this.#hash = e.compile<(slot: number) => number>("hashOfSlot", [s]);
    }
    return this.#hash(slot);
  }

  #refusesNull(leaf: number): boolean {
    // Flattened struct keys are never null themselves, and their fields compare null-safe as SQL compares structs.
    const shape = this.keys.shapes.findIndex((s) => s.kind === "leaf" && s.leaf === leaf);
    return shape >= 0 && !this.#joinKeys[shape].nullSafe;
  }

  /** JS condition: the row can match nothing, because a key is null. */
  #nullKey(isNull: readonly string[]): string {
    const parts = isNull.filter((n, k) => n !== "false" && this.#refusesNull(k));
    return parts.length === 0 ? "false" : parts.map((p) => `(${p})`).join(" || ");
  }
}

function doubled(a: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const b = new Int32Array(a.length * 2);
  b.set(a);
  return b;
}
