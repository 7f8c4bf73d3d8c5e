/**
 * One workload on Sluice, in a process of its own: `node bench/workloads/sluice.ts REQUEST`. Prints one line of JSON a run.
 * `sluice` is what is built in dist/, as users have it; with `--conditions=sluice-source`, the sources.
 */
import { join } from "node:path";
import { SparkSession } from "sluice";
import { queries, type RunResult, readingSchema, type WorkloadRequest } from "./query.ts";

const request = JSON.parse(process.argv[2] ?? "") as WorkloadRequest;
const spark = SparkSession.builder.appName("bench").getOrCreate();

async function run(output: string | null, index: number): Promise<RunResult> {
  const readings = spark.readStream
    .format("kafka")
    .option("kafka.bootstrap.servers", request.bootstrapServers)
    .option("subscribe", request.input)
    .option("startingOffsets", "earliest")
    .load()
    .selectExpr(`from_json(CAST(value AS STRING), '${readingSchema}') AS r`)
    .select("r.*")
    .where("device IS NOT NULL AND temperature > -50")
    .withWatermark("ts", "10 seconds");
  await readings.createOrReplaceTempView("readings");
  const rows = await spark.sql(queries[request.query]);
  const writer =
    output === null
      ? rows.writeStream.format("noop")
      : rows
          .selectExpr("device AS key", "to_json(struct(*)) AS value")
          .writeStream.format("kafka")
          .option("kafka.bootstrap.servers", request.bootstrapServers)
          .option("topic", output)
          .option("checkpointLocation", join(request.scratch, String(index)));
  const started = performance.now();
  if (!request.continuous) writer.trigger({ availableNow: true });
  const query = await writer.outputMode("append").start();
  await query.awaitTermination();
  const seconds = (performance.now() - started) / 1000;
  const progress = await query.recentProgress();
  const usage = process.cpuUsage();
  return {
    seconds,
    rows: progress.reduce((n, p) => n + (p.numInputRows ?? 0), 0),
    peakMiB: process.resourceUsage().maxRSS / 1024,
    cpuSeconds: (usage.user + usage.system) / 1e6,
  };
}

for (const [index, output] of request.outputs.entries()) console.log(JSON.stringify(await run(output, index)));
await spark.stop();
