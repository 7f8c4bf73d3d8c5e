"""Records what Apache Spark answers for the queries of queries.sql: columns and rows, or the error's condition.

Run it with a Python that has PySpark 4.2:
    python test/analyze/recorded/record.py
It writes answers.json beside itself. Rows are in the form that the tests compare: timestamps in microseconds, dates in days,
decimals as text, structs as lists, maps as sorted lists of pairs, binaries in hexadecimal. Rows are sorted unless the query sorts.
"""
import datetime
import decimal
import json
import os
import re

from pyspark.sql import SparkSession

here = os.path.dirname(os.path.abspath(__file__))
spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", "1")
    .config("spark.sql.codegen.wholeStage", "false")
    .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    .config("spark.sql.adaptive.enabled", "false")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("OFF")
os.environ["TZ"] = "UTC"
EPOCH = datetime.datetime(1970, 1, 1)


def plain(value):
    if isinstance(value, datetime.datetime):
        delta = value - EPOCH
        return (delta.days * 86400 + delta.seconds) * 1000000 + delta.microseconds
    if isinstance(value, datetime.date):
        return (value - EPOCH.date()).days
    if isinstance(value, datetime.timedelta):
        return (value.days * 86400 + value.seconds) * 1000000 + value.microseconds
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, dict):
        return sorted(([plain(k), plain(v)] for k, v in value.items()), key=json.dumps)
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    return value


statements = [s.strip() for s in open(os.path.join(here, "queries.sql")).read().split(";\n") if s.strip()]
answers = []
for statement in statements:
    query = "\n".join(line for line in statement.split("\n") if not line.startswith("--")).strip()
    if query.upper().startswith("CREATE"):
        spark.sql(query)
        continue
    try:
        frame = spark.sql(query)
        columns = [[f["name"], f["type"], f["nullable"]] for f in frame.schema.jsonValue()["fields"]]
        rows = [plain(list(row)) for row in frame.collect()]
        if not re.search(r"order by[^)]*$", query, re.I):
            rows.sort(key=lambda r: json.dumps(r))
        answers.append({"query": query, "columns": columns, "rows": rows})
    except Exception as error:
        condition = re.search(r"\[([A-Z][A-Z0-9_.]+)\]", str(error))
        answers.append({"query": query, "condition": condition.group(1) if condition else str(error)[:200]})
with open(os.path.join(here, "answers.json"), "w") as out:
    out.write("[\n" + ",\n".join(json.dumps(a) for a in answers) + "\n]\n")
