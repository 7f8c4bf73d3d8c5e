import { resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SluiceError } from "../../errors/error.ts";

/** How long a transaction of another process is waited for. */
const BUSY_MS = 10_000;

/** A connection whose commits are on the disk when they return, and which readers don't block. */
export function openDatabase(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: BUSY_MS });
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    return database;
  } catch (error) {
    throw new SluiceError("FAILED_READ_FILE", { path, reason: (error as Error).message }, { cause: error });
  }
}

const queues = new Map<string, Promise<unknown>>();

/**
 * Runs transactions on one file one after the other. SQLite would wait for the other one by blocking the process, and so
 * for ever, when both are in it.
 */
export function inTurn<T>(path: string, transaction: () => Promise<T>): Promise<T> {
  const key = resolve(path);
  const before = queues.get(key) ?? Promise.resolve();
  const mine = before.then(transaction, transaction);
  const settled = mine.catch(() => {});
  queues.set(key, settled);
  void settled.then(() => {
    if (queues.get(key) === settled) queues.delete(key);
  });
  return mine;
}
