/** When a streaming query runs its next batch. */
import { SluiceError } from "../errors/error.ts";

/** One of these; none at all is "as soon as there is data". */
export type Trigger =
  | { readonly processingTime: string }
  | { readonly availableNow: true }
  | { readonly once: true }
  | { readonly continuous: string };

/** The same by name: `trigger(Trigger.ProcessingTime("10 seconds"))`. */
export const Trigger = {
  /** A batch at most every `interval`, e.g. `"10 seconds"`. */
  ProcessingTime: (interval: string): Trigger => ({ processingTime: interval }),
  /** Everything there is at the start, in batches as large as the source's limits allow; then the query ends. */
  AvailableNow: (): Trigger => ({ availableNow: true }),
  /** Everything there is, in one batch. */
  Once: (): Trigger => ({ once: true }),
} as const;

/** The trigger in the plan's form. */
export function triggerInit(trigger: Trigger) {
  const keys = Object.keys(trigger);
  if (keys.length !== 1) {
    throw new SluiceError("INVALID_TRIGGER", { given: keys.join(", ") || "none" });
  }
  if ("processingTime" in trigger) return { case: "processingTimeInterval", value: trigger.processingTime } as const;
  if ("availableNow" in trigger) return { case: "availableNow", value: true } as const;
  if ("once" in trigger) return { case: "once", value: true } as const;
  return { case: "continuousCheckpointInterval", value: trigger.continuous } as const;
}
