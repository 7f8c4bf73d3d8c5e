import { ErrorCode, type ErrorName } from "../protocol/errors.ts";

/**
 * What happens to a request that a fault hits.
 *
 * - `close`: the connection is closed; the request has no effect.
 * - `drop`: the request takes effect, then the connection is closed without an answer.
 * - `delay`: the request waits `ms` milliseconds.
 * - `error`: the answer says that it failed with `error`; the request has no effect.
 */
export type FaultAction =
  | { readonly kind: "close" }
  | { readonly kind: "drop" }
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "error"; readonly error: ErrorName };

export interface Fault {
  /** Kafka's name of the API, as in `"Fetch"`. */
  readonly api: string;
  /** How many requests it hits; 1 unless given. */
  readonly times?: number;
  /** How many requests pass before the first hit. */
  readonly after?: number;
  /** Only requests of this client. */
  readonly clientId?: string;
  readonly action: FaultAction;
}

type Hit = { kind: "close" } | { kind: "drop" } | { kind: "delay"; ms: number } | { kind: "error"; code: number };

interface Armed {
  readonly fault: Fault;
  skip: number;
  left: number;
}

/** The faults that wait for their requests. */
export class Faults {
  #armed: Armed[] = [];

  /** Arms a fault; the returned function disarms it. */
  inject(fault: Fault): () => void {
    const armed = { fault, skip: fault.after ?? 0, left: fault.times ?? 1 };
    this.#armed.push(armed);
    return () => {
      this.#armed = this.#armed.filter((each) => each !== armed);
    };
  }

  /** The fault that hits this request, if any. */
  next(api: string, clientId: string): Hit | undefined {
    if (this.#armed.length === 0) return undefined;
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (fault.api !== api || (fault.clientId !== undefined && fault.clientId !== clientId)) continue;
      if (armed.skip > 0) {
        armed.skip--;
        continue;
      }
      if (--armed.left <= 0) this.#armed = this.#armed.filter((each) => each !== armed);
      const { action } = fault;
      return action.kind === "error" ? { kind: "error", code: ErrorCode[action.error] } : action;
    }
    return undefined;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
