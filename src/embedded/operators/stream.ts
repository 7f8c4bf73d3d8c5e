/** A streaming plan, ready to run batch after batch with its state. */
import { join } from "node:path";
import type { PlanNode } from "../../analyze/plan.ts";
import type { Batch } from "../../columns/vector.ts";
import type { RunContext } from "../../functions/definition.ts";
import type { Value } from "../../types/values.ts";
import { diskFileSystem } from "../checkpoint/file-system.ts";
import { ByteWriter } from "../state/codec.ts";
import { encodeRows, StateFiles } from "../state/files.ts";
import type { SlotTable } from "../state/slots.ts";
import { userName } from "./batch.ts";
import { inputsOf, PlanBuilder, resetStats, unsupported } from "./build.ts";
import type {
  EventTimeStats,
  StateCommit,
  StateOperatorProgress,
  StreamBatchRequest,
  StreamPlan,
  StreamPlanOptions,
} from "./contract.ts";
import { type Operator, progressOf, resetCounters, type StatefulOperator } from "./operator.ts";

const NO_SLOTS = new Int32Array(0);

/** Builds the plan's operators and loads their state as of `options.version`. */
export async function openStreamPlan(options: StreamPlanOptions): Promise<StreamPlan> {
  const plan = new RunningPlan(options);
  await plan.load();
  return plan;
}

/** Stateful operators from the top of the plan down, as Spark lists them. */
function operatorIds(node: PlanNode): number[] {
  const own = "operatorId" in node && node.operatorId !== undefined ? [node.operatorId] : [];
  return [...own, ...inputsOf(node).flatMap(operatorIds)];
}

interface Store {
  readonly operator: StatefulOperator;
  readonly files: StateFiles;
  readonly table: SlotTable;
  /** Since the last snapshot: how many, and their bytes. */
  deltas: number;
  deltaBytes: number;
  /** Size of the last snapshot, 0 before the first. */
  snapshotBytes: number;
  /** Resolves when the newest version is durable. */
  written: Promise<void>;
  /** Memory of a delta that is written, for the next one. */
  spare: ByteWriter | undefined;
  /** The snapshot that is being written. */
  snapshot: Promise<void>;
  snapshotFailure: unknown;
}

/** Deltas after which a snapshot is made however small they are, in multiples of minDeltasForSnapshot. */
const DELTAS_MAX_FACTOR = 10;
/** A large delta's memory isn't kept for small ones. */
const KEPT_BYTES_MAX = 64 << 10;

class RunningPlan implements StreamPlan {
  readonly #options: StreamPlanOptions;
  readonly #builder: PlanBuilder;
  readonly #root: Operator;
  readonly #run: RunContext;
  readonly #stores: Store[] = [];
  /** As Spark lists them. */
  readonly #statefulInOrder: readonly StatefulOperator[];

