/**
 * A checkpoint's disk that loses its power. What was written without being durable may be gone or empty afterwards; of a
 * directory's changes since it was last synced only the first few remain, as many as chance says. Each step takes its time, so
 * that those that are under way together end in any order.
 */
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { CheckpointFileSystem, FileInPlace } from "../../src/embedded/checkpoint/file-system.ts";

/** Turns of the microtask queue that a step takes, at most. */
const TURNS_MAX = 400;
/** Of a slow disk, one in so many steps takes so long: longer than there is between batches that follow each other closely. */
const STALL = { oneIn: 60, ms: 120 };

interface Inode {
  bytes: Uint8Array;
  /** What is on the disk; undefined before anything is. */
  durable: Uint8Array | undefined;
}

/** One change of a directory: this name now stands for that file, or for none. */
interface Change {
  readonly path: string;
  readonly inode: Inode | undefined;
}

export class LosingDisk implements CheckpointFileSystem {
  /** Steps that were begun. */
  steps = 0;
  /** With which step the power goes. */
  readonly end: number;
  readonly #random: () => number;
  readonly #slowestMs: number;
  readonly #names: Map<string, Inode>;
  readonly #durableNames: Map<string, Inode>;
  #changes: Change[] = [];

  /** @param slowestMs of a step, besides the turns, where it doesn't stall; 0 for a disk that is quicker than a broker */
  constructor(random: () => number, end: number, files: ReadonlyMap<string, Uint8Array> = new Map(), slowestMs = 0) {
    this.#random = random;
    this.#slowestMs = slowestMs;
    this.end = end;
    this.#names = new Map([...files].map(([path, bytes]) => [path, { bytes, durable: bytes }]));
    this.#durableNames = new Map(this.#names);
  }

  get isOff(): boolean {
    return this.steps >= this.end;
  }

  /** What is there when the power is back. */
  survivors(): Map<string, Uint8Array> {
    const names = new Map(this.#durableNames);
    const cut = new Map<string, number>();
    const seen = new Map<string, number>();
    for (const { path, inode } of this.#changes) {
      const directory = dirname(path);
      const total = this.#changes.filter((c) => dirname(c.path) === directory).length;
      if (!cut.has(directory)) cut.set(directory, Math.floor(this.#random() * (total + 1)));
      const at = seen.get(directory) ?? 0;
      seen.set(directory, at + 1);
      if (at < (cut.get(directory) as number)) put(names, path, inode);
    }
    // A file that was never durable is there by name with nothing in it.
    return new Map([...names].map(([path, { durable }]) => [path, durable ?? new Uint8Array(0)]));
  }

  async #step(): Promise<void> {
    this.steps++;
    if (this.isOff) throw new Error("the power is gone");
    for (let turns = Math.floor(this.#random() ** 4 * TURNS_MAX); turns > 0; turns--) await undefined;
    if (this.#slowestMs === 0) return;
    await wait(this.#random() * STALL.oneIn < 1 ? STALL.ms : this.#random() ** 2 * this.#slowestMs);
  }

  #change(path: string, inode: Inode | undefined): void {
    put(this.#names, path, inode);
    this.#changes.push({ path, inode });
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    await this.#step();
    return this.#names.get(path)?.bytes.slice();
  }

  async write(path: string, bytes: Uint8Array, durable: boolean): Promise<void> {
    await this.#step();
    let inode = this.#names.get(path);
    if (inode === undefined) {
      inode = { bytes: new Uint8Array(0), durable: undefined };
      this.#change(path, inode);
    }
    inode.bytes = new Uint8Array(bytes);
    await this.#step();
    if (durable) inode.durable = inode.bytes;
  }

  /** What is written over in place and isn't durable may be there in part. */
  async openInPlace(path: string, size: number, durable: boolean): Promise<FileInPlace> {
    await this.write(path, new Uint8Array(size), durable);
    const inode = this.#names.get(path) as Inode;
    return {
      write: async (at, bytes, durable) => {
        await this.#step();
        const whole = inode.bytes.slice();
        whole.set(bytes, at);
        inode.bytes = whole;
        const torn = inode.durable?.slice();
        torn?.set(bytes.subarray(0, Math.floor(this.#random() * (bytes.length + 1))), at);
        inode.durable = torn;
        await this.#step();
        if (durable) inode.durable = whole;
      },
      close: async () => {},
    };
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#step();
    const inode = this.#names.get(from);
    if (inode === undefined) throw Object.assign(new Error(`${from} is not there`), { code: "ENOENT" });
    this.#change(from, undefined);
    this.#change(to, inode);
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#step();
    for (const c of this.#changes) if (dirname(c.path) === path) put(this.#durableNames, c.path, c.inode);
    this.#changes = this.#changes.filter((c) => dirname(c.path) !== path);
  }

  async remove(path: string): Promise<void> {
    await this.#step();
    if (this.#names.has(path)) this.#change(path, undefined);
  }

  async removeTree(path: string): Promise<void> {
    for (const name of [...this.#names.keys()]) if (name.startsWith(`${path}/`)) await this.remove(name);
  }

  async makeDirectory(): Promise<void> {}

  async list(path: string): Promise<string[]> {
    await this.#step();
    return [...this.#names.keys()].filter((name) => dirname(name) === path).map((name) => name.slice(path.length + 1));
  }
}

function put(names: Map<string, Inode>, path: string, inode: Inode | undefined): void {
  if (inode === undefined) names.delete(path);
  else names.set(path, inode);
}
