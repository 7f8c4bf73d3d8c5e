import type { Clock } from "../connectors/contract.ts";

/** Longest stretch of work without a turn of the event loop, so that the user's timers and sockets stay alive. */
const STRETCH_MS = 10;

/** A function to call between batches: it gives the event loop a turn when the last one was long ago. */
export function breather(clock: Clock): () => Promise<void> | undefined {
  let last = clock.monotonic();
  return () => {
    if (clock.monotonic() - last < STRETCH_MS) return undefined;
    return new Promise((resolve) =>
      setImmediate(() => {
        last = clock.monotonic();
        resolve();
      }),
    );
  };
}
