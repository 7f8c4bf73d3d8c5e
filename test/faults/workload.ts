/**
 * The run that the fault tests break: two queries over the same files, twelve batches each.
 *
 * - `totals`: counts and sums by device into SQLite, in update mode;
 * - `matches`: readings joined with alarms of the same device and time, as JSON files, in append mode.
 *
 * As a program, `node workload.ts FOLDER STATE`, it says "ready" once everything is loaded, runs when it gets a line
 * on its standard input, and ends with the queries.
 */
import { once } from "node:events";
import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { SparkSession } from "../../src/api/session.ts";
import type { StreamingQuery } from "../../src/api/streaming-query.ts";
import { manifestFiles } from "../../src/connectors/files/manifest.ts";
import type { CheckpointFileSystem } from "../../src/embedded/checkpoint/file-system.ts";
import { expr } from "../../src/functions.ts";
import { testSession } from "../../src/testing/index.ts";

export const BATCHES = 12;
const ROWS_A_FILE = 6;
const DEVICES = 4;

/** How state is kept: deltas alone, or with a snapshot every third batch and old versions removed. */
export type StateForm = "deltas" | "snapshots";
export const stateForms: readonly StateForm[] = ["deltas", "snapshots"];

export const queryNames = ["totals", "matches"] as const;
export type QueryName = (typeof queryNames)[number];

export const checkpointOf = (folder: string, query: QueryName): string => join(folder, `checkpoint-${query}`);

export function sessionFor(state: StateForm, fileSystem?: CheckpointFileSystem): SparkSession {
  const config: Record<string, string> =
    state === "deltas"
      ? { "spark.sql.streaming.stateStore.minDeltasForSnapshot": "1000" }
      : {
          "spark.sql.streaming.stateStore.minDeltasForSnapshot": "3",
          "spark.sql.streaming.minBatchesToRetain": "4",
          "sluice.checkpoint.journalAfterBatches": "3",
          "sluice.state.deltaBytesForSnapshot": "0",
        };
  return testSession({ config, ...(fileSystem && { fileSystem }) });
}

/** Writes the input of these batches: event time moves on by 5 seconds a batch. */
export async function writeInput(folder: string, from = 0, to = BATCHES): Promise<void> {
  for (const stream of ["readings", "alarms"]) {
    await mkdir(join(folder, stream), { recursive: true });
    for (let batch = from; batch < to; batch++) {
      const rows = Array.from({ length: ROWS_A_FILE }, (_, i) => {
        const id = batch * ROWS_A_FILE + i;
        const time = new Date((batch * 5 + (i % 5)) * 1000).toISOString();
        return JSON.stringify({ id, device: `d${(id * 7 + batch) % DEVICES}`, value: (id * 37) % 101, time });
      });
      const path = join(folder, stream, `${String(batch).padStart(4, "0")}.json`);
      await writeFile(path, rows.join("\n"));
      await utimes(path, 1_700_000_000 + batch, 1_700_000_000 + batch); // the order in which they are read
    }
  }
}

function stream(spark: SparkSession, folder: string, name: string) {
  return spark.readStream
    .schema("id INT, device STRING, value INT, time TIMESTAMP")
    .option("maxFilesPerTrigger", 1)
    .json(join(folder, name));
}

export function startQuery(spark: SparkSession, folder: string, name: QueryName): Promise<StreamingQuery> {
  const checkpointLocation = checkpointOf(folder, name);
  const readings = stream(spark, folder, "readings");
  if (name === "totals") {
    return readings
      .groupBy("device")
      .agg(expr("count(1) AS n"), expr("sum(value) AS total"), expr("max(id) AS last"))
      .writeStream.format("sqlite")
      .options({ dbtable: "totals", keyColumns: "device", checkpointLocation })
      .outputMode("update")
      .trigger({ availableNow: true })
      .start(join(folder, "out.db"));
  }
  const left = readings.withWatermark("time", "12 seconds").selectExpr("id AS r", "device", "time");
  const right = stream(spark, folder, "alarms")
    .withWatermark("time", "12 seconds")
    .selectExpr("id AS a", "device AS alarmDevice", "time AS alarmTime");
  return left
    .join(
      right,
      expr("device = alarmDevice AND alarmTime BETWEEN time - INTERVAL 4 SECONDS AND time + INTERVAL 4 SECONDS"),
    )
    .selectExpr("r", "a", "device")
    .writeStream.format("json")
    .option("checkpointLocation", checkpointLocation)
    .trigger({ availableNow: true })
    .start(join(folder, "out"));
}

export async function runQuery(spark: SparkSession, folder: string, name: QueryName): Promise<void> {
  await (await startQuery(spark, folder, name)).awaitTermination();
}

/** What a sink holds, as its readers see it: one text a row, sorted. Reading is by other means than the engine's. */
export async function rowsIn(folder: string, name: QueryName): Promise<string[]> {
  if (name === "totals") {
    const database = new DatabaseSync(join(folder, "out.db"));
    const rows = database.prepare("SELECT * FROM totals").all();
    database.close();
    return rows.map((r) => JSON.stringify(Object.values(r))).sort();
  }
  const texts = await Promise.all((await dataFiles(folder)).map((path) => readFile(path, "utf8")));
  return texts
    .flatMap((text) => text.split("\n"))
    .filter((line) => line !== "")
    .sort();
}

/** The files of rows, as a reader sees them that doesn't know the manifest. */
async function dataFiles(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, "out"));
  return names.filter((n) => n.endsWith(".json")).map((n) => join(folder, "out", n));
}

/** What a crash may have left: temporary files, checksums without their file, files that are in no manifest. */
export async function leftovers(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const top of [...queryNames.map((q) => checkpointOf(folder, q)), join(folder, "out")]) {
    const entries = await readdir(top, { withFileTypes: true, recursive: true });
    const paths = new Set(entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name)));
    for (const { name, parentPath } of entries) {
      const checked = /^\.(.+)\.crc$/.exec(name)?.[1];
      if (name.endsWith(".tmp") || (checked !== undefined && !paths.has(join(parentPath, checked)))) {
        found.push(join(parentPath, name));
      }
    }
  }
  const committed = new Set(await manifestFiles(join(folder, "out", "_spark_metadata")));
  found.push(...(await dataFiles(folder)).filter((path) => !committed.has(path)));
  return found;
}

if (process.argv[1] === import.meta.filename) {
  const [, , folder, state] = process.argv;
  const spark = sessionFor(state as StateForm);
  console.log("ready");
  await once(process.stdin, "data");
  await Promise.all(queryNames.map((name) => runQuery(spark, folder, name)));
  await spark.stop();
  process.exit(0);
}
