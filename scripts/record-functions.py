"""Evaluates the examples of all functions on real Spark and writes test/functions/recorded/<group>.json.

Run with a Python that has pyspark 4.2, from the project's folder:

    python scripts/record-functions.py            # only examples that aren't recorded yet
    python scripts/record-functions.py --all      # everything again

Session: local, UTC (casts and time functions also in America/New_York), ANSI. A value is written without loss: whole numbers, dates (days), timestamps and intervals
(microseconds, months) as digits, fractions as Python's repr, decimals plain, bytes in hexadecimal, maps as pairs.
"""
import datetime
import decimal
import json
import logging
import os
import pathlib
import re
import subprocess
import sys

os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
os.environ["TZ"] = "UTC"
logging.disable(logging.CRITICAL)

from pyspark.errors import PySparkException  # noqa: E402
from pyspark.sql import SparkSession, types as t  # noqa: E402

root = pathlib.Path(__file__).resolve().parent.parent
folder = root / "test" / "functions" / "recorded"
# What depends on the session's time zone is recorded in this one too.
ZONE = "America/New_York"
EPOCH = datetime.datetime(1970, 1, 1)


def encode(value, kind):
    if value is None:
        return None
    if isinstance(kind, t.ArrayType):
        return [encode(v, kind.elementType) for v in value]
    if isinstance(kind, t.MapType):
        return [[encode(k, kind.keyType), encode(v, kind.valueType)] for k, v in value.items()]
    if isinstance(kind, t.StructType):
        return [encode(v, f.dataType) for v, f in zip(value, kind.fields)]
    if isinstance(value, bool):
        return value
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        return str((value.replace(tzinfo=None) - EPOCH) // datetime.timedelta(microseconds=1))
    if isinstance(value, datetime.date):
        return str((value - EPOCH.date()).days)
    if isinstance(value, datetime.timedelta):
        return str(value // datetime.timedelta(microseconds=1))
    if isinstance(value, (int, float)):
        return repr(value)
    return value


def condition_of(error):
    condition = error.getCondition() if isinstance(error, PySparkException) else None
    if condition:
        return condition
    found = re.search(r"\[([A-Z][A-Z0-9_]+(?:\.[A-Z0-9_]+)?)\]", str(error))
    return found.group(1) if found else type(error).__name__


def evaluate(spark, sql):
    try:
        frame = spark.sql(f"SELECT {sql}")
        fields = frame.schema.fields
        result = {
            "type": [f.dataType.simpleString() for f in fields],
            "nullable": [f.nullable for f in fields],
            "name": [f.name for f in fields],
        }
    except Exception as error:
        # Python has no type for year-month intervals.
        if condition_of(error) != "NOT_IMPLEMENTED":
            return {"error": condition_of(error)}
        frame, result = None, {"type": [frame._jdf.schema().apply(0).dataType().simpleString()], "name": frame._jdf.columns()[:]}
        result["name"] = [str(n) for n in result["name"]]
    first = "NOT_IMPLEMENTED"
    try:
        if frame is not None:
            rows = frame.collect()
            result["rows"] = [[encode(v, f.dataType) for v, f in zip(row, fields)] for row in rows]
            return result
    except Exception as error:
        first = condition_of(error)
    try:
        result["text"] = spark.sql(f"SELECT CAST(({sql}) AS STRING)").collect()[0][0]
        return result
    except Exception as error:
        again = condition_of(error)
        return {"error": first if again == "PARSE_SYNTAX_ERROR" else again}


def main():
    every = "--all" in sys.argv
    listed = subprocess.run(
        ["node", "scripts/list-function-examples.ts"], cwd=root, check=True, capture_output=True, text=True
    )
    groups = {}
    for example in json.loads(listed.stdout):
        groups.setdefault(example["group"], []).append(example)
    builder = SparkSession.builder.master("local[1]").appName("record-functions")
    for key, value in {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.shuffle.partitions": "1",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
    }.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    folder.mkdir(parents=True, exist_ok=True)
    for zone, group in [("UTC", g) for g in sorted(groups)] + [(ZONE, g) for g in ("cast", "datetime")]:
        examples = groups[group]
        spark.conf.set("spark.sql.session.timeZone", zone)
        path = folder / (f"{group}.json" if zone == "UTC" else f"{group}.{zone.replace('/', '-')}.json")
        known = {}
        if path.exists() and not every:
            known = {case["sql"]: case for case in json.loads(path.read_text())}
        cases = []
        for example in examples:
            sql = example["sql"]
            case = known.get(sql)
            if case is None or case.get("error") == "NOT_IMPLEMENTED":
                case = {"function": example["function"], "sql": sql, **evaluate(spark, sql)}
            cases.append(case)
        lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
        path.write_text(f"[\n{lines}\n]\n")
        print(group, zone, len(cases), file=sys.stderr)
    spark.stop()


main()
