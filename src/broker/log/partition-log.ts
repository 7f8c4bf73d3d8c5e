import { type BatchHeader, isControl, lastOffsetOf, place, readHeader } from "../protocol/batch.ts";
import { crc32c } from "../protocol/crc32c.ts";
import { KafkaError } from "../protocol/errors.ts";
import { readRecords } from "../protocol/records.ts";
import { type CompactionOptions, CompactionPass } from "./compaction.ts";
import { type AbortedTransaction, type ProducerSnapshot, Producers } from "./producers.ts";
import { type LogRead, Segment } from "./segment.ts";
import type { LogStorage } from "./storage.ts";

export interface LogOptions {
  readonly segmentBytes: number;
  /** Retention limits; −1 means none. */
  readonly retentionMs: number;
  readonly retentionBytes: number;
  /** Event time that one segment spans at most; none unless given. */
  readonly segmentMs?: number;
  /** For logs that keep the last record of each key. */
  readonly compaction?: CompactionOptions | undefined;
  /** Called when a segment was closed. */
  readonly rolled?: (log: PartitionLog) => void;
}

export interface AppendResult {
  readonly baseOffset: number;
  /** The batch was a retry and stands in the log already. */
  readonly duplicate: boolean;
  /** The largest timestamp of the batch where it stands. */
  readonly timestampMs: number;
}

export interface TimedOffset {
  readonly offset: number;
  readonly timestampMs: number;
}

/**
 * The log of one partition: batches in the order in which they were appended, in segments.
 *
 * Everything from `startOffset` up to `highWatermark` may be read; readers of committed data stop at
 * `lastStableOffset`.
 */
export class PartitionLog {
  readonly producers = new Producers();
  readonly leaderEpoch = 0;
  startOffset = 0;
  /** The offset that the next record gets. */
  endOffset = 0;
  highWatermark = 0;
  /** Bytes appended since the log was opened. */
  appendedBytes = 0;
  /** Bytes that recovery cut off when the log was opened. */
  tornBytes = 0;
  options: LogOptions;
  readonly #storage: LogStorage;
  #segments: Segment[] = [];
  #waiting = new Set<() => void>();
  #flushing: Promise<void> | undefined;
  #closed = false;
  #dropping = false;
  #compacting = false;
  /** How many segments retention has dropped. */
  #drops = 0;
  /** Everything below was compacted since the log was opened. */
  #cleanedUpTo = 0;

  private constructor(storage: LogStorage, options: LogOptions) {
    this.#storage = storage;
    this.options = options;
  }

