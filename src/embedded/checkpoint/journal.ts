/**
 * The newest entries of a log in one file, whose parts are written over in turn. A file for each entry costs a dozen calls and
 * three waits for the disk: new names, and what the file system keeps of them. Writing over a place that is there costs one of
 * each. So a query with many batches a second keeps a journal, and has the entry of a batch now and then in a file of its own.
 *
 * A place holds all that a restart needs: an entry, and the one before. It stays as it is while the next three are written, so
 * that one that is torn by a crash is never one that is needed. Entries that come while the disk is busy wait for it together, and
 * only the newest is written. Each writer has a file of its own: one that goes on after another has taken over writes to a file
 * that is gone.
 *
 * ```
 * place k of 4, each of 32 KiB: u32 magic | u32 crc32 of what follows | f64 number | u32 bytes | u32 bytes before | text | text before
 * ```
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { CheckpointFileSystem, FileInPlace } from "./file-system.ts";
import { ioError } from "./files.ts";

const NAME = /^\.journal-/;
const MAGIC = 0x4a4c5353;
const SLOTS = 4;
const SLOT_BYTES = 32 << 10;
const HEADER_BYTES = 24;

/** A numbered text, and the text of the number before where it isn't kept elsewhere. */
export interface JournalEntry {
  readonly number: number;
  readonly text: string;
  readonly before: string;
}

export class Journal {
  readonly #fs: CheckpointFileSystem;
  readonly #path: string;
  readonly #file: FileInPlace;
  readonly #durable: boolean;
  readonly #bytes = Buffer.alloc(SLOT_BYTES);
  #slot = 0;
  #pending: JournalEntry | undefined;
  /** Of what is pending. */
  #next: Promise<void> | undefined;
  /** Of what is being written. */
  #under: Promise<void> = Promise.resolve();

  private constructor(fs: CheckpointFileSystem, path: string, file: FileInPlace, durable: boolean) {
    this.#fs = fs;
    this.#path = path;
    this.#file = file;
    this.#durable = durable;
  }

  static async create(fs: CheckpointFileSystem, directory: string, durable: boolean): Promise<Journal> {
    const path = join(directory, `.journal-${randomUUID()}`);
    try {
      const file = await fs.openInPlace(path, SLOTS * SLOT_BYTES, durable);
      if (durable) await fs.syncDirectory(directory);
      return new Journal(fs, path, file, durable);
    } catch (error) {
      throw ioError("create", path, error);
    }
  }

  static fits(text: string, before: string): boolean {
    return Buffer.byteLength(text) + Buffer.byteLength(before) <= SLOT_BYTES - HEADER_BYTES;
  }

  /** When the promise resolves, the entry is durable, or a newer one is. After a failure nothing is written any more. */
  write(entry: JournalEntry): Promise<void> {
    this.#pending = entry;
    this.#next ??= this.#under.then(() => this.#writePending());
    return this.#next;
  }

  #writePending(): Promise<void> {
    const entry = this.#pending as JournalEntry;
    this.#under = this.#next as Promise<void>;
    this.#next = undefined;
    return this.#writeOver(entry);
  }

  async #writeOver({ number, text, before }: JournalEntry): Promise<void> {
    const length = this.#bytes.write(text, HEADER_BYTES, "utf8");
    const lengthBefore = this.#bytes.write(before, HEADER_BYTES + length, "utf8");
    this.#bytes.writeUInt32LE(MAGIC, 0);
    this.#bytes.writeDoubleLE(number, 8);
    this.#bytes.writeUInt32LE(length, 16);
    this.#bytes.writeUInt32LE(lengthBefore, 20);
    const entry = this.#bytes.subarray(0, HEADER_BYTES + length + lengthBefore);
    entry.writeUInt32LE(crc32(entry.subarray(8)), 4);
    this.#slot = (this.#slot + 1) % SLOTS;
    try {
      await this.#file.write(this.#slot * SLOT_BYTES, entry, this.#durable);
    } catch (error) {
      throw ioError("write", this.#path, error);
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Removes this journal, and no other: somebody else may be writing here by now. */
  remove(): Promise<void> {
    return this.#fs.remove(this.#path);
  }

  /** What the journals in a directory hold, by number. What is torn or damaged isn't among it. */
  static async read(fs: CheckpointFileSystem, directory: string): Promise<Map<number, string>> {
    const found = new Map<number, string>();
    for (const name of await journalsIn(fs, directory)) {
      const bytes = await fs.read(join(directory, name));
      if (bytes === undefined) continue;
      for (let at = 0; at + HEADER_BYTES <= bytes.length; at += SLOT_BYTES) {
        const slot = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(SLOT_BYTES, bytes.length - at));
        for (const [number, text] of entriesIn(slot)) found.set(number, text);
      }
    }
    return found;
  }

  /** Removes the journals in a directory, also those of writers that are gone. */
  static async removeAll(fs: CheckpointFileSystem, directory: string): Promise<void> {
    for (const name of await journalsIn(fs, directory)) await fs.remove(join(directory, name));
  }
}

async function journalsIn(fs: CheckpointFileSystem, directory: string): Promise<string[]> {
  return (await fs.list(directory)).filter((name) => NAME.test(name));
}

function entriesIn(slot: Buffer): [number: number, text: string][] {
  if (slot.readUInt32LE(0) !== MAGIC) return [];
  const end = HEADER_BYTES + slot.readUInt32LE(16);
  const endBefore = end + slot.readUInt32LE(20);
  if (endBefore > slot.length || crc32(slot.subarray(8, endBefore)) !== slot.readUInt32LE(4)) return [];
  const number = slot.readDoubleLE(8);
  const newest: [number, string] = [number, slot.toString("utf8", HEADER_BYTES, end)];
  return end === endBefore ? [newest] : [newest, [number - 1, slot.toString("utf8", end, endBefore)]];
}
