import { signal } from "@preact/signals";
import type { Snapshot, Tick } from "../events.ts";

export type Connection = "connecting" | "live" | "lost";

export interface StreamTarget {
  snapshot(snapshot: Snapshot): void;
  tick(tick: Tick): void;
}

/** Without an event for this long the connection is taken for dead: a machine that slept does not notice by itself. */
const SILENT_MS = 10_000;
const RETRY_MS = 2000;
/** A hidden page gives its connection back, since a browser has only six for a host over all its tabs. */
const HIDDEN_MS = 30_000;

/** The page's one connection. It comes back by itself; what was missed comes with the snapshot. */
export class Stream {
  readonly connection = signal<Connection>("connecting");
  readonly #target: StreamTarget;
  #source: EventSource | undefined;
  #watchdog = 0;
  #retry = 0;
  #hiding = 0;

  constructor(target: StreamTarget) {
    this.#target = target;
    document.addEventListener("visibilitychange", () => this.#visibility());
  }

  open(): void {
    this.#close();
    const source = new EventSource("/api/events");
    this.#source = source;
    source.addEventListener("snapshot", (e) => this.#take(() => this.#target.snapshot(JSON.parse(e.data) as Snapshot)));
    source.addEventListener("tick", (e) => this.#take(() => this.#target.tick(JSON.parse(e.data) as Tick)));
    source.addEventListener("error", () => {
      this.connection.value = "lost";
      // The browser tries again by itself after a broken connection, and gives up after a refusal.
      if (source.readyState === EventSource.CLOSED) this.#retry = window.setTimeout(() => this.open(), RETRY_MS);
    });
    this.#watch();
  }

  #take(deliver: () => void): void {
    deliver();
    this.connection.value = "live";
    this.#watch();
  }

  #watch(): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = window.setTimeout(() => {
      this.connection.value = "lost";
      this.open();
    }, SILENT_MS);
  }

  #close(): void {
    clearTimeout(this.#watchdog);
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = undefined;
  }

  #visibility(): void {
    clearTimeout(this.#hiding);
    if (document.hidden) this.#hiding = window.setTimeout(() => this.#close(), HIDDEN_MS);
    else if (this.#source === undefined) this.open();
  }
}
