"""How errors arrive in PySpark: their class, condition, SQL state and parameters. Usage: errors.py URL"""

import logging
import sys

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

logging.disable(logging.CRITICAL)
spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
numbers = spark.range(3)


def fails(name, action, parameters=True):
    try:
        action()
    except PySparkException as error:
        told = [type(error).__name__, error.getCondition(), error.getSqlState()]
        print(name, *told, sorted(error.getMessageParameters().items()) if parameters else "", flush=True)
    else:
        print(name, "did not fail")


fails("column", lambda: numbers.select("nope").collect())
fails("column in sql", lambda: spark.sql("SELECT nope FROM range(2)"))
fails("schema", lambda: numbers.select("nope").schema)
fails("table", lambda: spark.sql("SELECT * FROM nothing"), parameters=False)
fails("table read", lambda: spark.table("nothing").collect(), parameters=False)
fails("syntax", lambda: spark.sql("SELEC 1"), parameters=False)
fails("expression", lambda: numbers.filter("id >").collect())
fails("function", lambda: spark.sql("SELECT nofunction(1)"), parameters=False)
fails("division", lambda: spark.sql("SELECT 1 / 0").collect(), parameters=False)
fails("division of a column", lambda: numbers.select(F.lit(1) / F.col("id")).collect(), parameters=False)
fails("cast", lambda: spark.sql("SELECT CAST('a' AS INT)").collect(), parameters=False)
fails("cast to date", lambda: spark.sql("SELECT CAST('a' AS DATE)").collect(), parameters=False)
fails("overflow", lambda: spark.sql("SELECT CAST(9223372036854775807 AS BIGINT) + 1").collect(), parameters=False)
fails("array", lambda: spark.sql("SELECT array(1, 2)[5]").collect())
fails("raised", lambda: spark.sql("SELECT raise_error('mine')").collect())
fails("types", lambda: spark.sql("SELECT 1 + array(1)").collect(), parameters=False)
fails("arguments", lambda: spark.sql("SELECT upper('a', 'b')").collect(), parameters=False)
fails("group", lambda: spark.sql("SELECT id, count(*) FROM range(3)"), parameters=False)
fails("view", lambda: [numbers.createTempView("twice") for _ in range(2)], parameters=False)
fails("setting", lambda: spark.conf.get("spark.nothing"))
fails("path", lambda: spark.read.schema("a INT").json("/no/such/folder").collect(), parameters=False)
fails("batch as stream", lambda: numbers.writeStream.format("noop").start(), parameters=False)
fails(
    "mode",
    lambda: spark.readStream.format("rate").load().groupBy("value").count().writeStream.format("memory").queryName("m").start(),
    parameters=False,
)

# The session goes on after errors.
print(numbers.collect())
try:
    spark.sql("SELECT 1 AS a, b FROM range(1)")
except PySparkException as error:
    [context] = error.getQueryContext()
    print(context.contextType().name, context.fragment(), context.startIndex(), context.stopIndex())
spark.stop()
