import { createHash } from "node:crypto";
import {
  type BatchHeader,
  isControl,
  isTransactional,
  lastOffsetOf,
  readHeader,
  withRecords,
} from "../protocol/batch.ts";
import { type RecordView, readRecords } from "../protocol/records.ts";
import type { AbortedTransaction } from "./producers.ts";
import type { Segment } from "./segment.ts";

/** What a compacted topic asks for. */
export interface CompactionOptions {
  /** How long tombstones and markers stay after their segment was first compacted. */
  readonly deleteRetentionMs: number;
  /** Records younger than this stay as they are. */
  readonly minLagMs: number;
  /** Records older than this don't wait for the ratio. */
  readonly maxLagMs: number;
  /** The share of bytes not yet compacted from which a pass is worth its while. */
  readonly dirtyRatio: number;
}

/** Keys that one pass remembers; a pass ends at the segment in which there are more. */
const KEYS_MAX = 1_000_000;
/** A key that is longer is remembered by its digest. */
const KEY_BYTES_MAX = 32;
/** Bytes looked at before others get their turn. */
const TURN_BYTES = 4 * 1024 * 1024;

export interface PassOptions {
  readonly nowMs: number;
  readonly deleteRetentionMs: number;
  /** Everything below was compacted by the pass before. */
  readonly cleanedUpTo: number;
  /** The offset that the log's next record gets. */
  readonly endOffset: number;
  abortedBetween(from: number, upTo: number): AbortedTransaction[];
  /** Lets others have their turn; false when the log is gone. */
  pause(): Promise<boolean>;
}

/** What became of one segment. */
export interface Rewritten {
  readonly segment: Segment;
  /** True when anything was left out. */
  readonly changed: boolean;
  /** Offsets of abort markers that were left out. */
  readonly markers: ReadonlySet<number>;
}

/**
 * One pass over closed segments of a compacted log: of each key the last record stays, with its offset. What aborted
 * transactions wrote goes; their markers go in a later pass than their records, so that no reader meets the one without
 * the other.
 */
export class CompactionPass {
  readonly #options: PassOptions;
  readonly #lastOffsets = new Map<string, number>();
  /** Producers with records, kept so far, that their next marker ends. */
  readonly #unended = new Set<number>();
  #turn = 0;

  constructor(options: PassOptions) {
    this.#options = options;
  }

  /** Learns where each key's last record is. Gives the offset up to which it knows, or null when the log is gone. */
  async learn(dirty: readonly Segment[]): Promise<number | null> {
    let upTo = this.#options.cleanedUpTo;
    for (const segment of dirty) {
      if (this.#lastOffsets.size >= KEYS_MAX) break;
      for await (const { records } of this.#batches(segment)) {
        for (const { key, offset } of records ?? []) if (key !== null) this.#lastOffsets.set(nameOf(key), offset);
      }
      if (!(await this.#options.pause())) return null;
      upTo = segment.nextOffset;
    }
    return upTo;
  }

  /** Writes what stays of `from` into `to`, which is empty. Null when the log is gone. */
  async rewrite(from: Segment, to: Segment): Promise<Rewritten | null> {
    const { nowMs, deleteRetentionMs, cleanedUpTo, endOffset } = this.#options;
    const oldEnough = from.cleanedAtMs >= 0 && nowMs - from.cleanedAtMs >= deleteRetentionMs;
    const markers = new Set<number>();
    let changed = false;
    for await (const { batch, header, records } of this.#batches(from)) {
      let kept = batch;
      if (isControl(header)) {
        const useless = oldEnough && header.baseOffset < cleanedUpTo && !this.#unended.has(header.producerId);
        this.#unended.delete(header.producerId);
        if (useless) markers.add(header.baseOffset);
        if (useless) kept = withRecords(batch, header, []);
      } else {
        const staying = (records ?? []).filter((record) => this.#stays(record, oldEnough));
        if (isTransactional(header) && staying.length > 0) this.#unended.add(header.producerId);
        if (staying.length < header.recordCount) kept = withRecords(batch, header, staying);
      }
      // Without the last batch, a reader could not come to the log's end.
      const gone = readHeader(kept, 0).recordCount === 0 && lastOffsetOf(header) + 1 < endOffset;
      changed ||= gone || kept !== batch;
      if (!gone) to.append(kept, { ...header, sizeInBytes: kept.length }, header.baseOffset);
    }
    return (await this.#options.pause()) ? { segment: to, changed, markers } : null;
  }

  #stays({ key, value, offset }: RecordView, oldEnough: boolean): boolean {
    if (key === null) return false;
    if (value === null && oldEnough) return false;
    return (this.#lastOffsets.get(nameOf(key)) ?? -1) <= offset;
  }

  /** Every batch of a segment with its records; these are null in batches of aborted transactions and of markers. */
  async *#batches(
    segment: Segment,
  ): AsyncIterable<{ batch: Buffer; header: BatchHeader; records: RecordView[] | null }> {
    const aborted = this.#options.abortedBetween(segment.baseOffset, segment.nextOffset);
    for (let position = 0; position < segment.size; ) {
      const { batch, header } = segment.batchAt(position);
      position += header.sizeInBytes;
      const isAborted =
        isTransactional(header) &&
        aborted.some(
          ({ producerId, firstOffset, lastOffset }) =>
            producerId === header.producerId && firstOffset <= header.baseOffset && header.baseOffset < lastOffset,
        );
      yield { batch, header, records: isAborted || isControl(header) ? null : readRecords(batch, header) };
      this.#turn += batch.length;
      if (this.#turn < TURN_BYTES) continue;
      this.#turn = 0;
      if (!(await this.#options.pause())) return;
    }
  }
}

function nameOf(key: Buffer): string {
  if (key.length <= KEY_BYTES_MAX) return key.toString("latin1");
  return `sha256:${createHash("sha256").update(key).digest("base64")}`;
}
