import {
  announcedSize,
  BATCH_HEADER_BYTES,
  type BatchHeader,
  checkBatch,
  lastOffsetOf,
  readHeader,
} from "../protocol/batch.ts";
import { OffsetIndex } from "./offset-index.ts";
import type { LogStorage, SegmentBytes } from "./storage.ts";

/** Whole batches as chunks, and the offset that follows them. */
export interface LogRead {
  readonly chunks: Buffer[];
  readonly nextOffset: number;
}

/** Numbers that a segment keeps beside its index. */
const EXTRA_NUMBERS = 6;
const SCAN_BYTES = 1024 * 1024;

/** One file of a partition's log, with its index. */
export class Segment {
  readonly baseOffset: number;
  readonly bytes: SegmentBytes;
  index = new OffsetIndex();
  /** Largest timestamp of any batch, and the base offset of the first batch that has it; −1 while empty. */
  maxTimestampMs = -1;
  maxTimestampOffset = -1;
  /** The time of the first batch; −1 while empty. */
  firstTimestampMs = -1;
  /** When it was compacted first; −1 when it never was. */
  cleanedAtMs = -1;
  /** The offset that follows the last record. */
  nextOffset: number;

  constructor(baseOffset: number, bytes: SegmentBytes) {
    this.baseOffset = baseOffset;
    this.nextOffset = baseOffset;
    this.bytes = bytes;
  }

  get size(): number {
    return this.bytes.size;
  }

  append(batch: Buffer, header: BatchHeader, baseOffset: number): void {
    const position = this.bytes.size;
    this.bytes.append(batch);
    this.#note(header, baseOffset, position);
  }

  #note(header: BatchHeader, baseOffset: number, position: number): void {
    if (position === 0) this.firstTimestampMs = header.maxTimestamp;
    this.index.note(baseOffset, position, this.maxTimestampMs);
    if (header.maxTimestamp > this.maxTimestampMs) {
      this.maxTimestampMs = header.maxTimestamp;
      this.maxTimestampOffset = baseOffset;
    }
    this.nextOffset = baseOffset + header.lastOffsetDelta + 1;
  }

  /**
   * Whole batches from the one that holds `offset` (or the next one after it), of offsets below `upTo`: at most
   * `maxBytes`, but one batch at least when `atLeastOne`.
   */
  read(offset: number, maxBytes: number, upTo: number, atLeastOne: boolean): LogRead {
    let position = this.index.positionFor(offset);
    for (;;) {
      const chunks = this.bytes.read(position, Math.max(maxBytes, BATCH_HEADER_BYTES) + (maxBytes > 0 ? 4096 : 0));
      if (chunks.length === 0) return { chunks, nextOffset: offset };
      const walk = new Walk(offset, maxBytes, upTo);
      for (const chunk of chunks) if (!walk.chunk(chunk)) break;
      if (walk.taken.length > 0) return { chunks: walk.taken, nextOffset: walk.nextOffset };
      if (walk.oversized === 0 && walk.skipped > 0 && !walk.ended) {
        position += walk.skipped;
        continue;
      }
      if (walk.oversized === 0 || !atLeastOne) return { chunks: [], nextOffset: offset };
      return { chunks: this.bytes.read(position + walk.skipped, walk.oversized), nextOffset: walk.oversizedNext };
    }
  }

  /** Calls `visit` with every header from `position` on until it returns false. Checksums are not looked at. */
  scan(position: number, visit: (header: BatchHeader, position: number) => boolean): void {
    const window = new Window(this.bytes);
    while (position + BATCH_HEADER_BYTES <= this.bytes.size) {
      const header = readHeader(window.at(position, BATCH_HEADER_BYTES), 0);
      if (!visit(header, position)) return;
      position += header.sizeInBytes;
    }
  }

  /** The whole batch at `position`, and its header. */
  batchAt(position: number): { batch: Buffer; header: BatchHeader } {
    const size = announcedSize(Buffer.concat(this.bytes.read(position, BATCH_HEADER_BYTES)), 0);
    const batch = Buffer.concat(this.bytes.read(position, size));
    return { batch, header: readHeader(batch, 0) };
  }

  /**
   * Rebuilds the index from the bytes, checks every batch, and cuts off what is torn or damaged.
   *
   * @returns how many bytes were cut off
   */
  recover(): number {
    this.index = new OffsetIndex();
    this.maxTimestampMs = -1;
    this.maxTimestampOffset = -1;
    this.firstTimestampMs = -1;
    this.cleanedAtMs = -1;
    this.nextOffset = this.baseOffset;
    const window = new Window(this.bytes);
    let position = 0;
    while (position + BATCH_HEADER_BYTES <= this.bytes.size) {
      const size = announcedSize(window.at(position, BATCH_HEADER_BYTES), 0);
      if (!(position + size <= this.bytes.size)) break;
      const header = this.#checked(window.at(position, size));
      if (header === null) break;
      this.#note(header, header.baseOffset, position);
      position += size;
    }
    const torn = this.bytes.size - position;
    if (torn > 0) this.bytes.truncate(position);
    return torn;
  }

  #checked(batch: Buffer): BatchHeader | null {
    try {
      const header = checkBatch(batch);
      return header.baseOffset >= this.nextOffset ? header : null;
    } catch {
      return null;
    }
  }

  /** Writes the index beside the segment, so that the next start need not read the segment. */
  saveIndex(storage: LogStorage): void {
    const { maxTimestampMs, maxTimestampOffset, nextOffset, firstTimestampMs, cleanedAtMs } = this;
    const extra = [this.bytes.size, maxTimestampMs, maxTimestampOffset, nextOffset, firstTimestampMs, cleanedAtMs];
    storage.writeSide(this.baseOffset, "index", this.index.encode(extra));
  }

  /** Loads the index if it fits the segment. */
  loadIndex(storage: LogStorage): boolean {
    const content = storage.readSide(this.baseOffset, "index");
    const decoded = content === null ? null : OffsetIndex.decode(content);
    if (decoded === null || decoded.extra.length !== EXTRA_NUMBERS || decoded.extra[0] !== this.bytes.size)
      return false;
    this.index = decoded.index;
    [, this.maxTimestampMs, this.maxTimestampOffset, this.nextOffset, this.firstTimestampMs, this.cleanedAtMs] =
      decoded.extra;
    return true;
  }
}

