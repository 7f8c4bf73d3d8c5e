/**
 * One query over what was and what is: last month's readings lie in JSON files, today's arrive on topic `readings`. Both
 * are streams with the same columns, so their union is one; each file and each message is read exactly once.
 *
 *   npx sluice run examples/history-and-live.ts
 */
import { type DataFrame, SparkSession } from "sluice";
import { avg, col, count, date_trunc, from_json, lit, max } from "sluice/functions";

export const reading = "device STRING, celsius DOUBLE, time TIMESTAMP";

export function dailyAverages(history: DataFrame, messages: DataFrame): DataFrame {
  const live = messages.select(from_json(col("value").cast("string"), reading).alias("r")).select("r.*");
  const all = history
    .select("device", "celsius", "time", lit("history").alias("origin"))
    .unionByName(live.select("device", "celsius", "time", lit("live").alias("origin")));
  return all
    .where(col("celsius").isNotNull())
    .groupBy("device", date_trunc("day", "time").alias("day"))
    .agg(avg("celsius").alias("average"), count("*").alias("readings"), max("origin").alias("newest"));
}

if (process.argv[1] === import.meta.filename) {
  const spark = SparkSession.builder.appName("history and live").getOrCreate();
  const history = spark.readStream.schema(reading).json(process.env["HISTORY"] ?? "history");
  const messages = spark.readStream
    .format("kafka")
    .option("kafka.bootstrap.servers", process.env["KAFKA"] ?? "127.0.0.1:9092")
    .option("subscribe", "readings")
    .option("startingOffsets", "earliest")
    .load();

  const query = await dailyAverages(history, messages).writeStream.outputMode("complete").format("console").start();
  await query.awaitTermination();
}
