"""One workload on Spark local[2]: workload.py REQUEST, JSON as in bench/workloads/query.ts. Prints a line of JSON a run.

The form is the one that Spark's best users would write: from_json hidden in a generator, so that filters are not pushed
below it and each message is parsed once; two shuffle partitions for two cores; a producer that batches.
"""
import json
import os
import sys
import time

from pyspark.sql import SparkSession

request = json.loads(sys.argv[1])
spark = (
    SparkSession.builder.master("local[2]")
    .appName("bench")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.memory", os.environ.get("BENCH_SPARK_MEMORY", "10g"))
    .config("spark.jars", os.environ["SPARK_KAFKA_JARS"])
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
schema = "device STRING, ts TIMESTAMP, temperature DOUBLE, humidity DOUBLE, battery INT, status STRING"
queries = {
    "rollup": """SELECT device, window(ts, '10 seconds') AS w, count(*) AS n, avg(temperature) AS mean,
                   min(temperature) AS low, max(temperature) AS high
                 FROM readings GROUP BY device, window(ts, '10 seconds')""",
    "forward": "SELECT device, ts, temperature * 1.8 + 32 AS fahrenheit, status FROM readings WHERE status = 'OK'",
}


def of_jvm():
    """Peak memory in MiB and CPU seconds of the JVM."""
    pid = spark.sparkContext._gateway.proc.pid
    with open(f"/proc/{pid}/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    with open(f"/proc/{pid}/stat") as stat:
        user, system = stat.read().rpartition(")")[2].split()[11:13]
    return peak, (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


for index, output in enumerate(request["outputs"]):
    readings = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", request["bootstrapServers"])
        .option("subscribe", request["input"])
        .option("startingOffsets", "earliest")
        .load()
        .selectExpr(f"inline(array(from_json(CAST(value AS STRING), '{schema}')))")
        .where("device IS NOT NULL AND temperature > -50")
        .withWatermark("ts", "10 seconds")
    )
    readings.createOrReplaceTempView("readings")
    rows = spark.sql(queries[request["query"]])
    if output is None:
        writer = rows.writeStream.format("noop")
    else:
        writer = (
            rows.selectExpr("device AS key", "to_json(struct(*)) AS value")
            .writeStream.format("kafka")
            .option("kafka.bootstrap.servers", request["bootstrapServers"])
            .option("topic", output)
            .option("kafka.linger.ms", "20")
            .option("kafka.batch.size", "262144")
            .option("kafka.compression.type", "lz4")
        )
    writer = writer.option("checkpointLocation", f"{request['scratch']}/{index}")
    if not request["continuous"]:
        writer = writer.trigger(availableNow=True)
    begun = time.time()
    query = writer.outputMode("append").start()
    query.awaitTermination()
    seconds = time.time() - begun
    peak, cpu = of_jvm()
    total = sum(p["numInputRows"] for p in query.recentProgress)
    print(json.dumps({"seconds": seconds, "rows": total, "peakMiB": peak, "cpuSeconds": cpu}), flush=True)
spark.stop()
