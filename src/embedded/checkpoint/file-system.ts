import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsync,
  ftruncateSync,
  openSync,
  renameSync,
  writeSync,
} from "node:fs";
import { mkdir, open, readdir, readFile, rm, unlink } from "node:fs/promises";

/** A file of a fixed size that is open, and that is written over part by part. */
export interface FileInPlace {
  /** Writes over the bytes from `at` on; with `durable`, they have reached the disk when the promise resolves. */
  write(at: number, bytes: Uint8Array, durable: boolean): Promise<void>;
  close(): Promise<void>;
}

/** What a checkpoint asks of the disk: small enough that a test can fail, lose or reorder each step. */
export interface CheckpointFileSystem {
  /** Undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /**
   * Creates the file, or writes it anew; with `durable`, the bytes have reached the disk when the promise resolves. A file that
   * is there is written over, and is neither the old one nor the new one meanwhile.
   */
  write(path: string, bytes: Uint8Array, durable: boolean): Promise<void>;
  /** Creates a file of so many zero bytes; with `durable`, they have reached the disk when the promise resolves. */
  openInPlace(path: string, size: number, durable: boolean): Promise<FileInPlace>;
  rename(from: string, to: string): Promise<void>;
  /** Makes the directory's entries (created, renamed, removed files) durable. */
  syncDirectory(path: string): Promise<void>;
  /** Removes a file; nothing happens when there is none. */
  remove(path: string): Promise<void>;
  removeTree(path: string): Promise<void>;
  makeDirectory(path: string): Promise<void>;
  /** Names in the directory; empty when there is no such directory. */
  list(path: string): Promise<string[]>;
}

/** Up to here a file is written in one call that ends in the system's cache. */
const SMALL_BYTES = 64 << 10;

/**
 * The disk. What waits for the device (fsync, reading, large writes, freeing a file's blocks) goes through the thread pool.
 * Opening, writing and renaming small files ends in the system's cache after some ten microseconds, less than a trip through
 * the pool costs, and a batch does ten of them; so these are done at once.
 */
export const diskFileSystem: CheckpointFileSystem = {
  async read(path) {
    const bytes = await readFile(path).catch(absentAs(undefined));
    // A plain array, because slice() of a Buffer doesn't copy.
    return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  },
  async write(path, bytes, durable) {
    if (bytes.length <= SMALL_BYTES) return writeSmall(path, bytes, durable);
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o644);
    try {
      await file.writeFile(bytes);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
  },
  async openInPlace(path, size, durable) {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC, 0o644);
    try {
      await file.writeFile(new Uint8Array(size));
      if (durable) await file.sync();
    } catch (error) {
      await file.close();
      throw error;
    }
    return {
      async write(at, bytes, durable) {
        for (let done = 0; done < bytes.length; ) {
          done += writeSync(file.fd, bytes, done, bytes.length - done, at + done);
        }
        if (durable) await new Promise<void>((resolve, reject) => fdatasync(file.fd, settle(resolve, reject)));
      },
      close: () => file.close(),
    };
  },
  async rename(from, to) {
    renameSync(from, to);
  },
  async syncDirectory(path) {
    if (process.platform === "win32") return; // a directory can't be opened there
    const directory = openSync(path, constants.O_RDONLY);
    try {
      await new Promise<void>((resolve, reject) => fsync(directory, settle(resolve, reject)));
    } finally {
      closeSync(directory);
    }
  },
  async remove(path) {
    await unlink(path).catch(absentAs(undefined));
  },
  async removeTree(path) {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  },
  async makeDirectory(path) {
    await mkdir(path, { recursive: true });
  },
  async list(path) {
    return readdir(path).catch(absentAs<string[]>([]));
  },
};

async function writeSmall(path: string, bytes: Uint8Array, durable: boolean): Promise<void> {
  // Over the old bytes, where there are some: blocks that are in place already cost the disk less than new ones.
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o644);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    if (fstatSync(file).size > bytes.length) ftruncateSync(file, bytes.length);
    if (durable) await new Promise<void>((resolve, reject) => fdatasync(file, settle(resolve, reject)));
  } finally {
    closeSync(file);
  }
}

function settle(resolve: () => void, reject: (error: Error) => void): (error: Error | null) => void {
  return (error) => (error === null ? resolve() : reject(error));
}

function absentAs<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === "ENOENT") return value;
    throw error;
  };
}
