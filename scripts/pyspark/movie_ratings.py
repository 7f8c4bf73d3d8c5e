"""The twin of examples/movie-ratings.ts."""

from pyspark.sql.functions import avg, col, count, from_json, window

RATING = "movie STRING, rating DOUBLE, time TIMESTAMP"


def average_ratings(messages):
    return (
        messages.select(from_json(col("value").cast("string"), RATING).alias("r"))
        .select("r.*")
        .where(col("rating").between(0, 5))
        .withWatermark("time", "20 seconds")
        .groupBy(window("time", "10 seconds"), "movie")
        .agg(avg("rating").alias("average"), count("*").alias("ratings"))
        .select("window.start", "window.end", "movie", "average", "ratings")
    )
