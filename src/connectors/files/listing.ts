/** Which files a path stands for: a file, a folder with all below it, or a pattern with `*`, `?`, `[…]`, `{a,b}`. */
import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SluiceError } from "../../errors/error.ts";
import { MANIFEST_FOLDER, manifestFiles } from "./manifest.ts";

export interface ListedFile {
  /** Absolute. */
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  /** Values of the folders `name=value` on the way, from the path that was asked for; null for Hive's null. */
  readonly partition: ReadonlyMap<string, string | null>;
}

export interface ListingOptions {
  readonly recursive: boolean;
  /** Only files whose name matches. */
  readonly nameFilter: RegExp | undefined;
}

const FILES_MAX = 1_000_000;
const HIVE_NULL = "__HIVE_DEFAULT_PARTITION__";

/** `file:` URLs and paths, absolute. */
export function localPath(path: string): string {
  if (path.startsWith("file://")) return fileURLToPath(path);
  return resolve(path.startsWith("file:") ? path.slice("file:".length) : path);
}

/** As Spark writes paths into its logs. */
export function fileUrl(path: string): string {
  return pathToFileURL(path).href;
}

/**
 * The files of all the paths, sorted by path. What begins with `_` or `.` is left out. A folder that a streaming query
 * writes is read by its manifest, so that only committed files count.
 *
 * @throws PATH_NOT_FOUND unless `mayBeAbsent`
 */
export async function listFiles(
  paths: readonly string[],
  options: ListingOptions,
  mayBeAbsent = false,
): Promise<ListedFile[]> {
  const found = new Map<string, ListedFile>();
  for (const path of paths) {
    const roots = isPattern(path) ? await expand(localPath(path)) : [localPath(path)];
    if (roots.length === 0 && !mayBeAbsent) throw new SluiceError("PATH_NOT_FOUND", { path });
    for (const root of roots) {
      for (const file of await filesUnder(root, path, options, mayBeAbsent)) found.set(file.path, file);
    }
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function filesUnder(root: string, asked: string, options: ListingOptions, mayBeAbsent: boolean) {
  const info = await stat(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw new SluiceError("FAILED_READ_FILE", { path: root, reason: error.message }, { cause: error });
  });
  if (info === undefined) {
    if (mayBeAbsent) return [];
    throw new SluiceError("PATH_NOT_FOUND", { path: asked });
  }
  if (info.isFile()) return [{ path: root, size: info.size, modifiedMs: info.mtimeMs, partition: new Map() }];
  const manifest = await manifestFiles(join(root, MANIFEST_FOLDER));
  const candidates = manifest ?? (await walk(root, options));
  const files: ListedFile[] = [];
  for (const path of candidates) {
    if (options.nameFilter !== undefined && !options.nameFilter.test(basename(path))) continue;
    const file = await stat(path).catch(() => undefined); // may be gone by now
    if (file?.isFile())
      files.push({ path, size: file.size, modifiedMs: file.mtimeMs, partition: partitionOf(root, path) });
  }
  return files;
}

async function walk(folder: string, options: ListingOptions): Promise<string[]> {
  const files: string[] = [];
  const pending = [folder];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of await readdir(at, { withFileTypes: true })) {
      if (isHidden(entry.name)) continue;
      const path = join(at, entry.name);
      if (entry.isDirectory()) {
        if (options.recursive || entry.name.includes("=")) pending.push(path);
      } else files.push(path);
    }
    if (files.length > FILES_MAX) {
      throw new SluiceError("FAILED_READ_FILE", { path: folder, reason: `it holds more than ${FILES_MAX} files` });
    }
  }
  return files;
}

function isHidden(name: string): boolean {
  return name.startsWith(".") || (name.startsWith("_") && !name.includes("="));
}

function partitionOf(root: string, path: string): ReadonlyMap<string, string | null> {
  const values = new Map<string, string | null>();
  for (const part of path.slice(root.length).split(sep).slice(0, -1)) {
    const at = part.indexOf("=");
    if (at <= 0) continue;
    const value = unescaped(part.slice(at + 1));
    values.set(unescaped(part.slice(0, at)), value === HIVE_NULL ? null : value);
  }
  return values;
}

/** Hive's escaping of folder names: `%` and two hexadecimal digits. */
function unescaped(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** The folder name of a partition value. */
export function partitionFolder(name: string, value: string | null): string {
  return `${escaped(name)}=${value === null || value === "" ? HIVE_NULL : escaped(value)}`;
}

function escaped(text: string): string {
  let out = "";
  for (const c of text) {
    const code = c.charCodeAt(0);
    const special = code < 0x20 || code === 0x7f || "\"#%'*/:=?\\{}[]^".includes(c);
    out += special ? `%${code.toString(16).toUpperCase().padStart(2, "0")}` : c;
  }
  return out;
}

function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}

/** The existing paths that match a pattern, folder by folder. */
async function expand(pattern: string): Promise<string[]> {
  let found = [pattern.startsWith(sep) ? sep : "."];
  for (const part of pattern.split(sep).filter((p) => p !== "")) {
    const next: string[] = [];
    const matcher = isPattern(part) ? globPart(part) : undefined;
    for (const folder of found) {
      if (matcher === undefined) next.push(join(folder, part));
      else next.push(...(await namesIn(folder)).filter((n) => matcher.test(n)).map((n) => join(folder, n)));
    }
    found = next;
  }
  const exists = await Promise.all(
    found.map((path) =>
      stat(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.filter((_, i) => exists[i]);
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => !isHidden(name)).sort();
}

/** One part of a pattern as a regular expression. */
export function globPart(pattern: string): RegExp {
  let source = "";
  let depth = 0;
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i];
    if (c === "*") source += "[^/]*";
    else if (c === "?") source += "[^/]";
    else if (c === "[") {
      const end = pattern.indexOf("]", i + 1);
      if (end < 0) source += "\\[";
      else {
        source += `[${pattern
          .slice(i + 1, end)
          .replace(/^!/, "^")
          .replaceAll("\\", "\\\\")}]`;
        i = end;
      }
    } else if (c === "{") {
      source += "(?:";
      depth++;
    } else if (c === "}" && depth > 0) {
      source += ")";
      depth--;
    } else if (c === "," && depth > 0) source += "|";
    else source += c.replace(/[.+^${}()|\\\]]/g, "\\$&");
  }
  return new RegExp(`^${source}${")".repeat(depth)}$`);
}
