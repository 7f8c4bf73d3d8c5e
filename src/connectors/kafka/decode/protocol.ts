/** What goes between the engine's thread and the threads that decode. */

import type { Condition } from "../../../errors/conditions.ts";
import { SluiceError } from "../../../errors/error.ts";
import { WideRequired } from "../../../types/values.ts";
import type { FetchedRecords } from "../records.ts";
import type { DecodeRequest, PackedBlock } from "./chunk.ts";

/** A request comes once, ahead of the first chunk that is decoded by it. */
export type ToWorker =
  | { readonly kind: "request"; readonly id: number; readonly request: DecodeRequest }
  | { readonly kind: "forget"; readonly id: number }
  /** A block's memory, to be used again. */
  | { readonly kind: "memory"; readonly buffer: ArrayBuffer }
  | {
      readonly kind: "chunk";
      readonly id: number;
      readonly task: number;
      /** `bytes` is a Uint8Array over here: a Buffer doesn't come through as one. */
      readonly records: Omit<FetchedRecords, "bytes"> & { readonly bytes: Uint8Array };
      readonly from: number;
      readonly to: number;
      readonly nowMs: number;
    };

export interface FromWorker {
  readonly task: number;
  readonly outcome: Outcome;
  /** The memory that the chunk came in. */
  readonly input: ArrayBuffer;
}

export type Outcome =
  | { readonly kind: "blocks"; readonly blocks: readonly PackedBlock[] }
  | { readonly kind: "wide" }
  | { readonly kind: "error"; readonly condition: Condition; readonly parameters: Readonly<Record<string, string>> }
  /** A mistake of ours. */
  | { readonly kind: "broken"; readonly message: string };

/** An error in the form that crosses threads. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof WideRequired) return { kind: "wide" };
  if (error instanceof SluiceError) {
    return { kind: "error", condition: error.condition, parameters: error.messageParameters };
  }
  return { kind: "broken", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** The blocks, or the error on this side. */
export function blocksOf(outcome: Outcome): readonly PackedBlock[] {
  switch (outcome.kind) {
    case "blocks":
      return outcome.blocks;
    case "wide":
      throw new WideRequired();
    case "error":
      throw new SluiceError(outcome.condition, outcome.parameters);
    case "broken":
      throw new SluiceError("INTERNAL_ERROR", { message: outcome.message });
  }
}
