/**
 * A query's checkpoint, in Spark's layout:
 *
 * ```
 * metadata       {"id":"…"}: the query's id, the same over all restarts
 * offsets/N      where batch N ends in each source (written before it runs)
 * commits/N      batch N is in the sink
 * sources/K/…    what source K remembers
 * state/…        state stores
 * fingerprint    the parts of the plan that may not change (fingerprint.ts)
 * ```
 */
import { randomUUID } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SourceCheckpoint } from "../../connectors/contract.ts";
import { type CheckpointFileSystem, diskFileSystem } from "./file-system.ts";
import { CheckedFiles, damaged } from "./files.ts";
import { type CheckpointLock, lockCheckpoint } from "./lock.ts";
import { CommitLog, OffsetLog } from "./logs.ts";

export interface CheckpointRequest {
  /** Undefined for a temporary checkpoint, deleted when the query stops. */
  readonly location: string | undefined;
  /** False: nobody waits until files are on the disk. Default true; a temporary checkpoint never is. */
  readonly durable?: boolean;
  readonly fs?: CheckpointFileSystem;
  /** Batches that follow each other closely before the next ones go to a journal (journal.ts). */
  readonly journalAfter?: number;
}

export class Checkpoint {
  readonly location: string;
  readonly temporary: boolean;
  /** Files are on the disk when writing them has come to its end. */
  readonly durable: boolean;
  /** The query's id. */
  readonly queryId: string;
  readonly offsets: OffsetLog;
  readonly commits: CommitLog;
  readonly root: CheckedFiles;
  private readonly fs: CheckpointFileSystem;
  private readonly lock: CheckpointLock;

  private constructor(
    location: string,
    temporary: boolean,
    durable: boolean,
    queryId: string,
    root: CheckedFiles,
    fs: CheckpointFileSystem,
    lock: CheckpointLock,
    journalAfter: number,
  ) {
    this.location = location;
    this.temporary = temporary;
    this.durable = durable;
    this.queryId = queryId;
    this.root = root;
    this.fs = fs;
    this.lock = lock;
    this.offsets = new OffsetLog(join(location, "offsets"), fs, durable, journalAfter);
    this.commits = new CommitLog(join(location, "commits"), fs, durable);
  }

  /**
   * Opens or creates the checkpoint and becomes its only writer.
   * @throws CHECKPOINT_LOCKED, CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED, CHECKPOINT_IO_ERROR
   */
  static async open(request: CheckpointRequest): Promise<Checkpoint> {
    const fs = request.fs ?? diskFileSystem;
    const temporary = request.location === undefined;
    const durable = !temporary && request.durable !== false;
    const location = request.location ?? (await mkdtemp(join(tmpdir(), "sluice-checkpoint-")));
    const root = new CheckedFiles(location, fs, durable);
    await root.makeDirectory();
    const lock = lockCheckpoint(location);
    try {
      await root.prepare();
      const { journalAfter = Number.POSITIVE_INFINITY } = request;
      const id = await queryIdOf(root);
      const checkpoint = new Checkpoint(location, temporary, durable, id, root, fs, lock, journalAfter);
      await checkpoint.offsets.prepare();
      await checkpoint.commits.prepare();
      return checkpoint;
    } catch (error) {
      lock.release();
      if (temporary) await fs.removeTree(location);
      throw error;
    }
  }

  get stateDirectory(): string {
    return join(this.location, "state");
  }

  /** What source `ordinal` remembers, in `sources/<ordinal>`. A name is written once. */
  async source(ordinal: number): Promise<SourceCheckpoint> {
    const files = new CheckedFiles(join(this.location, "sources", String(ordinal)), this.fs, this.durable);
    await files.prepare();
    return {
      read: (name) => files.read(name),
      write: (name, text) => files.create(name, text),
      list: () => files.list(),
    };
  }

  async close(): Promise<void> {
    try {
      if (this.temporary) await this.fs.removeTree(this.location);
      else for (const log of [this.offsets, this.commits]) await log.close();
    } finally {
      this.lock.release();
    }
  }
}

async function queryIdOf(root: CheckedFiles): Promise<string> {
  const text = await root.read("metadata");
  if (text === undefined) {
    const id = randomUUID();
    await root.create("metadata", JSON.stringify({ id }));
    return id;
  }
  try {
    const { id } = JSON.parse(text) as { id?: unknown };
    if (typeof id === "string") return id;
  } catch {
    // falls through to the named error
  }
  throw damaged(join(root.directory, "metadata"), "it holds no query id");
}
