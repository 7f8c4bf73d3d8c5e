import type { OffsetEntry } from "../groups/offsets.ts";

/** Kafka's names of a transaction's states. `Prepare…` is seen only by a broker that died in the middle of it. */
export type TransactionState =
  | "Empty"
  | "Ongoing"
  | "PrepareCommit"
  | "PrepareAbort"
  | "CompleteCommit"
  | "CompleteAbort";

/** A transactional id with its producer and its transaction, as the journal keeps it. */
export interface TransactionEntry {
  readonly transactionalId: string;
  producerId: number;
  epoch: number;
  /** The epoch that the producer asked to be raised to the one now: it may ask again when no answer came. */
  raisedFrom?: number;
  timeoutMs: number;
  state: TransactionState;
  startedMs: number;
  updatedMs: number;
  /** Partitions that the transaction writes to. */
  partitions: [topic: string, partition: number][];
  /** Groups whose offsets it commits, and what it has got to commit so far. */
  groups: string[];
  offsets: [group: string, offset: OffsetEntry][];
}

export function newEntry(transactionalId: string, producerId: number, timeoutMs: number): TransactionEntry {
  return {
    transactionalId,
    producerId,
    epoch: 0,
    timeoutMs,
    state: "Empty",
    startedMs: -1,
    updatedMs: -1,
    partitions: [],
    groups: [],
    offsets: [],
  };
}

export function holds(entry: TransactionEntry, topic: string, partition: number): boolean {
  return entry.partitions.some(([name, index]) => name === topic && index === partition);
}
