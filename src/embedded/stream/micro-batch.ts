/**
 * One batch after the other, so that each counts once whatever dies and whenever. Writing to the disk goes on beside the
 * work, as far as these orders allow:
 *
 * 1. `offsets/N` is durable before a row of N can be seen in the sink. It is begun when N is planned, and waited for before
 *    an exactly-once sink's commit, or before another sink's first row, unless rows do without (`mayRowsPrecedeLog`). Crash
 *    before: as if nothing had happened. After: the restart runs N again with the same offsets, time and watermark, so that it
 *    gives the same rows. Where rows do without, log and state may be behind by more than one batch. So they may where the sink's
 *    own transactions can hold what isn't on the disk yet of the log (a memo, log-tail.ts): that is durable with the rows.
 * 2. The plan runs; the sink takes rows into an open transaction. Crash: the transaction is rolled back or fenced.
 * 3. State version N+1 is durable before an exactly-once sink commits, and written beside its preparation; a sink that
 *    takes rows again after a crash, or has a memo, doesn't wait for it. Crash after: the restart forgets what is beyond the
 *    version of the batch that the log says, loads that, and writes the later ones again, batch by batch, as log and memo say.
 * 4. The sink commits, with N inside its own transaction. Crash after, or an outcome nobody knows: `open()` asks the sink
 *    for its last batch, and the restart skips the writing (state is redone all the same).
 * 5. `offsets/N+1` is not begun before the sink has N and state version N+1 is durable: **offsets/N+1 says that N is done**,
 *    also where both are behind.
 * 6. So `commits/N` is needed only while N is the last batch, and is written beside N+1. One such write is under way at a
 *    time. A restart that finds offsets/N+1 without commits/N writes that, and runs N+1. Sources may forget what is before N's
 *    end once it is durable. Where batches are so many that their offsets go to a journal, that is done now and then, for the
 *    last one.
 *
 * State goes before an exactly-once sink, because a sink that shows a batch can't take it back, while a state version can
 * be written again.
 */
import type { PlanNode, ScanNode } from "../../analyze/plan.ts";
import type { Batch } from "../../columns/vector.ts";
import type { Clock, Offset, OutputMode, Sink, SinkBatch } from "../../connectors/contract.ts";
import { SluiceError } from "../../errors/error.ts";
import type { SessionSettings } from "../../functions/definition.ts";
import { WideRequired } from "../../types/values.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { OffsetEntry } from "../checkpoint/logs.ts";
import type { ExecutionContext, OpenStreamPlan, StreamPlan } from "../operators/contract.ts";
import { allOf, BatchLog } from "./batch-log.ts";
import type { Beside } from "./beside.ts";
import { BatchInputs, type StreamInput } from "./inputs.ts";
import { batchesIn, type PlannedBatch } from "./log-tail.ts";
import { recover } from "./recovery.ts";
import { Stopwatch } from "./stopwatch.ts";
import { type WatermarkPolicy, WatermarkTracker, watermarkUs } from "./watermark.ts";

export interface MicroBatchSetup {
  readonly plan: PlanNode;
  readonly outputMode: OutputMode;
  readonly settings: SessionSettings;
  /** Kept in the offset log, and the same over restarts. */
  readonly conf: Readonly<Record<string, string>>;
  readonly inputs: readonly StreamInput[];
  readonly sink: Sink;
  /** What is taken out of the stream, and where it goes. */
  readonly beside: Beside;
  readonly checkpoint: Checkpoint;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly openPlan: OpenStreamPlan;
  readonly watermarkPolicy: WatermarkPolicy;
  readonly noDataBatches: boolean;
  readonly batchesToRetain: number;
  readonly deltasForSnapshot: number;
  readonly deltaBytesForSnapshot: number;
  readonly batchRowsMax: number;
  /** Trigger.Once: a batch takes all there is. */
  readonly unlimited: boolean;
  readScan(node: ScanNode, wide: boolean): AsyncIterable<Batch>;
  script(token: string): (...args: unknown[]) => unknown;
  breathe(): Promise<void> | undefined;
  /** Told as the batch goes on, in Spark's words. */
  status(message: string, isDataAvailable: boolean): void;
}

