/**
 * `_spark_metadata`: which files a streaming query has committed, one log file a batch, in the form that Spark's file
 * source reads. Each tenth one (`9.compact`, `19.compact`, …) lists all files from the beginning. A file has its checksum
 * beside it, on the disk before it: what a damaged one leaves out would be taken for leftovers, and removed.
 */
import { readdir, readFile, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SluiceError } from "../../errors/error.ts";
import { checkedName, mismatch, sidecarName, sidecarOf } from "../../formats/checksum.ts";
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
  const ids = await idsIn(folder);
  return ids.length === 0 ? undefined : Math.max(...ids);
}

async function idsIn(folder: string): Promise<number[]> {
  const names = (await readdir(folder).catch(nothingIfAbsent)) ?? [];
  return names.map(logId).filter((id) => id !== undefined);
}

/** Adds a batch's files. The batch is committed when the promise resolves. */
export async function commitManifest(folder: string, batchId: number, added: readonly ManifestEntry[]): Promise<void> {
  const compact = isCompact(batchId);
  const entries = compact && batchId > 0 ? [...(await entriesUntil(folder, batchId - 1)), ...added] : added;
  const name = logName(batchId);
  const bytes = Buffer.from(["v1", ...entries.map((e) => JSON.stringify(e))].join("\n"));
  const paths = [join(folder, sidecarName(name)), join(folder, name)];
  await writeHidden(paths[0], sidecarOf(bytes));
  await writeHidden(paths[1], bytes);
  for (const path of paths) await publish(path);
  await syncFolder(folder);
  await syncFolder(dirname(folder));
  if (compact) await forget(folder, firstKept(batchId));
}

async function entriesUntil(folder: string, batchId: number): Promise<ManifestEntry[]> {
  const present = await idsIn(folder);
  // A query that came to this folder later than with its first batch has no files before.
  const first = Math.max(firstNeeded(batchId), Math.min(...present, batchId));
  const entries: ManifestEntry[] = [];
  for (let id = first; id <= batchId; id++) entries.push(...(await readBatch(folder, id)));
  return entries;
}

/** @throws FAILED_READ_FILE when the file isn't there or isn't what was written */
async function readBatch(folder: string, batchId: number): Promise<ManifestEntry[]> {
  const path = join(folder, logName(batchId));
  try {
    const bytes = await readFile(path);
    const sidecar = await readFile(join(folder, sidecarName(logName(batchId)))).catch(nothingIfAbsent);
    const damage = sidecar === undefined ? undefined : mismatch(bytes, sidecar);
    if (damage !== undefined) throw new Error(damage);
    const [version, ...lines] = bytes.toString("utf8").split("\n");
    if (version !== "v1") throw new Error(`it begins with "${version.slice(0, 20)}" instead of v1`);
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as ManifestEntry);
  } catch (error) {
    throw new SluiceError("FAILED_READ_FILE", { path, reason: (error as Error).message }, { cause: error });
  }
}

function nothingIfAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

/** Removes the logs that the compact one before the last made needless. */
async function forget(folder: string, before: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const id = logId(name);
    if (id === undefined || id >= before) continue;
    await unlink(join(folder, name));
    await unlink(join(folder, sidecarName(name))).catch(nothingIfAbsent);
  }
}

/** Removes what a crash left of a batch that was being added, or of an old log that was being removed. */
export async function cleanManifest(folder: string): Promise<void> {
  const names = new Set(await readdir(folder).catch(() => []));
  for (const name of names) {
    const checked = checkedName(name);
    const isAlone = checked !== undefined && !names.has(checked);
    if (isAlone || hiddenName(name.slice(1, -4)) === name) await unlink(join(folder, name));
  }
}
