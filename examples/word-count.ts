/**
 * Counts the words of the messages on topic `test`, and prints all counts after each batch.
 *
 *   npx sluice run examples/word-count.ts
 *   npx sluice topic produce test "the cat sat on the mat"
 */
import { type DataFrame, SparkSession } from "sluice";
import { col, explode, split } from "sluice/functions";

export function wordCounts(lines: DataFrame): DataFrame {
  const words = lines.select(explode(split(col("value").cast("string"), " ")).alias("word"));
  return words.groupBy("word").count();
}

if (process.argv[1] === import.meta.filename) {
  const spark = SparkSession.builder.appName("word count").getOrCreate();
  const lines = spark.readStream
    .format("kafka")
    .option("kafka.bootstrap.servers", process.env["KAFKA"] ?? "127.0.0.1:9092")
    .option("subscribe", "test")
    .option("startingOffsets", "earliest")
    .load();

  const query = await wordCounts(lines).writeStream.outputMode("complete").format("console").start();
  await query.awaitTermination();
}
