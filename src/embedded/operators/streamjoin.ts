/**
 * Stream-stream join: both sides keep their rows. New left rows meet the right rows kept so far, then new right rows meet
 * all left rows, so that each pair is found exactly once. A row goes when the watermark says that nothing can match it any
 * more; in an outer join it then comes out with nulls if nothing ever did.
 */
import type { Attribute } from "../../analyze/expression.ts";
import { joinStateWatermarks, type StateWatermark } from "../../analyze/join-watermark.ts";
import type { JoinNode } from "../../analyze/plan.ts";
import { nullVector, takeRows } from "../../columns/ops.ts";
import type { Batch, Vector } from "../../columns/vector.ts";
import type { StageEnvironment, StageStep } from "../../compile/stage.ts";
import type { Value } from "../../types/values.ts";
import type { SlotColumn } from "../state/slots.ts";
import { TimeIndex } from "../state/timeindex.ts";
import { endOf } from "./aggregate.ts";
import type { StreamBatchRequest } from "./contract.ts";
import { JoinSide } from "./joinside.ts";
import { type LateRows, lateRowsOf, type TakeLateRow } from "./laterows.ts";
import { newCounters, type Operator, type StatefulOperator } from "./operator.ts";
import { filterPairs, selector } from "./pairs.ts";

type Prober = ReturnType<JoinSide["prober"]>;

class Side {
  readonly rows: JoinSide;
  readonly input: Operator;
  readonly lateLimit = new Float64Array(1);
  readonly times = new TimeIndex();
  readonly insert: (batch: Batch) => Int32Array;
  /** Rows of this side come out with nulls when they go unmatched. */
  readonly outer: boolean;
  readonly eviction: StateWatermark | undefined;
  readonly steps: readonly StageStep[];
  late = 0;
  /** Where the time is that frees a row. */
  readonly #timeColumn: SlotColumn | undefined;

  constructor(
    input: Operator,
    rows: JoinSide,
    eviction: StateWatermark | undefined,
    outer: boolean,
    lateRows: LateRows,
  ) {
    this.input = input;
    this.rows = rows;
    this.eviction = eviction;
    this.outer = outer;
    const eventTime = input.output.find((a) => a.watermarkDelayUs !== undefined);
    this.steps =
      eventTime === undefined
        ? []
        : [
            {
              kind: "late",
              time: endOf(eventTime),
              limit: this.lateLimit,
              keys: lateRows.columns,
              onLate: (...values) => {
                this.late++;
                lateRows.take(values, this.lateLimit[0]);
              },
            },
          ];
    this.insert = rows.inserter(this.steps, outer);
    this.#timeColumn = timeColumn(rows, eviction);
  }

  enterTime(slot: number): void {
    const us = this.time(slot);
    if (us !== undefined) this.times.add(slot, us);
  }

  /** The watermark that frees the slot. */
  time(slot: number): number | undefined {
    if (this.eviction === undefined || this.#timeColumn === undefined || this.rows.table.live[slot] === 0) {
      return undefined;
    }
    const value = this.#timeColumn.get(slot);
    if (value === null) return undefined;
    const us = Number(Array.isArray(value) ? (value as Value[])[1] : value);
    return this.eviction.kind === "value" ? us - this.eviction.offsetUs : us;
  }
}

function timeColumn(rows: JoinSide, eviction: StateWatermark | undefined): SlotColumn | undefined {
  if (eviction === undefined) return undefined;
  if (eviction.kind === "value") return rows.column(rows.attributes.findIndex((a) => a.id === eviction.attribute.id));
  const shape = rows.keys.shapes[eviction.ordinal];
  const leaf = shape.kind === "struct" ? shape.fields[1] : shape;
  if (leaf.kind !== "leaf") return undefined;
  const { column, kind } = rows.keys.leaves[leaf.leaf];
  return rows.table.columns[kind === "any" ? column + 1 : column];
}

export class StreamJoin implements StatefulOperator {
  readonly operatorName = "symmetricHashJoin";
  readonly operatorId: number;
  readonly output: readonly Attribute[];
  readonly tables;
  readonly counters = newCounters();
  shiftUs = 0;
  readonly #node: JoinNode;
  readonly #left: Side;
  readonly #right: Side;
  readonly #environment: StageEnvironment;
  readonly #select: ((batch: Batch) => Int32Array) | undefined;

