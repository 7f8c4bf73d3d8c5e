/**
 * `_spark_metadata`: which files a streaming query has committed, one log file a batch, in the form that Spark's file
 * source reads. Each tenth one (`9.compact`, `19.compact`, …) lists all files from the beginning.
 */
import { readdir, readFile, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SluiceError } from "../../errors/error.ts";
import { firstKept, firstNeeded, isCompact, logId, logName } from "./compact-log.ts";
import { hiddenName, publish, syncFolder, writeHidden } from "./durable.ts";

export const MANIFEST_FOLDER = "_spark_metadata";

export interface ManifestEntry {
  readonly path: string;
  readonly size: number;
  readonly isDir: boolean;
  readonly modificationTime: number;
  readonly blockReplication: number;
  readonly blockSize: number;
  readonly action: "add";
}

export function manifestEntry(path: string, size: number, modifiedMs: number): ManifestEntry {
  return {
    path: pathToFileURL(path).href,
    size,
    isDir: false,
    modificationTime: Math.floor(modifiedMs),
    blockReplication: 1,
    blockSize: 33_554_432,
    action: "add",
  };
}

/** The committed files under the folder's manifest; undefined when there is no manifest. */
export async function manifestFiles(folder: string): Promise<string[] | undefined> {
  const last = await lastBatch(folder);
  if (last === undefined) return undefined;
  return (await entriesUntil(folder, last)).map((entry) => fileURLToPath(entry.path));
}

/** The last batch in the manifest; undefined when there is none. */
export async function lastBatch(folder: string): Promise<number | undefined> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const ids = names.map(logId).filter((id) => id !== undefined);
  return ids.length === 0 ? undefined : Math.max(...ids);
}

/** Adds a batch's files. The batch is committed when the promise resolves. */
export async function commitManifest(folder: string, batchId: number, added: readonly ManifestEntry[]): Promise<void> {
  const compact = isCompact(batchId);
  const entries = compact && batchId > 0 ? [...(await entriesUntil(folder, batchId - 1)), ...added] : added;
  const path = join(folder, logName(batchId));
  await writeHidden(path, Buffer.from(["v1", ...entries.map((e) => JSON.stringify(e))].join("\n")));
  await publish(path);
  await syncFolder(folder);
  await syncFolder(dirname(folder));
  if (compact) await forget(folder, firstKept(batchId));
}

async function entriesUntil(folder: string, batchId: number): Promise<ManifestEntry[]> {
  const entries: ManifestEntry[] = [];
  for (let id = firstNeeded(batchId); id <= batchId; id++) entries.push(...(await readBatch(folder, id)));
  return entries;
}

async function readBatch(folder: string, batchId: number): Promise<ManifestEntry[]> {
  const path = join(folder, logName(batchId));
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    // A batch without rows has no file of its own where the sink was skipped.
    if (error.code === "ENOENT" && !isCompact(batchId)) return "v1";
    throw error;
  });
  const [version, ...lines] = text.split("\n");
  try {
    if (version !== "v1") throw new Error(`it begins with "${version.slice(0, 20)}" instead of v1`);
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as ManifestEntry);
  } catch (error) {
    throw new SluiceError("FAILED_READ_FILE", { path, reason: (error as Error).message }, { cause: error });
  }
}

/** Removes the logs that the compact one before the last made needless. */
async function forget(folder: string, before: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const id = logId(name);
    if (id !== undefined && id < before) await unlink(join(folder, name));
  }
}

/** Removes what a crash left of a batch that was being added. */
export async function cleanManifest(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) if (hiddenName(name.slice(1, -4)) === name) await unlink(join(folder, name));
}
