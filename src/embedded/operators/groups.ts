/** Groups of an aggregation: a table of slots with an index on the key, updated by generated code. */
import type { AggregateCall, NamedExpression } from "../../analyze/expression.ts";
import { canonicalText } from "../../columns/canonical.ts";
import { type Batch, reprOf, type Vector } from "../../columns/vector.ts";
import { type ColumnTarget, columnTarget } from "../../compile/emit.ts";
import { CodeEmitter } from "../../compile/emitter.ts";
import { settled } from "../../compile/expression.ts";
import type { StageEnd, StageScope } from "../../compile/stage.ts";
import type { BufferSlot, Emitted, SessionSettings } from "../../functions/definition.ts";
import { isLongLike } from "../../types/types.ts";
import { exact, type Value } from "../../types/values.ts";
import { KeyIndex } from "../state/keyindex.ts";
import { type SlotColumnSpec, SlotTable } from "../state/slots.ts";
import { gatherKey } from "./gather.ts";
import {
  emitEqual,
  emitHash,
  emitKey,
  emitStore,
  type KeyShape,
  type Keys,
  keysOf,
  SlotNames,
  storedKeys,
} from "./keys.ts";

/**
 * Which buffers of an aggregate can hold null: those that begin so, and those that its code sets so. The others need no
 * flags, which saves a store for each row.
 */
function nullableBuffers(call: AggregateCall, settings: SessionSettings, wide: boolean): boolean[] {
  const found = call.resolution.buffers.map((b) => b.initial === null);
  const slots = call.resolution.buffers.map(
    (_, j): BufferSlot => ({
      value: `b${j}`,
      isNull: `n${j}`,
      set: () => "",
      setNull: () => {
        found[j] = true;
        return "";
      },
    }),
  );
  const values = (count: number) =>
    Array.from({ length: count }, (_, j): Emitted => ({ value: `x${j}`, isNull: `m${j}` }));
  const e = new CodeEmitter(wide, settings);
  call.resolution.update(e, slots, values(call.args.length));
  call.resolution.merge(e, slots, values(slots.length));
  return found;
}

function neverNull(call: number, buffer: number): never {
  throw new Error(`buffer ${buffer} of aggregate ${call} was taken for one that is never null`);
}

export class Groups {
  readonly keys: Keys;
  readonly table: SlotTable;
  readonly index = new KeyIndex();
  readonly calls: readonly AggregateCall[];
  /** First buffer column of each call. */
  readonly #firstBuffer: readonly number[];
  readonly #outputKeys: readonly KeyShape[];
  readonly #settings: SessionSettings;
  readonly #wide: boolean;
  readonly #distinct = new Map<number, Map<number, Set<string>>>();
  #finish: ((slots: Int32Array, from: number, to: number) => Vector[]) | undefined;
  #hash: ((slot: number) => number) | undefined;

  /** @param spread whether `output` has keys that are structs as columns of their fields */
  constructor(
    grouping: readonly NamedExpression[],
    calls: readonly AggregateCall[],
    settings: SessionSettings,
    wide: boolean,
    extra: readonly SlotColumnSpec[] = [],
    spread = false,
  ) {
    this.keys = keysOf(
      grouping.map((g) => ({ expression: g.expression, name: g.output.name })),
      wide,
    );
    const { shapes } = this.keys;
    this.#outputKeys = spread ? shapes.flatMap((s) => (s.kind === "struct" && !s.nullable ? s.fields : [s])) : shapes;
    this.calls = calls;
    this.#settings = settings;
    this.#wide = wide;
    const specs: SlotColumnSpec[] = [...this.keys.specs, ...extra];
    const first: number[] = [];
    calls.forEach((call, k) => {
      first.push(specs.length);
      const mayBeNull = nullableBuffers(call, settings, wide);
      call.resolution.buffers.forEach((b, j) => {
        const name = `${call.fn.name}${k}_${b.name}`;
        specs.push({ name, type: b.type, interned: false, nullable: mayBeNull[j], initial: b.initial });
      });
    });
    this.#firstBuffer = first;
    this.table = new SlotTable(specs, wide);
  }