  /** Opens a log, cutting off what a crash has left torn at its end. */
  static open(storage: LogStorage, options: LogOptions, startOffset = 0): PartitionLog {
    const log = new PartitionLog(storage, options);
    log.#recover();
    log.startOffset = Math.max(startOffset, log.#segments[0].baseOffset);
    log.endOffset = Math.max(log.#active.nextOffset, log.startOffset);
    log.highWatermark = log.endOffset;
    log.producers.forgetBefore(log.startOffset);
    return log;
  }

  /** True after the log was closed or its topic deleted. */
  get closed(): boolean {
    return this.#closed;
  }

  get #active(): Segment {
    return this.#segments[this.#segments.length - 1];
  }

  #recover(): void {
    const bases = this.#storage.list();
    if (bases.length === 0) bases.push(0);
    for (const [i, base] of bases.entries()) {
      const segment = new Segment(base, this.#storage.open(base));
      this.#segments.push(segment);
      if (segment.loadIndex(this.#storage)) continue;
      const torn = segment.recover();
      this.tornBytes += torn;
      if (torn === 0) continue;
      // What follows a damaged place can't be reached any more.
      for (const later of bases.slice(i + 1)) this.#storage.remove(later);
      break;
    }
    this.#recoverProducers(this.#active.nextOffset);
  }

  /** Loads the newest snapshot of the producers, and brings it up to date from the batches after it. */
  #recoverProducers(endOffset: number): void {
    let from = 0;
    for (const { baseOffset } of [...this.#segments].reverse()) {
      const content = this.#storage.readSide(baseOffset, "snapshot");
      if (content === null || content.length < 4 || content.readUInt32LE(0) !== crc32c(content, 4)) continue;
      const snapshot = JSON.parse(content.toString("utf8", 4)) as ProducerSnapshot & { upTo: number };
      if (snapshot.upTo > endOffset) continue;
      this.producers.restore(snapshot);
      from = snapshot.upTo;
      break;
    }
    for (const segment of this.#segments) {
      if (segment.nextOffset <= from) continue;
      segment.scan(segment.index.positionFor(from), (header, position) => {
        const wanted = header.baseOffset >= from && header.producerId >= 0;
        if (wanted)
          this.#noteProducer(header, header.baseOffset, isControl(header) ? segment.batchAt(position).batch : null);
        return true;
      });
    }
  }

  #saveProducers(base: number): void {
    const text = Buffer.from(JSON.stringify({ upTo: this.endOffset, ...this.producers.snapshot() }));
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32LE(crc32c(text));
    this.#storage.writeSide(base, "snapshot", Buffer.concat([checksum, text]));
  }

  /**
   * Appends one checked batch, giving it its offset in place. A producer's retry is recognised and not appended again.
   *
   * @throws KafkaError when the producer's epoch or sequence is wrong
   */
  append(batch: Buffer, header: BatchHeader): AppendResult {
    if (header.producerId >= 0 && !isControl(header)) {
      const duplicate = this.producers.check(header);
      if (duplicate !== null)
        return { baseOffset: duplicate.baseOffset, duplicate: true, timestampMs: duplicate.timestampMs };
    }
    if (this.#active.size > 0 && this.#isFull(batch, header)) this.#roll();
    const baseOffset = this.endOffset;
    place(batch, baseOffset, this.leaderEpoch);
    this.#active.append(batch, header, baseOffset);
    this.endOffset = baseOffset + header.lastOffsetDelta + 1;
    this.appendedBytes += batch.length;
    this.#noteProducer(header, baseOffset, batch);
    return { baseOffset, duplicate: false, timestampMs: header.maxTimestamp };
  }

  #isFull(batch: Buffer, { maxTimestamp }: BatchHeader): boolean {
    const { segmentBytes, segmentMs = Number.POSITIVE_INFINITY } = this.options;
    const { size, firstTimestampMs } = this.#active;
    return size + batch.length > segmentBytes || maxTimestamp - firstTimestampMs > segmentMs;
  }

  /** Tells the producers' room about a batch; `batch` is looked at for control batches only. */
  #noteProducer(header: BatchHeader, baseOffset: number, batch: Buffer | null): void {
    if (header.producerId < 0) return;
    if (batch === null || !isControl(header)) {
      this.producers.appended(header, baseOffset);
      return;
    }
    const key = readRecords(batch, { ...header, position: 0 })[0]?.key;
    if (key !== null && key !== undefined && key.length >= 4) {
      this.producers.ended(header, baseOffset, key.readInt16BE(2) === 1);
    }
  }

  #roll(): void {
    this.#active.saveIndex(this.#storage);
    this.#segments.push(new Segment(this.endOffset, this.#storage.open(this.endOffset)));
    this.#saveProducers(this.endOffset);
    if (this.options.retentionBytes >= 0 && !this.#dropping) this.#retainBytes();
    this.options.rolled?.(this);
  }

  /** Lets readers see what has been appended, and wakes those who wait. */
  publish(upTo: number = this.endOffset): void {
    if (upTo > this.highWatermark) this.highWatermark = upTo;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Waits until everything appended so far is on the device, then publishes it. Callers share a flush. */
  async flush(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    if (this.#closed) return;
    const upTo = this.endOffset;
    if (upTo <= this.highWatermark) return;
    this.#flushing = Promise.all(this.#segments.slice(-2).map((segment) => segment.bytes.sync())).then(() => {});
    try {
      await this.#flushing;
    } finally {
      this.#flushing = undefined;
    }
    this.publish(upTo);
  }

  /** Calls `wake` after each publication until the returned function is called. */
  watch(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  /** Where readers of committed data stop: the first offset of a transaction that is still open. */
  get lastStableOffset(): number {
    return Math.min(this.producers.firstOpenOffset(), this.highWatermark);
  }

  /** Bytes of all segments. */
  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.size, 0);
  }

  /**
   * Whole batches from the one that holds `offset` on, below `upTo`.
   *
   * @param maxBytes most bytes to return, except that the first batch comes whole when `atLeastOne`
   * @throws KafkaError OFFSET_OUT_OF_RANGE
   */
  read(offset: number, maxBytes: number, upTo: number, atLeastOne: boolean): LogRead {
    if (offset < this.startOffset || offset > this.endOffset) {
      throw new KafkaError(
        "OFFSET_OUT_OF_RANGE",
        `Offset ${offset} is outside of ${this.startOffset} to ${this.endOffset}.`,
      );
    }
    const nothing = { chunks: [], nextOffset: offset };
    if (offset >= upTo) return nothing;
    for (let i = this.#segmentOf(offset); i < this.#segments.length; i++) {
      const segment = this.#segments[i];
      if (segment.baseOffset >= upTo) break;
      if (segment.nextOffset <= offset) continue;
      const read = segment.read(offset, maxBytes, upTo, atLeastOne);
      if (read.chunks.length > 0 || !atLeastOne) return read;
    }
    return nothing;
  }

  #segmentOf(offset: number): number {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#segments[middle].baseOffset <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  abortedBetween(from: number, upTo: number): AbortedTransaction[] {
    return this.producers.abortedBetween(from, upTo);
  }

  /** The first record with a timestamp of at least `timestampMs`, below `upTo`; null when there is none. */
  offsetForTime(timestampMs: number, upTo: number): TimedOffset | null {
    for (const segment of this.#segments) {
      if (segment.maxTimestampMs < timestampMs) continue;
      const found = this.#searchTime(segment, segment.index.positionForTime(timestampMs), timestampMs, upTo);
      if (found !== null) return found;
    }
    return null;
  }

  /** The record with the largest timestamp; null when the log is empty. */
  offsetOfMaxTime(): TimedOffset | null {
    let best: Segment | undefined;
    for (const segment of this.#segments) {
      if (segment.maxTimestampMs > (best?.maxTimestampMs ?? -1)) best = segment;
    }
    if (best === undefined) return null;
    return this.#searchTime(best, best.index.positionForTime(best.maxTimestampMs), best.maxTimestampMs, this.endOffset);
  }

  #searchTime(segment: Segment, from: number, timestampMs: number, upTo: number): TimedOffset | null {
    let found: TimedOffset | null = null;
    segment.scan(from, (header, position) => {
      if (header.baseOffset >= upTo) return false;
      if (header.maxTimestamp < timestampMs || lastOffsetOf(header) < this.startOffset || isControl(header))
        return true;
      const { batch } = segment.batchAt(position);
      const record = readRecords(batch, readHeader(batch, 0)).find(
        (each) => each.timestampMs >= timestampMs && each.offset >= this.startOffset && each.offset < upTo,
      );
      if (record === undefined) return true;
      found = { offset: record.offset, timestampMs: record.timestampMs };
      return false;
    });
    return found;
  }

