/** The session's streaming queries: `spark.streams`. */
import type { EngineQuery, EngineQueryEvent, QueryGuarantee } from "./engine.ts";
import type { StreamingQueryProgress } from "./progress.ts";
import type { SparkSession } from "./session.ts";
import { StreamingQuery } from "./streaming-query.ts";

export interface QueryStarted {
  readonly id: string;
  readonly runId: string;
  readonly name: string | null;
  /** Whether a row is in the sink once whatever happens, or may be there twice, and then why. Null on a cluster. */
  readonly guarantee: QueryGuarantee | null;
}

/** Told what happens to the queries that are started after it was added. */
export interface StreamingQueryListener {
  onQueryStarted?(event: QueryStarted): void;
  onQueryProgress?(event: { readonly progress: StreamingQueryProgress }): void;
  onQueryIdle?(event: { readonly id: string; readonly runId: string }): void;
  onQueryTerminated?(event: { readonly id: string; readonly runId: string; readonly exception: Error | null }): void;
}

/** How often an awaited query is asked again whether it has ended. */
const AWAIT_STEP_MS = 1000;
/** Ended queries that are remembered for awaitAnyTermination. */
const ENDED_MAX = 100;

export class StreamingQueryManager {
  readonly #session: SparkSession;
  readonly #listeners = new Set<StreamingQueryListener>();
  /** Queries started here that resetTerminated hasn't forgotten, oldest first. */
  #known: StreamingQuery[] = [];

  constructor(session: SparkSession) {
    this.#session = session;
  }

  async active(): Promise<StreamingQuery[]> {
    const queries = await (await this.#session.engine()).queries();
    const active = await Promise.all(queries.map((query) => query.isActive()));
    return queries.filter((_, i) => active[i]).map((query) => this.#wrap(query));
  }

  /** An active query by its id; null when there is none. */
  async get(id: string): Promise<StreamingQuery | null> {
    return (await this.active()).find((query) => query.id === id) ?? null;
  }

  /** Resolves when any query started here has ended, also before the call; rejects when it failed. */
  async awaitAnyTermination(timeoutMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const left = deadline - performance.now();
      const step = Math.max(0, Math.min(AWAIT_STEP_MS, left));
      const ended = await Promise.race(this.#known.map((query) => query.awaitTermination(step)));
      if (ended === true) return true;
      if (left <= step || this.#known.length === 0) return false;
    }
  }

  /** Forgets the ended queries, so that awaitAnyTermination waits for the next one. */
  async resetTerminated(): Promise<void> {
    const active = await Promise.all(this.#known.map((query) => query.isActive()));
    this.#known = this.#known.filter((_, i) => active[i]);
  }

  addListener(listener: StreamingQueryListener): void {
    this.#listeners.add(listener);
  }

  removeListener(listener: StreamingQueryListener): void {
    this.#listeners.delete(listener);
  }

  /** Takes a query that has just been started into the session. */
  started(engineQuery: EngineQuery): StreamingQuery {
    const query = new StreamingQuery(engineQuery);
    this.#known = [...this.#known, query].slice(-ENDED_MAX);
    const { id, runId, name } = query;
    const guarantee = engineQuery.guarantee ?? null;
    for (const listener of this.#listeners) listener.onQueryStarted?.({ id, runId, name, guarantee });
    engineQuery.onEvent?.((event) => this.#tell(query, event));
    return query;
  }

  #tell({ id, runId }: StreamingQuery, event: EngineQueryEvent): void {
    for (const listener of this.#listeners) {
      switch (event.kind) {
        case "progress":
          listener.onQueryProgress?.({ progress: JSON.parse(event.progress) as StreamingQueryProgress });
          break;
        case "idle":
          listener.onQueryIdle?.({ id, runId });
          break;
        case "terminated":
          listener.onQueryTerminated?.({ id, runId, exception: event.error ?? null });
          break;
      }
    }
  }

  #wrap(query: EngineQuery): StreamingQuery {
    return this.#known.find((known) => known.runId === query.runId) ?? new StreamingQuery(query);
  }
}
