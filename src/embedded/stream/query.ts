/** A streaming query from start to end: its loop over triggers, what it tells about itself, and how it stops. */
import type { EngineQuery, EngineQueryEvent, QueryGuarantee } from "../../api/engine.ts";
import type { Clock, Logger } from "../../connectors/contract.ts";
import { SluiceError } from "../../errors/error.ts";
import { systemClock } from "../clock.ts";
import type { BatchOutcome, MicroBatchExecution, MicroBatchSetup } from "./micro-batch.ts";
import { progressJson } from "./progress.ts";
import { nextTriggerTime, type Trigger } from "./trigger.ts";

/** How long stop() waits for the batch that is being run. Real time, as all waiting for a query: its own clock may stand still. */
const STOP_TIMEOUT_MS = 5000;

export interface QuerySetup {
  readonly runId: string;
  readonly name: string | undefined;
  readonly trigger: Trigger;
  readonly batch: MicroBatchSetup;
  readonly execution: MicroBatchExecution;
  /** Aborting it stops the run's sources, sink and operators. */
  readonly abort: AbortController;
  readonly clock: Clock;
  readonly log: Logger;
  readonly progressesToKeep: number;
  readonly idleEventMs: number;
  explain(extended: boolean): Promise<string>;
  /** Frees what the engine holds for the query. */
  release(): Promise<void>;
}

type Listener = (event: EngineQueryEvent) => void;

interface Waiter {
  /** Set when a trigger began after the call: data that was there is then seen by it. */
  seen: boolean;
  resolve(): void;
  reject(error: Error): void;
}

export class StreamingQuery implements EngineQuery {
  readonly id: string;
  readonly runId: string;
  readonly name: string | undefined;
  /** Resolves when the query has ended, whatever the reason. */
  readonly ended: Promise<void>;
  readonly guarantee: QueryGuarantee;
  private readonly setup: QuerySetup;
  private readonly listeners = new Set<Listener>();
  private readonly progresses: (() => string)[] = [];
  private readonly waiters = new Set<Waiter>();
  /** Ends the wait for data. */
  private waiting: AbortController | undefined;
  /** Somebody wants the loop to look again instead of waiting. */
  private nudged = false;
  private message = "Initializing sources";
  private dataAvailable = false;
  private triggerActive = false;
  private active = true;
  private stopping = false;
  private failure: SluiceError | undefined;
  /** Wall clock, milliseconds: the last trigger, and the last one that ran a batch. */
  private triggeredAt = 0;
  private lastTriggerStart: number | undefined;
  private lastEventAt = Number.NEGATIVE_INFINITY;

  constructor(setup: QuerySetup) {
    this.setup = setup;
    this.id = setup.batch.checkpoint.queryId;
    this.runId = setup.runId;
    this.name = setup.name;
    const { guarantee, guaranteeNote } = setup.batch.sink;
    this.guarantee = { guarantee, note: guaranteeNote ?? null };
    this.ended = this.run();
  }

  /** For MicroBatchSetup.status. */
  tell(message: string, isDataAvailable: boolean): void {
    this.message = message;
    this.dataAvailable = isDataAvailable;
  }

  async isActive(): Promise<boolean> {
    return this.active;
  }

  async status() {
    return { message: this.message, isDataAvailable: this.dataAvailable, isTriggerActive: this.triggerActive };
  }

  async recentProgress(): Promise<readonly string[]> {
    return this.progresses.map((json) => json());
  }

  async lastProgress(): Promise<string | undefined> {
    return this.progresses.at(-1)?.();
  }

  async exception(): Promise<Error | undefined> {
    return this.failure;
  }

  explain(extended: boolean): Promise<string> {
    return this.setup.explain(extended);
  }

  async awaitTermination(timeoutMs?: number): Promise<boolean> {
    if (this.active && timeoutMs !== undefined) {
      const timer = new AbortController();
      await Promise.race([this.ended, systemClock.sleep(timeoutMs, timer.signal)]);
      timer.abort();
    } else {
      await this.ended;
    }
    if (this.failure !== undefined) throw this.failure;
    return !this.active;
  }

