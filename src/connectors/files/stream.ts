/**
 * Files as they appear. Which files a batch reads is written down in `sources/N/<log offset>`, in Spark's form, before
 * the batch: a restart reads the same files. A file must be complete when it gets its name.
 */
import type { Clock, Options, SourceCheckpoint, StreamSource } from "../contract.ts";
import { booleanOption, integerOption, invalidOption } from "../options.ts";
import { firstNeeded, isCompact, logId, logName } from "./compact-log.ts";
import { fileUrl, type ListedFile, type ListingOptions, listFiles, localPath } from "./listing.ts";
import type { FileTable } from "./source.ts";

/** How often a folder is looked at when nothing is new. */
const POLL_MS = 200;

export interface FileStreamRequest {
  readonly format: string;
  readonly paths: readonly string[];
  readonly listing: ListingOptions;
  readonly options: Options;
  readonly table: FileTable;
  readonly checkpoint: SourceCheckpoint;
  readonly clock: Clock;
}

interface LogEntry {
  readonly path: string;
  readonly timestamp: number;
  readonly batchId: number;
}

export async function openFileStream(request: FileStreamRequest): Promise<StreamSource> {
  const stream = new FileStream(request);
  await stream.load();
  return stream;
}

class FileStream implements StreamSource {
  readonly description: string;
  private readonly request: FileStreamRequest;
  private readonly filesMax: number;
  private readonly latestFirst: boolean;
  private readonly nameOnly: boolean;
  /** Files of each log offset, while the batch that reads them isn't committed. */
  private readonly logged = new Map<number, ListedFile[]>();
  /** Modification times of the files that were read, by what tells them apart. */
  private readonly seen = new Map<string, number>();
  private readonly maxAgeMs: number;
  /** Of all files that were read. */
  private newestMs = 0;
  private lastOffset = -1;
  /** With a frozen end: what is left to read. */
  private frozen: ListedFile[] | undefined;

  constructor(request: FileStreamRequest) {
    this.request = request;
    const { format, options, paths } = request;
    this.filesMax = integerOption(format, options, "maxFilesPerTrigger", Number.POSITIVE_INFINITY);
    this.latestFirst = booleanOption(format, options, "latestFirst", false);
    this.nameOnly = booleanOption(format, options, "fileNameOnly", false);
    this.maxAgeMs = ageMs(format, options.get("maxFileAge"));
    this.description = `FileStreamSource[${paths.map((p) => fileUrl(localPath(p))).join(", ")}]`;
  }

  /** What earlier runs have seen. */
  async load(): Promise<void> {
    const ids = (await this.request.checkpoint.list()).map(logId).filter((id) => id !== undefined);
    if (ids.length === 0) return;
    const last = Math.max(...ids);
    for (let id = firstNeeded(last); id <= last; id++) {
      const entries = await this.entriesOf(id);
      const files = entries.map((e): ListedFile => {
        return { path: localPath(e.path), size: 0, modifiedMs: e.timestamp, partition: new Map() };
      });
      for (const [batchId, some] of Map.groupBy(files, (_, i) => entries[i].batchId)) this.logged.set(batchId, some);
      this.remember(id, files);
    }
  }

  async initialOffset(): Promise<string> {
    return offsetText(-1);
  }

  async latestOffset(start: string, unlimited: boolean): Promise<string> {
    // Files that were logged, but whose batch never was.
    if (this.lastOffset > offsetOf(start)) return offsetText(this.lastOffset);
    const files = await this.newFiles();
    const taken = unlimited ? files : files.slice(0, this.filesMax);
    if (taken.length === 0) return start;
    const offset = this.lastOffset + 1;
    const entries = taken.map(
      (f): LogEntry => ({ path: fileUrl(f.path), timestamp: Math.floor(f.modifiedMs), batchId: offset }),
    );
    const all = isCompact(offset) ? [...(await this.entriesBefore(offset)), ...entries] : entries;
    await this.request.checkpoint.write(logName(offset), ["v1", ...all.map((e) => JSON.stringify(e))].join("\n"));
    this.logged.set(offset, taken);
    this.remember(offset, taken);
    return offsetText(offset);
  }

