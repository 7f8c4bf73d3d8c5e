"""One workload on Spark local[2]: workload.py WORKLOAD BOOTSTRAP INPUT OUTPUT|- CHECKPOINT RUNS. Prints a line of JSON a run.

The form is the one that Spark's best users would write: from_json hidden in a generator, so that filters are not pushed
below it and each message is parsed once; two shuffle partitions for two cores; a producer that batches.
"""
import json
import os
import resource
import sys
import time

born = time.time()
from pyspark.sql import SparkSession  # noqa: E402

workload, servers, source, output, checkpoint, runs = sys.argv[1:7]
spark = (
    SparkSession.builder.master("local[2]")
    .appName("bench")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.ui.enabled", "false")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.memory", "6g")
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
for run in range(int(runs)):
    readings = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", servers)
        .option("subscribe", source)
        .option("startingOffsets", "earliest")
        .load()
        .selectExpr(f"inline(array(from_json(CAST(value AS STRING), '{schema}')))")
        .where("device IS NOT NULL AND temperature > -50")
        .withWatermark("ts", "10 seconds")
    )
    readings.createOrReplaceTempView("readings")
    rows = spark.sql(queries[workload])
    if output == "-":
        writer = rows.writeStream.format("noop").option("checkpointLocation", f"{checkpoint}/{run}")
    else:
        writer = (
            rows.selectExpr("device AS key", "to_json(struct(*)) AS value")
            .writeStream.format("kafka")
            .option("kafka.bootstrap.servers", servers)
            .option("topic", output)
            .option("kafka.linger.ms", "20")
            .option("kafka.batch.size", "262144")
            .option("kafka.compression.type", "lz4")
            .option("checkpointLocation", f"{checkpoint}/{run}")
        )
    begun = time.time()
    query = writer.outputMode("append").trigger(availableNow=True).start()
    query.awaitTermination()
    seconds = time.time() - begun
    total = sum(p["numInputRows"] for p in query.recentProgress)
    peak = 0
    try:
        pid = spark.sparkContext._gateway.proc.pid  # the JVM
        with open(f"/proc/{pid}/status") as status:
            peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    except Exception:
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "engine": "spark, fresh" if run == 0 else "spark, warm",
                "workload": workload,
                "seconds": seconds,
                "rows": total,
                "peakMiB": peak,
                "startMs": (begun - born) * 1000,
            }
        ),
        flush=True,
    )
spark.stop()
