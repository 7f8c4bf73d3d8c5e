"""The twin of examples/history-and-live.ts."""

from pyspark.sql.functions import avg, col, count, date_trunc, from_json, lit, max

READING = "device STRING, celsius DOUBLE, time TIMESTAMP"


def daily_averages(history, messages):
    live = messages.select(from_json(col("value").cast("string"), READING).alias("r")).select("r.*")
    all_ = history.select("device", "celsius", "time", lit("history").alias("origin")).unionByName(
        live.select("device", "celsius", "time", lit("live").alias("origin"))
    )
    return (
        all_.where(col("celsius").isNotNull())
        .groupBy("device", date_trunc("day", "time").alias("day"))
        .agg(avg("celsius").alias("average"), count("*").alias("readings"), max("origin").alias("newest"))
    )