  /** The end of a stage that takes each row into its group. */
  end(): StageEnd<void> {
    let names: SlotNames | undefined;
    let index = "";
    let round = "";
    const vars = { table: "", mask: "", hashes: "", window: "" };
    const { windowStart } = this.keys;
    const loadPart = ({ e }: StageScope, word: string) => {
      e.line(`${word}${vars.table} = ${index}.table;`);
      e.line(`${word}${vars.mask} = ${index}.mask;`);
    };
    const load = (scope: StageScope, declare: boolean) => {
      const word = declare ? "let " : "";
      (names as SlotNames).load(scope.e, declare);
      loadPart(scope, word);
      scope.e.line(`${word}${vars.hashes} = ${index}.hashes;`);
    };
    /** Dictionary and column, and the variable with their codes. */
    const lookups: { readonly dictionary: string; readonly column: string; readonly codes: string }[] = [];
    const ahead =
      ({ e }: StageScope) =>
      (dictionary: string, column: string): string => {
        const codes = e.fresh("codes");
        lookups.push({ dictionary, column, codes });
        return codes;
      };
    return {
      parameters: [],
      row: (scope) => {
        const { e } = scope;
        lookups.length = 0;
        const n = new SlotNames(e, this.table);
        names = n;
        index = e.bind(this.index, "index");
        vars.table = e.fresh("table");
        vars.mask = e.fresh("mask");
        vars.hashes = e.fresh("hashes");
        vars.window = e.fresh("window");
        round = e.fresh("round");
        const keys = this.keys.leaves.map((leaf) => emitKey(scope, leaf, this.table, ahead(scope)));
        const window = keys.find((k) => k.leaf === windowStart);
        if (window !== undefined) {
          e.block(`if (${window.value} !== ${vars.window})`, () => {
            e.line(`${vars.window} = ${window.value};`);
            e.line(`${index}.turnTo(${vars.window});`);
            loadPart(scope, "");
          });
        }
        const hash = emitHash(e, keys);
        const at = e.fresh("at");
        const slot = e.fresh("slot");
        e.line(`let ${at} = ${hash} & ${vars.mask};`);
        e.line(`let ${slot} = ${vars.table}[${at}];`);
        const equal = emitEqual(keys, n, slot);
        e.block(`while (${slot} >= 0 && !(${vars.hashes}[${slot}] === ${hash} && ${equal}))`, () => {
          e.line(`${at} = (${at} + 1) & ${vars.mask};`);
          e.line(`${slot} = ${vars.table}[${at}];`);
        });
        e.block(`if (${slot} < 0)`, () => {
          e.line(`${slot} = ${n.slots}.add();`);
          e.line(`${index}.insert(${slot}, ${hash});`);
          load(scope, false);
          emitStore(e, keys, n, slot);
        });
        e.line(`else if (${n.changedIn}[${slot}] !== ${round}) ${n.slots}.touch(${slot});`);
        this.emitUpdates(scope, n, slot);
      },
      begin: (scope) => {
        load(scope, true);
        if (windowStart !== undefined) scope.e.line(`let ${vars.window} = NaN;`);
        scope.e.line(`const ${round} = ${(names as SlotNames).slots}.round;`);
        for (const { dictionary, column, codes } of lookups) {
          scope.e.line(`const ${codes} = ${dictionary}.known(${column}, ${scope.rows});`);
        }
      },
      finish: () => {},
    };
  }

