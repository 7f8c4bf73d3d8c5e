/** The streaming queries of a session, those that ended among them, and who listens to them. */
import type { EngineQueryEvent } from "../api/engine.ts";
import type { EmbeddedEngine } from "../embedded/engine.ts";
import type { StreamingQuery } from "../embedded/stream/query.ts";
import { SluiceError } from "../errors/error.ts";
import { type StreamingQueryListenerEvent, StreamingQueryEventType as Type } from "../plan/messages.ts";
import { Change, unlessAborted } from "./abort.ts";

/** Ended queries that can still be asked. */
const ENDED_MAX = 100;
/** Events that wait for a listener; more are dropped, oldest first. */
const EVENTS_MAX = 10_000;

/** Milliseconds that a batch's Python function gets to end when the session stops. */
const WORKER_GRACE_MS = 2000;

interface Worker {
  stop(): void;
}

type Event = Pick<StreamingQueryListenerEvent, "eventJson" | "eventType">;

export class SessionStreams {
  private readonly engine: EmbeddedEngine;
  private readonly now: () => number;
  /** By run id, oldest first. */
  private readonly queries = new Map<string, StreamingQuery>();
  private readonly ended: string[] = [];
  private readonly change = new Change();
  /** The query that ended last since resetTerminated. */
  private lastEnded: { readonly error: Error | undefined } | undefined;
  private listener: Listener | undefined;
  /** By run id. */
  private readonly workers = new Map<string, Worker>();
  private readonly unsubscribe: () => void;

  constructor(engine: EmbeddedEngine) {
    this.engine = engine;
    this.now = () => engine.clock.now();
    this.unsubscribe = engine.onQueryStarted((query) => this.follow(query));
  }

  get hasActive(): boolean {
    return this.queries.size > this.ended.length;
  }

  get isListenedTo(): boolean {
    return this.listener !== undefined;
  }

  /** @throws STREAMING_QUERY_NOT_FOUND */
  query(id: string, runId: string): StreamingQuery {
    const found = this.queries.get(runId);
    if (found === undefined || found.id !== id) throw new SluiceError("STREAMING_QUERY_NOT_FOUND", { id, runId });
    return found;
  }

  /** The query that runs under this id, or the last one that did. */
  byId(id: string): StreamingQuery | undefined {
    return [...this.queries.values()].findLast((query) => query.id === id);
  }

  active(): Promise<StreamingQuery[]> {
    return this.engine.queries();
  }

  /** True when one has ended since resetTerminated; rejects with its error when it failed. */
  async awaitAny(timeoutMs: number | undefined, signal: AbortSignal): Promise<boolean> {
    const over = new AbortController();
    const timeout = timeoutMs === undefined ? undefined : this.engine.clock.sleep(timeoutMs, over.signal);
    let late = false;
    const lateness = timeout?.then(() => {
      late = true;
    });
    try {
      while (this.lastEnded === undefined && !late) {
        const wait = this.change.wait();
        await unlessAborted(lateness === undefined ? wait : Promise.race([wait, lateness]), signal);
      }
    } finally {
      over.abort();
    }
    if (this.lastEnded?.error !== undefined) throw this.lastEnded.error;
    return this.lastEnded !== undefined;
  }

  resetTerminated(): void {
    this.lastEnded = undefined;
  }

  /**
   * What the session's queries tell from now on, until `stopListening` or the signal; each item is what came meanwhile.
   * One listener at a time: a client that lost its answer and listens again takes over from itself.
   */
  async *events(signal: AbortSignal): AsyncGenerator<Event[]> {
    const listener = new Listener();
    this.listener?.close();
    this.listener = listener;
    try {
      yield* listener.read(signal);
    } finally {
      if (this.listener === listener) this.listener = undefined;
    }
  }

  /** Lets `events` end after what has been told. */
  stopListening(): void {
    this.listener?.close();
  }

  /** Binds a process to a run of a query: it ends with the run. */
  attach(query: StreamingQuery, worker: Worker): void {
    this.workers.set(query.runId, worker);
    query.ended.finally(() => {
      this.workers.delete(query.runId);
      worker.stop();
    });
  }

  /** Stops a query; a function of the user's that goes on for longer than the engine waits is stopped with its process. */
  async stopQuery(query: StreamingQuery): Promise<void> {
    await query.stop();
    if (!(await query.isActive())) return;
    this.workers.get(query.runId)?.stop();
    await query.ended;
  }

  /** Ends all queries and listening. */
  async stop(): Promise<void> {
    const over = new AbortController();
    const late = this.engine.clock.sleep(WORKER_GRACE_MS, over.signal).then(() => {
      for (const worker of this.workers.values()) worker.stop();
    });
    await Promise.all((await this.engine.queries()).map((query) => query.stop()));
    over.abort();
    await late;
    this.unsubscribe();
    this.stopListening();
  }

  private follow(query: StreamingQuery): void {
    this.queries.set(query.runId, query);
    query.onEvent((event) => {
      this.listener?.tell(eventOf(query, event, this.now()));
      if (event.kind !== "terminated") return;
      this.lastEnded = { error: event.error };
      this.ended.push(query.runId);
      if (this.ended.length > ENDED_MAX) this.queries.delete(this.ended.shift() as string);
      this.change.tell();
    });
  }
}

class Listener {
  private events: Event[] = [];
  private readonly change = new Change();
  private isClosed = false;

  tell(event: Event): void {
    this.events.push(event);
    if (this.events.length > EVENTS_MAX) this.events.shift();
    this.change.tell();
  }

  close(): void {
    this.isClosed = true;
    this.change.tell();
  }

  async *read(signal: AbortSignal): AsyncGenerator<Event[]> {
    for (;;) {
      const wait = this.change.wait();
      if (this.events.length > 0) {
        const events = this.events;
        this.events = [];
        yield events;
      } else if (this.isClosed) return;
      else await unlessAborted(wait, signal);
    }
  }
}

/** The event that clients get as the answer to their start of a query. */
export function startedEvent(query: StreamingQuery, now: number): string {
  const { id, runId, name = null } = query;
  return JSON.stringify({ id, runId, name, timestamp: isoTime(now), jobTags: [] });
}

function eventOf({ id, runId }: StreamingQuery, event: EngineQueryEvent, now: number): Event {
  switch (event.kind) {
    case "progress":
      return { eventJson: `{"progress":${event.progress}}`, eventType: Type.QUERY_PROGRESS_EVENT };
    case "idle":
      return { eventJson: JSON.stringify({ id, runId, timestamp: isoTime(now) }), eventType: Type.QUERY_IDLE_EVENT };
    case "terminated": {
      const { error } = event;
      const exception = error === undefined ? null : exceptionText(error);
      const cause = error?.cause instanceof SluiceError ? error.cause.condition : undefined;
      const errorClassOnException = cause ?? (error instanceof SluiceError ? error.condition : null);
      return {
        eventJson: JSON.stringify({ id, runId, exception, errorClassOnException }),
        eventType: Type.QUERY_TERMINATED_EVENT,
      };
    }
  }
}

/** An exception as Java's `toString` gives it: clients cut the class off at the first colon. */
export function exceptionText(error: Error): string {
  return `org.apache.spark.sql.streaming.StreamingQueryException: ${error.message}`;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