/** What one batch did. */
export interface BatchOutcome {
  readonly batchId: number;
  readonly start: readonly Offset[];
  readonly end: readonly Offset[];
  readonly rowCounts: readonly number[];
  readonly outputRows: number;
  readonly watermarkMs: number;
  readonly durations: ReadonlyMap<string, number>;
  readonly sinkMetrics: Readonly<Record<string, string>>;
  readonly timestampsMs: readonly number[];
}

type SinkMetrics = Readonly<Record<string, string>> | undefined;

export class MicroBatchExecution {
  private readonly setup: MicroBatchSetup;
  private batchId = 0;
  /** Where the next batch starts. */
  private start: Offset[] = [];
  /** The batch to run next, where it is planned already. */
  private pending: OffsetEntry | undefined;
  /** Batches that the sink has and the log doesn't, by number. */
  private memo: ReadonlyMap<number, PlannedBatch> = new Map();
  private previousWatermarkMs = 0;
  private tracker = new WatermarkTracker("min", 0);
  private plan: StreamPlan | undefined;
  private wide = false;
  private sinkBatchId = -1;
  private readonly log: BatchLog;

  constructor(setup: MicroBatchSetup) {
    this.setup = setup;
    const { checkpoint, clock, batchesToRetain, sink } = setup;
    const commitSources = (end: readonly Offset[]) => this.commitSources(end);
    this.log = new BatchLog({ checkpoint, clock, batchesToRetain, memoMax: sink.memoMax ?? 0, commitSources });
  }

  /**
   * Finds where to continue, and opens sink and state.
   *
   * @param onLogFailure called when something couldn't be logged that nobody waits for; the next `runBatch` says why
   */
  async open(onLogFailure: () => void): Promise<void> {
    this.log.open(onLogFailure);
    const { checkpoint, inputs, sink, watermarkPolicy } = this.setup;
    const recovered = await recover(checkpoint, inputs.length);
    this.batchId = recovered.batchId;
    this.pending = recovered.pending;
    this.previousWatermarkMs = recovered.previousWatermarkMs;
    this.tracker = new WatermarkTracker(watermarkPolicy, recovered.watermarkMs);
    this.start = await Promise.all(inputs.map(({ source }, i) => recovered.start[i] ?? source.initialOffset()));
    this.sinkBatchId = await sink.open();
    this.memo = batchesIn(sink.lastMemo?.() ?? "");
    if (recovered.uncommitted !== undefined) {
      await checkpoint.commits.write(recovered.uncommitted, { nextBatchWatermarkMs: recovered.watermarkMs });
    }
    // A crash may have come between the commit log and the source: tell it again.
    if (recovered.batchId > 0) await this.commitSources(this.start);
    try {
      this.plan = await this.openPlan();
    } catch (error) {
      if (!(error instanceof WideRequired)) throw error;
      await this.reopenWide(); // the state holds such values from the run before
    }
  }

  get streamPlan(): StreamPlan | undefined {
    return this.plan;
  }

  /** The offsets after which new data counts. */
  get position(): readonly Offset[] {
    return this.start;
  }

  /**
   * Runs the next batch, if there is one. What it leaves to be written is waited for by `settled`.
   *
   * @param isFresh false: the sources needn't ask whether there is more than they know of
   */
  async runBatch(isFresh: boolean): Promise<BatchOutcome | undefined> {
    this.log.throwFailure();
    const watch = new Stopwatch(this.setup.clock);
    const entry = this.pending ?? (await this.planBatch(watch, isFresh));
    if (entry === undefined) return undefined;
    const { batchId, start } = this;
    const end = entry.offsets.map((offset, i) => offset ?? start[i]);
    const run = await watch.time("addBatch", () => this.runAndCommit(entry, end));
    const plan = this.plan as StreamPlan;
    this.tracker.update(plan.eventTimes());
    await watch.time("commitOffsets", () => this.log.finish(batchId, this.tracker.currentMs, end));
    this.previousWatermarkMs = entry.batchWatermarkMs;
    this.start = end;
    this.batchId++;
    this.pending = undefined;
    return {
      batchId,
      start,
      end,
      watermarkMs: entry.batchWatermarkMs,
      durations: watch.durations,
      rowCounts: run.inputs.rowCounts,
      timestampsMs: run.inputs.timestampsMs,
      outputRows: run.outputRows,
      sinkMetrics: run.sinkMetrics,
    };
  }