  /** Forgets records before `offset` (DeleteRecords) and drops segments that hold none after it. */
  deleteBefore(offset: number): void {
    this.startOffset = Math.max(this.startOffset, offset);
    this.#dropWhile((segment) => segment.nextOffset <= this.startOffset);
    this.producers.forgetBefore(this.startOffset);
  }

  /** Drops segments that are past the retention limits; true when any was dropped. */
  retain(nowMs: number): boolean {
    const { retentionMs, retentionBytes } = this.options;
    const before = this.startOffset;
    let size = this.sizeBytes;
    this.#dropWhile((segment) => {
      const tooOld = retentionMs >= 0 && segment.size > 0 && nowMs - segment.maxTimestampMs > retentionMs;
      const tooMuch = retentionBytes >= 0 && size - segment.size >= retentionBytes;
      size -= segment.size;
      return (tooOld || tooMuch) && segment.nextOffset <= this.highWatermark;
    });
    this.startOffset = Math.max(this.startOffset, this.#segments[0].baseOffset);
    if (this.startOffset > before) this.producers.forgetBefore(this.startOffset);
    return this.startOffset > before;
  }

  /** Keeps a log that grows fast to its size without waiting for the next look at all logs. */
  #retainBytes(): void {
    let size = this.sizeBytes;
    this.#dropWhile((segment) => {
      size -= segment.size;
      return (
        size >= this.options.retentionBytes && segment.nextOffset <= this.highWatermark && segment !== this.#active
      );
    });
    this.startOffset = Math.max(this.startOffset, this.#segments[0].baseOffset);
    this.producers.forgetBefore(this.startOffset);
  }

  #dropWhile(test: (segment: Segment) => boolean): void {
    this.#dropping = true;
    while (test(this.#segments[0])) {
      if (this.#segments.length === 1) {
        if (this.#active.size === 0) break;
        this.#roll();
      }
      const [dropped] = this.#segments.splice(0, 1);
      this.#drops++;
      dropped.bytes.close();
      this.#storage.remove(dropped.baseOffset);
    }
    this.#dropping = false;
  }

  /** Closes a segment that has been open for longer than it may be, so that it can be compacted. */
  rollOld(nowMs: number): void {
    const { compaction, segmentMs = Number.POSITIVE_INFINITY } = this.options;
    if (compaction === undefined || this.#active.size === 0) return;
    const ageMs = nowMs - this.#active.firstTimestampMs;
    if (ageMs > Math.min(segmentMs, compaction.maxLagMs)) this.#roll();
  }

  /**
   * Compacts closed segments when there is enough to be gained: of each key the last record stays. Others have their
   * turn while it works. True when anything was done.
   */
  async compact(nowMs: number): Promise<boolean> {
    const { compaction } = this.options;
    if (compaction === undefined || this.#closed || this.#compacting) return false;
    const segments = this.#compactable(nowMs, compaction);
    if (segments === null) return false;
    const drops = this.#drops;
    const isWhole = () => !this.#closed && this.#drops === drops;
    const pass = new CompactionPass({
      nowMs,
      deleteRetentionMs: compaction.deleteRetentionMs,
      cleanedUpTo: this.#cleanedUpTo,
      endOffset: this.endOffset,
      abortedBetween: (from, upTo) => this.abortedBetween(from, upTo),
      pause: () => new Promise((resolve) => setImmediate(() => resolve(isWhole()))),
    });
    this.#compacting = true;
    try {
      const upTo = await pass.learn(segments.filter(({ nextOffset }) => nextOffset > this.#cleanedUpTo));
      if (upTo === null) return false;
      for (const segment of segments) {
        if (segment.nextOffset > upTo) break;
        if (!isWhole() || !(await this.#compactSegment(pass, segment, nowMs))) return false;
      }
      this.#cleanedUpTo = upTo;
      return true;
    } finally {
      this.#compacting = false;
    }
  }

  /** The segments of a pass; null when it isn't worth its while. */
  #compactable(nowMs: number, { minLagMs, maxLagMs, dirtyRatio }: CompactionOptions): Segment[] | null {
    const stable = Math.min(this.lastStableOffset, this.#active.baseOffset);
    const young = (segment: Segment) => minLagMs > 0 && nowMs - segment.maxTimestampMs < minLagMs;
    const end = this.#segments.findIndex((segment) => segment.nextOffset > stable || young(segment));
    const segments = this.#segments.slice(
      0,
      Math.min(end < 0 ? this.#segments.length : end, this.#segments.length - 1),
    );
    const dirty = segments.filter((segment) => segment.nextOffset > this.#cleanedUpTo && segment.size > 0);
    const bytes = (of: readonly Segment[]) => of.reduce((sum, segment) => sum + segment.size, 0);
    if (dirty.length === 0) return null;
    const overdue = nowMs - dirty[0].firstTimestampMs > maxLagMs;
    return overdue || bytes(dirty) >= dirtyRatio * bytes(segments) ? segments : null;
  }

  /** Puts what stays of one segment in its place; false when the log is gone. */
  async #compactSegment(pass: CompactionPass, segment: Segment, nowMs: number): Promise<boolean> {
    const draft = new Segment(segment.baseOffset, this.#storage.draft(segment.baseOffset));
    const rewritten = await pass.rewrite(segment, draft);
    if (rewritten !== null) await draft.bytes.sync();
    const at = this.#segments.indexOf(segment);
    if (rewritten === null || this.#closed || at < 0 || !rewritten.changed) {
      // Retention may have dropped the segment in the meantime.
      this.#storage.discard(segment.baseOffset, draft.bytes);
      if (at >= 0 && segment.cleanedAtMs < 0) segment.cleanedAtMs = nowMs;
      return rewritten !== null && !this.#closed;
    }
    if (rewritten.markers.size > 0) {
      // Forgotten first: a marker without its transaction is harmless, a transaction without its marker is not.
      this.producers.forgetMarkers(rewritten.markers);
      this.#saveProducers(this.#active.baseOffset);
    }
    draft.cleanedAtMs = segment.cleanedAtMs < 0 ? nowMs : segment.cleanedAtMs;
    segment.bytes.close();
    this.#storage.replace(segment.baseOffset, draft.bytes);
    draft.saveIndex(this.#storage);
    this.#segments[at] = draft;
    if (draft.size === 0 && at > 0) {
      this.#segments.splice(at, 1);
      draft.bytes.close();
      this.#storage.remove(draft.baseOffset);
    }
    return true;
  }

  /** Writes what makes the next start fast, and lets go of the files. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#active.saveIndex(this.#storage);
    this.#saveProducers(this.#active.baseOffset);
    for (const segment of this.#segments) segment.bytes.close();
    for (const wake of [...this.#waiting]) wake();
  }

  /** Removes the log with its files. */
  destroy(): void {
    this.#closed = true;
    for (const segment of this.#segments) segment.bytes.close();
    this.#storage.destroy();
    for (const wake of [...this.#waiting]) wake();
  }
}
