"""Streaming queries through an unmodified PySpark. Usage: streams.py URL FOLDER KAFKA TOPIC_PREFIX

Lines depend on the data alone: not on time, on ids or on how the input falls into batches.
"""

import json
import logging
import os
import sys

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming import StreamingQueryListener

logging.disable(logging.CRITICAL)
url, folder, kafka, prefix = sys.argv[1:]
spark = SparkSession.builder.remote(url).getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")
spark.conf.set("spark.sql.shuffle.partitions", "1")


def section(name):
    print("==", name, flush=True)


class Events(StreamingQueryListener):
    def __init__(self):
        self.seen = []

    def onQueryStarted(self, event):
        self.seen.append(("started", str(event.id), event.name))

    def onQueryProgress(self, event):
        self.seen.append(("progress", str(event.progress.id), event.progress.batchId))

    def onQueryIdle(self, event):
        pass

    def onQueryTerminated(self, event):
        self.seen.append(("terminated", str(event.id), event.exception is not None))


os.makedirs(folder + "/in")
for part in range(2):
    with open(f"{folder}/in/{part}.json", "w") as file:
        for i in range(4):
            reading = {"device": "d" + str(i % 2), "v": part * 10 + i, "time": f"2024-01-01T00:00:{part * 20 + i:02}Z"}
            file.write(json.dumps(reading) + "\n")
    os.utime(f"{folder}/in/{part}.json", (1_700_000_000 + part, 1_700_000_000 + part))  # files are read in this order

section("files to memory")
files = spark.readStream.schema("device STRING, v INT, time TIMESTAMP").option("maxFilesPerTrigger", 1).json(folder + "/in")
print(files.isStreaming, files.schema.simpleString())
events = Events()
spark.streams.addListener(events)
query = (
    files.groupBy("device")
    .agg(F.sum("v").alias("total"), F.count("*"))
    .writeStream.format("memory")
    .queryName("totals")
    .outputMode("complete")
    .trigger(availableNow=True)
    .start()
)
print(query.awaitTermination(), query.isActive, query.name, query.exception())
spark.table("totals").orderBy("device").show()
spark.streams.removeListener(events)
mine = [event for event in events.seen if event[1] == query.id]
print(("started", query.id, "totals") in mine, ("terminated", query.id, False) in mine)
print([event[2] for event in mine if event[0] == "progress"])
progress = query.lastProgress
print(progress.batchId, progress.numInputRows, progress.sink.description, [s.numInputRows for s in progress.sources])
print(progress.name, str(progress.id) == query.id, progress.stateOperators[0].numRowsTotal, len(query.recentProgress))
print(query.status["message"], query.status["isTriggerActive"])

section("watermark, append")
windows = (
    files.withWatermark("time", "5 seconds")
    .groupBy(F.window("time", "10 seconds"), "device")
    .agg(F.max("v").alias("highest"))
    .select("window.start", "window.end", "device", "highest")
)
query = windows.writeStream.format("memory").queryName("windows").trigger(availableNow=True).start()
query.awaitTermination()
spark.table("windows").orderBy("start", "device").show(truncate=False)

section("rate")
rate = spark.readStream.format("rate").option("rowsPerSecond", 50).load()
rate.printSchema()
query = rate.select((F.col("value") % 2).alias("k")).writeStream.format("memory").queryName("rates").start()
print(query.isActive, query.name in [q.name for q in spark.streams.active], spark.streams.get(query.id).name)
print(query.awaitTermination(1))
query.processAllAvailable()
query.stop()
print(query.isActive, spark.streams.active, query.id == query.id)
print(spark.streams.awaitAnyTermination(5))
spark.streams.resetTerminated()
print(spark.streams.awaitAnyTermination(1))
print(spark.table("rates").columns)

section("foreachBatch")
out = folder + "/out"


def keep(batch, number):
    batch.persist()
    assert batch.count() == 4 and not batch.isStreaming
    batch.withColumn("batch", F.lit(number)).write.mode("append").json(out)
    batch.createOrReplaceTempView("batch")
    batch.sparkSession.sql("SELECT sum(v) AS total FROM batch").write.mode("append").json(out + "-totals")
    batch.unpersist()


query = files.writeStream.foreachBatch(keep).option("checkpointLocation", folder + "/cp").trigger(availableNow=True).start()
query.awaitTermination()
spark.read.schema("device STRING, v INT, batch BIGINT").json(out).orderBy("v").show()
print(spark.read.schema("total BIGINT").json(out + "-totals").orderBy("total").collect())


def fail(batch, number):
    raise ValueError("not this one")


query = files.writeStream.foreachBatch(fail).trigger(availableNow=True).start()
try:
    query.awaitTermination()
except PySparkException as error:
    print(type(error).__name__, error.getCondition(), "ValueError: not this one" in str(error))
print(type(query.exception()).__name__, "ValueError: not this one" in str(query.exception()), query.isActive)

section("kafka")
topic = prefix + "readings"
messages = spark.createDataFrame(
    [
        (f"d{i % 3}", json.dumps({"device": f"d{i % 3}", "celsius": 20.5 + i, "time": f"2024-01-01 00:00:{i:02}"}))
        for i in range(30)
    ],
    "key STRING, value STRING",
)
messages.write.format("kafka").option("kafka.bootstrap.servers", kafka).option("topic", topic).save()


def read(reader, name):
    return (
        reader.format("kafka")
        .option("kafka.bootstrap.servers", kafka)
        .option("subscribe", name)
        .option("startingOffsets", "earliest")
        .load()
    )


stream = read(spark.readStream, topic)
stream.printSchema()
readings = stream.select(F.from_json(F.col("value").cast("string"), "device STRING, celsius DOUBLE, time TIMESTAMP").alias("r"))
averages = (
    readings.select("r.*")
    .withWatermark("time", "5 seconds")
    .groupBy(F.window("time", "10 seconds", "5 seconds"), "device")
    .agg(F.avg("celsius").alias("average"), F.count("*").alias("n"))
)
query = averages.writeStream.format("memory").queryName("averages").outputMode("append").trigger(availableNow=True).start()
query.awaitTermination()
spark.table("averages").orderBy("window.start", "device").show(50, truncate=False)
offsets = json.loads(query.recentProgress[0].sources[0].endOffset or "{}")
print(offsets.get(topic), query.recentProgress[0].numInputRows)
query = (
    averages.select(F.col("device").alias("key"), F.to_json(F.struct("window", "average", "n")).alias("value"))
    .writeStream.format("kafka")
    .option("kafka.bootstrap.servers", kafka)
    .option("topic", prefix + "averages")
    .option("checkpointLocation", folder + "/cp-kafka")
    .outputMode("update")
    .trigger(availableNow=True)
    .start()
)
query.awaitTermination()
written = read(spark.read, prefix + "averages")
written.select(F.col("key").cast("string"), F.col("value").cast("string")).orderBy("value", "key").show(50, truncate=False)

spark.stop()
print("stopped")