  /** Emits each aggregate's update of the group at `slot` by the current row. */
  emitUpdates(scope: StageScope, names: SlotNames, slot: string): void {
    const { e } = scope;
    this.calls.forEach((call, k) => {
      const body = () => {
        const args = call.args.map((a, j) => settled(e, scope.emit(a), a.type, `${call.fn.name}_arg${j + 1}`));
        const conditions: string[] = [];
        if (call.resolution.skipNulls)
          for (const a of args) if (a.isNull !== "false") conditions.push(`!(${a.isNull})`);
        if (call.distinct) {
          const seen = e.bind((s: number, ...values: Value[]) => this.#first(k, s, values), "firstTime");
          const values = args.map((a) => (a.isNull === "false" ? a.value : `(${a.isNull}) ? null : ${a.value}`));
          conditions.push(`${seen}(${slot}, ${values.join(", ")})`);
        }
        const update = () => call.resolution.update(e, this.bufferSlots(names, k, slot), args);
        if (conditions.length > 0) e.block(`if (${conditions.join(" && ")})`, update);
        else update();
      };
      if (call.filter === undefined) e.block("", body);
      else {
        const filter = call.filter;
        e.block("", () => {
          e.block(`if (${scope.condition(filter)})`, body);
        });
      }
    });
  }

  bufferSlots(names: SlotNames, call: number, slot: string): BufferSlot[] {
    const first = this.#firstBuffer[call] as number;
    return (this.calls[call] as AggregateCall).resolution.buffers.map((b, j) => {
      const v = `${names.values[first + j]}[${slot}]`;
      const n = `${names.nulls[first + j]}[${slot}]`;
      const bool = reprOf(b.type, this.#wide) === "bool";
      const stored = (code: string) => `${v} = ${bool ? `(${code}) ? 1 : 0` : code};`;
      const value = bool ? `(${v} === 1)` : v;
      if (!this.table.columns[first + j].spec.nullable) {
        return { value, isNull: "false", set: stored, setNull: () => neverNull(call, j) };
      }
      return { value, isNull: `(${n} === 1)`, set: (code) => `${stored(code)} ${n} = 0;`, setNull: () => `${n} = 1;` };
    });
  }

  /** The slot's buffers as plain values, for merging. */
  bufferValues(names: SlotNames, call: number, slot: string): Emitted[] {
    return this.bufferSlots(names, call, slot).map((b) => ({ value: b.value, isNull: b.isNull }));
  }

  /** Key columns and results of these groups: one column for each grouping expression, then one for each aggregate. */
  output(slots: Int32Array, from: number, to: number): Batch {
    const keys = this.#outputKeys.map((s) => gatherKey(this.keys, s, this.table, slots, from, to));
    this.#finish ??= this.#compileFinish();
    return { rows: to - from, columns: [...keys, ...this.#finish(slots, from, to)] };
  }

  /** After loading: enters every live slot into the index. */
  reindex(): void {
    this.index.clear();
    this.#hash ??= this.#compileHash();
    const windows = this.#windowStarts();
    for (const slot of this.table.liveSlots()) {
      if (windows !== undefined) this.index.turnTo(windows[slot]);
      this.index.insert(slot, this.#hash(slot));
    }
  }

  /** Where a slot's window starts, by which it is found in the index. */
  #windowStarts(): Float64Array | undefined {
    const { windowStart } = this.keys;
    return windowStart && (this.table.columns[windowStart.column].values as Float64Array);
  }

  remove(slots: Int32Array): void {
    const { table, index } = this;
    const windows = this.#windowStarts();
    index.removeAll(slots, windows === undefined ? () => 0 : (slot) => windows[slot]);
    for (let k = 0; k < slots.length; k++) table.remove(slots[k]);
    for (const seen of this.#distinct.values()) for (const slot of slots) seen.delete(slot);
  }

  /** For a global aggregate: the one group, made when it isn't there. */
  ensureGlobal(): void {
    if (this.table.count === 0) this.index.insert(this.table.add(), 0);
  }

  get memoryBytes(): number {
    return this.table.memoryBytes + this.index.memoryBytes;
  }

  #first(call: number, slot: number, values: Value[]): boolean {
    if (values.includes(null)) return false;
    let bySlot = this.#distinct.get(call);
    if (bySlot === undefined) this.#distinct.set(call, (bySlot = new Map()));
    let seen = bySlot.get(slot);
    if (seen === undefined) bySlot.set(slot, (seen = new Set()));
    const key = values.length === 1 ? canonicalText(values[0] as Value) : canonicalText(values);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  }

  #compileHash(): (slot: number) => number {
    const e = new CodeEmitter(this.#wide, this.#settings);
    const slot = e.fresh("slot");
    const names = new SlotNames(e, this.table);
    names.load(e, true);
    const hash = emitHash(e, storedKeys(this.keys, names, slot));
    e.line(`return ${hash};`);
    return e.compile("hashOfSlot", [slot]);
  }

  #compileFinish(): (slots: Int32Array, from: number, to: number) => Vector[] {
    const e = new CodeEmitter(this.#wide, this.#settings);
    const slots = e.fresh("slots");
    const from = e.fresh("from");
    const to = e.fresh("to");
    const names = new SlotNames(e, this.table);
    const targets: ColumnTarget[] = [];
    const loop = e.capture(() => {
      e.block(`for (let k = ${from}; k < ${to}; k++)`, () => {
        const slot = e.fresh("slot");
        e.line(`const ${slot} = ${slots}[k];`);
        this.calls.forEach((call, k) => {
          const isExact = !this.#wide && isLongLike(call.type);
          e.block("", () => {
            const r = call.resolution.finish(e, this.bufferSlots(names, k, slot));
            const value = isExact ? `${e.bind(exact, "exact")}(${r.value})` : r.value;
            const target = columnTarget(e, `result${k + 1}`, call.type, { ...r, value });
            target.store(`k - ${from}`);
            targets.push(target);
          });
        });
      });
    });
    names.load(e, true);
    for (const t of targets) for (const line of t.declare(`${to} - ${from}`)) e.line(line);
    e.append(loop);
    e.line(`return [${targets.map((t) => t.vector).join(", ")}];`);
    return e.compile("resultsOfGroups", [slots, from, to]);
  }
}