  private async entriesBefore(offset: number): Promise<LogEntry[]> {
    const entries: LogEntry[] = [];
    for (let id = firstNeeded(offset - 1); id < offset; id++) entries.push(...(await this.entriesOf(id)));
    // What is so old that it isn't looked at any more needn't be known.
    return entries.filter((e) => !this.isTooOld(e.timestamp));
  }

  private async entriesOf(id: number): Promise<LogEntry[]> {
    const text = (await this.request.checkpoint.read(logName(id))) ?? "v1";
    return text
      .split("\n")
      .slice(1)
      .map((line) => JSON.parse(line) as LogEntry);
  }

  async freeze(): Promise<void> {
    this.frozen = await this.newFiles();
  }

  async waitForData(_offset: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.request.clock.sleep(POLL_MS, signal);
      if (signal.aborted || (await this.newFiles()).length > 0) return;
    }
  }

  async *read(
    start: string,
    end: string,
    request: Parameters<StreamSource["read"]>[2],
  ): ReturnType<StreamSource["read"]> {
    for (let offset = offsetOf(start) + 1; offset <= offsetOf(end); offset++) {
      for (const file of await this.filesOf(offset)) yield* this.request.table.read(file, request);
    }
  }

  async commit(end: string): Promise<void> {
    for (const offset of this.logged.keys()) if (offset <= offsetOf(end)) this.logged.delete(offset);
  }

  newestOffset(): string {
    return offsetText(this.lastOffset);
  }

  metrics(): Readonly<Record<string, string>> {
    return {};
  }

  async stop(): Promise<void> {}

  private async newFiles(): Promise<ListedFile[]> {
    const { paths, listing } = this.request;
    const all = this.frozen ?? (await listFiles(paths, listing, true));
    const fresh = all.filter((f) => !this.seen.has(this.identity(f.path)) && !this.isTooOld(f.modifiedMs));
    const order = this.latestFirst ? -1 : 1;
    return fresh.sort((a, b) => order * (a.modifiedMs - b.modifiedMs || (a.path < b.path ? -1 : 1)));
  }

  /** The files again as they are listed now, for the values that their folders name. */
  private async filesOf(offset: number): Promise<ListedFile[]> {
    const files = this.logged.get(offset) ?? [];
    if (files.every((f) => f.size > 0)) return files;
    const { paths, listing } = this.request;
    const listed = new Map((await listFiles(paths, listing, true)).map((f) => [f.path, f]));
    return files.map((f) => listed.get(f.path) ?? f);
  }

  private remember(offset: number, files: ListedFile[]): void {
    for (const file of files) {
      this.seen.set(this.identity(file.path), file.modifiedMs);
      this.newestMs = Math.max(this.newestMs, file.modifiedMs);
    }
    for (const [identity, modifiedMs] of this.seen) if (this.isTooOld(modifiedMs)) this.seen.delete(identity);
    this.lastOffset = Math.max(this.lastOffset, offset);
  }

  /** Files so much older than the newest one are neither read nor remembered. With the newest first, all are. */
  private isTooOld(modifiedMs: number): boolean {
    return !this.latestFirst && modifiedMs < this.newestMs - this.maxAgeMs;
  }

  private identity(path: string): string {
    return this.nameOnly ? path.slice(path.lastIndexOf("/") + 1) : path;
  }
}

const AGE_UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function ageMs(format: string, text = "7d"): number {
  const match = /^(\d+)\s*(ms|s|m|h|d)$/.exec(text.trim());
  if (match === null) throw invalidOption(format, "maxFileAge", text, "write a number and ms, s, m, h or d, e.g. 7d");
  return Number(match[1]) * AGE_UNITS_MS[match[2]];
}

function offsetText(logOffset: number): string {
  return JSON.stringify({ logOffset });
}

function offsetOf(text: string): number {
  return (JSON.parse(text) as { logOffset: number }).logOffset;
}