  /** Resolves when the last batch is in the commit log. Rejects when it can't be. */
  settled(): Promise<void> {
    return this.log.settled();
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    await this.log.close();
    await this.plan?.close();
  }

  /** Decides whether there is a next batch, and begins to log where it ends. */
  private async planBatch(watch: Stopwatch, isFresh: boolean): Promise<OffsetEntry | undefined> {
    const { setup, batchId } = this;
    const planned = this.memo.get(batchId) ?? (await this.newBatch(watch, isFresh));
    if (planned === undefined) return undefined;
    const entry = { ...planned, conf: setup.conf };
    // Whoever needs it waits for it.
    watch.time("walCommit", () => this.log.begin(batchId, entry)).catch(() => {});
    this.pending = entry;
    return entry;
  }

  private async newBatch(watch: Stopwatch, isFresh: boolean): Promise<PlannedBatch | undefined> {
    const { setup, start } = this;
    const offsets = await watch.time("latestOffset", () =>
      Promise.all(
        setup.inputs.map(({ source }, i) => {
          setup.status(`Getting offsets from ${source.description}`, false);
          return source.latestOffset(start[i], setup.unlimited, isFresh);
        }),
      ),
    );
    const hasNewData = offsets.some((offset, i) => offset !== start[i]);
    const batchWatermarkMs = this.tracker.currentMs;
    if (!hasNewData && !(setup.noDataBatches && this.watermarkAsksForBatch(batchWatermarkMs))) return undefined;
    setup.status(hasNewData ? "Processing new data" : "No new data but cleaning up state", hasNewData);
    return { batchWatermarkMs, batchTimestampMs: setup.clock.now(), offsets };
  }

  private watermarkAsksForBatch(watermarkMs: number): boolean {
    // What this watermark frees has been freed already, unless it has moved since the last batch.
    if (this.batchId === 0 || watermarkMs <= this.previousWatermarkMs) return false;
    return this.plan?.wantsNoDataBatch(watermarkUs(this.previousWatermarkMs), watermarkUs(watermarkMs)) ?? false;
  }

  private async runAndCommit(entry: OffsetEntry, end: readonly Offset[]) {
    const { setup, batchId } = this;
    const sinkHasIt = batchId <= this.sinkBatchId;
    for (;;) {
      const inputs = new BatchInputs(setup.inputs, this.start, end, setup.signal);
      const sinkBatch = sinkHasIt ? undefined : await setup.sink.begin(batchId);
      try {
        const outputRows = await this.writeRows(entry, inputs, sinkBatch);
        const sinkMetrics = (await this.commitBatch(sinkBatch, outputRows)) ?? {};
        return { inputs, outputRows, sinkMetrics };
      } catch (error) {
        await sinkBatch?.abort().catch(() => {}); // the first error is the one to tell
        if (!(error instanceof WideRequired) || this.wide) throw error;
        await this.reopenWide();
      }
    }
  }

  /** State and sink, in the order that the sink's guarantee asks for. */
  private async commitBatch(sinkBatch: SinkBatch | undefined, outputRows: number): Promise<SinkMetrics> {
    const { setup, batchId, log } = this;
    const taken = (this.plan as StreamPlan).commit(batchId, log.isOften, log.loggedBatch);
    log.saving(taken);
    if (setup.sink.guarantee === "exactly-once") {
      await this.prepareBatch(taken, sinkBatch);
      return sinkBatch?.commit();
    }
    const mayPrecede = outputRows === 0 ? setup.sink.mayPrecedeLog : this.mayRowsPrecedeLog();
    const output = mayPrecede ? sinkBatch?.commit() : log.logged.then(() => sinkBatch?.commit());
    const mayFollow = setup.sink.mayPrecedeLog && log.mayFollow;
    await allOf(mayFollow ? [taken, output] : [log.logged, log.stateSaved, output]);
    return output;
  }

