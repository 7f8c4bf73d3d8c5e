"""Asks Apache Spark how it reads, prints and combines types, dates, timestamps, intervals and SQL texts.

Writes the answers beside itself as JSON; the tests compare with them. Run it with the Python that
`node scripts/parts/spark.ts` installs:

    .cache/parts/spark-4.2.0/venv/bin/python test/types/recorded/record.py
"""
import json
import logging
import os
import pathlib

os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
from pyspark.sql import SparkSession  # noqa: E402

here = pathlib.Path(__file__).parent
spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.session.timeZone", "UTC")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("OFF")
logging.disable(logging.CRITICAL)
jvm = spark._jvm
catalyst = jvm.org.apache.spark.sql.catalyst


def module(name):
    """A Scala object."""
    return jvm.java.lang.Class.forName(name + "$").getField("MODULE$").get(None)


def save(name, value):
    text = json.dumps(value, indent=1, ensure_ascii=False)
    (here / name).write_text(text + "\n")
    print(name, len(value))


def failure(error):
    error = getattr(error, "java_exception", None) or error
    for _ in range(10):
        if hasattr(error, "getCondition"):
            return error.getCondition()
        cause = getattr(error, "getCause", lambda: None)()
        if cause is None:
            break
        error = cause
    return "?"


def attempt(work):
    try:
        return work()
    except Exception as error:  # noqa: BLE001
        condition = getattr(error, "getCondition", None)
        return {"error": condition() if condition else failure(error)}


inputs = json.loads((here / "inputs.json").read_text())
data_type = module("org.apache.spark.sql.types.DataType")


def describe(text):
    t = data_type.fromDDL(text)
    out = {"json": t.json(), "sql": t.sql(), "simple": t.simpleString()}
    if t.typeName() == "struct":
        out["ddl"] = t.toDDL()
        out["tree"] = t.treeString()
    return out


save("types.json", {text: attempt(lambda: describe(text)) for text in inputs["types"]})

coercion = module("org.apache.spark.sql.catalyst.analysis.AnsiTypeCoercion")
cast = module("org.apache.spark.sql.catalyst.expressions.Cast")


def simple(option):
    return option.get().sql() if option.isDefined() else None


pairs = {}
for a in inputs["pairs"]:
    for b in inputs["pairs"]:
        x, y = data_type.fromDDL(a), data_type.fromDDL(b)
        pairs[f"{a} | {b}"] = [
            simple(coercion.findWiderTypeForTwo(x, y)),
            simple(coercion.findTightestCommonType().apply(x, y)),
            cast.canAnsiCast(x, y),
            cast.canUpCast(x, y),
            cast.canANSIStoreAssign(x, y),
            cast.forceNullable(x, y),
        ]
save("pairs.json", pairs)


def row(sql):
    return [None if v is None else str(v) for v in spark.sql(sql).collect()[0]]


decimals = {}
for a in inputs["decimals"]:
    for b in inputs["decimals"]:
        for op in ["+", "-", "*", "/", "%"]:
            sql = f"SELECT CAST(1 AS {a}) {op} CAST(1 AS {b})"
            decimals[f"{a} {op} {b}"] = spark.sql(sql).schema[0].dataType.simpleString()
save("decimals.json", decimals)

times = {}
for zone in inputs["zones"]:
    spark.conf.set("spark.sql.session.timeZone", zone)
    for text in inputs["times"]:
        quoted = json.dumps(text)
        sql = (
            f"SELECT CAST(TRY_CAST(s AS TIMESTAMP) AS STRING), unix_micros(TRY_CAST(s AS TIMESTAMP)), "
            f"CAST(TRY_CAST(s AS DATE) AS STRING), CAST(TRY_CAST(s AS TIMESTAMP_NTZ) AS STRING) FROM VALUES ({quoted}) AS t(s)"
        )
        times[f"{zone} | {text}"] = attempt(lambda: row(sql))
spark.conf.set("spark.sql.session.timeZone", "UTC")
save("times.json", times)

intervals = {}
for text in inputs["intervals"]:
    intervals[text] = attempt(lambda: [spark.sql(f"SELECT {text}").schema[0].dataType.simpleString(), *row(f"SELECT CAST({text} AS STRING)")])
save("intervals.json", intervals)

parser = spark._jsparkSession.sessionState().sqlParser()


def parses(work):
    answer = attempt(work)
    return answer["error"] if isinstance(answer, dict) else True


save("expressions.json", {t: attempt(lambda: parser.parseExpression(t).sql()) for t in inputs["expressions"]})
save("queries.json", {t: parses(lambda: parser.parsePlan(t) is not None) for t in inputs["queries"]})
spark.stop()
