import { basename, dirname } from "node:path";
import type { CheckpointFileSystem, FileInPlace } from "../../src/embedded/checkpoint/file-system.ts";

/** A checkpoint's disk in memory. A copy costs next to nothing, since files are never changed in place. */
export class MemoryDisk implements CheckpointFileSystem {
  readonly files: Map<string, Uint8Array>;

  constructor(files: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.files = new Map(files);
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.files.get(path)?.slice();
  }
  async write(path: string, bytes: Uint8Array): Promise<void> {
    this.files.set(path, new Uint8Array(bytes)); // slice() of a Buffer doesn't copy
  }
  async openInPlace(path: string, size: number): Promise<FileInPlace> {
    this.files.set(path, new Uint8Array(size));
    return {
      write: async (at, bytes) => {
        const next = this.files.get(path)?.slice();
        next?.set(bytes, at);
        if (next !== undefined) this.files.set(path, next);
      },
      close: async () => {},
    };
  }
  async rename(from: string, to: string): Promise<void> {
    const bytes = this.files.get(from);
    if (bytes === undefined) throw Object.assign(new Error(`${from} is not there`), { code: "ENOENT" });
    this.files.delete(from);
    this.files.set(to, bytes);
  }
  async syncDirectory(): Promise<void> {}
  async remove(path: string): Promise<void> {
    this.files.delete(path);
  }
  async removeTree(path: string): Promise<void> {
    for (const name of this.files.keys()) if (name === path || name.startsWith(`${path}/`)) this.files.delete(name);
  }
  async makeDirectory(): Promise<void> {}
  async list(path: string): Promise<string[]> {
    return [...this.files.keys()].filter((name) => dirname(name) === path).map((name) => basename(name));
  }
}

/** Bytes as a write that a crash cut short leaves them: each length of what changed, from none of it to all but its last byte. */
export function* tornBetween(before: Uint8Array, after: Uint8Array): Generator<Uint8Array> {
  const from = after.findIndex((byte, i) => byte !== before[i]);
  const to = after.findLastIndex((byte, i) => byte !== before[i]);
  for (let cut = from; cut <= to; cut++) {
    const torn = before.slice();
    torn.set(after.subarray(from, cut), from);
    yield torn;
  }
}