  /** Everything that must be durable before the sink's own commit: on the disk, or in the sink's transaction. */
  private async prepareBatch(taken: Promise<unknown>, sinkBatch: SinkBatch | undefined): Promise<void> {
    const { log } = this;
    // What the disk has by the time that the rows are sent needn't be held.
    const prepared = sinkBatch?.prepare?.(() => log.memo());
    await allOf([taken, prepared]);
    if ((await prepared) !== true) await allOf([log.logged, log.stateSaved]);
  }

  /**
   * Whether rows may be seen before the batch's offsets are durable. After a crash they come again, from batches with other ends:
   * the same rows where there is no state, and newer ones for the same keys in update and complete mode. What append mode puts
   * out for good could come out differently, so it waits.
   */
  private mayRowsPrecedeLog(): boolean {
    const { sink, outputMode } = this.setup;
    return sink.mayPrecedeLog === true && (outputMode !== "append" || this.plan?.stateful === false);
  }

  private async writeRows(entry: OffsetEntry, inputs: BatchInputs, sinkBatch: SinkBatch | undefined): Promise<number> {
    const { setup, batchId } = this;
    const isSeenAtOnce = setup.sink.guarantee !== "exactly-once" && !this.mayRowsPrecedeLog();
    let outputRows = 0;
    const output = (this.plan as StreamPlan).run({
      context: this.context(entry),
      batchId,
      readStream: (node, json) => inputs.read(node, setup.batchRowsMax, this.wide, json),
      lateUs: watermarkUs(this.previousWatermarkMs),
      evictUs: watermarkUs(entry.batchWatermarkMs),
    });
    for await (const batch of output) {
      setup.signal.throwIfAborted();
      if (batch.rows > 0) {
        if (isSeenAtOnce) await this.log.logged;
        outputRows += batch.rows;
        const written = sinkBatch?.write(batch);
        if (written !== undefined) await written;
      }
      const breath = setup.breathe();
      if (breath !== undefined) await breath;
    }
    setup.signal.throwIfAborted();
    return outputRows;
  }

  private context(entry: OffsetEntry): ExecutionContext {
    const { setup, wide } = this;
    return {
      settings: setup.settings,
      wide,
      batchRowsMax: setup.batchRowsMax,
      nowUs: entry.batchTimestampMs * 1000,
      seed: seedOf(setup.checkpoint.queryId),
      readScan: (node) => setup.readScan(node, wide),
      script: setup.script,
      breathe: setup.breathe,
      signal: setup.signal,
    };
  }

  private async commitSources(end: readonly Offset[]): Promise<void> {
    await Promise.all(this.setup.inputs.map(({ source }, i) => source.commit(end[i])));
  }

  private openPlan(): Promise<StreamPlan> {
    const { setup } = this;
    return setup.openPlan({
      plan: setup.plan,
      outputMode: setup.outputMode,
      settings: setup.settings,
      wide: this.wide,
      stateDir: setup.checkpoint.stateDirectory,
      version: this.batchId,
      versionsToRetain: setup.batchesToRetain,
      deltasForSnapshot: setup.deltasForSnapshot,
      deltaBytesForSnapshot: setup.deltaBytesForSnapshot,
    });
  }

  /** From here on 64-bit values are bigints, for the rest of the run. The batch's state changes are dropped. */
  private async reopenWide(): Promise<void> {
    await this.plan?.close();
    this.wide = true;
    this.plan = await this.openPlan();
  }
}

/** A seed for rand() and friends that is the same over restarts. */
function seedOf(queryId: string): number {
  const seed = Number.parseInt(queryId.replaceAll("-", "").slice(0, 8), 16);
  if (!Number.isFinite(seed)) throw new SluiceError("INTERNAL_ERROR", { message: `query id ${queryId} is no UUID` });
  return seed;
}
