// The queries of restart.test.ts, also run as a program of its own that can be killed:
// `node restart-query.ts FOLDER SINK` prints "ready" when it runs, and ends when all files are read.
import { join } from "node:path";
import type { SparkSession } from "../../src/api/session.ts";
import type { StreamingQuery } from "../../src/api/streaming-query.ts";
import { expr } from "../../src/functions.ts";
import { testSession } from "../../src/testing/index.ts";

export type SinkName = "sqlite" | "parquet";

/** Files one by one; counts by device into SQLite (update mode), closed windows into Parquet (append mode). */
export function startQuery(spark: SparkSession, folder: string, sink: SinkName): Promise<StreamingQuery> {
  const readings = spark.readStream
    .schema("id INT, device STRING, value INT, time TIMESTAMP")
    .option("maxFilesPerTrigger", 1)
    .json(join(folder, "in"));
  const checkpoint = join(folder, `checkpoint-${sink}`);
  if (sink === "sqlite") {
    return readings
      .groupBy("device")
      .agg(expr("count(1) AS n"), expr("sum(value) AS total"))
      .writeStream.format("sqlite")
      .options({ dbtable: "totals", keyColumns: "device", checkpointLocation: checkpoint })
      .outputMode("update")
      .trigger({ availableNow: true })
      .start(join(folder, "out.db"));
  }
  return readings
    .withWatermark("time", "10 seconds")
    .groupBy(expr("window(time, '10 seconds')"), expr("device"))
    .agg(expr("count(1) AS n"), expr("sum(value) AS total"))
    .selectExpr("window.start AS start", "device", "n", "total")
    .writeStream.format("parquet")
    .option("checkpointLocation", checkpoint)
    .trigger({ availableNow: true })
    .start(join(folder, "out"));
}

if (process.argv[1] === import.meta.filename) {
  const [, , folder, sink] = process.argv;
  const spark = testSession();
  const query = await startQuery(spark, folder, sink as SinkName);
  console.log("ready");
  await query.awaitTermination();
  await spark.stop();
}