/** Reads a segment from front to back through one large buffer. */
class Window {
  readonly #bytes: SegmentBytes;
  #content = Buffer.alloc(0);
  #start = 0;

  constructor(bytes: SegmentBytes) {
    this.#bytes = bytes;
  }

  /** `length` bytes at `position`; the caller has seen to it that they exist. */
  at(position: number, length: number): Buffer {
    const from = position - this.#start;
    if (from < 0 || from + length > this.#content.length) {
      this.#content = Buffer.concat(this.#bytes.read(position, Math.max(length, SCAN_BYTES)));
      this.#start = position;
    }
    return this.#content.subarray(position - this.#start, position - this.#start + length);
  }
}

/** Chooses whole batches from chunks. */
class Walk {
  taken: Buffer[] = [];
  skipped = 0;
  /** Size of a wanted batch that doesn't fit. */
  oversized = 0;
  oversizedNext = 0;
  /** The offset that follows what was taken. */
  nextOffset = 0;
  ended = false;
  readonly #offset: number;
  readonly #maxBytes: number;
  readonly #upTo: number;
  #bytes = 0;

  constructor(offset: number, maxBytes: number, upTo: number) {
    this.#offset = offset;
    this.#maxBytes = maxBytes;
    this.#upTo = upTo;
  }

  /** Takes what it wants of one chunk; false when it wants no more. */
  chunk(chunk: Buffer): boolean {
    let start = -1;
    let at = 0;
    let more = true;
    while (at + BATCH_HEADER_BYTES <= chunk.length) {
      const header = readHeader(chunk, at);
      const wanted = lastOffsetOf(header) >= this.#offset;
      if (header.baseOffset >= this.#upTo) {
        this.ended = true;
        more = false;
        break;
      }
      if (wanted && (at + header.sizeInBytes > chunk.length || this.#bytes + header.sizeInBytes > this.#maxBytes)) {
        this.oversized = header.sizeInBytes;
        this.oversizedNext = lastOffsetOf(header) + 1;
        more = false;
        break;
      }
      if (wanted) {
        if (start < 0) start = at;
        this.#bytes += header.sizeInBytes;
        this.nextOffset = lastOffsetOf(header) + 1;
      } else {
        this.skipped += header.sizeInBytes;
      }
      at += header.sizeInBytes;
    }
    if (start >= 0) this.taken.push(chunk.subarray(start, at));
    return more;
  }
}
