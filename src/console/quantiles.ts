/** Quantiles over the newest values of a stream, in a ring of fixed size. */
export class SlidingQuantiles {
  readonly #times: Float64Array;
  readonly #values: Float64Array;
  #next = 0;
  #count = 0;

  /** Keeps at most `most` values; the oldest go first. */
  constructor(most: number) {
    this.#times = new Float64Array(most);
    this.#values = new Float64Array(most);
  }

  add(timeMs: number, value: number): void {
    this.#times[this.#next] = timeMs;
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#times.length;
    this.#count = Math.min(this.#count + 1, this.#times.length);
  }

  /** The given quantiles (0 to 1) of the values added after `timeMs`; empty when there are none. */
  since(timeMs: number, quantiles: readonly number[]): number[] {
    const size = this.#times.length;
    const newest = new Float64Array(this.#count);
    let n = 0;
    while (n < this.#count) {
      const at = (this.#next - 1 - n + size) % size;
      if (this.#times[at] <= timeMs) break;
      newest[n++] = this.#values[at];
    }
    if (n === 0) return [];
    const sorted = newest.subarray(0, n).sort();
    return quantiles.map((q) => sorted[Math.min(n - 1, Math.floor(q * n))]);
  }
}
