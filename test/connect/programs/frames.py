"""DataFrames, SQL, views and settings through an unmodified PySpark. Usage: frames.py URL FOLDER"""

import datetime
import decimal
import logging
import sys

from pyspark.sql import Observation, Row, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import IntegerType, StringType, StructField, StructType

logging.disable(logging.CRITICAL)  # the client's own log of failed calls
url, folder = sys.argv[1:]
spark = SparkSession.builder.remote(url).appName("frames").getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")


def section(name):
    print("==", name)


section("range")
numbers = spark.range(1, 8)
numbers.filter("id > 2").show()
print(numbers.filter(numbers.id % 2 == 0).collect())
print(numbers.count(), numbers.first(), numbers.take(2), numbers.tail(2), numbers.isEmpty())
numbers.printSchema()
print(numbers.schema, numbers.columns, numbers.dtypes)
print(numbers.toPandas().to_dict("list"))
print([r.id for r in numbers.toLocalIterator()])

section("createDataFrame")
people = spark.createDataFrame(
    [("ann", 31, ["x", "y"]), ("bob", None, []), ("eve", 45, None)], "name STRING, age INT, tags ARRAY<STRING>"
)
people.show()
people.show(1, truncate=False, vertical=True)
people.printSchema()
print(people.collect())
print(spark.createDataFrame([Row(a=1, b=Row(c="x", d=2.5))]).collect())
print(spark.createDataFrame([{"k": "a", "v": 1}, {"k": "b", "v": 2}]).collect())
every = spark.createDataFrame(
    [
        (
            True,
            7,
            1.5,
            decimal.Decimal("12.34"),
            datetime.date(2024, 2, 29),
            datetime.datetime(2024, 1, 1, 12, 30, 1, 123456),
            bytearray(b"ab"),
            {"k": 1},
        )
    ],
    "b BOOLEAN, l BIGINT, d DOUBLE, p DECIMAL(10,2), day DATE, t TIMESTAMP, bin BINARY, m MAP<STRING,INT>",
)
every.show(truncate=False)
print(every.collect())
empty = spark.createDataFrame([], StructType([StructField("a", IntegerType()), StructField("s", StringType(), False)]))
print(empty.collect(), empty.schema.simpleString(), empty.toPandas().shape)
wide = spark.createDataFrame([(i, "x" * 200) for i in range(20000)], "i INT, s STRING")
print(wide.selectExpr("count(*)", "sum(i)", "max(length(s))").collect())
print(len(spark.range(200000).filter("id % 3 = 0").collect()))

section("columns")
print(
    people.select(
        F.upper("name").alias("n"), (F.col("age") + 1), F.size("tags"), F.coalesce("age", F.lit(0)), people.age.isNull()
    ).collect()
)
people.select("*", F.when(F.col("age") > 40, "old").otherwise("young").alias("kind")).show()
people.withColumn("next", F.expr("age + 1")).withColumnRenamed("name", "who").drop("tags").show()
print(people.selectExpr("explode(tags) AS tag", "name").collect())
print(people.select(F.struct("name", "age").alias("s")).select("s.*").collect())
print(people.select(F.transform("tags", lambda t: F.concat(t, F.lit("!")))).collect())
print(people.filter(people.name.like("%b%") | people.name.isin("eve")).orderBy(F.desc("name")).collect())
print(people.na.fill({"age": 0}).na.drop().collect(), people.fillna(0, ["age"]).count())
print(people.dropDuplicates(["name"]).count(), people.distinct().count(), people.limit(2).count())
print(people.replace("ann", "anna").select("name").collect())

section("aggregates and joins")
sales = spark.createDataFrame(
    [("ann", "a", 10.0), ("ann", "b", 5.0), ("bob", "a", 2.5), ("joe", "a", 1.0)], ["name", "item", "price"]
)
sales.groupBy("name").agg(F.sum("price"), F.count("*").alias("n"), F.avg("price"), F.max("item")).orderBy("name").show()
sales.groupBy("name").pivot("item", ["a", "b"]).sum("price").orderBy("name").show()
sales.rollup("name").agg(F.sum("price").alias("s")).orderBy(F.asc_nulls_first("name")).show()
print(sales.groupBy().agg({"price": "max"}).collect(), sales.agg(F.countDistinct("name")).collect())
joined = people.join(sales, people.name == sales.name, "left").select(people.name, "item", "price")
print(joined.orderBy(people.name, "item").collect())
print(people.join(sales, "name").orderBy("name", "item").select("name", "age", "item").collect())
print(people.join(sales, "name", "left_anti").collect())
print(people.alias("p").join(people.alias("q"), F.col("p.age") < F.col("q.age")).select("p.name", "q.name").collect())
ranked = sales.withColumn("r", F.row_number().over(Window.partitionBy("name").orderBy(F.desc("price"))))
print(ranked.orderBy("name", "r").collect())
print(numbers.union(numbers).count(), numbers.intersect(spark.range(3)).count(), numbers.subtract(spark.range(3)).count())
print(numbers.unionByName(spark.range(1)).agg(F.sum("id")).collect())

