/** Buckets in time; a message is settled with its bucket. */
const BUCKET_MS = 100;

interface Bucket {
  produced: number;
  delivered: number;
}

/**
 * Balances what was produced and what was delivered by the time of sending, so that messages on their way do not hide
 * missing ones. What was sent up to a moment is settled; later it only changes when a missing message comes after all.
 */
export class Ledger {
  readonly #buckets = new Map<number, Bucket>();
  #settledTo = Number.NEGATIVE_INFINITY;
  #missing = 0;

  produced(sentMs: number, count: number): void {
    const bucket = this.#bucket(sentMs);
    if (bucket === undefined) this.#missing += count;
    else bucket.produced += count;
  }

  delivered(sentMs: number, count: number): void {
    const bucket = this.#bucket(sentMs);
    if (bucket === undefined) this.#missing -= count;
    else bucket.delivered += count;
  }

  /** Messages sent before `ms` that have not been delivered. `ms` only grows from call to call. */
  missing(ms: number): number {
    const to = Math.floor(ms / BUCKET_MS);
    this.#settledTo = Math.max(this.#settledTo, to);
    for (const [at, bucket] of this.#buckets) {
      if (at >= to) continue;
      this.#missing += bucket.produced - bucket.delivered;
      this.#buckets.delete(at);
    }
    return Math.max(0, this.#missing);
  }

  /** Undefined when that time is settled. */
  #bucket(sentMs: number): Bucket | undefined {
    const at = Math.floor(sentMs / BUCKET_MS);
    if (at < this.#settledTo) return undefined;
    let bucket = this.#buckets.get(at);
    if (bucket === undefined) {
      bucket = { produced: 0, delivered: 0 };
      this.#buckets.set(at, bucket);
    }
    return bucket;
  }
}
