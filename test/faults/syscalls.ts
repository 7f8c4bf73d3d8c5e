/**
 * A seam under everything that writes: Node's own functions for files, and SQLite's statements. What they do in one folder
 * is counted, and at a step of one's choice the "process" dies (nothing more reaches the disk), or the disk says no.
 */
import fs from "node:fs";
import promises, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync } from "node:sqlite";

export type Fault =
  /** From this step on nothing is done any more; the step itself is done by half. */
  | { readonly kind: "death"; readonly at: number }
  /** fsync number `at` fails with EIO; with `sticky` all after it too. */
  | { readonly kind: "fsync"; readonly at: number; readonly sticky: boolean }
  /** The disk takes this many bytes. */
  | { readonly kind: "space"; readonly bytes: number };

type Sink = (bytes: Uint8Array) => void;
type Functions = Record<string, (...args: unknown[]) => unknown>;

export class Syscalls {
  steps = 0;
  fsyncs = 0;
  /** True once the fault has struck, and where. */
  struck = false;
  struckAt = "";
  /** What was done, in order: `write`, `fsync`, `open`, `renameSync`, … and the path; of a renaming also the new one. */
  readonly done: (readonly [what: string, path: string, to?: string])[] = [];
  private readonly folder: string;
  private readonly fault: Fault | undefined;
  private written = 0;
  private readonly descriptors = new Map<number, string>();
  private readonly undo: (() => void)[] = [];

  /** Counts, and breaks, what is done below `folder` until `remove` is called. */
  constructor(folder: string, fault?: Fault) {
    this.folder = folder;
    this.fault = fault;
    this.patchSync(fs as unknown as Functions);
    this.patchPromises(promises as unknown as Functions);
    this.patchSqlite();
    syncBuiltinESMExports();
  }

  remove(): void {
    for (const undo of this.undo.reverse()) undo();
    syncBuiltinESMExports();
  }

  private replace(target: Functions, name: string, make: (original: Functions[string]) => Functions[string]): void {
    const original = target[name];
    target[name] = make(original.bind(target));
    this.undo.push(() => {
      target[name] = original;
    });
  }

  private covers(path: unknown): path is string {
    return typeof path === "string" && path.startsWith(this.folder) && !path.endsWith(".sluice.lock");
  }

  /** One step; throws when it must not be done. `half` does a part of it. */
  private step(what: string, path: string, half?: () => void, to?: unknown): void {
    const { fault } = this;
    this.steps++;
    this.done.push(typeof to === "string" ? [what, path, to] : [what, path]);
    if (fault?.kind !== "death" || this.steps < fault.at) return;
    if (this.steps === fault.at) half?.();
    this.strike(path);
    throw failure("EDEAD", `${what} after death`, path);
  }

  private strike(path: string): void {
    if (!this.struck) this.struckAt = path;
    this.struck = true;
  }

  private sync(path: string): void {
    this.step("fsync", path);
    this.fsyncs++;
    const { fault } = this;
    if (fault?.kind !== "fsync" || this.fsyncs < fault.at || (this.fsyncs > fault.at && !fault.sticky)) return;
    this.strike(path);
    throw failure("EIO", "fsync", path);
  }

  private write(path: string, bytes: Uint8Array, put: Sink): void {
    this.step("write", path, () => put(bytes.subarray(0, bytes.length >> 1)));
    const { fault } = this;
    if (fault?.kind !== "space") return;
    const left = fault.bytes - this.written;
    this.written += bytes.length;
    if (left >= bytes.length) return;
    if (left > 0) put(bytes.subarray(0, left));
    this.strike(path);
    throw failure("ENOSPC", "write", path);
  }

