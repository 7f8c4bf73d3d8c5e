import fs from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { SluiceError } from "../../errors/error.ts";

/** Directories that this process holds. */
const held = new Set<string>();

/** Holds a data directory for one broker until `release` is called or the process is gone. */
export class DirectoryLock {
  readonly #path: string;
  readonly #directory: string;

  /** @throws SluiceError BROKER_DIRECTORY_LOCKED when a living broker has the directory */
  constructor(directory: string) {
    fs.mkdirSync(directory, { recursive: true });
    this.#directory = fs.realpathSync(resolve(directory));
    this.#path = join(this.#directory, "lock");
    if (held.has(this.#directory)) throw locked(directory, String(process.pid));
    this.#acquire(directory);
    held.add(this.#directory);
  }

  #acquire(directory: string): void {
    const claim = JSON.stringify({ pid: process.pid, host: hostname(), started: startTimeOf(process.pid) });
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        fs.writeFileSync(this.#path, claim, { flag: "wx" });
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const owner = this.#owner();
      if (owner !== null && isAlive(owner)) throw locked(directory, String(owner.pid));
      // Its owner was killed. Renaming first lets only one of several newcomers remove it.
      const stale = `${this.#path}.${process.pid}.stale`;
      try {
        fs.renameSync(this.#path, stale);
        fs.rmSync(stale, { force: true });
      } catch {
        // Another newcomer was faster.
      }
    }
    throw locked(directory, "unknown");
  }

  #owner(): Owner | null {
    try {
      return JSON.parse(fs.readFileSync(this.#path, "utf8")) as Owner;
    } catch {
      return null;
    }
  }

  release(): void {
    held.delete(this.#directory);
    fs.rmSync(this.#path, { force: true });
  }
}

interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly started: string | null;
}

function locked(directory: string, pid: string): SluiceError {
  return new SluiceError("BROKER_DIRECTORY_LOCKED", { path: directory, pid });
}

function isAlive(owner: Owner): boolean {
  if (owner.host !== hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  // The number may belong to another process by now.
  return owner.started === null || startTimeOf(owner.pid) === owner.started;
}

/** When a process began, as Linux counts it; null where that can't be known. */
function startTimeOf(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
