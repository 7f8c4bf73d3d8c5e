import type { Clock } from "../connectors/contract.ts";

interface Sleeper {
  readonly due: number;
  wake(): void;
}

/** A clock that stands still until it is told to move. Triggers, watermarks' batch times and rates follow it. */
export class ManualClock implements Clock {
  private ms: number;
  private readonly sleepers = new Set<Sleeper>();
  private readonly watchers = new Set<() => void>();

  /** `startMs`: milliseconds since 1970. */
  constructor(startMs = 0) {
    this.ms = startMs;
  }

  now(): number {
    return this.ms;
  }

  monotonic(): number {
    return this.ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.sleepers.delete(sleeper);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper = { due: this.ms + ms, wake };
      this.sleepers.add(sleeper);
      signal?.addEventListener("abort", wake);
      for (const tell of this.watchers) tell();
    });
  }

  /** Moves the clock and wakes whoever waited for a time until then. */
  advance(ms: number): void {
    this.ms += ms;
    for (const sleeper of [...this.sleepers]) if (sleeper.due <= this.ms) sleeper.wake();
  }

  /** Resolves when somebody waits for the clock to move. */
  async untilAwaited(): Promise<void> {
    while (this.sleepers.size === 0) {
      await new Promise<void>((resolve) => {
        const tell = () => {
          this.watchers.delete(tell);
          resolve();
        };
        this.watchers.add(tell);
      });
    }
  }
}
