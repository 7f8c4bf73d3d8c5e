/**
 * State on disk: `<version>.delta` holds what one batch changed, `<version>.snapshot` everything. The deltas of batches in quick
 * succession stand together in other files (delta-log.ts). All have the same form:
 *
 * ```
 * "SLST" u8 form | header (JSON text) | slots | columns, one block each | removed slots | crc32
 * ```
 *
 * Rows go by slot number (slots.ts), so that a delta needs no keys to be found. A file is written whole: temporary name,
 * fsync, rename. The checksum is of all before it and of the file's place (`0/0/left/7.delta`), so that a file that stands
 * where another one belongs, of an older version or of another table, is found to be damaged. Form 1 had no place in it.
 */
import { join, sep } from "node:path";
import { crc32 } from "node:zlib";
import type { Interner } from "../../columns/interner.ts";
import { SluiceError } from "../../errors/error.ts";
import { isLongLike } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import { WideRequired } from "../../types/values.ts";
import type { CheckpointFileSystem } from "../checkpoint/file-system.ts";
import { ioError } from "../checkpoint/files.ts";
import { ByteReader, ByteWriter, readValue, writeValue } from "./codec.ts";
import { DeltaLog, type LoggedDelta, readDeltaLogs } from "./delta-log.ts";
import type { SlotColumn, SlotTable } from "./slots.ts";

const MAGIC = 0x54534c53;
const FORM = 2;
const FORM_WITHOUT_PLACE = 1;

interface Header {
  readonly columns: readonly { readonly name: string; readonly type: string; readonly form: string }[];
}

/**
 * Bytes of these slots' rows and of the removed slots.
 *
 * @param w whose memory they stand in; what it held is overwritten
 */
export function encodeRows(
  table: SlotTable,
  slots: Int32Array,
  removed: Int32Array,
  w: ByteWriter = new ByteWriter(0),
): Uint8Array {
  w.length = 0;
  w.reserve(4096 + slots.length * bytesOfRow(table));
  w.u32(MAGIC);
  w.u8(FORM);
  w.blob(headerOf(table));
  w.blob(bytesOf(slots));
  for (const c of table.columns) encodeColumn(w, c, slots);
  w.blob(bytesOf(removed));
  w.u32(crc32(w.view));
  return w.view;
}

const headers = new WeakMap<SlotTable, Uint8Array>();

/** The text of a table's header; made once, since a table is written many times a second. */
function headerOf(table: SlotTable): Uint8Array {
  let bytes = headers.get(table);
  if (bytes === undefined) {
    const header: Header = {
      columns: table.columns.map((c) => ({ name: c.spec.name, type: JSON.stringify(c.spec.type), form: c.repr })),
    };
    bytes = Buffer.from(JSON.stringify(header));
    headers.set(table, bytes);
  }
  return bytes;
}

/** What a row takes, about: enough for most, so that the bytes are seldom moved. */
function bytesOfRow(table: SlotTable): number {
  const sizes = { f64: 8, i64: 8, i32: 4, bool: 1, code: 24, obj: 16 };
  return table.columns.reduce((n, c) => n + sizes[c.repr] + (c.nulls === null ? 0 : 1), 4);
}

function bytesOf(a: Int32Array | Float64Array | BigInt64Array): Uint8Array {
  return new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
}

function encodeColumn(w: ByteWriter, c: SlotColumn, slots: Int32Array): void {
  const n = slots.length;
  if (c.nulls === null) w.u8(0);
  else {
    w.u8(1);
    w.bytesAt(c.nulls, slots);
  }
  switch (c.repr) {
    case "f64": {
      const values = c.values as Float64Array;
      const out = w.blobOf(n * 8);
      for (let i = 0; i < n; i++) out.setFloat64(i * 8, values[slots[i]], true);
      return;
    }
    case "i64": {
      const values = c.values as BigInt64Array;
      const out = w.blobOf(n * 8);
      for (let i = 0; i < n; i++) out.setBigInt64(i * 8, values[slots[i]], true);
      return;
    }
    case "i32": {
      const values = c.values as Int32Array;
      const out = w.blobOf(n * 4);
      for (let i = 0; i < n; i++) out.setInt32(i * 4, values[slots[i]], true);
      return;
    }
    case "bool":
      w.bytesAt(c.values as Uint8Array, slots);
      return;
    case "code":
      encodeTexts(w, c, slots);
      return;
    case "obj":
      for (let i = 0; i < n; i++) writeValue(w, c.get(slots[i]), c.spec.type);
  }
}

/** Texts that are looked for at once, and where they stand. */
const STRIP = 256;
const from = new Int32Array(STRIP);
const to = new Int32Array(STRIP);

/**
 * The texts of many slots lie anywhere in memory, and each is waited for three times. A strip of them is touched ahead, step by
 * step, so that the waits are for many at once.
 */
