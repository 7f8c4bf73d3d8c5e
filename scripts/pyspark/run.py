"""Runs the examples' twins on real Spark and prints their rows as JSON: {example: {mode: [row, ...]}}.

Usage: run.py SPARK_CONNECT_URL KAFKA HISTORY_FOLDER BATCH CHECKPOINTS TOPIC_PREFIX
BATCH is maxOffsetsPerTrigger. Topics are TOPIC_PREFIX + test, ratings, readings, averages.
"""

import json
import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, struct, to_json

from device_pipeline import DEVICE_TABLE, DEVICES, flagged_averages
from history_and_live import READING, daily_averages
from movie_ratings import average_ratings
from word_count import word_counts

url, kafka, history, batch, checkpoints, prefix = sys.argv[1:]
spark = SparkSession.builder.remote(url).getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")
spark.conf.set("spark.sql.shuffle.partitions", "1")


def stream(topic):
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", kafka)
        .option("subscribe", prefix + topic)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", batch)
        .load()
    )


def rows(df):
    return sorted(row[0] for row in df.select(to_json(struct("*"), {"ignoreNullFields": "false"})).collect())


def run(name, df, mode):
    table = f"{name}_{mode}"
    query = df.writeStream.format("memory").queryName(table).outputMode(mode).trigger(availableNow=True).start()
    query.awaitTermination()
    return rows(spark.table(table))


def to_kafka(df):
    query = (
        df.writeStream.format("kafka")
        .option("kafka.bootstrap.servers", kafka)
        .option("topic", prefix + "averages")
        .option("checkpointLocation", checkpoints)
        .outputMode("update")
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
    written = (
        spark.read.format("kafka")
        .option("kafka.bootstrap.servers", kafka)
        .option("subscribe", prefix + "averages")
        .load()
    )
    return rows(written.select(col("key").cast("string"), col("value").cast("string")))


def files():
    return spark.readStream.schema(READING).option("maxFilesPerTrigger", 1).json(history)


known = spark.createDataFrame(DEVICES, DEVICE_TABLE)
print(
    json.dumps(
        {
            "word-count": {mode: run("words", word_counts(stream("test")), mode) for mode in ["complete", "update"]},
            "movie-ratings": {
                mode: run("ratings", average_ratings(stream("ratings")), mode) for mode in ["append", "update"]
            },
            "device-pipeline": {"update": to_kafka(flagged_averages(stream("readings"), known))},
            "history-and-live": {
                "complete": run("daily", daily_averages(files(), stream("readings")), "complete"),
            },
        }
    )
)
