/**
 * From raw device messages to flagged averages: parse the JSON of topic `readings`, drop what is malformed, join each
 * reading with a table of devices, calibrate, average by device and 10 seconds, flag what is out of the model's range,
 * and write the result to topic `averages`.
 *
 *   npx sluice run examples/device-pipeline.ts
 */
import { type DataFrame, SparkSession } from "sluice";
import { avg, col, count, from_json, max, struct, to_json, when, window } from "sluice/functions";

const reading = "device STRING, celsius DOUBLE, battery INT, time TIMESTAMP";

/** What is known of each device: where it is, its calibration and the greatest temperature that is normal for it. */
export const deviceTable = "device STRING, site STRING, model STRING, offset DOUBLE, limit DOUBLE";
export const devices = [
  ["d1", "Athens", "T-100", 0.5, 40],
  ["d2", "Athens", "T-100", -0.25, 40],
  ["d3", "Berlin", "T-200", 0, 60],
];

export function flaggedAverages(messages: DataFrame, known: DataFrame): DataFrame {
  const readings = messages
    .select(from_json(col("value").cast("string"), reading).alias("r"))
    .select("r.*")
    .where(col("device").isNotNull().and(col("celsius").isNotNull()))
    .withWatermark("time", "10 seconds");

  const averages = readings
    .join(known, "device")
    .withColumn("celsius", col("celsius").plus(col("offset")))
    .groupBy(window("time", "10 seconds"), "device", "site", "limit")
    .agg(avg("celsius").alias("average"), max("celsius").alias("highest"), count("*").alias("readings"));

  return averages
    .withColumn("flag", when(col("highest").gt(col("limit")), "too hot").otherwise("ok"))
    .select(
      col("device").alias("key"),
      to_json(struct("device", "site", "window.start", "average", "highest", "readings", "flag")).alias("value"),
    );
}

if (process.argv[1] === import.meta.filename) {
  const spark = SparkSession.builder.appName("device pipeline").getOrCreate();
  const kafka = { "kafka.bootstrap.servers": process.env["KAFKA"] ?? "127.0.0.1:9092" };
  const messages = spark.readStream.format("kafka").options(kafka).option("subscribe", "readings").load();
  const known = spark.createDataFrame(devices, deviceTable);

  const query = await flaggedAverages(messages, known)
    .writeStream.outputMode("update")
    .format("kafka")
    .options(kafka)
    .option("topic", "averages")
    .option("checkpointLocation", process.env["CHECKPOINT"] ?? "checkpoints/device-pipeline")
    .start();
  await query.awaitTermination();
}
