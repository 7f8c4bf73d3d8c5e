/** The two logs of a query in Spark's text forms: what a batch will read, and that it is done. */
import type { CheckpointFileSystem } from "./file-system.ts";
import { damaged } from "./files.ts";
import { Journal, type JournalEntry } from "./journal.ts";
import { MetadataLog } from "./metadata-log.ts";

/** `offsets/N`: written before the batch runs. */
export interface OffsetEntry {
  /** Milliseconds; 0 before any. State is evicted by it in this batch. */
  readonly batchWatermarkMs: number;
  /** Milliseconds: what current_timestamp() gives in this batch, also when it is run again. */
  readonly batchTimestampMs: number;
  /** Settings that the query keeps for its life. */
  readonly conf: Readonly<Record<string, string>>;
  /** Where the batch ends in each source. */
  readonly offsets: readonly (string | undefined)[];
}

/** `commits/N`: written when the batch is in the sink. */
export interface CommitEntry {
  readonly nextBatchWatermarkMs: number;
}

const NO_OFFSET = "-";
/** Batches that follow each other as closely as this are many. */
const CLOSE_MS = 100;

/**
 * When so many batches have followed each other closely, the next ones go to a journal, and to files of their own only by `file`:
 * the newest two, which is what a restart needs.
 */
export class OffsetLog extends MetadataLog {
  readonly #fs: CheckpointFileSystem;
  readonly #durable: boolean;
  readonly #journalAfter: number;
  #journal: Promise<Journal> | undefined;
  /** The newest two batches, as far as they have no file of their own. */
  #unfiled: { readonly batchId: number; readonly text: string }[] = [];
  /** Resolves when the newest of them is in the journal. */
  #journaled: Promise<void> = Promise.resolve();
  /** Files come one after the other, and none after one that couldn't be written. */
  #filing: Promise<void> = Promise.resolve();
  /** Batches that go to a file at once, and aren't there yet. */
  #unwritten = 0;
  #close = 0;
  #writtenAt = Number.NEGATIVE_INFINITY;

  /** @param journalAfter batches that follow each other closely before the journal is used */
  constructor(directory: string, fs: CheckpointFileSystem, durable: boolean, journalAfter: number) {
    super(directory, fs, durable);
    this.#fs = fs;
    this.#durable = durable;
    this.#journalAfter = journalAfter;
  }

  /** Also puts into files what a crash left in a journal. */
  override async prepare(): Promise<void> {
    await super.prepare();
    const filed = (await this.latest()) ?? -1;
    const entries = await Journal.read(this.#fs, this.directory);
    const newest = Math.max(filed, ...entries.keys());
    for (const batchId of [newest - 1, newest]) {
      const text = entries.get(batchId);
      if (batchId > filed && text !== undefined) await this.addText(batchId, text);
    }
    await Journal.removeAll(this.#fs, this.directory);
  }

  /** Whether batches follow each other so closely that they go to the journal. */
  get isJournaling(): boolean {
    // Not before the batch before has its file: the journal would have a batch alone.
    return this.#close >= this.#journalAfter && this.#unwritten === 0;
  }

  async entry(batchId: number): Promise<OffsetEntry | undefined> {
    const lines = await this.get(batchId);
    if (lines === undefined) return undefined;
    const [metadata, ...offsets] = lines;
    const parsed = parseObject(metadata ?? "", this.path(batchId));
    return {
      batchWatermarkMs: numberOf(parsed, "batchWatermarkMs", this.path(batchId)),
      batchTimestampMs: numberOf(parsed, "batchTimestampMs", this.path(batchId)),
      conf: (parsed["conf"] ?? {}) as Record<string, string>,
      offsets: offsets.map((line) => (line === NO_OFFSET ? undefined : line)),
    };
  }

  /**
   * The entry is durable when the promise resolves, or a later one is. While batches go to the journal the next one may be
   * written before: of those that wait for the disk together, only the newest two are kept.
   */
  write(batchId: number, entry: OffsetEntry): Promise<void> {
    const { batchWatermarkMs, batchTimestampMs, conf } = entry;
    const lines = [
      JSON.stringify({ batchWatermarkMs, batchTimestampMs, conf }),
      ...entry.offsets.map((offset) => offset ?? NO_OFFSET),
    ];
    return this.#write(batchId, this.textOf(lines));
  }

  async #write(batchId: number, text: string): Promise<void> {
    const now = performance.now();
    this.#close = now - this.#writtenAt < CLOSE_MS ? this.#close + 1 : 0;
    this.#writtenAt = now;
    const last = this.#unfiled.at(-1);
    const before = last?.batchId === batchId - 1 ? last.text : "";
    if (!this.isJournaling || !Journal.fits(text, before)) return this.#writeFile(batchId, text);
    this.#unfiled = [...this.#unfiled.slice(-1), { batchId, text }];
    this.#journaled = this.#writeToJournal({ number: batchId, text, before });
    return this.#journaled;
  }

  async #writeFile(batchId: number, text: string): Promise<void> {
    this.#unwritten++;
    await this.#inTurn(async () => {
      await this.#file();
      await this.addText(batchId, text);
    });
    this.#unwritten--;
  }

  async #writeToJournal(entry: JournalEntry): Promise<void> {
    await this.checkIsNew(entry.number);
    this.#journal ??= Journal.create(this.#fs, this.directory, this.#durable);
    const journal = await this.#journal;
    await journal.write(entry);
  }

  /** Gives the newest two batches files of their own. */
  file(): Promise<void> {
    return this.#inTurn(() => this.#file());
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#filing = this.#filing.then(work);
    this.#filing.catch(() => {}); // whoever asked meets it
    return this.#filing;
  }

  async #file(): Promise<void> {
    const unfiled = this.#unfiled;
    // Where the journal follows behind, a file alone would be newer than all there is, without the batch before it.
    await this.#journaled;
    for (const { batchId, text } of unfiled) {
      await this.addText(batchId, text);
      this.#unfiled = this.#unfiled.filter((entry) => entry.batchId > batchId);
    }
  }

  override async close(): Promise<void> {
    try {
      await this.file();
      await super.close();
    } finally {
      await (await this.#journal)?.close();
    }
    await (await this.#journal)?.remove();
  }
}

export class CommitLog extends MetadataLog {
  async entry(batchId: number): Promise<CommitEntry | undefined> {
    const lines = await this.get(batchId);
    if (lines === undefined) return undefined;
    const parsed = parseObject(lines[0] ?? "", this.path(batchId));
    return { nextBatchWatermarkMs: numberOf(parsed, "nextBatchWatermarkMs", this.path(batchId)) };
  }

  write(batchId: number, entry: CommitEntry): Promise<void> {
    return this.add(batchId, [JSON.stringify({ nextBatchWatermarkMs: entry.nextBatchWatermarkMs })]);
  }
}

function parseObject(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // falls through to the named error
  }
  throw damaged(path, "its second line is not a JSON object");
}

function numberOf(object: Record<string, unknown>, key: string, path: string): number {
  const value = object[key];
  if (typeof value !== "number") throw damaged(path, `it has no number ${key}`);
  return value;
}
