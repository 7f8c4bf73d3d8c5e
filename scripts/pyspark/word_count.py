"""The twin of examples/word-count.ts."""

from pyspark.sql.functions import col, explode, split


def word_counts(lines):
    words = lines.select(explode(split(col("value").cast("string"), " ")).alias("word"))
    return words.groupBy("word").count()
