"""What a PySpark client waits for: client.py FOLDER. Reads the server's URL and start (seconds of the monotonic clock) from a
line of its stdin, and prints one line of JSON with seconds.

The client itself is up before its server starts, so that nothing of Python's own start counts.
"""
import json
import os
import sys
import time

import pandas  # noqa: F401
import pyarrow  # noqa: F401
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
with open(os.path.join(folder, "readings.json"), "w") as out:
    for n in range(1000):
        at = f"2026-01-01T00:{n // 60 % 60:02}:{n % 60:02}Z"
        out.write(json.dumps({"device": f"d{n % 10}", "ts": at, "celsius": 15 + n % 20}) + "\n")
print("ready", flush=True)
url, started = sys.stdin.readline().split()


def timed(action):
    begun = time.monotonic()
    action()
    return time.monotonic() - begun


spark = SparkSession.builder.remote(url).getOrCreate()
spark.version
result = {"session": time.monotonic() - float(started)}


def groups():
    return spark.range(1000).withColumn("k", F.col("id") % 7).groupBy("k").agg(F.sum("id").alias("s")).orderBy("k")


result["firstCollect"] = timed(lambda: groups().collect())
assert len(groups().collect()) == 7
result["collects"] = [timed(lambda: groups().collect()) for _ in range(20)]


def first_batch(name):
    readings = spark.readStream.schema("device STRING, ts TIMESTAMP, celsius DOUBLE").json(folder)
    averages = readings.withWatermark("ts", "10 seconds").groupBy(F.window("ts", "1 minute"), "device").agg(F.avg("celsius"))
    query = averages.writeStream.format("memory").queryName(name).outputMode("complete").start()
    query.processAllAvailable()
    return query


queries = []
result["firstStream"] = timed(lambda: queries.append(first_batch("first")))
result["secondStream"] = timed(lambda: queries.append(first_batch("second")))
result["rows"] = [spark.table(name).count() for name in ("first", "second")]
assert result["rows"][0] == result["rows"][1] > 0, result
for query in queries:
    query.stop()
spark.stop()
print(json.dumps(result), flush=True)
