"""What Spark makes of the records of test/embedded/poison: run by scripts/record-poison.ts.

Arguments: a file of lines `kind TAB base64 value` (`-` for null), a file of the values as lines, the schema.
Prints JSON: for from_json and for JSON files, in each mode, what is counted.
"""
import json
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

pairs, lines, schema = sys.argv[1:4]
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.memory", "1g")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
COLUMNS = ["id", "device", "ts", "celsius", "tags", "s"]


def counts(frame, *extra):
    aggregates = [F.count("*").alias("rows"), F.sum("id").alias("id_sum"), *extra]
    aggregates += [F.count(c).alias(c) for c in COLUMNS]
    return aggregates


def plain(row):
    return {k: v for k, v in row.asDict().items()}


def refused(make):
    try:
        make().collect()
    except Exception as error:  # noqa: BLE001
        text = str(error)
        return text[text.find("[") + 1 : text.find("]")]
    return None


split = F.split("value", "\t")
records = spark.read.text(pairs).select(
    split[0].alias("kind"), F.when(split[1] != "-", F.unbase64(split[1])).alias("value")
)
text = F.col("value").cast("string")
with_corrupt = schema + ", _corrupt_record STRING"
parsed = records.select("kind", F.from_json(text, with_corrupt).alias("r"))
flat = parsed.select("kind", "r.*", F.col("r").isNull().alias("no_struct")).cache()
corrupt = F.count("_corrupt_record").alias("corrupt")
nulls = F.count_if("no_struct").alias("no_struct")
result = {
    "sparkVersion": spark.version,
    "from_json": {
        "PERMISSIVE": {r["kind"]: {k: v for k, v in plain(r).items() if k != "kind"}
                       for r in flat.groupBy("kind").agg(*counts(flat, corrupt, nulls)).collect()},
        "FAILFAST": refused(lambda: records.select(F.from_json(text, schema, {"mode": "FAILFAST"}).alias("r")).select("r.id")),
        "DROPMALFORMED": refused(
            lambda: records.select(F.from_json(text, schema, {"mode": "DROPMALFORMED"}).alias("r")).select("r.id")),
    },
    "files": {},
}
for mode, used in (("PERMISSIVE", with_corrupt), ("DROPMALFORMED", schema)):
    frame = spark.read.schema(used).option("mode", mode).json(lines).cache()
    extra = [corrupt] if mode == "PERMISSIVE" else []
    result["files"][mode] = plain(frame.agg(*counts(frame, *extra)).first())
result["files"]["FAILFAST"] = refused(lambda: spark.read.schema(schema).option("mode", "FAILFAST").json(lines))
print(json.dumps(result))
