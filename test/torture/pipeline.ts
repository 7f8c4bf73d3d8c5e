/**
 * The program that is killed, stopped and cut off: `node pipeline.ts SETTINGS`, with the settings as JSON. It reads the
 * readings of input.ts from Kafka and runs up to three queries into one kind of sink:
 *
 * - `every`: a projection, a row for each record;
 * - `windows`: counts and sums by window and device, put out when the watermark closes a window;
 * - `distinct`: dropDuplicates, a row for each id.
 *
 * It says on stdout what happens, one JSON object a line (`Event`). It ends with code 0 when its queries have ended, and
 * with 3 after telling why one failed.
 */
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import type { DataFrame } from "../../src/api/dataframe.ts";
import type { SparkSession } from "../../src/api/session.ts";
import type { StreamingQuery } from "../../src/api/streaming-query.ts";
import { SluiceError } from "../../src/errors/error.ts";
import { expr } from "../../src/functions.ts";
import { testSession } from "../../src/testing/index.ts";
import { READING_SCHEMA, WATERMARK_DELAY, WINDOW_SECONDS } from "./input.ts";

export const QUERIES = ["every", "windows", "distinct"] as const;
export type QueryName = (typeof QUERIES)[number];

/** Where rows go: `target` gives each query's topic, table or folder. */
export interface SinkSettings {
  readonly format: "kafka" | "postgres" | "parquet";
  readonly target: Readonly<Record<QueryName, string>>;
  /** The same for all queries. */
  readonly options: Readonly<Record<string, string>>;
}

export interface Settings {
  readonly source: { readonly brokers: string; readonly topic: string };
  readonly sink: SinkSettings;
  readonly queries: readonly QueryName[];
  /** Checkpoints are kept below it. */
  readonly folder: string;
  /** Records in a batch, at most. */
  readonly batchRows: number;
  /** Ends when all that is there at its start has been processed. */
  readonly untilDone: boolean;
  /** Written into a header of each record that goes to Kafka. */
  readonly writer?: string;
}

/** What the program tells; `atMs` counts from the start of its process. */
export type Event =
  | { readonly kind: "loaded"; readonly atMs: number }
  | {
      readonly kind: "batch";
      readonly query: QueryName;
      readonly batchId: number;
      /** Records of the input up to the batch's end, from the beginning. */
      readonly position: number;
      readonly late: number;
      readonly atMs: number;
    }
  | { readonly kind: "failed"; readonly conditions: readonly string[]; readonly message: string };

const say = (event: Event): void => void process.stdout.write(`${JSON.stringify(event)}\n`);

/** What a query does with the readings, and the columns that come out. */
const QUERY: Readonly<Record<QueryName, { columns: readonly string[]; rows(readings: DataFrame): DataFrame }>> = {
  every: {
    columns: ["n", "id", "device", "doubled"],
    rows: (readings) => readings.selectExpr("n", "id", "device", "value * 2 AS doubled"),
  },
  windows: {
    columns: ["start", "device", "readings", "total"],
    rows: (readings) =>
      readings
        .withWatermark("time", WATERMARK_DELAY)
        .groupBy(expr(`window(time, '${WINDOW_SECONDS} seconds')`), expr("device"))
        .agg(expr("count(1) AS readings"), expr("sum(value) AS total"))
        .selectExpr("unix_seconds(window.start) AS start", "device", "readings", "total"),
  },
  distinct: {
    columns: ["id", "device", "value"],
    rows: (readings) =>
      readings
        .withWatermark("time", WATERMARK_DELAY)
        .dropDuplicates(["id", "time"])
        .selectExpr("id", "device", "value"),
  },
};

/** Kafka's records: a row's columns as text with commas between, by device. */
function recordsOf(rows: DataFrame, columns: readonly string[], writer: string | undefined): DataFrame {
  const headers = `array(named_struct('key', 'writer', 'value', CAST('${writer}' AS BINARY))) AS headers`;
  const record = ["device AS key", `concat_ws(',', ${columns.join(", ")}) AS value`];
  return rows.selectExpr(...record, ...(writer === undefined ? [] : [headers]));
}

function start(spark: SparkSession, name: QueryName, settings: Settings): Promise<StreamingQuery> {
  const { source, sink, folder, batchRows, untilDone, writer } = settings;
  const readings = spark.readStream
    .format("kafka")
    .options({
      "kafka.bootstrap.servers": source.brokers,
      subscribe: source.topic,
      startingOffsets: "earliest",
      maxOffsetsPerTrigger: batchRows,
    })
    .load()
    .selectExpr(`from_json(CAST(value AS STRING), '${READING_SCHEMA}') AS r`)
    .select("r.*");
  const { columns, rows } = QUERY[name];
  const out = sink.format === "kafka" ? recordsOf(rows(readings), columns, writer) : rows(readings);
  const target = sink.target[name];
  const place = { kafka: { topic: target }, postgres: { dbtable: target }, parquet: { path: target } }[sink.format];
  return out.writeStream
    .queryName(name)
    .format(sink.format)
    .options({ ...sink.options, ...place, checkpointLocation: join(folder, `checkpoint-${name}`) })
    .trigger(untilDone ? { availableNow: true } : { processingTime: "0 seconds" })
    .start();
}

function tellBatches(spark: SparkSession): void {
  spark.streams.addListener({
    onQueryProgress({ progress }) {
      const late = progress.stateOperators.reduce((sum, operator) => sum + operator.numRowsDroppedByWatermark, 0);
      const offsets = Object.values(progress.sources[0]?.endOffset as Record<string, Record<string, number>>);
      const position = offsets.flatMap((topic) => Object.values(topic)).reduce((sum, offset) => sum + offset, 0);
      const { batchId } = progress;
      say({ kind: "batch", query: progress.name as QueryName, batchId, position, late, atMs: performance.now() });
    },
  });
}

function tellFailure(error: unknown): void {
  const conditions: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof SluiceError) conditions.push(cause.condition);
  }
  say({ kind: "failed", conditions, message: error instanceof Error ? error.message : String(error) });
}

async function main(settings: Settings): Promise<void> {
  const log = (level: string) => (message: string) => process.stderr.write(`${level}: ${message}\n`);
  const spark = testSession({ log: { info() {}, warn: log("warn"), error: log("error") } });
  tellBatches(spark);
  flushCompileCache(); // a killed process wouldn't keep it
  say({ kind: "loaded", atMs: performance.now() });
  const queries = await Promise.all(settings.queries.map((name) => start(spark, name, settings)));
  await Promise.all(queries.map((query) => query.awaitTermination()));
  await spark.stop();
}

if (process.argv[1] === import.meta.filename) {
  main(JSON.parse(process.argv[2] ?? "{}") as Settings).catch((error: unknown) => {
    tellFailure(error);
    process.exit(3);
  });
}