function encodeTexts(w: ByteWriter, c: SlotColumn, slots: Int32Array): void {
  const { arena, starts } = c.interner as Interner;
  const codes = c.values as Int32Array;
  for (let at = 0; at < slots.length; at += STRIP) {
    const n = Math.min(STRIP, slots.length - at);
    for (let i = 0; i < n; i++) {
      const slot = slots[at + i];
      const code = c.nulls !== null && c.nulls[slot] === 1 ? -1 : codes[slot];
      from[i] = code < 0 ? 0 : starts[code];
      to[i] = code < 0 ? 0 : starts[code + 1];
    }
    w.touched ^= touch(arena, from, n);
    w.parts(arena, from, to, n);
  }
}

function touch(bytes: Uint8Array, places: Int32Array, n: number): number {
  let seen = 0;
  for (let i = 0; i < n; i++) seen ^= bytes[places[i]];
  return seen;
}

/** Makes the checksum of `encodeRows`'s bytes cover the file's place, too. */
function place(bytes: Uint8Array, where: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const at = bytes.length - 4;
  view.setUint32(at, crc32(where, view.getUint32(at, true)), true);
}

/** Takes a file's rows into the table. Throws with the file's name when it is damaged, misplaced or of another shape. */
export function decodeRows(table: SlotTable, bytes: Uint8Array, path: string, place = ""): void {
  const damaged = (reason: string, cause?: unknown) =>
    new SluiceError("CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED", { path, reason }, { cause });
  if (bytes.length < 16) throw damaged(`it has only ${bytes.length} bytes`);
  const stored = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 4, true);
  const r = new ByteReader(bytes.subarray(0, bytes.length - 4));
  const content = crc32(bytes.subarray(0, bytes.length - 4));
  const form = bytes[4];
  if ((form === FORM_WITHOUT_PLACE ? content : crc32(place, content)) !== stored) {
    throw damaged("its checksum does not match its content and its place");
  }
  if (r.u32() !== MAGIC || r.u8() > FORM) throw damaged("it is not a state file of a known form");
  const header = JSON.parse(r.text()) as Header;
  checkShape(table, header, path);
  try {
    const slots = ints(r.blob());
    for (const slot of slots) table.restore(slot);
    header.columns.forEach((h, k) => {
      decodeColumn(r, table.columns[k], h.form, slots, table.wide);
    });
    for (const slot of ints(r.blob())) table.drop(slot);
  } catch (error) {
    if (error instanceof RangeError) throw damaged(error.message, error);
    throw error;
  }
}

function checkShape(table: SlotTable, header: Header, path: string): void {
  const now = table.columns.map((c) => `${c.spec.name} ${JSON.stringify(c.spec.type)}`);
  const then = header.columns.map((c) => `${c.name} ${c.type}`);
  const at = now.findIndex((c, k) => c !== then[k]);
  if (at < 0 && now.length === then.length) return;
  throw new SluiceError("STATE_STORE_SCHEMA_NOT_COMPATIBLE", {
    path,
    stored: then.join(", "),
    current: now.join(", "),
  });
}

function ints(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.slice().buffer);
}

function decodeColumn(r: ByteReader, c: SlotColumn, form: string, slots: Int32Array, wide: boolean): void {
  const n = slots.length;
  if (r.u8() === 1) {
    const nulls = r.raw(n);
    if (c.nulls !== null) for (let i = 0; i < n; i++) c.nulls[slots[i]] = nulls[i];
  }
  const isNull = (i: number) => c.nulls !== null && c.nulls[slots[i]] === 1;
  switch (form) {
    case "f64": {
      const from = new Float64Array(r.blob().slice().buffer);
      if (c.repr === "f64") for (let i = 0; i < n; i++) (c.values as Float64Array)[slots[i]] = from[i];
      else for (let i = 0; i < n; i++) if (!isNull(i)) c.set(slots[i], BigInt(from[i]));
      return;
    }
    case "i64": {
      const from = new BigInt64Array(r.blob().slice().buffer);
      if (c.repr !== "i64") throw new WideRequired();
      for (let i = 0; i < n; i++) (c.values as BigInt64Array)[slots[i]] = from[i];
      return;
    }
    case "i32": {
      const from = ints(r.blob());
      for (let i = 0; i < n; i++) (c.values as Int32Array)[slots[i]] = from[i];
      return;
    }
    case "bool": {
      const from = r.raw(n);
      for (let i = 0; i < n; i++) (c.values as Uint8Array)[slots[i]] = from[i];
      return;
    }
    case "code":
      for (let i = 0; i < n; i++) {
        const b = r.blob();
        (c.values as Int32Array)[slots[i]] = isNull(i) ? 0 : (c.interner as Interner).code(b, 0, b.length);
      }
      return;
    default:
      for (let i = 0; i < n; i++) {
        const value: Value = readValue(r, c.spec.type, isLongLike(c.spec.type) ? c.repr !== "f64" : wide);
        if (c.repr === "obj") (c.values as Value[])[slots[i]] = value;
        else if (value !== null) c.set(slots[i], value);
      }
  }
}

