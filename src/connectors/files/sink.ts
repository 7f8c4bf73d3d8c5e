/**
 * Files of rows. A stream's batch is committed by its entry in `_spark_metadata` (manifest.ts): readers that know it see
 * each batch once and whole. For those that don't, files get their names just before, and what a crash left between the
 * two is removed when the query starts again.
 */
import { randomUUID } from "node:crypto";
import { readdir, rm, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { takeRows } from "../../columns/ops.ts";
import { textOf } from "../../columns/text.ts";
import { type Batch, valueAt } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import { type StructType, struct } from "../../types/types.ts";
import type { Environment, Sink, SinkBatch, SinkProvider, SinkRequest } from "../contract.ts";
import { hiddenName, publish, syncFolder, writeHidden } from "./durable.ts";
import type { FileFormat, FileWriter } from "./format.ts";
import { localPath, partitionFolder } from "./listing.ts";
import { cleanManifest, commitManifest, lastBatch, MANIFEST_FOLDER, manifestEntry, manifestFiles } from "./manifest.ts";

/** A larger file is ended and another begun. */
const FILE_BYTES_MAX = 128 << 20;
const PARTITIONS_MAX = 10_000;

export function fileSink(format: FileFormat): SinkProvider {
  return {
    format: format.name,
    options: format.writeOptions,
    outputModes: ["append"],
    batch: true,
    create: async (request, environment) => openSink(format, request, environment),
  };
}

function openSink(format: FileFormat, request: SinkRequest, environment: Environment): Sink {
  if (request.path === undefined) {
    throw new SluiceError("MISSING_OPTION", { provider: format.name, option: "path", hint: "say where the files go." });
  }
  const target = new FileTarget(format, request, environment.timeZone, localPath(request.path));
  return request.streaming ? streamSink(target, request) : batchSink(target, request);
}

function streamSink(target: FileTarget, request: SinkRequest): Sink {
  const manifest = join(target.folder, MANIFEST_FOLDER);
  return {
    description: `FileSink[${request.path}]`,
    guarantee: "exactly-once",
    async open() {
      await cleanManifest(manifest);
      await removeOrphans(target.folder, new Set((await manifestFiles(manifest)) ?? []));
      return (await lastBatch(manifest)) ?? -1;
    },
    begin: async (batchId) =>
      target.batch(batchId, async (paths) => {
        const entries = await Promise.all(
          paths.map(async (path) => {
            const { size, mtimeMs } = await stat(path);
            return manifestEntry(path, size, mtimeMs);
          }),
        );
        await commitManifest(manifest, batchId, entries);
      }),
    async close() {},
  };
}

function batchSink(target: FileTarget, request: SinkRequest): Sink {
  let skip = false;
  let old: string[] = [];
  return {
    description: `Files[${request.path}]`,
    guarantee: "exactly-once",
    async open() {
      const present = (await readdir(target.folder).catch(() => [])).map((name) => join(target.folder, name));
      if (present.length > 0 && request.saveMode === "errorIfExists") {
        throw new SluiceError("PATH_ALREADY_EXISTS", { outputPath: target.folder });
      }
      skip = present.length > 0 && request.saveMode === "ignore";
      if (request.saveMode === "overwrite") old = present;
      return -1;
    },
    async begin(batchId) {
      if (skip) return { write() {}, commit: async () => undefined, async abort() {} };
      return target.batch(batchId, async (paths) => {
        const kept = new Set(
          paths.map((path) => join(target.folder, path.slice(target.folder.length + 1).split("/")[0])),
        );
        for (const path of old) {
          if (!kept.has(path)) await rm(path, { recursive: true, force: true });
          else await removeOthers(path, new Set(paths));
        }
        await writeHidden(join(target.folder, "_SUCCESS"), new Uint8Array(0));
        await publish(join(target.folder, "_SUCCESS"));
      });
    },
    async close() {},
  };
}

/** A folder of a partition that is overwritten: its old files. */
async function removeOthers(path: string, keep: ReadonlySet<string>): Promise<void> {
  if (keep.has(path)) return;
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && !keep.has(file) && !entry.name.startsWith(".")) await unlink(file);
  }
}

/** Files of ours that no batch has committed. */
async function removeOrphans(folder: string, committed: ReadonlySet<string>): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (path.includes(`/${MANIFEST_FOLDER}/`) || !entry.isFile()) continue;
    const ours = /^\.?part-\d{5}-b\d+-/.test(entry.name);
    if (ours && !committed.has(path)) await unlink(path);
  }
}

class FileTarget {
  readonly folder: string;
  private readonly format: FileFormat;
  private readonly request: SinkRequest;
  private readonly timeZone: string;
  /** Ordinals of the columns in the files, and of those in the folders' names. */
  private readonly dataColumns: readonly number[];
  private readonly partitionColumns: readonly number[];
  private readonly fileSchema: StructType;

