import type { Clock } from "../../connectors/contract.ts";

/** Milliseconds that the parts of a trigger took, as progress `durationMs` names them. */
export class Stopwatch {
  readonly durations = new Map<string, number>();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async time<T>(part: string, work: () => Promise<T>): Promise<T> {
    const start = this.clock.monotonic();
    try {
      return await work();
    } finally {
      this.durations.set(part, (this.durations.get(part) ?? 0) + this.clock.monotonic() - start);
    }
  }
}
