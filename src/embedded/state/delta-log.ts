/**
 * The deltas of batches in quick succession, one after the other in files whose bytes are there already. A file for each delta
 * costs new names and new blocks, for which a file system writes down more than the delta has; writing over a part of a file costs
 * one write and one wait.
 *
 * ```
 * file `.deltas-<id>`, of 1 MiB: records, then whatever was there before
 * record: u32 magic | u32 bytes | f64 version | a delta as in its own file (files.ts)
 * ```
 *
 * Versions rise within a file; where they don't, or there is no record, is its end. Files whose deltas no recovery needs are
 * written over from their beginning. A run takes what it needs of older files into one of its own, and removes them: a writer
 * that goes on although another one has taken over writes to files that are gone.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { CheckpointFileSystem, FileInPlace } from "../checkpoint/file-system.ts";
import { ioError } from "../checkpoint/files.ts";

const NAME = /^\.deltas-/;
const MAGIC = 0x44534c53;
const HEADER_BYTES = 16;
const FILE_BYTES = 1 << 20;
/** A larger delta has a file of its own. */
const DELTA_BYTES_MAX = FILE_BYTES / 8;

export interface LoggedDelta {
  readonly bytes: Uint8Array;
  /** The file that it stands in. */
  readonly path: string;
}

interface Segment {
  readonly path: string;
  /** Undefined for one that was taken over, and isn't written to. */
  readonly file: FileInPlace | undefined;
  /** Where the next record goes. */
  end: number;
  lastVersion: number;
}

export class DeltaLog {
  readonly #directory: string;
  readonly #fs: CheckpointFileSystem;
  readonly #durable: boolean;
  readonly #full: Segment[] = [];
  readonly #free: Segment[] = [];
  #current: Segment | undefined;
  /** The record that is being written; the next one comes when that is done. */
  #record = new Uint8Array(1 << 12);
  /** The one after the current one, made ready beside the batches. */
  #next: Promise<Segment> | undefined;

  constructor(directory: string, fs: CheckpointFileSystem, durable: boolean) {
    this.#directory = directory;
    this.#fs = fs;
    this.#durable = durable;
  }

  static takes(delta: Uint8Array): boolean {
    return delta.length <= DELTA_BYTES_MAX;
  }

  /** The delta is durable when the promise resolves. Versions are appended one after the other, each when the last one is durable. */
  async append(version: number, delta: Uint8Array): Promise<void> {
    const record = this.#recordOf(version, delta);
    const segment = await this.#roomFor(record.length);
    const at = segment.end;
    segment.end += record.length;
    segment.lastVersion = version;
    await this.#attempt("write", segment.path, () => segment.file?.write(at, record, this.#durable));
    if (segment.end > FILE_BYTES / 2 && this.#next === undefined) {
      this.#next = this.#fresh();
      this.#next.catch(() => {}); // met when it is needed
    }
  }

  #recordOf(version: number, delta: Uint8Array): Uint8Array {
    const bytes = HEADER_BYTES + delta.length;
    if (this.#record.length < bytes) this.#record = new Uint8Array(bytes * 2);
    return putRecord(this.#record.subarray(0, bytes), version, delta);
  }

  async #roomFor(bytes: number): Promise<Segment> {
    const current = this.#current;
    if (current !== undefined && current.end + bytes <= FILE_BYTES) return current;
    if (current !== undefined) this.#full.push(current);
    this.#current = undefined; // should there be no other
    this.#current = await (this.#next ?? this.#fresh());
    this.#next = undefined;
    return this.#current;
  }

  async #fresh(): Promise<Segment> {
    const free = this.#free.pop();
    if (free !== undefined) return Object.assign(free, { end: 0 });
    const path = this.#newPath();
    const file = await this.#attempt("create", path, () => this.#fs.openInPlace(path, FILE_BYTES, this.#durable));
    if (this.#durable) await this.#attempt("create", path, () => this.#fs.syncDirectory(this.#directory));
    return { path, file, end: 0, lastVersion: -1 };
  }

