/** A log of one text file a batch, named by the batch's number; first line `v1`. Spark's HDFSMetadataLog. */
import { join } from "node:path";
import { SluiceError } from "../../errors/error.ts";
import type { CheckpointFileSystem } from "./file-system.ts";
import { CheckedFiles, damaged } from "./files.ts";

export class MetadataLog {
  private readonly files: CheckedFiles;
  /** Ascending; once listed it is kept, because nobody else writes here. */
  private known: number[] | undefined;

  constructor(directory: string, fs: CheckpointFileSystem, durable: boolean) {
    this.files = new CheckedFiles(directory, fs, durable);
  }

  get directory(): string {
    return this.files.directory;
  }

  prepare(): Promise<void> {
    return this.files.prepare();
  }

  /** Lines after the version; undefined when the batch isn't in the log. */
  async get(batchId: number): Promise<string[] | undefined> {
    const text = await this.files.read(String(batchId));
    if (text === undefined) return undefined;
    const [version, ...lines] = text.split("\n");
    if (version !== "v1") throw damaged(this.path(batchId), `it begins with "${version.slice(0, 20)}" instead of v1`);
    return lines;
  }

  async add(batchId: number, lines: readonly string[]): Promise<void> {
    await this.addText(batchId, this.textOf(lines));
  }

  protected textOf(lines: readonly string[]): string {
    return ["v1", ...lines].join("\n");
  }

  protected async addText(batchId: number, text: string): Promise<void> {
    await this.checkIsNew(batchId);
    await this.files.create(String(batchId), text);
    this.known?.push(batchId);
  }

  protected async checkIsNew(batchId: number): Promise<void> {
    const last = await this.latest();
    if (last === undefined || last < batchId) return;
    throw new SluiceError("CONCURRENT_STREAM_LOG_UPDATE", { batchId, path: this.directory });
  }

  /** Ascending. */
  async batchIds(): Promise<readonly number[]> {
    this.known ??= (await this.files.list())
      .filter((n) => /^\d+$/.test(n))
      .map(Number)
      .sort((a, b) => a - b);
    return this.known;
  }

  async latest(): Promise<number | undefined> {
    return (await this.batchIds()).at(-1);
  }

  /** Removes the batches below `batchId`, which no recovery reads. */
  async purgeBefore(batchId: number): Promise<void> {
    const ids = await this.batchIds();
    let old = 0;
    while (old < ids.length && ids[old] < batchId) await this.files.retire(String(ids[old++]));
    this.known?.splice(0, old);
  }

  close(): Promise<void> {
    return this.files.close();
  }

  path(batchId: number): string {
    return join(this.directory, String(batchId));
  }
}
