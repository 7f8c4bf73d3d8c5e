import type { BatchHeader } from "../protocol/batch.ts";
import { isTransactional } from "../protocol/batch.ts";
import { KafkaError } from "../protocol/errors.ts";

/** Producers remembered per partition; of more, those that wrote longest ago are forgotten. */
const REMEMBERED_PRODUCERS = 10_000;

/** Batches remembered per producer, so that a retry of any request in flight is recognised. */
const REMEMBERED_BATCHES = 5;

interface RememberedBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly timestampMs: number;
}

/** What a partition knows about one producer. */
export interface ProducerEntry {
  producerId: number;
  epoch: number;
  batches: RememberedBatch[];
  /** First offset of the open transaction; −1 when there is none. */
  transactionStart: number;
  lastTimestampMs: number;
  coordinatorEpoch: number;
}

/** A transaction that was aborted in this partition, as Fetch tells readers of committed data. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Offset of the abort marker. */
  readonly lastOffset: number;
}

export interface ProducerSnapshot {
  readonly producers: ProducerEntry[];
  readonly aborted: AbortedTransaction[];
}

/** The sequence number `count` steps after `sequence`; they wrap after 2^31 − 1. */
function advance(sequence: number, count: number): number {
  return (sequence + count) % 2147483648;
}

/** The producers of one partition: duplicates, order, open and aborted transactions. */
export class Producers {
  #entries = new Map<number, ProducerEntry>();
  #aborted: AbortedTransaction[] = [];
  #open = new Set<ProducerEntry>();

  /**
   * Looks at a batch before it is appended.
   *
   * @returns where the batch already stands when it is a retry, otherwise null
   * @throws KafkaError INVALID_PRODUCER_EPOCH or OUT_OF_ORDER_SEQUENCE_NUMBER
   */
  check(header: BatchHeader): RememberedBatch | null {
    const entry = this.#entries.get(header.producerId);
    if (entry === undefined) return null;
    if (header.producerEpoch < entry.epoch) {
      throw new KafkaError(
        "INVALID_PRODUCER_EPOCH",
        `Epoch ${header.producerEpoch} of producer ${header.producerId} is smaller than the last seen epoch ${entry.epoch}.`,
      );
    }
    if (header.producerEpoch > entry.epoch) {
      if (header.baseSequence !== 0) throw this.#outOfOrder(header, "a new epoch begins at sequence 0");
      return null;
    }
    const lastSequence = advance(header.baseSequence, header.lastOffsetDelta);
    const duplicate = entry.batches.find(
      (batch) => batch.firstSequence === header.baseSequence && batch.lastSequence === lastSequence,
    );
    if (duplicate !== undefined) return duplicate;
    const previous = entry.batches.at(-1);
    const expected = previous === undefined ? undefined : advance(previous.lastSequence, 1);
    if (previous === undefined ? header.baseSequence !== 0 : header.baseSequence !== expected) {
      throw this.#outOfOrder(header, `expected ${expected ?? 0}`);
    }
    return null;
  }

  #outOfOrder(header: BatchHeader, why: string): KafkaError {
    return new KafkaError(
      "OUT_OF_ORDER_SEQUENCE_NUMBER",
      `Sequence ${header.baseSequence} of producer ${header.producerId}: ${why}.`,
    );
  }

  /** Takes note of a data batch that stands at `baseOffset`. */
  appended(header: BatchHeader, baseOffset: number): void {
    const entry = this.#entry(header);
    this.#entries.delete(entry.producerId);
    this.#entries.set(entry.producerId, entry);
    if (this.#entries.size > REMEMBERED_PRODUCERS) this.#forgetOldest();
    if (header.producerEpoch !== entry.epoch) {
      entry.epoch = header.producerEpoch;
      entry.batches = [];
    }
    entry.batches.push({
      firstSequence: header.baseSequence,
      lastSequence: advance(header.baseSequence, header.lastOffsetDelta),
      baseOffset,
      lastOffset: baseOffset + header.lastOffsetDelta,
      timestampMs: header.maxTimestamp,
    });
    if (entry.batches.length > REMEMBERED_BATCHES) entry.batches.shift();
    entry.lastTimestampMs = header.maxTimestamp;
    if (isTransactional(header) && entry.transactionStart < 0) {
      entry.transactionStart = baseOffset;
      this.#open.add(entry);
    }
  }

  /** Takes note of an end-of-transaction marker that stands at `offset`. */
  ended(header: BatchHeader, offset: number, commit: boolean): void {
    const entry = this.#entry(header);
    if (entry.epoch !== header.producerEpoch) {
      entry.epoch = header.producerEpoch;
      entry.batches = [];
    }
    entry.coordinatorEpoch = 0;
    entry.lastTimestampMs = header.maxTimestamp;
    if (entry.transactionStart < 0) return;
    if (!commit) {
      const { producerId, transactionStart } = entry;
      this.#aborted.push({ producerId, firstOffset: transactionStart, lastOffset: offset });
    }
    entry.transactionStart = -1;
    this.#open.delete(entry);
  }

  #entry(header: BatchHeader): ProducerEntry {
    const known = this.#entries.get(header.producerId);
    if (known !== undefined) return known;
    const entry: ProducerEntry = {
      producerId: header.producerId,
      epoch: header.producerEpoch,
      batches: [],
      transactionStart: -1,
      lastTimestampMs: header.maxTimestamp,
      coordinatorEpoch: -1,
    };
    this.#entries.set(header.producerId, entry);
    return entry;
  }

  #forgetOldest(): void {
    for (const [id, { transactionStart }] of this.#entries) {
      if (transactionStart >= 0) continue;
      this.#entries.delete(id);
      return;
    }
  }

  /** True while the producer has an open transaction here. */
  isOpen(producerId: number): boolean {
    return (this.#entries.get(producerId)?.transactionStart ?? -1) >= 0;
  }

  /** The first offset of any open transaction; Infinity when there is none. */
  firstOpenOffset(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const entry of this.#open) if (entry.transactionStart < first) first = entry.transactionStart;
    return first;
  }

  /** Aborted transactions that a reader of `[from, upTo)` meets, by their markers' order. */
  abortedBetween(from: number, upTo: number): AbortedTransaction[] {
    let low = 0;
    let high = this.#aborted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#aborted[middle].lastOffset < from) low = middle + 1;
      else high = middle;
    }
    return this.#aborted.slice(low).filter((each) => each.firstOffset < upTo);
  }

  /** Forgets aborted transactions that end before the log starts. */
  forgetBefore(startOffset: number): void {
    this.#aborted = this.#aborted.filter((each) => each.lastOffset >= startOffset);
  }

  /** Forgets aborted transactions whose markers, at these offsets, are about to go; their records are gone. */
  forgetMarkers(offsets: ReadonlySet<number>): void {
    this.#aborted = this.#aborted.filter((each) => !offsets.has(each.lastOffset));
  }

  list(): readonly ProducerEntry[] {
    return [...this.#entries.values()];
  }

  snapshot(): ProducerSnapshot {
    return { producers: this.list() as ProducerEntry[], aborted: this.#aborted };
  }

  restore(snapshot: ProducerSnapshot): void {
    this.#aborted = [...snapshot.aborted];
    for (const entry of snapshot.producers) {
      this.#entries.set(entry.producerId, entry);
      if (entry.transactionStart >= 0) this.#open.add(entry);
    }
  }
}