/** The files of one table. */
export class StateFiles {
  readonly directory: string;
  readonly #fs: CheckpointFileSystem;
  /** False for temporary checkpoints, which nobody recovers from: no fsync. */
  readonly #durable: boolean;
  readonly #log: DeltaLog;
  #writes = 0;

  constructor(directory: string, fs: CheckpointFileSystem, durable: boolean) {
    this.directory = directory;
    this.#fs = fs;
    this.#durable = durable;
    this.#log = new DeltaLog(directory, fs, durable);
  }

  async prepare(): Promise<void> {
    await this.#fs.makeDirectory(this.directory);
    for (const name of await this.#fs.list(this.directory)) {
      if (name.endsWith(".tmp")) await this.#fs.remove(join(this.directory, name));
    }
  }

  /** Removes versions after this one: of batches that didn't come to their end, and that may come out differently now. */
  async forgetAfter(version: number): Promise<void> {
    for (const name of await this.#fs.list(this.directory)) {
      if (Number.parseInt(name, 10) > version) await this.#fs.remove(join(this.directory, name));
    }
    await this.#log.takeOver(version);
  }

  /**
   * @param bytes from `encodeRows`, which are this file's until the promise resolves
   * @param isOften the deltas come so quickly that they go together; one at a time
   */
  async write(version: number, kind: "delta" | "snapshot", bytes: Uint8Array, isOften = false): Promise<void> {
    const path = join(this.directory, `${version}.${kind}`);
    const temporary = join(this.directory, `.${version}.${kind}.${process.pid}-${this.#writes++}.tmp`);
    place(bytes, this.#place(`${version}.${kind}`));
    if (isOften && kind === "delta" && DeltaLog.takes(bytes)) return this.#log.append(version, bytes);
    try {
      await this.#fs.write(temporary, bytes, this.#durable);
      await this.#fs.rename(temporary, path);
      if (this.#durable) await this.#fs.syncDirectory(this.directory);
    } catch (error) {
      throw ioError("write", path, error);
    }
  }

  /**
   * Loads the table as of `version`: the newest usable snapshot at or before it, then the deltas up to it. A damaged
   * snapshot is passed over when the deltas from an older one are all there. Resolves to the number of deltas since the
   * newest snapshot, so that queries that are started for a batch or two at a time make one too.
   * @throws CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED, STATE_STORE_VERSION_MISSING
   */
  async load(table: SlotTable, version: number): Promise<number> {
    if (version === 0) return 0;
    const logged = await readDeltaLogs(this.#fs, this.directory);
    const names = new Set([...[...logged.keys()].map((v) => `${v}.delta`), ...(await this.#fs.list(this.directory))]);
    const snapshots = [...names]
      .filter((n) => /^\d+\.snapshot$/.test(n))
      .map((n) => Number.parseInt(n, 10))
      .filter((v) => v <= version)
      .sort((a, b) => b - a);
    let failure: unknown;
    for (const start of [...snapshots, 0]) {
      const missing = missingDelta(names, start, version);
      if (missing !== undefined) {
        failure ??= new SluiceError("STATE_STORE_VERSION_MISSING", {
          path: join(this.directory, `${missing}.delta`),
          version,
        });
        continue;
      }
      try {
        table.clear();
        if (start > 0) await this.#read(table, `${start}.snapshot`);
        for (let v = start + 1; v <= version; v++) await this.#read(table, `${v}.delta`, logged.get(v));
        table.rebuildFreeList();
        return version - start;
      } catch (error) {
        if (error instanceof WideRequired) throw error;
        failure ??= error;
      }
    }
    throw failure;
  }

  /** Removes versions that no recovery needs any more: everything before the newest snapshot at or before `oldest`. */
  async purge(oldest: number): Promise<void> {
    const names = await this.#fs.list(this.directory);
    const versions = names.map((n) => ({
      name: n,
      version: Number.parseInt(n, 10),
      snapshot: n.endsWith(".snapshot"),
    }));
    const base = Math.max(0, ...versions.filter((f) => f.snapshot && f.version <= oldest).map((f) => f.version));
    for (const f of versions) {
      if (Number.isNaN(f.version)) continue;
      if (f.snapshot ? f.version < base : f.version <= base) await this.#fs.remove(join(this.directory, f.name));
    }
    await this.#log.forget(base);
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  async #read(table: SlotTable, name: string, logged?: LoggedDelta): Promise<void> {
    const path = logged?.path ?? join(this.directory, name);
    const bytes = logged?.bytes ?? (await this.#fs.read(path));
    if (bytes === undefined) {
      throw new SluiceError("CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED", { path, reason: "it is missing" });
    }
    decodeRows(table, bytes, path, this.#place(name));
  }

  /** Where a file stands in the state folder: operator, partition, table, name. */
  #place(name: string): string {
    return [...this.directory.split(sep).slice(-3), name].join("/");
  }
}

function missingDelta(names: ReadonlySet<string>, start: number, version: number): number | undefined {
  for (let v = start + 1; v <= version; v++) if (!names.has(`${v}.delta`)) return v;
  return undefined;
}