  private patchSync(target: Functions): void {
    this.replace(target, "openSync", (open) => (path, ...rest) => {
      if (this.covers(path)) this.step("open", path);
      const fd = open(path, ...rest) as number;
      if (this.covers(path)) this.descriptors.set(fd, path);
      return fd;
    });
    this.replace(target, "closeSync", (close) => (fd) => {
      this.descriptors.delete(fd as number);
      return close(fd);
    });
    this.replace(target, "writeSync", (write) => (fd, ...rest) => {
      const path = this.descriptors.get(fd as number);
      const bytes = (typeof rest[0] === "string" ? Buffer.from(rest[0]) : rest[0]) as Uint8Array;
      if (path !== undefined) this.write(path, bytes, (part) => write(fd, part));
      return write(fd, ...rest);
    });
    this.replace(target, "writeFileSync", (write) => (path, data, ...rest) => {
      if (this.covers(path)) this.write(path, Buffer.from(data as string), (part) => write(path, part));
      return write(path, data, ...rest);
    });
    for (const name of ["fsync", "fdatasync"]) {
      this.replace(target, name, (fsync) => (fd, callback) => {
        const path = this.descriptors.get(fd as number);
        try {
          if (path !== undefined) this.sync(path);
        } catch (error) {
          return setImmediate(callback as (error: unknown) => void, error);
        }
        return fsync(fd, callback);
      });
    }
    for (const name of ["fsyncSync", "fdatasyncSync"]) {
      this.replace(target, name, (fsync) => (fd) => {
        const path = this.descriptors.get(fd as number);
        if (path !== undefined) this.sync(path);
        return fsync(fd);
      });
    }
    this.replace(target, "ftruncateSync", (truncate) => (fd, length) => {
      const path = this.descriptors.get(fd as number);
      if (path !== undefined) this.step("truncate", path);
      return truncate(fd, length);
    });
    for (const name of ["renameSync", "unlinkSync", "mkdirSync", "rmSync"]) {
      this.replace(target, name, (run) => (path, ...rest) => {
        if (this.covers(path)) this.step(name, path, undefined, rest[0]);
        return run(path, ...rest);
      });
    }
  }

  private patchPromises(target: Functions): void {
    this.replace(target, "open", (open) => async (path, ...rest) => {
      if (this.covers(path)) this.step("open", path);
      const handle = (await open(path, ...rest)) as FileHandle;
      if (this.covers(path)) this.patchHandle(handle as unknown as Functions, path, handle.fd);
      return handle;
    });
    for (const name of ["rename", "unlink", "mkdir", "rm"]) {
      this.replace(target, name, (run) => async (path, ...rest) => {
        if (this.covers(path)) this.step(name, path, undefined, rest[0]);
        return run(path, ...rest);
      });
    }
  }

  private patchHandle(handle: Functions, path: string, fd: number): void {
    const { writeSync } = fs;
    // Its descriptor can be used with the functions above as well.
    this.descriptors.set(fd, path);
    const close = handle["close"].bind(handle);
    handle["close"] = () => {
      this.descriptors.delete(fd);
      return close();
    };
    for (const name of ["writeFile", "write", "appendFile"]) {
      const write = handle[name].bind(handle);
      handle[name] = async (data, ...rest) => {
        this.write(path, Buffer.from(data as Uint8Array), (part) => writeSync(fd, part));
        return write(data, ...rest);
      };
    }
    for (const name of ["sync", "datasync"]) {
      const sync = handle[name].bind(handle);
      handle[name] = async () => {
        this.sync(path);
        return sync();
      };
    }
  }

  /** SQLite writes by itself; a transaction that is begun and not committed is one that a crash rolls back. */
  private patchSqlite(): void {
    this.replace(DatabaseSync.prototype as unknown as Functions, "exec", () => {
      const { step } = this;
      const self = this;
      const exec = originalExec;
      return function (this: DatabaseSync, sql: unknown) {
        if (sql !== "ROLLBACK" && this.location()?.startsWith(self.folder) && !this.location()?.endsWith(".lock")) {
          step.call(self, `SQL ${sql}`, String(this.location()));
        }
        return exec.call(this, sql as string);
      };
    });
  }
}

const originalExec = DatabaseSync.prototype.exec;

function failure(code: string, operation: string, path: string): Error {
  return Object.assign(new Error(`${code}: injected, ${operation} '${path}'`), { code, syscall: operation, path });
}