  processAllAvailable(): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (!this.active) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiters.add({ seen: false, resolve, reject });
      this.nudge();
    });
  }

  async stop(): Promise<void> {
    if (!this.active) return;
    this.stopping = true;
    this.setup.abort.abort(new StopRequested());
    this.nudge();
    const timer = new AbortController();
    await Promise.race([this.ended, systemClock.sleep(STOP_TIMEOUT_MS, timer.signal)]);
    timer.abort();
  }

  onEvent(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private async run(): Promise<void> {
    // One turn first, so that whoever starts the query can listen to it before anything happens.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      await this.setup.execution.open(() => this.nudge());
      await this.loop();
      await this.setup.execution.settled();
    } catch (error) {
      if (!this.stopping) this.failure = this.streamFailed(error);
      if (this.failure !== undefined) this.setup.log.error(this.failure.message);
    }
    await this.close();
    const message = this.failure === undefined ? "Stopped" : `Terminated with exception: ${causeMessage(this.failure)}`;
    this.triggerActive = false;
    this.tell(message, false);
    this.active = false;
    for (const waiter of this.waiters) this.failure === undefined ? waiter.resolve() : waiter.reject(this.failure);
    this.waiters.clear();
    this.emit({ kind: "terminated", error: this.failure });
  }

  private async loop(): Promise<void> {
    const { trigger, batch } = this.setup;
    if (trigger.kind === "availableNow") await Promise.all(batch.inputs.map(({ source }) => source.freeze()));
    let ran = false;
    while (!this.stopping) {
      ran = await this.runTrigger(ran);
      if (this.stopping || trigger.kind === "once" || (trigger.kind === "availableNow" && !ran)) return;
      if (trigger.kind === "interval") await this.waitForInterval(trigger.ms);
      else if (ran) await this.setup.batch.breathe();
      else await this.waitForData();
    }
  }

  /**
   * True when there was a batch to run.
   *
   * @param isNext right after a batch: what came meanwhile is known, or wakes the wait for data, unless somebody must know
   */
  private async runTrigger(isNext: boolean): Promise<boolean> {
    const { clock, execution, trigger } = this.setup;
    const isFresh = !isNext || trigger.kind !== "default" || this.waiters.size > 0;
    for (const waiter of this.waiters) waiter.seen = true;
    this.nudged = false;
    const triggerStart = clock.now();
    this.triggeredAt = triggerStart;
    const monotonicStart = clock.monotonic();
    this.triggerActive = true;
    const outcome = await execution.runBatch(isFresh);
    this.triggerActive = false;
    if (outcome === undefined) {
      // Whoever waits for the data that was there wants it to be committed, too.
      if (this.waiters.size > 0) await execution.settled();
      this.idle();
      return false;
    }
    this.report(outcome, triggerStart, clock.monotonic() - monotonicStart);
    return true;
  }

  private idle(): void {
    this.tell("Waiting for data to arrive", false);
    for (const waiter of this.waiters) {
      if (!waiter.seen) continue;
      this.waiters.delete(waiter);
      waiter.resolve();
    }
    const now = this.setup.clock.monotonic();
    if (now - this.lastEventAt < this.setup.idleEventMs) return;
    this.lastEventAt = now;
    this.emit({ kind: "idle" });
  }

  private async waitForData(): Promise<void> {
    if (this.nudged) return;
    const { batch, execution, clock, idleEventMs } = this.setup;
    const over = new AbortController();
    this.waiting = over;
    const waits = batch.inputs.map(({ source }, i) => source.waitForData(execution.position[i], over.signal));
    for (const wait of waits) wait.catch(() => {}); // those that lose the race below
    try {
      await Promise.race([...waits, clock.sleep(idleEventMs, over.signal)]);
    } finally {
      this.waiting = undefined;
      over.abort("over"); // a reason of its own: the default one is made anew each time, with a stack
    }
  }

  private nudge(): void {
    this.nudged = true;
    this.waiting?.abort();
  }

  private async waitForInterval(intervalMs: number): Promise<void> {
    const { clock, abort } = this.setup;
    const wait = nextTriggerTime(this.triggeredAt, intervalMs) - clock.now();
    if (wait <= 0) return;
    this.tell("Waiting for next trigger", this.dataAvailable);
    // Never longer than the interval, should the wall clock have been set back meanwhile.
    await clock.sleep(Math.min(intervalMs, wait), abort.signal);
  }

  private report(outcome: BatchOutcome, triggerStart: number, elapsedMs: number): void {
    const { batch, execution, clock } = this.setup;
    const plan = execution.streamPlan;
    const done = clock.now();
    const report = {
      id: this.id,
      runId: this.runId,
      name: this.name,
      triggerStart,
      triggerEnd: triggerStart + elapsedMs,
      lastTriggerStart: this.lastTriggerStart,
      batchId: outcome.batchId,
      // Nothing is planned anew for a batch, reading is part of running it, and the log may follow later; Spark's keys are there
      // all the same.
      durationMs: new Map([
        ["getBatch", 0],
        ["queryPlanning", 0],
        ["walCommit", 0],
        ...outcome.durations,
        ["triggerExecution", elapsedMs],
      ]),
      watermarkMs: outcome.watermarkMs,
      eventTimes: plan?.eventTimes() ?? [],
      stateOperators: plan?.stateProgress() ?? [],
      badRecords: plan?.badRecords() ?? 0,
      sources: batch.inputs.map(({ source }, i) => ({
        description: source.description,
        startOffset: outcome.start[i],
        endOffset: outcome.end[i],
        latestOffset: source.newestOffset() ?? outcome.end[i],
        numInputRows: outcome.rowCounts[i],
        metrics: { ...source.metrics(outcome.end[i]), ...batch.beside.metrics(batch.inputs[i].node) },
      })),
      sink: {
        description: batch.sink.description,
        numOutputRows: outcome.outputRows,
        metrics: outcome.sinkMetrics,
      },
      observed: plan?.observed() ?? new Map(),
      guarantee: batch.sink.guarantee,
      guaranteeNote: batch.sink.guaranteeNote,
      beside: batch.beside.counts(),
    };
    // Most batches' progress is asked for by nobody.
    const json = once(() => progressJson({ ...report, latenciesMs: outcome.timestampsMs.map((ms) => done - ms) }));
    this.lastTriggerStart = triggerStart;
    this.lastEventAt = clock.monotonic();
    this.progresses.push(json);
    if (this.progresses.length > this.setup.progressesToKeep) this.progresses.shift();
    this.emit(new ProgressEvent(json));
  }

  private async close(): Promise<void> {
    const { batch, execution, abort, log, release } = this.setup;
    abort.abort(new StopRequested());
    const steps = [
      () => execution.close(),
      () => batch.sink.close(),
      ...batch.inputs.map(
        ({ source }) =>
          () =>
            source.stop(),
      ),
      () => batch.checkpoint.close(),
      release,
    ];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        log.warn(`query ${this.name ?? this.id}: while closing: ${String(error)}`);
      }
    }
  }

  private emit(event: EngineQueryEvent): void {
    for (const listener of this.listeners) {
      try {
        listener(event);
      } catch (error) {
        this.setup.log.warn(`query ${this.name ?? this.id}: a listener failed: ${String(error)}`);
      }
    }
  }

  private streamFailed(cause: unknown): SluiceError {
    const message = cause instanceof Error ? cause.message : String(cause);
    return new SluiceError("STREAM_FAILED", { id: this.id, runId: this.runId, message }, { cause });
  }
}

/** A class, since each literal with a getter gets a shape of its own, which outlives the batch by far. */
class ProgressEvent {
  readonly kind = "progress";
  private readonly json: () => string;

  constructor(json: () => string) {
    this.json = json;
  }

  get progress(): string {
    return this.json();
  }
}

/** The reason that the run's signal carries when the query is stopped on purpose. */
export class StopRequested extends Error {
  override readonly name = "StopRequested";
  constructor() {
    super("the query was stopped");
  }
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function causeMessage(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}
