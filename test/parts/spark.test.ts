import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { requireParts } from "../support/parts.ts";

const parts = requireParts("spark");

test("Spark answers a PySpark client over Connect, in UTC", parts.options, async () => {
  const { url, python, environment } = await parts.spark();
  const program = `
import json
from pyspark.sql import SparkSession
spark = SparkSession.builder.remote(${JSON.stringify(url)}).getOrCreate()
kafka = spark.readStream.format("kafka").option("kafka.bootstrap.servers", "127.0.0.1:1").option("subscribe", "t").load()
print(json.dumps([spark.version, spark.range(5).count(), spark.sql("select current_timezone()").first()[0], kafka.columns]))
`;
  const out = execFileSync(python, ["-W", "ignore", "-c", program], { encoding: "utf8", env: environment });
  const kafkaColumns = ["key", "value", "topic", "partition", "offset", "timestamp", "timestampType"];
  assert.deepEqual(JSON.parse(out), ["4.2.0", 5, "UTC", kafkaColumns]);
});