section("sql")
people.createOrReplaceTempView("people")
sales.createOrReplaceGlobalTempView("sales")
spark.sql("SELECT name, age FROM people WHERE age IS NOT NULL ORDER BY age DESC").show()
print(spark.sql("SELECT count(*), avg(price) FROM global_temp.sales").collect())
print(spark.sql("WITH t AS (SELECT explode(sequence(1, 3)) AS i) SELECT i, i * i AS sq FROM t").collect())
print(spark.sql("SELECT :a + 1 AS x, :b AS y", {"a": 2, "b": "z"}).collect())
print(spark.sql("SELECT ? AS x", [5]).collect())
print(spark.sql("SELECT * FROM {df} WHERE id = 3", df=numbers).collect())
spark.sql("CREATE OR REPLACE TEMP VIEW adults AS SELECT * FROM people WHERE age > 40")
print(spark.table("adults").select("name").collect())
print(spark.catalog.currentDatabase(), spark.catalog.tableExists("people"), spark.catalog.tableExists("nothing"))
print(sorted(t.name for t in spark.catalog.listTables()))
print([(c.name, c.dataType, c.nullable) for c in spark.catalog.listColumns("people")])
print(spark.catalog.dropTempView("adults"), spark.catalog.dropTempView("adults"))
print(spark.catalog.functionExists("upper"), spark.catalog.databaseExists("default"))
spark.catalog.cacheTable("people")
print(spark.catalog.isCached("people"))
spark.catalog.uncacheTable("people")
print(spark.catalog.isCached("people"))
print([d.name for d in spark.catalog.listDatabases()], spark.catalog.currentCatalog())
print(spark.catalog.getTable("people").name, spark.catalog.getTable("people").isTemporary)

section("settings")
spark.conf.set("spark.sql.shuffle.partitions", 3)
print(spark.conf.get("spark.sql.shuffle.partitions"), spark.conf.get("spark.nothing", "none"))
spark.conf.unset("spark.sql.shuffle.partitions")
print(spark.conf.isModifiable("spark.sql.shuffle.partitions"), spark.conf.isModifiable("spark.sql.warehouse.dir"))
print(spark.conf.get("spark.sql.ansi.enabled"), spark.conf.get("spark.sql.session.timeZone"))
spark.sql("SET spark.sql.session.timeZone = Europe/Athens")
print(spark.conf.get("spark.sql.session.timeZone"))
every.select("t", F.hour("t")).show(truncate=False)
spark.conf.set("spark.sql.session.timeZone", "UTC")

section("questions about a plan")
print(people.isLocal(), numbers.isStreaming, spark.version.split(".")[0])
print(numbers.sameSemantics(numbers), numbers.sameSemantics(people), numbers.semanticHash() == numbers.semanticHash())
print(people.storageLevel, people.persist().storageLevel, people.unpersist().storageLevel)
print(len(numbers._explain_string()) > 0, len(numbers._explain_string(extended=True)) > 0)
print(StructType.fromDDL("a INT, b STRING").simpleString())
print(numbers.colRegex("`i.*`") is not None)
seen = Observation("seen")
observed = spark.range(3).observe(seen, F.count("*").alias("rows"), F.max("id"), F.max(F.col("id").cast("decimal(5,2)")).alias("m"))
print(observed.where("id > 1").count(), seen.get)
written = Observation()
people.observe(written, F.min("name").alias("first"), F.count(F.lit(1)).alias("n")).write.mode("overwrite").json(folder + "/observed")
print(written.get)

section("files")
sales.coalesce(1).write.mode("overwrite").json(folder + "/json")
print(spark.read.schema("name STRING, item STRING, price DOUBLE").json(folder + "/json").orderBy("name", "item").collect())
sales.write.mode("overwrite").option("header", True).csv(folder + "/csv")
print(spark.read.option("header", True).csv(folder + "/csv").orderBy("name", "item").collect())
sales.write.mode("overwrite").parquet(folder + "/parquet")
print(spark.read.parquet(folder + "/parquet").orderBy("name", "item").collect())
spark.read.parquet(folder + "/parquet").printSchema()

spark.stop()
print("stopped")
