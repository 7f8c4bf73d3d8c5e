/**
 * A running (or ended) streaming query. What can change is asked by a method that answers with a promise, because the
 * query may run in another process.
 *
 * @example
 * const query = await df.writeStream.format("console").start();
 * process.once("SIGINT", () => query.stop());
 * await query.awaitTermination();
 */
import type { EngineQuery } from "./engine.ts";
import type { StreamingQueryProgress, StreamingQueryStatus } from "./progress.ts";

export class StreamingQuery {
  readonly #query: EngineQuery;

  constructor(query: EngineQuery) {
    this.#query = query;
  }

  /** The engine's side of the query. */
  get engineQuery(): EngineQuery {
    return this.#query;
  }

  /** Stays the same over restarts from one checkpoint. */
  get id(): string {
    return this.#query.id;
  }

  /** New with every start. */
  get runId(): string {
    return this.#query.runId;
  }

  get name(): string | null {
    return this.#query.name ?? null;
  }

  isActive(): Promise<boolean> {
    return this.#query.isActive();
  }

  status(): Promise<StreamingQueryStatus> {
    return this.#query.status();
  }

  /** The newest batch's numbers; null before the first batch has ended. */
  async lastProgress(): Promise<StreamingQueryProgress | null> {
    const text = await this.#query.lastProgress();
    return text === undefined ? null : (JSON.parse(text) as StreamingQueryProgress);
  }

  /** The numbers of the last batches (100 unless `spark.sql.streaming.numRecentProgressUpdates` says otherwise), newest last. */
  async recentProgress(): Promise<StreamingQueryProgress[]> {
    return (await this.#query.recentProgress()).map((text) => JSON.parse(text) as StreamingQueryProgress);
  }

  /** Resolves when everything the sources hold now has been processed. For tests. */
  processAllAvailable(): Promise<void> {
    return this.#query.processAllAvailable();
  }

  /**
   * Resolves when the query ends; rejects when it failed. With `timeoutMs` (milliseconds) it resolves to whether the query
   * ended by then.
   */
  awaitTermination(timeoutMs?: number): Promise<boolean> {
    return this.#query.awaitTermination(timeoutMs);
  }

  /** Why the query failed, or null. */
  async exception(): Promise<Error | null> {
    return (await this.#query.exception()) ?? null;
  }

  /** Prints how the query runs. */
  async explain(extended = false): Promise<void> {
    console.log(await this.#query.explain(extended));
  }

  /** Resolves when the query has stopped. */
  stop(): Promise<void> {
    return this.#query.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
