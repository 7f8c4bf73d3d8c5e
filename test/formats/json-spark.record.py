"""Records what Spark makes of the cases in json-spark.json: to_json(struct(from_json(text, schema, options) AS j)).

Run with the Python of the Spark that `node scripts/parts/spark.ts` brings; it rewrites the file beside it.
"""
import json
import pathlib

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

path = pathlib.Path(__file__).with_name("json-spark.json")
spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .getOrCreate()
)
cases = json.loads(path.read_text())
for case in cases:
    value = bytes(case["bytes"]) if "bytes" in case else case["text"].encode()
    frame = spark.createDataFrame([(value,)], "v binary").select(F.expr("cast(v as string)").alias("v"))
    parsed = F.from_json("v", case["schema"], case.get("options", {}))
    case["json"] = frame.select(F.to_json(F.struct(parsed.alias("j")))).first()[0]
lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
path.write_text(f"[\n{lines}\n]\n")
