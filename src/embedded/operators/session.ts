/**
 * Session windows: a row opens a session of its key from its time to its time plus the gap; sessions of one key that touch
 * become one. Sessions are found by key and kept sorted by start; their aggregates are merged by generated code.
 */
import type { Attribute, NamedExpression, TypedExpression } from "../../analyze/expression.ts";
import type { AggregateNode } from "../../analyze/plan.ts";
import { canonicalText } from "../../columns/canonical.ts";
import { concatBatches } from "../../columns/ops.ts";
import { type Batch, valueAt, vectorFrom } from "../../columns/vector.ts";
import { emitEnd } from "../../compile/emit.ts";
import { CodeEmitter } from "../../compile/emitter.ts";
import { Stage, type StageEnvironment, type StageStep } from "../../compile/stage.ts";
import type { OutputMode } from "../../connectors/contract.ts";
import { TIMESTAMP } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import { TimeIndex } from "../state/timeindex.ts";
import { endOf } from "./aggregate.ts";
import type { StreamBatchRequest } from "./contract.ts";
import { Groups } from "./groups.ts";
import { SlotNames } from "./keys.ts";
import { lateRowsOf, type TakeLateRow } from "./laterows.ts";
import { newCounters, type Operator, type StatefulOperator } from "./operator.ts";
import { hiddenColumns } from "./sort.ts";
import { fieldOf, isStruct } from "./struct-fields.ts";

const CHUNK = 8192;

/** The sessions themselves: one slot each, reached by key. */
class Sessions {
  readonly groups: Groups;
  readonly #byKey = new Map<string, number[]>();
  readonly #start: number;
  readonly #wide: boolean;
  readonly #merge: (into: number, from: number) => void;
  /** Where a session went that was merged into another in this batch. */
  readonly #forward = new Map<number, number>();
  /** Keys that got rows in this batch. */
  readonly #touched = new Set<string>();

  constructor(grouping: readonly NamedExpression[], node: AggregateNode, environment: StageEnvironment) {
    this.#wide = environment.wide;
    const bound = (name: string) => ({ name, type: TIMESTAMP, interned: false, nullable: false, initial: 0 });
    const groups = new Groups(
      grouping,
      node.aggregates.map((a) => a.call),
      environment.settings,
      environment.wide,
      [bound("sessionStart"), bound("sessionEnd")],
    );
    this.groups = groups;
    this.#start = groups.keys.specs.length;
    this.#merge = compileMerge(groups, environment);
  }

