/**
 * Whole, checked files. A file appears under its name only with all of its bytes on the disk: temporary name, fsync,
 * rename, fsync of the directory. Its checksum (formats/checksum.ts) is durable before the rename, so that a file under its
 * final name always has one.
 */
import { join } from "node:path";
import { SluiceError } from "../../errors/error.ts";
import { checkedName, mismatch, sidecarName, sidecarOf } from "../../formats/checksum.ts";
import type { CheckpointFileSystem } from "./file-system.ts";

const TEMPORARY = /^\..*\.tmp$/;
/** Old files that are kept to be written over, at most. */
const SPARES_MAX = 2;

/** Paths of a file and its checksum that are to be written over. */
interface Spare {
  readonly file: string;
  readonly sidecar: string;
}

export class CheckedFiles {
  readonly directory: string;
  private readonly fs: CheckpointFileSystem;
  /** False for temporary checkpoints, which nobody recovers from. */
  private readonly durable: boolean;
  private writes = 0;
  private readonly spares: Spare[] = [];

  constructor(directory: string, fs: CheckpointFileSystem, durable: boolean) {
    this.directory = directory;
    this.fs = fs;
    this.durable = durable;
  }

  makeDirectory(): Promise<void> {
    return this.attempt("create", this.directory, () => this.fs.makeDirectory(this.directory));
  }

  /** Makes the directory and removes what a crash left half-written or half-removed. Only for the checkpoint's one writer. */
  async prepare(): Promise<void> {
    await this.makeDirectory();
    const names = new Set(await this.fs.list(this.directory));
    for (const name of names) {
      const checked = checkedName(name);
      const isAlone = checked !== undefined && !names.has(checked);
      if (isAlone || TEMPORARY.test(name)) await this.fs.remove(join(this.directory, name));
    }
  }

  /** Names of the files here, without checksums and temporary files. */
  async list(): Promise<string[]> {
    const names = await this.attempt("list", this.directory, () => this.fs.list(this.directory));
    return names.filter((n) => !n.startsWith("."));
  }

  /**
   * The file's text; undefined when there is no such file.
   * @throws CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED when it isn't what was written.
   */
  async read(name: string): Promise<string | undefined> {
    const path = join(this.directory, name);
    const bytes = await this.attempt("read", path, () => this.fs.read(path));
    if (bytes === undefined) return undefined;
    const sidecar = await this.attempt("read", path, () => this.fs.read(join(this.directory, sidecarName(name))));
    if (sidecar === undefined) throw damaged(path, "its checksum file is missing");
    const reason = mismatch(bytes, sidecar);
    if (reason !== undefined) throw damaged(path, reason);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  }

  /** Writes a file that isn't there yet (or again with the same text: a crash between its two parts must not matter). */
  async create(name: string, text: string): Promise<void> {
    const path = join(this.directory, name);
    const sidecar = join(this.directory, sidecarName(name));
    const bytes = Buffer.from(text, "utf8");
    await this.attempt("write", path, async () => {
      const from = this.spares.pop() ?? { file: this.temporary(name), sidecar };
      await Promise.all([
        this.fs.write(from.sidecar, sidecarOf(bytes), this.durable),
        this.fs.write(from.file, bytes, this.durable),
      ]);
      if (from.sidecar !== sidecar) await this.fs.rename(from.sidecar, sidecar);
      await this.fs.rename(from.file, path);
      if (this.durable) await this.fs.syncDirectory(this.directory);
    });
  }

  private temporary(name: string): string {
    return join(this.directory, `.${name}.${process.pid}-${this.writes++}.tmp`);
  }

  /**
   * Takes a file out of the directory that nobody will read again, to be written over by a later `create`. Should the power
   * fail meanwhile, it may be back under its name with other bytes.
   */
  async retire(name: string): Promise<void> {
    if (this.spares.length >= SPARES_MAX) return this.remove(name);
    const path = join(this.directory, name);
    const spare = { file: this.temporary(name), sidecar: this.temporary(name) };
    await this.attempt("retire", path, async () => {
      await this.fs.rename(path, spare.file);
      await this.fs.rename(join(this.directory, sidecarName(name)), spare.sidecar).catch((error: unknown) => {
        // Files that other programs wrote, or copied, may be without.
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      });
    });
    this.spares.push(spare);
  }

  /** Removes what `retire` has kept. */
  async close(): Promise<void> {
    for (const { file, sidecar } of this.spares.splice(0)) {
      await this.fs.remove(file);
      await this.fs.remove(sidecar);
    }
  }

  /** Removes a file. Its checksum goes last, so that a file is never without. */
  async remove(name: string): Promise<void> {
    const path = join(this.directory, name);
    await this.attempt("remove", path, async () => {
      await this.fs.remove(path);
      await this.fs.remove(join(this.directory, sidecarName(name)));
    });
  }

  private async attempt<T>(operation: string, path: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw ioError(operation, path, error);
    }
  }
}

export function damaged(path: string, reason: string): SluiceError {
  return new SluiceError("CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED", { path, reason });
}

export function ioError(operation: string, path: string, cause: unknown): SluiceError {
  const error = cause as NodeJS.ErrnoException;
  const reason = error.code ? `${error.code} (${error.message})` : String(error.message ?? cause);
  return new SluiceError("CHECKPOINT_IO_ERROR", { operation, path, reason }, { cause });
}
