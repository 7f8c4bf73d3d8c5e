/**
 * Where the bytes of one segment live. Appending is synchronous: when it returns, the bytes are in the operating
 * system's page cache (or in memory) and a killed process loses nothing of them.
 */
export interface SegmentBytes {
  readonly size: number;
  append(bytes: Buffer): void;
  /** Up to `length` bytes from `position` on, in order; fewer where the segment ends. */
  read(position: number, length: number): Buffer[];
  truncate(size: number): void;
  /** Waits until everything appended so far is on the device. */
  sync(): Promise<void>;
  close(): void;
}

/** What one partition's log needs of a disk, or of memory. */
export interface LogStorage {
  /** Base offsets of the segments that exist, ascending. */
  list(): number[];
  open(baseOffset: number): SegmentBytes;
  remove(baseOffset: number): void;
  /** An empty segment that takes another's place when it is ready. */
  draft(baseOffset: number): SegmentBytes;
  /** Puts a draft in the segment's place, whole or not at all; what belonged to the old one is removed. */
  replace(baseOffset: number, draft: SegmentBytes): void;
  /** Gives a draft up. */
  discard(baseOffset: number, draft: SegmentBytes): void;
  /** Small files that belong to a segment (its index, its producers); null where there is none. */
  readSide(baseOffset: number, kind: SideFile): Buffer | null;
  writeSide(baseOffset: number, kind: SideFile, content: Buffer): void;
  /** Removes everything. */
  destroy(): void;
}

export type SideFile = "index" | "snapshot";

const ARENA_BYTES = 1024 * 1024;

class MemorySegment implements SegmentBytes {
  size = 0;
  #chunks: Buffer[] = [];
  #starts: number[] = [];
  #arena = Buffer.alloc(0);
  #used = 0;

  append(bytes: Buffer): void {
    if (this.#arena.length - this.#used < bytes.length) {
      this.#arena = Buffer.allocUnsafeSlow(Math.max(bytes.length, Math.min(ARENA_BYTES, 4096 + this.size)));
      this.#used = 0;
    }
    bytes.copy(this.#arena, this.#used);
    if (this.#used > 0) {
      const last = this.#chunks.length - 1;
      this.#chunks[last] = this.#arena.subarray(0, this.#used + bytes.length);
    } else {
      this.#chunks.push(this.#arena.subarray(0, bytes.length));
      this.#starts.push(this.size);
    }
    this.#used += bytes.length;
    this.size += bytes.length;
  }

  read(position: number, length: number): Buffer[] {
    const result: Buffer[] = [];
    const end = Math.min(position + length, this.size);
    for (let i = this.#chunkAt(position); position < end; i++) {
      const from = position - this.#starts[i];
      const part = this.#chunks[i].subarray(from, from + end - position);
      result.push(part);
      position += part.length;
    }
    return result;
  }

  #chunkAt(position: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle] <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  truncate(size: number): void {
    const kept = this.read(0, size);
    this.#chunks = [];
    this.#starts = [];
    this.#arena = Buffer.alloc(0);
    this.#used = 0;
    this.size = 0;
    for (const chunk of kept) this.append(chunk);
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}
}

/** Keeps a log in memory; it is gone with the process. */
export class MemoryStorage implements LogStorage {
  #segments = new Map<number, SegmentBytes>();
  #sides = new Map<string, Buffer>();

  list(): number[] {
    return [...this.#segments.keys()].sort((a, b) => a - b);
  }

  open(baseOffset: number): SegmentBytes {
    let segment = this.#segments.get(baseOffset);
    if (segment === undefined) this.#segments.set(baseOffset, (segment = new MemorySegment()));
    return segment;
  }

  draft(): SegmentBytes {
    return new MemorySegment();
  }

  discard(): void {}

  replace(baseOffset: number, draft: SegmentBytes): void {
    this.remove(baseOffset);
    this.#segments.set(baseOffset, draft);
  }

  remove(baseOffset: number): void {
    this.#segments.delete(baseOffset);
    for (const kind of ["index", "snapshot"]) this.#sides.delete(`${baseOffset}.${kind}`);
  }

  readSide(baseOffset: number, kind: SideFile): Buffer | null {
    return this.#sides.get(`${baseOffset}.${kind}`) ?? null;
  }

  writeSide(baseOffset: number, kind: SideFile, content: Buffer): void {
    this.#sides.set(`${baseOffset}.${kind}`, content);
  }

  destroy(): void {
    this.#segments.clear();
    this.#sides.clear();
  }
}