  /** Takes over the deltas up to `version` that other runs have left, and forgets the later ones. */
  async takeOver(version: number): Promise<void> {
    const names = await deltaLogsIn(this.#fs, this.#directory);
    if (names.length === 0) return;
    const kept = [...(await readDeltaLogs(this.#fs, this.#directory))].filter(([v]) => v <= version);
    if (kept.length > 0) {
      const records = kept
        .sort(([a], [b]) => a - b)
        .map(([v, { bytes }]) => putRecord(new Uint8Array(HEADER_BYTES + bytes.length), v, bytes));
      const bytes = Buffer.concat(records);
      const path = this.#newPath();
      const temporary = `${path}.tmp`;
      await this.#attempt("write", path, () => this.#fs.write(temporary, bytes, this.#durable));
      await this.#attempt("write", path, () => this.#fs.rename(temporary, path));
      const lastVersion = Math.max(...kept.map(([v]) => v));
      this.#full.push({ path, file: undefined, end: bytes.length, lastVersion });
    }
    // What replaces them must be there first; and they must be gone before a version is written again.
    if (this.#durable) await this.#fs.syncDirectory(this.#directory);
    for (const name of names) await this.#fs.remove(join(this.#directory, name));
    if (this.#durable) await this.#fs.syncDirectory(this.#directory);
  }

  /** Deltas up to `version` aren't needed any more. */
  async forget(version: number): Promise<void> {
    for (const segment of this.#full.filter((s) => s.lastVersion <= version)) {
      this.#full.splice(this.#full.indexOf(segment), 1);
      if (segment.file !== undefined) this.#free.push(segment);
      else await this.#fs.remove(segment.path);
    }
  }

  async close(): Promise<void> {
    const [next] = await Promise.allSettled([this.#next]);
    const last = next.status === "fulfilled" ? next.value : undefined;
    const spare = last === undefined ? this.#free : [...this.#free, last];
    for (const { file } of [...this.#full, ...spare, ...(this.#current ? [this.#current] : [])]) await file?.close();
    for (const { path } of spare) await this.#fs.remove(path);
  }

  #newPath(): string {
    return join(this.#directory, `.deltas-${randomUUID()}`);
  }

  async #attempt<T>(operation: string, path: string, run: () => Promise<T> | undefined): Promise<T> {
    try {
      return (await run()) as T;
    } catch (error) {
      throw ioError(operation, path, error);
    }
  }
}

/** The deltas in a directory's logs, by version, as far as they are whole; each still has to be checked. */
export async function readDeltaLogs(fs: CheckpointFileSystem, directory: string): Promise<Map<number, LoggedDelta>> {
  const found = new Map<number, LoggedDelta>();
  for (const name of await deltaLogsIn(fs, directory)) {
    const path = join(directory, name);
    const all = await fs.read(path);
    if (all !== undefined) for (const [version, bytes] of recordsIn(all)) found.set(version, { bytes, path });
  }
  return found;
}

async function deltaLogsIn(fs: CheckpointFileSystem, directory: string): Promise<string[]> {
  return (await fs.list(directory)).filter((name) => NAME.test(name) && !name.endsWith(".tmp"));
}

function* recordsIn(bytes: Uint8Array): Generator<[version: number, delta: Uint8Array]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let last = -1;
  for (let at = 0; at + HEADER_BYTES <= bytes.length && view.getUint32(at, true) === MAGIC; ) {
    const from = at + HEADER_BYTES;
    const to = from + view.getUint32(at + 4, true);
    const version = view.getFloat64(at + 8, true);
    if (to > bytes.length || !(version > last)) return;
    yield [version, bytes.subarray(from, to)];
    last = version;
    at = to;
  }
}

function putRecord(record: Uint8Array, version: number, delta: Uint8Array): Uint8Array {
  const view = new DataView(record.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, delta.length, true);
  view.setFloat64(8, version, true);
  record.set(delta, HEADER_BYTES);
  return record;
}
