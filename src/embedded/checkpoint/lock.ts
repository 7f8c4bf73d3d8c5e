/**
 * One live writer a checkpoint. The lock is the one that SQLite takes on an (empty) database file: the operating system
 * holds it for the process and drops it when the process dies, however it dies, so a leftover file locks nobody out; and
 * SQLite also tells apart two users in one process. A text file beside it says who holds the lock.
 */
import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SluiceError } from "../../errors/error.ts";
import { ioError } from "./files.ts";

// Must never be opened by anything else in this process: closing any handle on it would drop the lock.
const LOCK_FILE = ".sluice.lock";
const OWNER_FILE = ".sluice.owner";
const SQLITE_BUSY = 5;

export interface CheckpointLock {
  release(): void;
}

/** @throws CHECKPOINT_LOCKED when another query, here or in another process, has it. */
export function lockCheckpoint(directory: string): CheckpointLock {
  const path = realpathSync(directory);
  const database = openLock(join(path, LOCK_FILE));
  try {
    database.exec("BEGIN IMMEDIATE");
  } catch (error) {
    database.close();
    const { errcode } = error as { errcode?: number };
    if (errcode === SQLITE_BUSY) throw new SluiceError("CHECKPOINT_LOCKED", { path: directory, ...readOwner(path) });
    throw ioError("lock", directory, error);
  }
  try {
    writeFileSync(join(path, OWNER_FILE), JSON.stringify({ pid: process.pid, host: hostname() }));
  } catch (error) {
    database.close();
    throw ioError("lock", join(path, OWNER_FILE), error);
  }
  let held = true;
  return {
    release() {
      if (held) database.close();
      held = false;
    },
  };
}

function openLock(file: string): DatabaseSync {
  try {
    return new DatabaseSync(file, { timeout: 0 });
  } catch (error) {
    throw ioError("lock", file, error);
  }
}

function readOwner(path: string): { pid: string; host: string } {
  try {
    const owner = JSON.parse(readFileSync(join(path, OWNER_FILE), "utf8")) as { pid?: unknown; host?: unknown };
    return { pid: String(owner.pid ?? "?"), host: String(owner.host ?? "?") };
  } catch {
    return { pid: "?", host: "?" }; // the holder is just about to write it
  }
}
