import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { freemem, totalmem } from "node:os";
import { join } from "node:path";
import type { GroupEvent } from "./groups/groups.ts";
import { DirectoryLock } from "./log/directory.ts";
import { DiskStorage, syncDirectory } from "./log/disk.ts";
import { Journal } from "./log/journal.ts";
import { type LogStorage, MemoryStorage } from "./log/storage.ts";
import type { TopicEvent } from "./topics/topics.ts";
import type { TransactionEvent } from "./transactions/transactions.ts";

export interface StoredEvents {
  topics: TopicEvent;
  groups: GroupEvent;
  transactions: TransactionEvent;
}

type Room = keyof StoredEvents;

/** Where the broker keeps what must outlive it. */
export interface Store {
  readonly clusterId: string;
  /** The directory's path, or `memory`. */
  readonly directory: string;
  /** Largest segment that makes sense here, whatever the topic says. */
  readonly segmentBytesMax: number;
  logStorage(topic: string, id: string, partition: number): LogStorage;
  /** Opens one room's journal. `snapshot` gives the events that lead to the present state, for compaction. */
  open<R extends Room>(room: R, snapshot: () => Iterable<StoredEvents[R]>): StoredEvents[R][];
  write<R extends Room>(room: R, event: StoredEvents[R]): void;
  /** Bytes of the device, or of memory: all, and those still free. */
  space(): { totalBytes: number; usableBytes: number };
  close(): void;
}

/** Forgets everything with the process. */
export class MemoryStore implements Store {
  readonly clusterId = newClusterId();
  readonly directory = "memory";
  // Memory comes free by whole segments, so they are small.
  readonly segmentBytesMax = 8 * 1024 * 1024;

  logStorage(): LogStorage {
    return new MemoryStorage();
  }

  open(): never[] {
    return [];
  }

  write(): void {}

  space() {
    return { totalBytes: totalmem(), usableBytes: freemem() };
  }

  close(): void {}
}

/**
 * Keeps everything in one directory: `lock`, `cluster.id`, a journal for topics, groups and transactions each, and
 * `logs/` with a directory for each partition.
 */
export class DiskStore implements Store {
  readonly clusterId: string;
  readonly directory: string;
  readonly segmentBytesMax = Number.POSITIVE_INFINITY;
  readonly #lock: DirectoryLock;
  readonly #journals = new Map<Room, Journal<unknown>>();
  readonly #used = new Set<string>();

  readonly #durable: boolean;

  /**
   * @param durable whether everything is on the device before it is answered
   * @throws SluiceError BROKER_DIRECTORY_LOCKED when another broker has the directory
   */
  constructor(directory: string, durable = false) {
    this.#durable = durable;
    this.#lock = new DirectoryLock(directory);
    this.directory = directory;
    fs.mkdirSync(join(directory, "logs"), { recursive: true });
    this.clusterId = this.#readClusterId();
  }

  #readClusterId(): string {
    const path = join(this.directory, "cluster.id");
    if (fs.existsSync(path)) return fs.readFileSync(path, "utf8").trim();
    const id = newClusterId();
    fs.writeFileSync(path, `${id}\n`);
    return id;
  }

  logStorage(topic: string, id: string, partition: number): LogStorage {
    // The topic's id keeps a new topic of the same name away from what an old one has left behind.
    const name = `${topic}-${partition}.${id.slice(0, 12)}`;
    this.#used.add(name);
    return new DiskStorage(join(this.directory, "logs", name), this.#durable);
  }

  open<R extends Room>(room: R, snapshot: () => Iterable<StoredEvents[R]>): StoredEvents[R][] {
    const journal = new Journal<StoredEvents[R]>(join(this.directory, `${room}.journal`), snapshot);
    this.#journals.set(room, journal as Journal<unknown>);
    if (this.#durable) syncDirectory(this.directory);
    return journal.read();
  }

  write<R extends Room>(room: R, event: StoredEvents[R]): void {
    const journal = this.#journals.get(room)!;
    journal.append(event);
    if (this.#durable) journal.sync();
  }

  space() {
    const { bsize, blocks, bavail } = fs.statfsSync(this.directory);
    return { totalBytes: blocks * bsize, usableBytes: bavail * bsize };
  }

  /** Removes the logs of topics that were deleted while the broker died. */
  removeOrphans(): void {
    const logs = join(this.directory, "logs");
    for (const name of fs.readdirSync(logs)) {
      if (!this.#used.has(name)) fs.rmSync(join(logs, name), { recursive: true, force: true });
    }
  }

  close(): void {
    for (const journal of this.#journals.values()) {
      journal.sync();
      journal.close();
    }
    this.#lock.release();
  }
}

function newClusterId(): string {
  return randomBytes(16).toString("base64url").slice(0, 22);
}