  constructor(options: StreamPlanOptions) {
    this.#options = options;
    const { rejects } = options;
    this.#run = { nowUs: 0, seed: 0, rows: 0, user: userName(), badRecords: 0, ...(rejects && { rejects }) };
    this.#builder = new PlanBuilder({
      settings: options.settings,
      wide: options.wide,
      run: this.#run,
      outputMode: options.outputMode,
      script: (token) => {
        if (options.script === undefined) throw unsupported("A TypeScript function", "Register it with udf().");
        return options.script(token);
      },
      subquery: () => {
        throw unsupported("A scalar subquery in a streaming query", "Run it first and use its result.");
      },
      rejects,
      takeLateRow: options.takeLateRow,
    });
    this.#root = this.#builder.build(options.plan);
    const order = operatorIds(options.plan);
    const place = (o: StatefulOperator) => order.indexOf(o.operatorId);
    this.#statefulInOrder = this.#builder.stateful.toSorted((a, b) => place(a) - place(b));
    for (const operator of this.#builder.stateful) {
      for (const { name, table } of operator.tables) {
        const directory = join(options.stateDir, String(operator.operatorId), "0", name);
        const files = new StateFiles(directory, options.fs ?? diskFileSystem, options.durable ?? true);
        this.#stores.push({
          operator,
          files,
          table,
          deltas: 0,
          deltaBytes: 0,
          snapshotBytes: 0,
          written: Promise.resolve(),
          spare: undefined,
          snapshot: Promise.resolve(),
          snapshotFailure: undefined,
        });
      }
    }
  }

  get stateful(): boolean {
    return this.#builder.stateful.length > 0;
  }

  async load(): Promise<void> {
    for (const store of this.#stores) {
      await store.files.prepare();
      await store.files.forgetAfter(this.#options.version);
      store.deltas = await store.files.load(store.table, this.#options.version);
    }
    if (this.#options.version > 0) for (const operator of this.#builder.stateful) operator.loaded();
  }

  wantsNoDataBatch(lateUs: number, evictUs: number): boolean {
    return this.#builder.stateful.some((o) => o.wantsNoDataBatch(lateUs, evictUs));
  }

  async *run(request: StreamBatchRequest): AsyncGenerator<Batch> {
    this.#run.nowUs = request.context.nowUs;
    this.#run.seed = request.context.seed;
    this.#run.rows = 0;
    this.#builder.badRecords.count = 0;
    this.#run.badRecords = 0;
    this.#options.rejects?.begin();
    for (const w of this.#builder.watermarks) resetStats(w.stats);
    for (const o of this.#builder.stateful) resetCounters(o.counters);
    yield* this.#root.run(request);
  }

  eventTimes(): readonly EventTimeStats[] {
    return this.#builder.watermarks.map(({ delayUs, stats }) => ({
      delayUs,
      count: stats[0],
      maxUs: stats[1],
      minUs: stats[2],
      sumUs: stats[3],
    }));
  }

  async commit(batchId: number, isOften: boolean, loggedBatch: number): Promise<StateCommit> {
    const version = batchId + 1;
    const oldest = Math.min(version - this.#options.versionsToRetain, loggedBatch);
    await Promise.all(this.#stores.map((store) => this.#commitStore(store, version, oldest, isOften)));
    for (const operator of this.#builder.stateful) {
      const moved = operator.tables.map(({ table }) => table.compactTexts());
      if (moved.includes(true)) operator.loaded();
    }
    const durable = Promise.all(this.#stores.map((store) => store.written)).then(() => {});
    durable.catch(() => {}); // whoever waits for it meets the failure
    return { durable };
  }

  /**
   * Takes what the batch has changed; it is written from then on, after the versions before.
   *
   * @param oldest the version that must still be there
   */
  async #commitStore(store: Store, version: number, oldest: number, isOften: boolean): Promise<void> {
    const started = performance.now();
    const { table, files } = store;
    if (store.snapshotFailure !== undefined) throw store.snapshotFailure;
    const writer = store.spare ?? new ByteWriter(0);
    store.spare = undefined;
    const delta = encodeRows(table, table.changedSlots(), table.removed.view(), writer);
    store.deltas++;
    store.deltaBytes += delta.length;
    if (this.#wantsSnapshot(store, isOften)) {
      await store.snapshot;
      this.#beginSnapshot(store, version, oldest);
    }
    table.endRound();
    store.written = store.written.then(async () => {
      await files.write(version, "delta", delta, isOften);
      if (writer.bytes.length <= KEPT_BYTES_MAX) store.spare = writer;
      store.operator.counters.commitMs += performance.now() - started;
    });
    store.written.catch(() => {});
  }

  /** Not before the deltas outweigh a snapshot, so that a large state isn't written again for every few small batches. */
  #wantsSnapshot({ deltas, deltaBytes, snapshotBytes }: Store, isOften: boolean): boolean {
    const { deltasForSnapshot, deltaBytesForSnapshot = 0 } = this.#options;
    if (deltas < deltasForSnapshot) return false;
    // A new file is what a disk is slowest with.
    if (isOften && deltaBytes < deltaBytesForSnapshot) return false;
    return deltaBytes >= snapshotBytes || deltas >= deltasForSnapshot * DELTAS_MAX_FACTOR;
  }

  /** Writes everything beside the batches that follow: the deltas alone bring any version back. */
  #beginSnapshot(store: Store, version: number, oldest: number): void {
    const { table, files } = store;
    const bytes = encodeRows(table, table.liveSlots(), NO_SLOTS);
    store.deltas = 0;
    store.deltaBytes = 0;
    store.snapshotBytes = bytes.length;
    const write = async (): Promise<void> => {
      await files.write(version, "snapshot", bytes);
      await files.purge(oldest);
    };
    store.snapshot = write().catch((error: unknown) => {
      store.snapshotFailure = error; // met by the next commit
    });
  }

  stateProgress(): readonly StateOperatorProgress[] {
    return this.#statefulInOrder.map(progressOf);
  }

  badRecords(): number {
    return this.#builder.badRecords.count + (this.#run.badRecords ?? 0);
  }

  observed(): ReadonlyMap<string, Readonly<Record<string, Value>>> {
    return new Map(this.#builder.observations.map((o) => [o.name, o.values()]));
  }

  generatedCode(): readonly { readonly stage: string; readonly code: string }[] {
    return this.#builder.stages.map((s) => ({ stage: s.name, code: s.preview() }));
  }

  async close(): Promise<void> {
    for (const { written, snapshot, files } of this.#stores) {
      await Promise.allSettled([written, snapshot]);
      await files.close();
    }
  }
}
