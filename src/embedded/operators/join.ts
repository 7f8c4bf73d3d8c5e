/**
 * Joins with one side held whole: batch joins, and a stream with a static table. The held side ("build") is read once;
 * the other ("probe") goes by batch after batch.
 */
import type { JoinNode, JoinType } from "../../analyze/plan.ts";
import { nullVector, takeRows } from "../../columns/ops.ts";
import type { Batch, Vector } from "../../columns/vector.ts";
import type { StageEnvironment } from "../../compile/stage.ts";
import type { StreamBatchRequest } from "./contract.ts";
import { JoinSide } from "./joinside.ts";
import type { Operator } from "./operator.ts";
import { filterPairs, selector } from "./pairs.ts";

/** Pairs checked at once when there is no key to look up. */
const CROSS_PAIRS_MAX = 1 << 16;

export interface HashJoinOptions {
  /** The left side is held, because the right one is the stream. */
  readonly buildLeft: boolean;
  /** The held side is static: it is read once for the life of the query. */
  readonly keepBuild: boolean;
}

const mirrored: Record<JoinType, JoinType> = {
  inner: "inner",
  cross: "cross",
  left: "right",
  right: "left",
  full: "full",
  leftsemi: "leftsemi",
  leftanti: "leftanti",
};

export class HashJoin implements Operator {
  readonly output;
  readonly #node: JoinNode;
  readonly #probe: Operator;
  readonly #build: Operator;
  readonly #type: JoinType;
  readonly #options: HashJoinOptions;
  readonly #environment: StageEnvironment;
  readonly #select: ((batch: Batch) => Int32Array) | undefined;
  #side: JoinSide | undefined;

  constructor(
    node: JoinNode,
    left: Operator,
    right: Operator,
    options: HashJoinOptions,
    environment: StageEnvironment,
  ) {
    this.output = node.output;
    this.#node = node;
    this.#options = options;
    this.#environment = environment;
    this.#probe = options.buildLeft ? right : left;
    this.#build = options.buildLeft ? left : right;
    this.#type = options.buildLeft ? mirrored[node.joinType] : node.joinType;
    this.#select =
      node.residual === undefined
        ? undefined
        : selector("join condition", [...left.output, ...right.output], node.residual, environment);
  }

  async *run(request: StreamBatchRequest): AsyncGenerator<Batch> {
    const side = await this.#buildSide(request);
    const type = this.#type;
    const keys = this.#node.keys;
    const probe =
      keys.length === 0
        ? undefined
        : side.prober(
            this.#probe.output,
            keys.map((k) => (this.#options.buildLeft ? k.right : k.left)),
          );
    const nullInBuild = this.#node.nullAware === true && this.#hasNullKey(side);
    for await (const batch of this.#probe.run(request)) {
      if (nullInBuild) continue; // NOT IN over a list with a null is never true
      const matched = new Uint8Array(batch.rows);
      for (const { rows, slots } of probe ? [pairsOf(probe(batch))] : crossPairs(batch.rows, side.table.liveSlots())) {
        const part = this.#join(batch, side, rows, slots);
        for (const row of part.rows) matched[row] = 1;
        if (type === "right" || type === "full") for (const slot of part.slots) side.matched.set(slot, true);
        if (type !== "leftsemi" && type !== "leftanti" && part.joined.rows > 0) yield part.joined;
        await request.context.breathe();
      }
      yield* this.#unmatchedProbe(batch, matched, side);
    }
    if (type === "right" || type === "full") yield* this.#unmatchedBuild(side);
  }

  async #buildSide(request: StreamBatchRequest): Promise<JoinSide> {
    if (this.#side !== undefined) return this.#side;
    const side = new JoinSide(
      "build",
      this.#build.output,
      this.#node.keys.map((k) => ({
        expression: this.#options.buildLeft ? k.left : k.right,
        nullSafe: k.nullSafe,
      })),
      this.#environment,
    );
    const insert = side.inserter([], true);
    for await (const batch of this.#build.run(request)) {
      insert(batch);
      await request.context.breathe();
    }
    if (this.#options.keepBuild) this.#side = side;
    return side;
  }

