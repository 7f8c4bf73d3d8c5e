/**
 * What is written of batches beside them: the offsets of each, the state after it, and that it is done. Keeps the orders of
 * micro-batch.ts, and tells how far batches are ahead of the disk.
 */
import type { Clock, Offset } from "../../connectors/contract.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { OffsetEntry } from "../checkpoint/logs.ts";
import type { StateCommit } from "../operators/contract.ts";
import { LogTail } from "./log-tail.ts";

/** A batch that is in its sink. */
interface DoneBatch {
  readonly batchId: number;
  readonly nextBatchWatermarkMs: number;
  readonly end: readonly Offset[];
  /** Resolve when its offsets, and the state after it, are durable. */
  readonly logged: Promise<void>;
  readonly stateSaved: Promise<void>;
}

export interface BatchLogSetup {
  readonly checkpoint: Checkpoint;
  readonly clock: Clock;
  readonly batchesToRetain: number;
  /** Characters of text that the sink can hold with a batch; 0 for none. */
  readonly memoMax: number;
  /** Tells the sources that what is before these ends isn't needed any more. */
  readonly commitSources: (end: readonly Offset[]) => Promise<void>;
}

/** How long the commits of batches in quick succession wait for each other; real time. As often as Kafka's consumers commit. */
const COMMITS_TOGETHER_MS = 5000;

/** How far the log of offsets may be behind the batches, where it may be. What they did to the state waits in memory. */
const FOLLOWS_MS = 1000;

export class BatchLog {
  private readonly setup: BatchLogSetup;
  /** Writes that the loop doesn't wait for at once: offsets of the batch that runs, commit of the one before. */
  private offsetsWritten: Promise<void> = Promise.resolve();
  private committed: Promise<void> = Promise.resolve();
  private stateWritten: Promise<void> = Promise.resolve();
  private failure: { readonly error: unknown } | undefined;
  private onFailure = (): void => {};
  /** The newest batch whose offsets are on the disk, and when it was planned. */
  private newest = -1;
  private newestPlannedAt = 0;
  private readonly tail = new LogTail();
  /** The last batch that is done, as long as nothing has begun to log that. */
  private done: DoneBatch | undefined;
  private commitTimer: NodeJS.Timeout | undefined;

  constructor(setup: BatchLogSetup) {
    this.setup = setup;
  }

  /** @param onFailure called when something couldn't be written that nobody waits for; `throwFailure` says what */
  open(onFailure: () => void): void {
    this.onFailure = onFailure;
  }

  throwFailure(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }

  /** Resolves when the offsets of the newest batch are durable. */
  get logged(): Promise<void> {
    return this.offsetsWritten;
  }

  /** Resolves when the state after the last batch is durable. */
  get stateSaved(): Promise<void> {
    return this.stateWritten;
  }

  /** The newest batch whose offsets are on the disk; -1 before this run has written any. */
  get loggedBatch(): number {
    return this.newest;
  }

  /** Whether batches follow each other so closely that they don't have files of their own. */
  get isOften(): boolean {
    return this.setup.checkpoint.offsets.isJournaling;
  }

  /** Whether the log isn't too far behind for the next batch to begin before this one's offsets, and the state after it, are in it. */
  get mayFollow(): boolean {
    return this.isOften && this.setup.clock.monotonic() - this.newestPlannedAt < FOLLOWS_MS;
  }

  /**
   * What the sink has to hold with the newest batch, so that it may show it before its offsets are on the disk. Undefined where it
   * has to wait for the disk.
   */
  memo(): string | undefined {
    return this.mayFollow ? this.tail.text(this.setup.memoMax) : undefined;
  }

  /** Begins to write a batch's offsets: when the state after the batch before is durable. */
  async begin(batchId: number, entry: OffsetEntry): Promise<void> {
    const { checkpoint, clock, memoMax } = this.setup;
    const plannedAt = clock.monotonic();
    const { stateWritten } = this;
    if (memoMax > 0) this.tail.add(batchId, entry);
    const write = async (): Promise<void> => {
      await stateWritten;
      await checkpoint.offsets.write(batchId, entry);
    };
    this.offsetsWritten = write();
    this.offsetsWritten.then(
      () => {
        this.newest = batchId;
        this.newestPlannedAt = plannedAt;
        this.tail.forget(batchId);
      },
      (error: unknown) => this.noteFailure(error),
    );
    await this.offsetsWritten;
  }

  /** The state after the newest batch is taken, and is being written. */
  saving(taken: Promise<StateCommit>): void {
    this.stateWritten = taken.then(({ durable }) => durable);
    this.stateWritten.catch((error: unknown) => this.noteFailure(error));
  }

  /** The newest batch is in its sink. */
  async finish(batchId: number, nextBatchWatermarkMs: number, end: readonly Offset[]): Promise<void> {
    const { isOften } = this;
    if (!isOften) await this.committed;
    const { logged, stateSaved } = this;
    this.done = { batchId, nextBatchWatermarkMs, end, logged, stateSaved };
    if (isOften) this.commitTimer ??= setTimeout(() => void this.settled(), COMMITS_TOGETHER_MS);
    else void this.settled();
  }

  /** Logs that the last batch is done, where nothing has begun to. Resolves when that is logged. */
  settled(): Promise<void> {
    clearTimeout(this.commitTimer);
    this.commitTimer = undefined;
    const { done } = this;
    if (done === undefined) return this.committed;
    this.done = undefined;
    this.committed = this.committed.then(() => this.commit(done));
    this.committed.catch((error: unknown) => this.noteFailure(error));
    return this.committed;
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    await Promise.allSettled([this.logged, this.stateSaved, this.settled()]);
  }

  /** For the next batch to meet, if nobody waits for the log before. */
  private noteFailure(error: unknown): void {
    this.failure ??= { error };
    this.onFailure();
  }

  private async commit({ batchId, nextBatchWatermarkMs, end, logged, stateSaved }: DoneBatch): Promise<void> {
    const { checkpoint, batchesToRetain, commitSources } = this.setup;
    await allOf([logged, stateSaved]);
    await checkpoint.offsets.file();
    await checkpoint.commits.write(batchId, { nextBatchWatermarkMs });
    await commitSources(end);
    const oldest = batchId - batchesToRetain;
    if (oldest > 0) {
      await checkpoint.offsets.purgeBefore(oldest);
      await checkpoint.commits.purgeBefore(oldest);
    }
  }
}

/** Waits until all of it has ended, so that nothing goes on after a failure; then throws the first failure. */
export async function allOf(work: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
}
