/**
 * The average rating of each movie in windows of 10 seconds, over messages such as
 * {"movie":"Metropolis","rating":4.5,"time":"2026-01-31T10:15:00Z"} on topic `ratings`.
 *
 *   npx sluice run examples/movie-ratings.ts
 */
import { type DataFrame, SparkSession } from "sluice";
import { avg, col, count, from_json, window } from "sluice/functions";

const rating = "movie STRING, rating DOUBLE, time TIMESTAMP";

export function averageRatings(messages: DataFrame): DataFrame {
  return messages
    .select(from_json(col("value").cast("string"), rating).alias("r"))
    .select("r.*")
    .where(col("rating").between(0, 5))
    .withWatermark("time", "20 seconds")
    .groupBy(window("time", "10 seconds"), "movie")
    .agg(avg("rating").alias("average"), count("*").alias("ratings"))
    .select("window.start", "window.end", "movie", "average", "ratings");
}

if (process.argv[1] === import.meta.filename) {
  const spark = SparkSession.builder.appName("movie ratings").getOrCreate();
  const messages = spark.readStream
    .format("kafka")
    .option("kafka.bootstrap.servers", process.env["KAFKA"] ?? "127.0.0.1:9092")
    .option("subscribe", "ratings")
    .load();

  const query = await averageRatings(messages)
    .writeStream.outputMode("update")
    .format("console")
    .option("truncate", false)
    .start();
  await query.awaitTermination();
}
