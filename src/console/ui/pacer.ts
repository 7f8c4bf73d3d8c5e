import { signal } from "@preact/signals";

/** How often the page is redrawn at most, milliseconds; 0 is as often as events come. */
export const refreshRates = [0, 1000, 2000, 5000, 10_000] as const;

/** A message that comes a little early still counts for its interval. */
const TOLERANCE_MS = 100;

/**
 * Decides when the page is redrawn: in an animation frame, at the chosen rate, and not while it is paused or hidden.
 * What comes in between is drawn with the next redraw.
 */
export class Pacer {
  readonly paused = signal(false);
  readonly intervalMs = signal<number>(0);
  readonly #redraw: () => void;
  #lastMs = Number.NEGATIVE_INFINITY;
  #frame = 0;
  #timer = 0;

  constructor(redraw: () => void) {
    this.#redraw = redraw;
    document.addEventListener("visibilitychange", () => this.request());
  }

  /** There is something new. */
  request(): void {
    if (this.paused.value || document.hidden || this.#frame !== 0 || this.#timer !== 0) return;
    const waitMs = this.#lastMs + this.intervalMs.value - TOLERANCE_MS - performance.now();
    if (waitMs > 0) this.#timer = window.setTimeout(() => this.#afterWait(), waitMs);
    else this.#frame = requestAnimationFrame(() => this.#draw());
  }

  setPaused(paused: boolean): void {
    this.paused.value = paused;
    this.#restart();
  }

  setInterval(ms: number): void {
    this.intervalMs.value = ms;
    this.#restart();
  }

  #restart(): void {
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#timer = 0;
    this.#frame = 0;
    this.#lastMs = Number.NEGATIVE_INFINITY;
    this.request();
  }

  #afterWait(): void {
    this.#timer = 0;
    this.request();
  }

  #draw(): void {
    this.#frame = 0;
    this.#lastMs = performance.now();
    this.#redraw();
  }
}