  constructor(format: FileFormat, request: SinkRequest, timeZone: string, folder: string) {
    this.format = format;
    this.request = request;
    this.timeZone = timeZone;
    this.folder = folder;
    const { fields } = request.schema;
    this.partitionColumns = request.partitionBy.map((name) => ordinalOf(request.schema, name));
    this.dataColumns = fields.map((_, i) => i).filter((i) => !this.partitionColumns.includes(i));
    if (this.dataColumns.length === 0) throw new SluiceError("ALL_PARTITION_COLUMNS_NOT_ALLOWED");
    this.fileSchema = struct(...this.dataColumns.map((c) => fields[c]));
    this.newWriter(); // refuses types that the format can't hold
  }

  /** A batch whose files are on the disk and named when `commit` is called. */
  batch(batchId: number, commit: (paths: readonly string[]) => Promise<void>): SinkBatch {
    const writers = new Map<string, FileWriter>();
    const written: string[] = [];
    const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        if (error instanceof SluiceError) throw error;
        const reason = (error as Error).message;
        throw new SluiceError("SINK_FAILED", { batchId, sink: `files in ${this.folder}`, reason }, { cause: error });
      }
    };
    const end = async (subfolder: string, writer: FileWriter) => {
      const part = String(written.length).padStart(5, "0");
      const path = join(this.folder, subfolder, `part-${part}-b${batchId}-${randomUUID()}-c000${writer.extension}`);
      const bytes = writer.finish();
      written.push(path);
      await attempt(() => writeHidden(path, bytes));
    };
    let mayBeCommitted = false;
    return {
      write: async (batch) => {
        for (const { subfolder, rows } of this.split(batch)) {
          let writer = writers.get(subfolder);
          if (writer === undefined) {
            if (writers.size >= PARTITIONS_MAX) throw tooManyPartitions(this.request);
            writer = this.newWriter();
            writers.set(subfolder, writer);
          }
          writer.add({ rows: rows.rows, columns: this.dataColumns.map((c) => rows.columns[c]) });
          if (writer.size > FILE_BYTES_MAX) {
            writers.delete(subfolder);
            await end(subfolder, writer);
          }
        }
      },
      commit: async () => {
        for (const [subfolder, writer] of writers) await end(subfolder, writer);
        await attempt(async () => {
          for (const path of written) await publish(path);
          for (const folder of new Set(written.map(dirname))) await syncFolder(folder);
          mayBeCommitted = true;
          await commit(written);
        });
        return undefined;
      },
      abort: async () => {
        // The manifest may name them; if it doesn't, the next start removes them.
        if (mayBeCommitted) return;
        for (const path of written) await Promise.allSettled([unlink(hiddenName(path)), unlink(path)]);
      },
    };
  }

  private newWriter(): FileWriter {
    return this.format.writer(this.fileSchema, this.request.options, this.timeZone);
  }

  private *split(batch: Batch): Iterable<{ subfolder: string; rows: Batch }> {
    if (this.partitionColumns.length === 0) {
      yield { subfolder: "", rows: batch };
      return;
    }
    const parts = this.partitionColumns.map((c) => {
      const { name, type } = this.request.schema.fields[c];
      const text = textOf(type, { timeZone: this.timeZone, nullText: "" });
      return (row: number) => {
        const value = valueAt(batch.columns[c], row);
        return partitionFolder(name, value === null ? null : text(value));
      };
    });
    const groups = new Map<string, number[]>();
    for (let i = 0; i < batch.rows; i++) {
      const subfolder = parts.map((part) => part(i)).join("/");
      const group = groups.get(subfolder);
      if (group === undefined) groups.set(subfolder, [i]);
      else group.push(i);
    }
    for (const [subfolder, rows] of groups) {
      yield { subfolder, rows: takeRows(batch, Int32Array.from(rows), rows.length) };
    }
  }
}

function ordinalOf(schema: StructType, name: string): number {
  const at = schema.fields.findIndex((f) => f.name.toLowerCase() === name.toLowerCase());
  if (at >= 0) return at;
  throw new SluiceError("PARTITION_COLUMN_NOT_FOUND", {
    column: name,
    columns: schema.fields.map((f) => f.name).join(", "),
  });
}

function tooManyPartitions(request: SinkRequest): SluiceError {
  return new SluiceError("UNSUPPORTED_FEATURE", {
    feature: `more than ${PARTITIONS_MAX} partitions in one batch`,
    where: ` of ${basename(request.path ?? "")}`,
    hint: "Partition by a column with fewer values.",
  });
}
