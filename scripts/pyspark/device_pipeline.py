"""The twin of examples/device-pipeline.ts."""

from pyspark.sql.functions import avg, col, count, from_json, max, struct, to_json, when, window

READING = "device STRING, celsius DOUBLE, battery INT, time TIMESTAMP"
DEVICE_TABLE = "device STRING, site STRING, model STRING, offset DOUBLE, limit DOUBLE"
DEVICES = [
    ("d1", "Athens", "T-100", 0.5, 40.0),
    ("d2", "Athens", "T-100", -0.25, 40.0),
    ("d3", "Berlin", "T-200", 0.0, 60.0),
]


def flagged_averages(messages, known):
    readings = (
        messages.select(from_json(col("value").cast("string"), READING).alias("r"))
        .select("r.*")
        .where(col("device").isNotNull() & col("celsius").isNotNull())
        .withWatermark("time", "10 seconds")
    )
    averages = (
        readings.join(known, "device")
        .withColumn("celsius", col("celsius") + col("offset"))
        .groupBy(window("time", "10 seconds"), "device", "site", "limit")
        .agg(avg("celsius").alias("average"), max("celsius").alias("highest"), count("*").alias("readings"))
    )
    return averages.withColumn("flag", when(col("highest") > col("limit"), "too hot").otherwise("ok")).select(
        col("device").alias("key"),
        to_json(struct("device", "site", "window.start", "average", "highest", "readings", "flag")).alias("value"),
    )
