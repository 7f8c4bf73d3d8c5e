/** The newest points of a series in typed arrays of fixed size. */
export class Ring {
  readonly #times: Float64Array;
  readonly #values: Float64Array;
  #next = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#times = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** NaN is a gap. */
  push(timeMs: number, value: number): void {
    this.#times[this.#next] = timeMs;
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#times.length;
    this.#length = Math.min(this.#length + 1, this.#times.length);
  }

  /** The point `back` places before the newest. */
  at(back: number): { readonly timeMs: number; readonly value: number } | undefined {
    if (back >= this.#length) return undefined;
    const size = this.#times.length;
    const i = (this.#next - 1 - back + size) % size;
    return { timeMs: this.#times[i], value: this.#values[i] };
  }

  /** Values, oldest first. */
  values(): Float64Array {
    return this.#ordered(this.#values);
  }

  /** Times, oldest first. */
  times(): Float64Array {
    return this.#ordered(this.#times);
  }

  clear(): void {
    this.#next = 0;
    this.#length = 0;
  }

  #ordered(from: Float64Array): Float64Array {
    const ordered = new Float64Array(this.#length);
    const first = this.#length < from.length ? 0 : this.#next;
    const head = from.subarray(first, first + this.#length);
    ordered.set(head);
    ordered.set(from.subarray(0, this.#length - head.length), head.length);
    return ordered;
  }
}