  #join(batch: Batch, side: JoinSide, rows: Int32Array, slots: Int32Array) {
    const probe = takeRows(batch, rows, rows.length).columns;
    const build = side.gather(slots, slots.length);
    const joined = { rows: rows.length, columns: this.#ordered(probe, build) };
    const kept = filterPairs(joined, rows, slots, this.#select);
    return { joined: kept.joined, rows: kept.left, slots: kept.right };
  }

  #ordered(probe: readonly Vector[], build: readonly Vector[]): Vector[] {
    return this.#options.buildLeft ? [...build, ...probe] : [...probe, ...build];
  }

  /** Probe rows without partner: with nulls for left and full joins, alone for anti joins; with partner for semi joins. */
  *#unmatchedProbe(batch: Batch, matched: Uint8Array, side: JoinSide): Iterable<Batch> {
    const type = this.#type;
    if (type !== "left" && type !== "full" && type !== "leftsemi" && type !== "leftanti") return;
    const want = type === "leftsemi" ? 1 : 0;
    const rows = Int32Array.from({ length: batch.rows }, (_, i) => i).filter((i) => matched[i] === want);
    const kept = type === "leftanti" && this.#node.nullAware ? this.#withoutNullKeys(batch, rows, side) : rows;
    if (kept.length === 0) return;
    const part = takeRows(batch, kept, kept.length);
    if (type === "leftsemi" || type === "leftanti") yield part;
    else {
      const nulls = side.attributes.map((a) => nullVector(a.type, part.rows, this.#environment.wide));
      yield { rows: part.rows, columns: this.#ordered(part.columns, nulls) };
    }
  }

  *#unmatchedBuild(side: JoinSide): Iterable<Batch> {
    const slots = side.table.liveSlots().filter((s) => side.matched.values[s] === 0);
    if (slots.length === 0) return;
    const build = side.gather(slots, slots.length);
    const nulls = this.#probe.output.map((a) => nullVector(a.type, slots.length, this.#environment.wide));
    yield { rows: slots.length, columns: this.#ordered(nulls, build) };
  }

  #hasNullKey(side: JoinSide): boolean {
    return side.keys.leaves.some((l) => {
      const nulls = side.table.columns[l.column].nulls;
      return nulls !== null && side.table.liveSlots().some((s) => nulls[s] === 1);
    });
  }

  /** NOT IN: a null on the probe side is unknown, unless the list is empty. */
  #withoutNullKeys(batch: Batch, rows: Int32Array, side: JoinSide): Int32Array {
    if (side.rows === 0) return rows;
    const keys = this.#node.keys.map((k) => k.left);
    const nulls = keys.map((k) => {
      const at = k.kind === "attribute" ? this.#probe.output.findIndex((a) => a.id === k.id) : -1;
      return at < 0 ? null : batch.columns[at].nulls;
    });
    return rows.filter((i) => nulls.every((n) => n === null || n[i] === 0));
  }
}

function pairsOf(p: { rows: Int32Array; slots: Int32Array; count: number }): { rows: Int32Array; slots: Int32Array } {
  return { rows: p.rows.slice(0, p.count), slots: p.slots.slice(0, p.count) };
}

/** Every row with every slot, a bounded number of pairs at a time. */
function* crossPairs(rows: number, slots: Int32Array): Iterable<{ rows: Int32Array; slots: Int32Array }> {
  if (slots.length === 0) return;
  const rowsAtOnce = Math.max(1, Math.floor(CROSS_PAIRS_MAX / slots.length));
  for (let from = 0; from < rows; from += rowsAtOnce) {
    const to = Math.min(rows, from + rowsAtOnce);
    const n = (to - from) * slots.length;
    const left = new Int32Array(n);
    const right = new Int32Array(n);
    let k = 0;
    for (let i = from; i < to; i++) {
      for (const s of slots) {
        left[k] = i;
        right[k++] = s;
      }
    }
    yield { rows: left, slots: right };
  }
}
