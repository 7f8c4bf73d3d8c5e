/** The query's watermark: made of the event times of each withWatermark after every batch; never goes back. */
import type { EventTimeStats } from "../operators/contract.ts";

export type WatermarkPolicy = "min" | "max";

export class WatermarkTracker {
  private readonly policy: WatermarkPolicy;
  /** Milliseconds, one for each withWatermark of the plan. */
  private readonly operators: number[] = [];
  private global: number;

  /** `initialMs` comes from the checkpoint; 0 for a new query. */
  constructor(policy: WatermarkPolicy, initialMs: number) {
    this.policy = policy;
    this.global = initialMs;
  }

  /** Milliseconds; 0 before any. */
  get currentMs(): number {
    return this.global;
  }

  /** Takes in the event times of a batch. With policy `min`, an operator without any row holds the watermark back. */
  update(stats: readonly EventTimeStats[]): void {
    if (stats.length === 0) return;
    stats.forEach(({ count, maxUs, delayUs }, i) => {
      const own = count > 0 ? Math.floor(maxUs / 1000) - Math.floor(delayUs / 1000) : 0;
      this.operators[i] = Math.max(this.operators[i] ?? 0, own);
    });
    const chosen = this.policy === "min" ? Math.min(...this.operators) : Math.max(...this.operators);
    this.global = Math.max(this.global, chosen);
  }
}

/** For operators: microseconds, -1 before any. */
export function watermarkUs(ms: number): number {
  return ms === 0 ? -1 : ms * 1000;
}
