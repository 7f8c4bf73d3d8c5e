/**
 * The latency workload's queries on Sluice:
 * `node bench/latency/query.ts stateless|windowed at-least-once|exactly-once BOOTSTRAP INPUT OUTPUT CHECKPOINT`. Prints `ready`
 * when the first batch is done, and one line of JSON after SIGTERM; mean times there are those of the last 100 batches.
 */
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { SparkSession, type StreamingQuery } from "../../src/index.ts";

const [form, delivery, servers, input, output, checkpoint] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const schema = "device STRING, ts TIMESTAMP, temperature DOUBLE, status STRING, sent BIGINT";
const queries: Record<string, string> = {
  stateless: "SELECT device, ts, temperature * 1.8 + 32 AS fahrenheit, sent FROM readings WHERE status = 'OK'",
  windowed: `SELECT device, window(ts, '10 seconds') AS w, count(*) AS n, avg(temperature) AS mean, max(sent) AS sent
             FROM readings WHERE status = 'OK' GROUP BY device, window(ts, '10 seconds')`,
};
const text = queries[form];
if (text === undefined) throw new Error(`no form ${form}`);

const spark = SparkSession.builder.appName("bench-latency").getOrCreate();
const readings = spark.readStream
  .format("kafka")
  .option("kafka.bootstrap.servers", servers)
  .option("subscribe", input)
  .option("startingOffsets", "earliest")
  .load()
  .selectExpr(`from_json(CAST(value AS STRING), '${schema}') AS r`)
  .select("r.*")
  .withWatermark("ts", "10 seconds");
await readings.createOrReplaceTempView("readings");
const rows = await spark.sql(text);
const query: StreamingQuery = await rows
  .selectExpr("device AS key", "to_json(struct(*)) AS value")
  .writeStream.format("kafka")
  .option("kafka.bootstrap.servers", servers)
  .option("topic", output)
  .option("delivery", delivery)
  .option("checkpointLocation", checkpoint)
  .outputMode(form === "windowed" ? "update" : "append")
  .start();
// No listener: nobody has one, and each progress would be made for it.
while ((await query.lastProgress()) === null) await wait(20);
console.log("ready");
await once(process, "SIGTERM");
const progresses = await query.recentProgress();
const batches = (progresses.at(-1)?.batchId ?? -1) + 1;
await query.stop();
const usage = process.cpuUsage();
const spent = new Map<string, number>();
for (const { durationMs } of progresses) {
  for (const [part, ms] of Object.entries(durationMs)) spent.set(part, (spent.get(part) ?? 0) + Number(ms));
}
const meanMs = Object.fromEntries([...spent].map(([part, ms]) => [part, Number((ms / progresses.length).toFixed(2))]));
console.log(
  JSON.stringify({
    batches,
    meanMs,
    cpuSeconds: (usage.user + usage.system) / 1e6,
    peakMiB: process.resourceUsage().maxRSS / 1024,
  }),
);
await spark.stop();
