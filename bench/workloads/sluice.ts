/**
 * One workload on Sluice, in a process of its own:
 * `node bench/workloads/sluice.ts WORKLOAD BOOTSTRAP INPUT OUTPUT|- [checkpoint]`. Prints one line of JSON.
 */
import { SparkSession } from "../../src/index.ts";

const [workload, servers, input, output, checkpoint] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];

const schema = "device STRING, ts TIMESTAMP, temperature DOUBLE, humidity DOUBLE, battery INT, status STRING";

const queries: Record<string, string> = {
  rollup: `SELECT device, window(ts, '10 seconds') AS w, count(*) AS n, avg(temperature) AS mean,
             min(temperature) AS low, max(temperature) AS high
           FROM readings GROUP BY device, window(ts, '10 seconds')`,
  forward: "SELECT device, ts, temperature * 1.8 + 32 AS fahrenheit, status FROM readings WHERE status = 'OK'",
};

const spark = SparkSession.builder.appName("bench").getOrCreate();
const readings = spark.readStream
  .format("kafka")
  .option("kafka.bootstrap.servers", servers)
  .option("subscribe", input)
  .option("startingOffsets", "earliest")
  .load()
  .selectExpr(`from_json(CAST(value AS STRING), '${schema}') AS r`)
  .select("r.*")
  .where("device IS NOT NULL AND temperature > -50")
  .withWatermark("ts", "10 seconds");
await readings.createOrReplaceTempView("readings");
const rows = await spark.sql(queries[workload] as string);
const toKafka = output !== "-";
const writer = toKafka
  ? rows
      .selectExpr("device AS key", "to_json(struct(*)) AS value")
      .writeStream.format("kafka")
      .option("kafka.bootstrap.servers", servers)
      .option("topic", output)
      .option("checkpointLocation", checkpoint)
  : rows.writeStream.format("noop");
const started = performance.now();
const query = await writer.outputMode("append").trigger({ availableNow: true }).start();
await query.awaitTermination();
const seconds = (performance.now() - started) / 1000;
const progress = await query.recentProgress();
const usage = process.cpuUsage();
console.log(
  JSON.stringify({
    engine: "sluice",
    workload,
    seconds,
    rows: progress.reduce((n, p) => n + (p.numInputRows ?? 0), 0),
    cpuSeconds: (usage.user + usage.system) / 1e6,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    startMs: started,
  }),
);
await spark.stop();