  constructor(
    node: JoinNode,
    left: Operator,
    right: Operator,
    environment: StageEnvironment,
    takeLateRow?: TakeLateRow,
  ) {
    this.operatorId = node.operatorId as number;
    this.output = node.output;
    this.#node = node;
    this.#environment = environment;
    const { joinType } = node;
    const kept = joinStateWatermarks(node);
    const side = (name: "left" | "right", input: Operator) =>
      new JoinSide(
        name,
        input.output,
        node.keys.map((k) => ({ expression: k[name], nullSafe: k.nullSafe })),
        environment,
      );
    const late = (input: Operator) => lateRowsOf(takeLateRow, input.output, this, environment.settings);
    const leftOuter = joinType === "left" || joinType === "full" || joinType === "leftanti";
    this.#left = new Side(left, side("left", left), kept.left, leftOuter, late(left));
    this.#right = new Side(
      right,
      side("right", right),
      kept.right,
      joinType === "right" || joinType === "full",
      late(right),
    );
    this.tables = [
      { name: "left", table: this.#left.rows.table },
      { name: "right", table: this.#right.rows.table },
    ];
    this.#select =
      node.residual === undefined
        ? undefined
        : selector("join condition", [...left.output, ...right.output], node.residual, environment);
  }

  loaded(): void {
    for (const s of [this.#left, this.#right]) {
      s.rows.relink();
      s.times.clear();
      for (const slot of s.rows.table.liveSlots()) s.enterTime(slot);
    }
  }

  wantsNoDataBatch(_lateUs: number, evictUs: number): boolean {
    return this.#left.times.mayHold(evictUs + this.shiftUs) || this.#right.times.mayHold(evictUs + this.shiftUs);
  }

  async *run(request: StreamBatchRequest): AsyncGenerator<Batch> {
    const started = performance.now();
    const evictUs = request.evictUs + this.shiftUs;
    this.counters.updated = 0;
    this.counters.removed = 0;
    for (const s of [this.#left, this.#right]) {
      s.late = 0;
      s.lateLimit[0] = request.lateUs + this.shiftUs;
    }
    // A semi join keeps no left row that has found its partner: so the right side's rows must be there first.
    const semi = this.#node.joinType === "leftsemi";
    // The side that goes first is kept whole: the other one's rows of this batch are still to come.
    for (const isLeft of semi ? [false, true] : [true, false]) {
      const passedUs = isLeft === semi ? evictUs : Number.NEGATIVE_INFINITY;
      const side = isLeft ? this.#left : this.#right;
      const probe = this.#prober(isLeft);
      for await (const batch of side.input.run(request)) {
        if (semi && isLeft) yield* this.#semiLeft(batch, probe, passedUs);
        else {
          const late = side.late;
          const slots = side.insert(batch);
          side.late = late; // the prober counts them
          const pairs = probe(batch);
          yield* this.#emit(batch, pairs.rows.slice(0, pairs.count), slots, pairs.slots.slice(0, pairs.count), isLeft);
          yield* this.#keep(side, slots, passedUs);
        }
        await request.context.breathe();
      }
    }
    this.counters.updateMs = performance.now() - started;
    const removing = performance.now();
    for (const s of [this.#left, this.#right]) yield* this.#evict(s, evictUs);
    this.counters.removeMs = performance.now() - removing;
    this.counters.droppedByWatermark = this.#left.late + this.#right.late;
  }

  #prober(isLeft: boolean): Prober {
    const [side, other] = isLeft ? [this.#left, this.#right] : [this.#right, this.#left];
    const keys = this.#node.keys.map((k) => (isLeft ? k.left : k.right));
    return other.rows.prober(side.input.output, keys, side.steps);
  }

  /** Keeps new rows, except those that the watermark `passedUs` has passed: nothing can match them any more. */
  *#keep(side: Side, slots: Int32Array, passedUs: number): Iterable<Batch> {
    const passed: number[] = [];
    for (const slot of slots) {
      if (slot < 0) continue;
      const us = side.time(slot);
      if (us !== undefined && us <= passedUs) passed.push(slot);
      else {
        this.counters.updated++;
        if (us !== undefined) side.times.add(slot, us);
      }
    }
    if (passed.length > 0) yield* this.#letGo(side, Int32Array.from(passed));
  }

  /** New left rows of a semi join: those with a partner go out, the others are kept. */
  *#semiLeft(batch: Batch, probe: Prober, passedUs: number): Iterable<Batch> {
    const side = this.#left;
    const pairs = probe(batch);
    const rows = pairs.rows.slice(0, pairs.count);
    const kept = this.#matches(batch, rows, pairs.slots.slice(0, pairs.count), true);
    const matched = new Uint8Array(batch.rows);
    for (const row of kept.left) matched[row] = 1;
    const all = Int32Array.from({ length: batch.rows }, (_, row) => row);
    const out = all.filter((row) => matched[row] === 1);
    const alone = all.filter((row) => matched[row] === 0 && pairs.passed[row] === 1);
    if (out.length > 0) yield takeRows(batch, out, out.length);
    if (alone.length > 0) yield* this.#keep(side, side.insert(takeRows(batch, alone, alone.length)), passedUs);
  }

  /** Pairs of new rows with kept rows of the other side for which the whole condition holds, with the joined rows. */
  #matches(batch: Batch, rows: Int32Array, found: Int32Array, isLeft: boolean) {
    const other = isLeft ? this.#right : this.#left;
    const mine = takeRows(batch, rows, rows.length).columns;
    const theirs = other.rows.gather(found, found.length);
    const columns: readonly Vector[] = isLeft ? [...mine, ...theirs] : [...theirs, ...mine];
    return filterPairs({ rows: rows.length, columns }, rows, found, this.#select);
  }

  /** Joined rows of new rows (of `batch`, kept in `slots`) with kept rows of the other side. */
  *#emit(batch: Batch, rows: Int32Array, slots: Int32Array, found: Int32Array, isLeft: boolean): Iterable<Batch> {
    if (rows.length === 0) return;
    const side = isLeft ? this.#left : this.#right;
    const other = isLeft ? this.#right : this.#left;
    const kept = this.#matches(batch, rows, found, isLeft);
    if (this.#node.joinType === "leftsemi") {
      yield* this.#semi(kept.right);
      return;
    }
    for (let k = 0; k < kept.left.length; k++) {
      mark(side, slots[kept.left[k]]);
      mark(other, kept.right[k]);
    }
    if (kept.joined.rows > 0 && this.#node.joinType !== "leftanti") yield kept.joined;
  }

  /** Kept left rows that have found their partner: they come out, and are kept no longer. */
  *#semi(found: Int32Array): Iterable<Batch> {
    const left = this.#left.rows;
    const fresh = Int32Array.from(new Set(found));
    if (fresh.length === 0) return;
    yield { rows: fresh.length, columns: left.gather(fresh, fresh.length) };
    for (const slot of fresh) left.remove(slot);
    this.counters.removed += fresh.length;
  }

  *#evict(side: Side, evictUs: number): Iterable<Batch> {
    const gone = side.times.takeUpTo(evictUs, (slot) => side.time(slot));
    yield* this.#letGo(side, gone);
    // As Spark counts: rows of a side whose unmatched rows are put out are not among the removed.
    if (!side.outer) this.counters.removed += gone.length;
  }

  /** Removes rows; in an outer join those that never matched come out with nulls. */
  *#letGo(side: Side, gone: Int32Array): Iterable<Batch> {
    const alone = side.outer ? gone.filter((slot) => side.rows.matched.values[slot] === 0) : new Int32Array(0);
    if (alone.length > 0) {
      const mine = side.rows.gather(alone, alone.length);
      if (this.#node.joinType === "leftanti") yield { rows: alone.length, columns: mine };
      else {
        const other = side === this.#left ? this.#right : this.#left;
        const nulls = other.rows.attributes.map((a) => nullVector(a.type, alone.length, this.#environment.wide));
        yield { rows: alone.length, columns: side === this.#left ? [...mine, ...nulls] : [...nulls, ...mine] };
      }
    }
    for (const slot of gone) side.rows.remove(slot);
  }
}

/** Notes that the row has a partner. */
function mark(side: Side, slot: number): void {
  if (slot < 0 || side.rows.matched.values[slot] === 1) return;
  side.rows.matched.set(slot, true);
  side.rows.table.touch(slot);
}
