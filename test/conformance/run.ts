/** Runs one case in a session of either engine. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DataFrame, SparkSession, StreamingQueryProgress } from "../../src/index.ts";
import { SluiceError } from "../../src/index.ts";
import type { BatchCase, BatchCounters, Case, Input, Outcome, StreamCase } from "./case.ts";
import { cellText } from "./cells.ts";

/** Longest time of a streaming case; one that takes longer hangs. */
const CASE_MS_MAX = 30_000;
let lastQuery = 0;

export async function runCase(spark: SparkSession, test: Case): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-case-"));
  const settings = Object.entries(test.conf ?? {});
  for (const [name, text] of Object.entries(test.files ?? {})) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  try {
    const before = await Promise.all(settings.map(([key]) => spark.conf.get(key)));
    for (const [key, value] of settings) await spark.conf.set(key, value);
    try {
      const df = await test.program(inputOf(spark, test, folder));
      return test.kind === "batch" ? await batchOutcome(df, test) : await streamOutcome(spark, df, test);
    } finally {
      for (const [i, [key]] of settings.entries()) {
        const value = before[i] ?? null;
        await (value === null ? spark.conf.unset(key) : spark.conf.set(key, value));
      }
    }
  } catch (error) {
    return { error: conditionOf(error) };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

function inputOf(spark: SparkSession, test: Case, folder: string): Input {
  return {
    spark,
    path: (name) => join(folder, name),
    table(name) {
      const table = test.tables?.[name];
      if (table === undefined) throw new Error(`${test.name} has no table ${name}`);
      return spark.createDataFrame(table.rows, table.schema);
    },
    stream(name) {
      const stream = test.kind === "stream" ? test.streams[name] : undefined;
      if (stream === undefined) throw new Error(`${test.name} has no stream ${name}`);
      const path = join(folder, name);
      mkdirSync(path);
      stream.batches.forEach((lines, i) => {
        const file = join(path, `batch-${String(i).padStart(3, "0")}.json`);
        writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
        // Files are read in the order of their times.
        utimesSync(file, 1_700_000_000 + i * 10, 1_700_000_000 + i * 10);
      });
      return spark.readStream.schema(stream.schema).option("maxFilesPerTrigger", 1).json(path);
    },
  };
}

async function batchOutcome(df: DataFrame, { ordered }: BatchCase): Promise<Outcome> {
  const columns = await df.dtypes();
  const rows = (await df.collect()).map((row) => row.values().map(cellText));
  return { columns, rows: ordered ? rows : sorted(rows) };
}

async function streamOutcome(spark: SparkSession, df: DataFrame, { outputMode }: StreamCase): Promise<Outcome> {
  lastQuery += 1;
  const name = `conformance_${process.pid}_${lastQuery}`;
  const columns = await df.dtypes();
  const writer = df.writeStream.format("memory").queryName(name).outputMode(outputMode);
  const query = await writer.trigger({ availableNow: true }).start();
  try {
    if (!(await query.awaitTermination(CASE_MS_MAX))) throw new Error("the query did not end");
    const progress = (await query.recentProgress()).map(counters);
    const rows = (await spark.table(name).collect()).map((row) => row.values().map(cellText));
    return { columns, rows: sorted(rows), progress };
  } finally {
    await query.stop();
    await spark.catalog.dropTempView(name);
  }
}

function counters(progress: StreamingQueryProgress): BatchCounters {
  return {
    batchId: progress.batchId,
    numInputRows: progress.sources.reduce((sum, source) => sum + source.numInputRows, 0),
    watermark: progress.eventTime?.["watermark"],
    stateOperators: progress.stateOperators.map((operator) => ({
      operatorName: operator.operatorName,
      numRowsTotal: operator.numRowsTotal,
      numRowsUpdated: operator.numRowsUpdated,
      numRowsRemoved: operator.numRowsRemoved,
      numRowsDroppedByWatermark: operator.numRowsDroppedByWatermark,
    })),
  };
}

/** Rows in the order of their text: neither engine promises one. */
function sorted(rows: readonly unknown[]): unknown[] {
  const texts = rows.map((row) => JSON.stringify(row)).sort();
  return texts.map((text) => JSON.parse(text) as unknown);
}

/** The condition's name; of an error that wraps another one, the inner one's where it has one. */
export function conditionOf(error: unknown): string {
  if (!(error instanceof SluiceError)) throw error;
  if (error.condition === "STREAM_FAILED" && error.cause instanceof SluiceError) return conditionOf(error.cause);
  const { sparkCondition } = error as { sparkCondition?: string };
  return sparkCondition ?? error.condition;
}