  start(slot: number): number {
    return Number(this.groups.table.columns[this.#start].values[slot]);
  }

  end(slot: number): number {
    return Number(this.groups.table.columns[this.#start + 1].values[slot]);
  }

  /** The session that takes in [start, end), merging all sessions of the key that it touches. */
  take(keys: readonly Value[], start: number, end: number): number {
    const { table } = this.groups;
    const key = canonicalText(keys as Value[]);
    this.#touched.add(key);
    let list = this.#byKey.get(key);
    if (list === undefined) this.#byKey.set(key, (list = []));
    const touching = list.filter((s) => this.start(s) <= end && start <= this.end(s));
    let slot = touching[0];
    if (slot === undefined) {
      slot = table.add();
      this.#storeKeys(slot, keys);
      this.#setBounds(slot, start, end);
      list.push(slot);
      return slot;
    }
    table.touch(slot);
    let from = Math.min(this.start(slot), start);
    let to = Math.max(this.end(slot), end);
    for (const other of touching.slice(1)) {
      from = Math.min(from, this.start(other));
      to = Math.max(to, this.end(other));
      this.#merge(slot, other);
      this.#forward.set(other, slot);
      table.remove(other);
      list.splice(list.indexOf(other), 1);
    }
    this.#setBounds(slot, from, to);
    return slot;
  }

  /** The session that a slot of this batch ended up in. */
  final(slot: number): number {
    let s = slot;
    for (let to = this.#forward.get(s); to !== undefined; to = this.#forward.get(s)) s = to;
    return s;
  }

  /** Ends the batch's taking; the number of sessions of the keys that got rows, which Spark counts as updated. */
  endOfTaking(): number {
    let sessions = 0;
    for (const key of this.#touched) sessions += this.#byKey.get(key)?.length ?? 0;
    this.#touched.clear();
    this.#forward.clear();
    return sessions;
  }

  remove(slot: number): void {
    const key = canonicalText(this.keyValues(slot));
    const list = this.#byKey.get(key) ?? [];
    list.splice(list.indexOf(slot), 1);
    if (list.length === 0) this.#byKey.delete(key);
    this.groups.table.remove(slot);
  }

  rebuild(): void {
    this.#byKey.clear();
    for (const slot of this.groups.table.liveSlots()) {
      const key = canonicalText(this.keyValues(slot));
      const list = this.#byKey.get(key);
      if (list === undefined) this.#byKey.set(key, [slot]);
      else list.push(slot);
    }
  }

  keyValues(slot: number): Value[] {
    const shaped = this.groups.output(Int32Array.of(slot), 0, 1);
    return this.groups.keys.shapes.map((_, k) => valueAt(shaped.columns[k], 0));
  }

  #setBounds(slot: number, start: number, end: number): void {
    const columns = this.groups.table.columns;
    columns[this.#start].set(slot, this.#wide ? BigInt(start) : start);
    columns[this.#start + 1].set(slot, this.#wide ? BigInt(end) : end);
  }

  #storeKeys(slot: number, keys: readonly Value[]): void {
    const { leaves, shapes } = this.groups.keys;
    const store = (shape: (typeof shapes)[number], value: Value) => {
      if (shape.kind === "struct") {
        shape.fields.forEach((f, i) => {
          store(f, (value as Value[])[i]);
        });
        return;
      }
      const leaf = leaves[shape.leaf];
      const columns = this.groups.table.columns;
      if (leaf.kind === "any") {
        columns[leaf.column].set(slot, value === null ? null : canonicalText(value));
        columns[leaf.column + 1].set(slot, value);
      } else columns[leaf.column].set(slot, value);
    };
    shapes.forEach((s, k) => {
      store(s, keys[k]);
    });
  }
}

function compileMerge(groups: Groups, environment: StageEnvironment): (into: number, from: number) => void {
  const e = new CodeEmitter(environment.wide, environment.settings);
  const into = e.fresh("into");
  const from = e.fresh("from");
  const names = new SlotNames(e, groups.table);
  names.load(e, true);
  groups.calls.forEach((call, k) => {
    e.block("", () => {
      call.resolution.merge(e, groups.bufferSlots(names, k, into), groups.bufferValues(names, k, from));
    });
  });
  return e.compile("mergeSessions", [into, from]);
}

export class SessionAggregate implements StatefulOperator {
  readonly operatorName = "sessionWindowStateStoreSaveExec";
  readonly operatorId: number;
  readonly output: readonly Attribute[];
  readonly tables;
  readonly counters = newCounters();
  shiftUs = 0;
  readonly #node: AggregateNode;
  readonly #input: Operator;
  readonly #mode: OutputMode | "batch";
  readonly #sessions: Sessions;
  readonly #rows: Stage<[], Batch>;
  readonly #rowAttributes: readonly Attribute[];
  readonly #update: Stage<[Int32Array], void>;
  readonly #environment: StageEnvironment;
  readonly #lateLimit = new Float64Array(1);
  readonly #times = new TimeIndex();
  readonly #keyCount: number;
  #late = 0;

  constructor(
    node: AggregateNode,
    input: Operator,
    steps: readonly StageStep[],
    mode: OutputMode | "batch",
    environment: StageEnvironment,
    takeLateRow?: TakeLateRow,
  ) {
    this.operatorId = node.operatorId ?? 0;
    this.output = node.output;
    this.#node = node;
    this.#input = input;
    this.#mode = mode;
    this.#environment = environment;
    const session = node.grouping[node.sessionColumn as number];
    const keys = node.grouping.filter((g) => g !== session);
    this.#keyCount = keys.length;

    // Rows travel as: keys, start, end, then the arguments and filters of each aggregate.
    const { expression } = session;
    if (!isStruct(expression)) throw new Error("a session column is a struct of start and end");
    const bounds = [0, 1].map((k): TypedExpression => fieldOf(expression, k));
    const inner: TypedExpression[] = [];
    for (const { call } of node.aggregates) {
      inner.push(...call.args);
      if (call.filter) inner.push(call.filter);
    }
    const columns = hiddenColumns([...keys.map((k) => k.expression), ...bounds, ...inner], -2_100_000);
    this.#rowAttributes = columns.map((c) => c.output);
    let at = keys.length + 2;
    const calls = node.aggregates.map(({ call, output }) => {
      const args = call.args.map(() => this.#rowAttributes[at++]);
      const filter = call.filter === undefined ? undefined : this.#rowAttributes[at++];
      return { call: { ...call, args, filter }, output };
    });
    const named = keys.map((k, i) => ({ expression: this.#rowAttributes[i], output: k.output }));
    const inside: AggregateNode = { ...node, aggregates: calls };
    this.#sessions = new Sessions(named, inside, environment);
    this.tables = [{ name: "", table: this.#sessions.groups.table }];
    const all: StageStep[] = [...steps];
    if (mode !== "batch") {
      const rows = lateRowsOf(takeLateRow, node.lateRow ?? node.input.output, this, environment.settings);
      all.push({
        kind: "late",
        time: endOf(session.expression),
        limit: this.#lateLimit,
        keys: rows.columns,
        onLate: (...values) => {
          this.#late++;
          rows.take(values, this.#lateLimit[0]);
        },
      });
    }
    all.push({ kind: "project", expressions: columns });
    this.#rows = new Stage<[], Batch>("session rows", input.output, all, emitEnd(this.#rowAttributes, 1), environment);
    this.#update = this.#compileUpdate();
  }

  loaded(): void {
    this.#sessions.rebuild();
    this.#times.clear();
    for (const slot of this.#sessions.groups.table.liveSlots()) this.#times.add(slot, this.#sessions.end(slot));
  }

  wantsNoDataBatch(_lateUs: number, evictUs: number): boolean {
    return this.#mode === "append" && this.#times.mayHold(evictUs + this.shiftUs);
  }

  async *run(request: StreamBatchRequest): AsyncGenerator<Batch> {
    const sessions = this.#sessions;
    const { table } = sessions.groups;
    this.#lateLimit[0] = request.lateUs + this.shiftUs;
    this.#late = 0;
    const started = performance.now();
    const parts: Batch[] = [];
    for await (const batch of this.#input.run(request)) {
      const rows = this.#rows.run(batch);
      if (rows.rows > 0) parts.push(rows);
      await request.context.breathe();
    }
    const types = this.#rowAttributes.map((a) => a.type);
    const rows = concatBatches(parts, types, this.#environment.wide);
    if (rows.rows > 0) this.#update.run(rows, this.#assign(rows));
    this.counters.updated = sessions.endOfTaking();
    if (this.#mode !== "batch") for (const slot of table.changedSlots()) this.#times.add(slot, sessions.end(slot));
    this.counters.droppedByWatermark = this.#late;
    this.counters.updateMs = performance.now() - started;
    if (this.#mode === "batch" || this.#mode === "complete") {
      yield* this.#emit(table.liveSlots());
      if (this.#mode === "batch") for (const slot of table.liveSlots()) sessions.remove(slot);
      return;
    }
    const removing = performance.now();
    const gone = this.#times.takeUpTo(request.evictUs + this.shiftUs, (s) =>
      table.live[s] === 1 ? sessions.end(s) : undefined,
    );
    const each = Int32Array.from(new Set(gone));
    if (this.#mode === "append") yield* this.#emit(each);
    for (const slot of each) sessions.remove(slot);
    this.counters.removed = each.length;
    this.counters.removeMs = performance.now() - removing;
  }

  /** The session of each row; rows are taken in order of their start. */
  #assign(rows: Batch): Int32Array {
    const sessions = this.#sessions;
    const keys = rows.columns.slice(0, this.#keyCount);
    const starts = rows.columns[this.#keyCount];
    const ends = rows.columns[this.#keyCount + 1];
    const order = Array.from({ length: rows.rows }, (_, i) => i);
    const start = order.map((i) => Number(valueAt(starts, i)));
    order.sort((i, j) => start[i] - start[j] || i - j);
    const slots = new Int32Array(rows.rows);
    for (const i of order) {
      slots[i] = sessions.take(
        keys.map((v) => valueAt(v, i)),
        start[i],
        Number(valueAt(ends, i)),
      );
    }
    for (let i = 0; i < slots.length; i++) slots[i] = sessions.final(slots[i]);
    return slots;
  }

  #compileUpdate(): Stage<[Int32Array], void> {
    const groups = this.#sessions.groups;
    let names: SlotNames | undefined;
    return new Stage<[Int32Array], void>(
      "session update",
      this.#rowAttributes,
      [],
      {
        parameters: ["slotOfRow"],
        row: (scope) => {
          names = new SlotNames(scope.e, groups.table);
          const slot = scope.e.fresh("slot");
          scope.e.line(`const ${slot} = slotOfRow[${scope.row}];`);
          groups.emitUpdates(scope, names, slot);
        },
        begin: (scope) => names?.load(scope.e, true),
        finish: () => {},
      },
      this.#environment,
    );
  }

  *#emit(slots: Int32Array): Iterable<Batch> {
    const sessions = this.#sessions;
    const at = this.#node.sessionColumn as number;
    const type = this.#node.output[at].type;
    for (let from = 0; from < slots.length; from += CHUNK) {
      const to = Math.min(slots.length, from + CHUNK);
      const out = sessions.groups.output(slots, from, to);
      const windows: Value[] = [];
      for (let k = from; k < to; k++) {
        const s = sessions.start(slots[k]);
        const e = sessions.end(slots[k]);
        windows.push(this.#environment.wide ? [BigInt(s), BigInt(e)] : [s, e]);
      }
      const columns = [...out.columns];
      columns.splice(at, 0, vectorFrom(type, windows, this.#environment.wide));
      yield { rows: to - from, columns };
    }
  }
}
