import fs from "node:fs";
import { dirname } from "node:path";
import { crc32c } from "../protocol/crc32c.ts";
import { syncDirectory } from "./disk.ts";

const PREFIX_BYTES = 8;
const COMPACT_FROM_BYTES = 4 * 1024 * 1024;
const COMPACT_GROWTH = 4;

/**
 * A file of events, each with its length and checksum, appended in order. What a crash has torn at the end is cut off
 * when it is opened. When it has grown to several times its last snapshot, it is written anew.
 */
export class Journal<E> {
  readonly #path: string;
  readonly #snapshot: () => Iterable<E>;
  #fd: number;
  #size: number;
  #compactAt = COMPACT_FROM_BYTES;

  /**
   * @param path of the file; created when there is none
   * @param snapshot gives the events that lead to the present state
   */
  constructor(path: string, snapshot: () => Iterable<E>) {
    this.#path = path;
    this.#snapshot = snapshot;
    this.#fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644);
    this.#size = fs.fstatSync(this.#fd).size;
  }

  /** Reads all events, cutting off a torn end. */
  read(): E[] {
    const content = fs.readFileSync(this.#path);
    const events: E[] = [];
    let at = 0;
    while (at + PREFIX_BYTES <= content.length) {
      const end = at + PREFIX_BYTES + content.readUInt32LE(at);
      if (end > content.length || content.readUInt32LE(at + 4) !== crc32c(content, at + PREFIX_BYTES, end)) break;
      events.push(JSON.parse(content.toString("utf8", at + PREFIX_BYTES, end)) as E);
      at = end;
    }
    if (at < content.length) fs.ftruncateSync(this.#fd, at);
    this.#size = at;
    return events;
  }

  /** Appends an event; it is in the operating system's hands when this returns. */
  append(event: E): void {
    const entry = encode(event);
    fs.writeSync(this.#fd, entry, 0, entry.length, this.#size);
    this.#size += entry.length;
    if (this.#size > this.#compactAt) this.#compact();
  }

  #compact(): void {
    const fresh = `${this.#path}.new`;
    const fd = fs.openSync(fresh, "w+", 0o644);
    let size = 0;
    for (const event of this.#snapshot()) {
      const entry = encode(event);
      fs.writeSync(fd, entry, 0, entry.length, size);
      size += entry.length;
    }
    fs.fdatasyncSync(fd);
    fs.renameSync(fresh, this.#path);
    syncDirectory(dirname(this.#path));
    fs.closeSync(this.#fd);
    this.#fd = fd;
    this.#size = size;
    this.#compactAt = Math.max(COMPACT_FROM_BYTES, size * COMPACT_GROWTH);
  }

  /** Puts everything on the device. */
  sync(): void {
    fs.fdatasyncSync(this.#fd);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

function encode(event: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(event));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32LE(text.length, 0);
  prefix.writeUInt32LE(crc32c(text), 4);
  return Buffer.concat([prefix, text]);
}
