/** When a query looks for its next batch. */
import { SluiceError } from "../../errors/error.ts";
import type { WriteStreamOperationStart } from "../../plan/messages.ts";

export type Trigger =
  /** As soon as there is data. */
  | { readonly kind: "default" }
  | { readonly kind: "interval"; readonly ms: number }
  /** All there is now, in as many batches as the sources' limits make; then the query ends. */
  | { readonly kind: "availableNow" }
  /** One batch, whatever the limits; then the query ends. */
  | { readonly kind: "once" };

export function triggerOf(write: WriteStreamOperationStart): Trigger {
  switch (write.trigger.case) {
    case undefined:
      return { kind: "default" };
    case "processingTimeInterval": {
      const ms = intervalMs(write.trigger.value);
      return ms === 0 ? { kind: "default" } : { kind: "interval", ms };
    }
    case "availableNow":
      return { kind: "availableNow" };
    case "once":
      return { kind: "once" };
    case "continuousCheckpointInterval":
    case "realTimeBatchDuration":
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: write.trigger.case === "realTimeBatchDuration" ? "The real-time trigger" : "The continuous trigger",
        where: " by the embedded engine",
        hint: "Leave the trigger out: batches then start as soon as there is data, which takes about a millisecond.",
      });
  }
}

const UNITS_MS: Readonly<Record<string, number>> = {
  microsecond: 0.001,
  us: 0.001,
  millisecond: 1,
  milli: 1,
  ms: 1,
  second: 1000,
  sec: 1000,
  s: 1000,
  minute: 60_000,
  min: 60_000,
  m: 60_000,
  hour: 3_600_000,
  h: 3_600_000,
  day: 86_400_000,
  d: 86_400_000,
  week: 604_800_000,
};

/** `10 seconds`, `1 minute 30 seconds`, `500ms` in milliseconds. */
export function intervalMs(text: string): number {
  const body = text.trim().replace(/^interval\s+/i, "");
  const parts = [...body.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+)\s*/gi)];
  if (parts.length === 0 || parts.map((p) => p[0]).join("") !== body) throw invalidInterval(text);
  let total = 0;
  for (const [, amount, unit] of parts) {
    const name = unit.toLowerCase();
    const factor = UNITS_MS[name] ?? UNITS_MS[name.replace(/s$/, "")];
    if (factor === undefined) throw invalidInterval(text);
    total += Number(amount) * factor;
  }
  return Math.floor(total);
}

function invalidInterval(interval: string): SluiceError {
  return new SluiceError("INVALID_TRIGGER_INTERVAL", { interval });
}

/** Start of the interval after the one that `now` is in: triggers stand on multiples of the interval, missed ones are left out. */
export function nextTriggerTime(now: number, intervalLengthMs: number): number {
  return Math.floor(now / intervalLengthMs) * intervalLengthMs + intervalLengthMs;
}
