/** Runs the examples' queries to the end of their input; the twin is scripts/pyspark/run.py. */

import { col, struct, to_json } from "../../src/functions.ts";
import type { DataFrame, SparkSession } from "../../src/index.ts";
import "./source-imports.ts";

export interface Surroundings {
  readonly spark: SparkSession;
  readonly bootstrapServers: string;
  readonly historyFolder: string;
  readonly checkpoint: string;
  readonly prefix: string;
}

/** Messages in a batch. Small, so that there are several batches. */
export const BATCH = 4;

/** Rows as JSON text, sorted, by example and output mode. */
export type Results = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

type Mode = "append" | "update" | "complete";

export async function runExamples(s: Surroundings): Promise<Results> {
  const { wordCounts } = await import("../../examples/word-count.ts");
  const { averageRatings } = await import("../../examples/movie-ratings.ts");
  const { dailyAverages } = await import("../../examples/history-and-live.ts");
  const stream = (topic: string) => kafkaStream(s, topic);
  const files = () => s.spark.readStream.schema(historySchema).option("maxFilesPerTrigger", 1).json(s.historyFolder);
  const words = (mode: Mode) => run(s, `words_${mode}`, wordCounts(stream("test")), mode);
  const ratings = (mode: Mode) => run(s, `ratings_${mode}`, averageRatings(stream("ratings")), mode);
  return {
    "word-count": { complete: await words("complete"), update: await words("update") },
    "movie-ratings": { append: await ratings("append"), update: await ratings("update") },
    "device-pipeline": { update: await runPipeline(s) },
    "history-and-live": {
      complete: await run(s, "daily_complete", dailyAverages(files(), stream("readings")), "complete"),
    },
  };
}

const historySchema = "device STRING, celsius DOUBLE, time TIMESTAMP";

function kafkaStream({ spark, bootstrapServers, prefix }: Surroundings, topic: string): DataFrame {
  return spark.readStream
    .format("kafka")
    .option("kafka.bootstrap.servers", bootstrapServers)
    .option("subscribe", prefix + topic)
    .option("startingOffsets", "earliest")
    .option("maxOffsetsPerTrigger", BATCH)
    .load();
}

async function run({ spark }: Surroundings, table: string, df: DataFrame, mode: Mode): Promise<string[]> {
  const writer = df.writeStream.format("memory").queryName(table).outputMode(mode);
  const query = await writer.trigger({ availableNow: true }).start();
  await query.awaitTermination();
  return rows(spark.table(table));
}

async function runPipeline(s: Surroundings): Promise<string[]> {
  const { deviceTable, devices, flaggedAverages } = await import("../../examples/device-pipeline.ts");
  const kafka = { "kafka.bootstrap.servers": s.bootstrapServers };
  const averages = flaggedAverages(kafkaStream(s, "readings"), s.spark.createDataFrame(devices, deviceTable));
  const query = await averages.writeStream
    .format("kafka")
    .options(kafka)
    .option("topic", `${s.prefix}averages`)
    .option("checkpointLocation", s.checkpoint)
    .outputMode("update")
    .trigger({ availableNow: true })
    .start();
  await query.awaitTermination();
  const written = s.spark.read.format("kafka").options(kafka).option("subscribe", `${s.prefix}averages`).load();
  return rows(written.select(col("key").cast("string"), col("value").cast("string")));
}

async function rows(df: DataFrame): Promise<string[]> {
  const texts = await df
    .select(to_json(struct("*"), { ignoreNullFields: false }).alias("row"))
    .collect<{ row: string }>();
  return texts.map(({ row }) => row).sort();
}
