/** Whether two engines' output topics say the same: rows by key, doubles to 1e-9. */
import { SparkSession } from "../src/index.ts";

type Fields = Record<string, unknown>;

async function read(spark: SparkSession, servers: string, topic: string): Promise<Map<string, Fields>> {
  const rows = new Map<string, Fields>();
  const df = spark.read.format("kafka").option("kafka.bootstrap.servers", servers).option("subscribe", topic).load();
  for await (const row of df.selectExpr("CAST(value AS STRING) AS value").toLocalIterator()) {
    const fields = JSON.parse(String(row.get("value"))) as Fields;
    const key = JSON.stringify([fields["device"], fields["w"] ?? fields["ts"], fields["fahrenheit"] ?? 0]);
    if (rows.has(key)) fields["count"] = Number(rows.get(key)?.["count"] ?? 1) + 1;
    rows.set(key, fields);
  }
  return rows;
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number") return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a));
  if (typeof a === "object" && a !== null && typeof b === "object" && b !== null) {
    const names = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...names].every((n) => same((a as Fields)[n], (b as Fields)[n]));
  }
  return a === b;
}

/** A sentence when they agree; throws with the first difference when they don't. */
export async function compareRollups(servers: string, ours: string, theirs: string, query: string): Promise<string> {
  const spark = SparkSession.builder.appName("compare").getOrCreate();
  try {
    const a = await read(spark, servers, ours);
    const b = await read(spark, servers, theirs);
    for (const [key, fields] of a) {
      const other = b.get(key);
      if (other === undefined) throw new Error(`${query}: Spark has no row ${key}`);
      if (!same(fields, other))
        throw new Error(`${query}: ${JSON.stringify(fields)} here, ${JSON.stringify(other)} in Spark`);
    }
    if (a.size !== b.size) throw new Error(`${query}: ${a.size} rows here, ${b.size} in Spark`);
    return `answers are equal: ${a.size} rows`;
  } finally {
    await spark.stop();
  }
}
