/**
 * The demonstration's queries, in the words a user would write:
 *
 * readings → clean (Kafka) → averages (Kafka) → SQLite
 *                          → alerts (Kafka)
 */
import { join } from "node:path";
import { rollingZScore } from "../../detect/zscore.ts";
import type { Device } from "../../devices/fleet.ts";
import {
  avg,
  col,
  count,
  count_if,
  from_json,
  lit,
  max,
  min,
  round,
  struct,
  to_json,
  unix_millis,
  window,
} from "../../functions.ts";
import type { DataFrame, SparkSession, StreamingQuery } from "../../index.ts";
import { topics } from "./topics.ts";

export interface PipelineOptions {
  readonly spark: SparkSession;
  readonly bootstrapServers: string;
  /** Folder for checkpoints. */
  readonly checkpoints: string;
  readonly database: string;
  readonly devices: readonly Device[];
}

const readingSchema = "device STRING, ts TIMESTAMP, temperature DOUBLE, humidity DOUBLE, battery DOUBLE, status STRING";
const cleanSchema = `${readingSchema}, site STRING, model STRING, sent TIMESTAMP`;
const averageSchema =
  "site STRING, window_start TIMESTAMP, window_end TIMESTAMP, n BIGINT, average DOUBLE, low DOUBLE, high DOUBLE";
const alertSchema = "device STRING, site STRING, at TIMESTAMP, value DOUBLE, mean DOUBLE, z DOUBLE";

export const schemas = { clean: cleanSchema, averages: averageSchema, alerts: alertSchema };

/** Starts all queries; they run until the session stops. */
export async function startPipeline(options: PipelineOptions): Promise<StreamingQuery[]> {
  const { spark } = options;
  const readings = fromKafka(options, topics.readings)
    .select(from_json(col("value").cast("string"), readingSchema).alias("r"), col("timestamp").alias("sent"))
    .select("r.*", "sent")
    .observe(
      "quality",
      count(lit(1)).alias("seen"),
      count_if(col("device").isNull().or(col("ts").isNull())).alias("malformed"),
      min(unix_millis("sent")).alias("sentMs"),
    );
  const table = spark.createDataFrame(
    options.devices.map((d) => [d.device, d.site, d.model, d.calibration]),
    "device STRING, site STRING, model STRING, calibration DOUBLE",
  );
  const clean = readings
    .where(col("device").isNotNull().and(col("ts").isNotNull()))
    .withWatermark("ts", "10 seconds")
    .dropDuplicatesWithinWatermark("device", "ts")
    .join(table, "device")
    .withColumn("temperature", round(col("temperature").plus(col("calibration")), 2))
    .select("device", "ts", "temperature", "humidity", "battery", "status", "site", "model", "sent");

  const cleaned = fromKafka(options, topics.clean)
    .select(from_json(col("value").cast("string"), cleanSchema).alias("c"))
    .select("c.*")
    .withWatermark("ts", "8 seconds");
  const averages = cleaned
    .groupBy(window("ts", "10 seconds"), "site")
    .agg(
      count(lit(1)).alias("n"),
      avg("temperature").alias("average"),
      min("temperature").alias("low"),
      max("temperature").alias("high"),
    )
    .select(
      "site",
      col("window.start").alias("window_start"),
      col("window.end").alias("window_end"),
      "n",
      round(col("average"), 3).alias("average"),
      "low",
      "high",
    );
  const alerts = rollingZScore(cleaned, {
    value: "temperature",
    eventTime: "ts",
    by: ["device", "site"],
    window: "1 minute",
    slide: "10 seconds",
  }).select("device", "site", "at", "value", round(col("mean"), 2).alias("mean"), round(col("z"), 2).alias("z"));
  const history = fromKafka(options, topics.averages)
    .select(from_json(col("value").cast("string"), averageSchema).alias("a"))
    .select("a.*");

  const queries = [
    await toKafka(options, clean, "device", topics.clean, "append"),
    await toKafka(options, averages, "site", topics.averages, "update"),
    await toKafka(options, alerts, "device", topics.alerts, "update"),
  ];
  queries.push(
    await history.writeStream
      .queryName("history")
      .format("sqlite")
      .option("path", options.database)
      .option("dbtable", "averages")
      .option("keyColumns", "site,window_start")
      .option("checkpointLocation", join(options.checkpoints, "history"))
      .outputMode("update")
      // Windows change with every batch; the table needn't.
      .trigger({ processingTime: "1 second" })
      .start(),
  );
  return queries;
}

export function fromKafka(options: Pick<PipelineOptions, "spark" | "bootstrapServers">, topic: string): DataFrame {
  return options.spark.readStream
    .format("kafka")
    .option("kafka.bootstrap.servers", options.bootstrapServers)
    .option("subscribe", topic)
    .option("startingOffsets", "earliest")
    .load();
}

function toKafka(
  options: PipelineOptions,
  rows: DataFrame,
  key: string,
  topic: string,
  mode: "append" | "update",
): Promise<StreamingQuery> {
  return rows
    .select(col(key).alias("key"), to_json(struct("*")).alias("value"))
    .writeStream.queryName(topic)
    .format("kafka")
    .option("kafka.bootstrap.servers", options.bootstrapServers)
    .option("topic", topic)
    .option("checkpointLocation", join(options.checkpoints, topic))
    .outputMode(mode)
    .start();
}
