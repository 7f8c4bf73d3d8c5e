import fs from "node:fs";
import { dirname, join } from "node:path";
import type { LogStorage, SegmentBytes, SideFile } from "./storage.ts";

class DiskSegment implements SegmentBytes {
  size: number;
  readonly #fd: number;
  #open = true;

  constructor(path: string) {
    this.#fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644);
    this.size = fs.fstatSync(this.#fd).size;
  }

  append(bytes: Buffer): void {
    let written = 0;
    while (written < bytes.length) {
      written += fs.writeSync(this.#fd, bytes, written, bytes.length - written, this.size + written);
    }
    this.size += bytes.length;
  }

  read(position: number, length: number): Buffer[] {
    const wanted = Math.min(length, this.size - position);
    if (wanted <= 0) return [];
    const buffer = Buffer.allocUnsafe(wanted);
    let filled = 0;
    while (filled < wanted) {
      const count = fs.readSync(this.#fd, buffer, filled, wanted - filled, position + filled);
      if (count === 0) break;
      filled += count;
    }
    return [buffer.subarray(0, filled)];
  }

  truncate(size: number): void {
    fs.ftruncateSync(this.#fd, size);
    this.size = size;
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#fd, (error) => (error && this.#open ? reject(error) : resolve()));
    });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    fs.closeSync(this.#fd);
  }
}

/** Keeps a partition's segments in one directory, under names as Kafka gives them. */
export class DiskStorage implements LogStorage {
  readonly #directory: string;
  readonly #durable: boolean;

  /** @param durable whether new files are put on the device with their names, so that they survive the machine's fall */
  constructor(directory: string, durable = false) {
    this.#directory = directory;
    this.#durable = durable;
    fs.mkdirSync(directory, { recursive: true });
    if (durable) syncDirectory(dirname(directory));
  }

  #path(baseOffset: number, extension: string): string {
    return join(this.#directory, `${String(baseOffset).padStart(20, "0")}.${extension}`);
  }

  list(): number[] {
    return fs
      .readdirSync(this.#directory)
      .filter((name) => /^\d{20}\.log$/.test(name))
      .map((name) => Number(name.slice(0, 20)))
      .sort((a, b) => a - b);
  }

  open(baseOffset: number): SegmentBytes {
    const segment = new DiskSegment(this.#path(baseOffset, "log"));
    if (this.#durable) syncDirectory(this.#directory);
    return segment;
  }

  draft(baseOffset: number): SegmentBytes {
    const draft = new DiskSegment(this.#path(baseOffset, "draft"));
    // One may be left of a broker that was killed.
    draft.truncate(0);
    return draft;
  }

  discard(baseOffset: number, draft: SegmentBytes): void {
    draft.close();
    fs.rmSync(this.#path(baseOffset, "draft"), { force: true });
  }

  replace(baseOffset: number): void {
    this.#removeSides(baseOffset);
    fs.renameSync(this.#path(baseOffset, "draft"), this.#path(baseOffset, "log"));
    if (this.#durable) syncDirectory(this.#directory);
  }

  #removeSides(baseOffset: number): void {
    for (const kind of ["index", "snapshot"]) fs.rmSync(this.#path(baseOffset, kind), { force: true });
  }

  remove(baseOffset: number): void {
    for (const extension of ["log", "index", "snapshot"]) fs.rmSync(this.#path(baseOffset, extension), { force: true });
  }

  readSide(baseOffset: number, kind: SideFile): Buffer | null {
    try {
      return fs.readFileSync(this.#path(baseOffset, kind));
    } catch {
      return null;
    }
  }

  writeSide(baseOffset: number, kind: SideFile, content: Buffer): void {
    const path = this.#path(baseOffset, kind);
    fs.writeFileSync(`${path}.new`, content);
    fs.renameSync(`${path}.new`, path);
  }

  destroy(): void {
    fs.rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Puts the names in a directory on the device. */
export function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, fs.constants.O_RDONLY);
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
