"""The latency workload on Spark: latency.py stateless|windowed micro-batch|real-time BOOTSTRAP INPUT OUTPUT CHECKPOINT.

Prints `ready` when the first rows are through, and a line of JSON after SIGTERM. Written as its best users would: each
message is parsed once (from_json hidden in a generator), no waiting between batches, two shuffle partitions for two cores,
checkpoints without a second look at what was written. In real-time mode every partition of the topic needs a task at the same
time, so there are as many threads as partitions; and a batch goes on for five minutes, as it does unless told, since between two of
them rows wait for some 250 ms.
"""
import json
import os
import signal
import sys
import threading

from pyspark.sql import SparkSession

form, mode, servers, source, output, checkpoint = sys.argv[1:7]
real_time = mode == "real-time"
spark = (
    SparkSession.builder.master("local[5]" if real_time else "local[2]")
    .appName("bench-latency")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.memory", "2g")
    .config("spark.sql.streaming.pollingDelay", "1ms")
    .config("spark.sql.streaming.noDataMicroBatches.enabled", "false")
    .config("spark.sql.streaming.metricsEnabled", "false")
    .config("spark.jars", os.environ["SPARK_KAFKA_JARS"])
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
schema = "device STRING, ts TIMESTAMP, temperature DOUBLE, status STRING, sent BIGINT"
queries = {
    "stateless": "SELECT device, ts, temperature * 1.8 + 32 AS fahrenheit, sent FROM readings WHERE status = 'OK'",
    "windowed": """SELECT device, window(ts, '10 seconds') AS w, count(*) AS n, avg(temperature) AS mean, max(sent) AS sent
                   FROM readings WHERE status = 'OK' GROUP BY device, window(ts, '10 seconds')""",
}
readings = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", servers)
    .option("subscribe", source)
    .option("startingOffsets", "earliest")
    .load()
    .selectExpr(f"inline(array(from_json(CAST(value AS STRING), '{schema}')))")
)
if not real_time:
    readings = readings.withWatermark("ts", "10 seconds")
readings.createOrReplaceTempView("readings")
writer = (
    spark.sql(queries[form])
    .selectExpr("device AS key", "to_json(struct(*)) AS value")
    .writeStream.format("kafka")
    .option("kafka.bootstrap.servers", servers)
    .option("topic", output)
    .option("kafka.linger.ms", "0")
    .option("checkpointLocation", checkpoint)
    .outputMode("update" if real_time or form == "windowed" else "append")
)
if real_time:
    writer = writer.trigger(realTime="5 minutes")
elif form == "stateless":
    # Offsets are logged beside the batch instead of before it.
    writer = writer.option("asyncProgressTrackingEnabled", "true")
query = writer.start()

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
told = False
batches = {}
while not stop.wait(0.2):
    if query.exception() is not None:
        raise query.exception()
    for progress in query.recentProgress:
        batches[progress["batchId"]] = progress["durationMs"]
    if not told and (any(p["numInputRows"] > 0 for p in query.recentProgress) or (real_time and query.isActive)):
        told = True
        print("ready", flush=True)
jvm = spark.sparkContext._gateway.proc.pid
with open(f"/proc/{jvm}/stat") as stat:
    fields = stat.read().rsplit(")", 1)[1].split()
cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
with open(f"/proc/{jvm}/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
query.stop()
parts = sorted({part for durations in batches.values() for part in durations})
means = {p: round(sum(d.get(p, 0) for d in batches.values()) / max(1, len(batches)), 1) for p in parts}
print(json.dumps({"batches": len(batches), "meanMs": means, "cpuSeconds": cpu, "peakMiB": peak}), flush=True)
spark.stop()
