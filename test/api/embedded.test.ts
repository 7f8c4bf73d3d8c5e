/** The API on the embedded engine: what needs an engine and is no matter of results (test/conformance has those). */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { col, count, lit, udf } from "../../src/functions.ts";
import {
  type DataFrame,
  Decimal,
  Observation,
  type Row,
  SluiceError,
  SparkSession,
  type StreamingQueryListener,
} from "../../src/index.ts";
import { MemoryStream } from "../../src/testing/index.ts";

const spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").create();
after(() => spark.stop());

const log = console.log;

/** What `action` prints. */
async function output(action: () => Promise<void>): Promise<string> {
  const printed: string[] = [];
  console.log = (text: string) => void printed.push(text);
  try {
    await action();
  } finally {
    console.log = log;
  }
  return printed.join("\n");
}

const fails = (condition: string) => (error: unknown) => error instanceof SluiceError && error.condition === condition;

test("show and printSchema print as Spark does", async () => {
  const df = spark.createDataFrame(
    [
      ["a", 1],
      ["a long text, longer than twenty", null],
    ],
    "s STRING, n INT NOT NULL",
  );
  assert.equal(
    await output(() => df.select("s").show()),
    "+--------------------+\n|                   s|\n+--------------------+\n|                   a|\n|a long text, long...|\n+--------------------+\n",
  );
  assert.equal(await output(() => df.select("s").limit(1).show(1, false)), "+---+\n|s  |\n+---+\n|a  |\n+---+\n");
  assert.equal(await output(() => df.select("s").limit(1).show(1, true, true)), "-RECORD 0--\n s   | a   \n");
  assert.equal(await output(() => spark.range(1).printSchema()), "root\n |-- id: long (nullable = false)\n");
});

test("rows by name and type; objects; one by one", async () => {
  const df = spark.createDataFrame([
    { device: "d1", price: Decimal.from("1.50"), tags: ["x"] },
    { device: "d2", price: null, tags: null },
  ]);
  const [first] = await df.collect<{ device: string; price: Decimal | null }>();
  assert.equal(first.device.toUpperCase(), "D1");
  assert.equal(first.price?.toNumber(), 1.5);
  assert.deepEqual(await df.select("device", "tags").toArray(), [
    { device: "d1", tags: ["x"] },
    { device: "d2", tags: null },
  ]);
  const names: unknown[] = [];
  for await (const row of df) names.push(row["device"]);
  assert.deepEqual(names, ["d1", "d2"]);
  assert.equal((await df.first<{ device: string }>())?.device, "d1");
  assert.equal(await df.filter("false").first(), undefined);
  assert.equal(await df.count(), 2);
  assert.equal(await df.filter("false").isEmpty(), true);
  assert.deepEqual(await df.columns(), ["device", "price", "tags"]);
  assert.deepEqual(await df.dtypes(), [
    ["device", "string"],
    ["price", "decimal(38,18)"],
    ["tags", "array<string>"],
  ]);
});

test("a TypeScript function gets public values and its result is checked", async () => {
  const df = spark.createDataFrame(
    [
      [1n, "a"],
      [9007199254740993n, null],
    ],
    "n BIGINT, s STRING",
  );
  const kinds = udf((n: number | bigint, s: string | null) => `${typeof n} ${s}`, "string");
  assert.deepEqual(
    (await df.select(kinds("n", "s").alias("k")).collect<{ k: string }>()).map(({ k }) => k),
    ["number a", "bigint null"],
  );
  const parts = udf((s: string | null) => ({ text: s, size: s?.length ?? 0 }), "text STRING, size INT");
  const [row] = await df.select(parts("s").alias("p")).collect<{ p: Row & { size: number } }>();
  assert.equal(row.p.size, 1);
  const wrong = udf(() => "text", "int");
  await assert.rejects(df.select(wrong("s")).collect(), fails("CANNOT_ACCEPT_OBJECT_IN_TYPE"));
});

test("64-bit results of TypeScript functions compute on, exactly", async () => {
  const twice = udf((n: number | bigint) => BigInt(n) * 2n, "bigint");
  const list = udf((n: number | bigint) => [n, 1], "array<bigint>");
  const price = udf((n: number) => Decimal.from(n).toScale(2), "decimal(10,2)");
  const rows = async (from: number | bigint) =>
    spark
      .createDataFrame([[from]], "n BIGINT")
      .select(
        twice("n").plus(1).alias("a"),
        list("n").getItem(0).plus(1).alias("b"),
        price(lit(3)).multiply(2).alias("c"),
      )
      .toArray<{ a: number | bigint; b: number; c: Decimal }>();
  const [small] = await rows(20);
  assert.deepEqual([small.a, small.b, small.c.toString()], [41, 21, "6.00"]);
  const [large] = await rows(9007199254740993n);
  assert.equal(large.a, 18014398509481987n);
});

test("an error names the user's line", async () => {
  await assert.rejects(spark.range(1).select("idd").collect(), (error) => {
    assert.ok(fails("UNRESOLVED_COLUMN.WITH_SUGGESTION")(error));
    assert.match(String(error), /`id`/);
    assert.match((error as SluiceError).context?.callSite ?? "", /embedded\.test\.ts:\d+$/);
    return true;
  });
});

test("foreachBatch: batches with their numbers, readable and writable", async () => {
  const readings = new MemoryStream("device STRING, celsius DOUBLE");
  const seen: [number, number][] = [];
  const query = await readings
    .toDF(spark)
    .writeStream.foreachBatch(async (batch, batchId) => {
      seen.push([batchId, await batch.filter("celsius > 20").count()]);
      await batch.createOrReplaceTempView("last_batch");
      const rows = await (await spark.sql("SELECT max(celsius) AS top FROM last_batch")).toArray();
      assert.equal(rows.length, 1);
    })
    .start();
  readings.addData(["a", 21], ["b", 19]);
  await query.processAllAvailable();
  readings.addData(["c", 30], ["c", 31]);
  await query.processAllAvailable();
  await query.stop();
  assert.deepEqual(seen, [
    [0, 1],
    [1, 2],
  ]);
});

test("foreachBatch that throws fails the query with its error", async () => {
  const readings = new MemoryStream("n INT");
  const query = await readings
    .toDF(spark)
    .writeStream.foreachBatch(() => Promise.reject(new Error("database away")))
    .start();
  readings.addData([1]);
  await assert.rejects(query.awaitTermination(), /database away/);
  assert.match(String(await query.exception()), /database away/);
  assert.equal(await query.isActive(), false);
});

test("foreach: open, each row, close", async () => {
  const readings = new MemoryStream("n INT");
  const calls: string[] = [];
  const query = await readings
    .toDF(spark)
    .writeStream.foreach({
      open: (_partition, epoch) => {
        calls.push(`open ${epoch}`);
        return true;
      },
      process: (row) => void calls.push(`row ${row.get("n")}`),
      close: (error) => void calls.push(`close ${error}`),
    })
    .start();
  readings.addData([1], [2]);
  await query.processAllAvailable();
  await query.stop();
  assert.deepEqual(calls.slice(0, 4), ["open 0", "row 1", "row 2", "close undefined"]);
});

test("listeners hear of start, progress and end; observed metrics are in the progress", async () => {
  const readings = new MemoryStream("n INT");
  const events: string[] = [];
  const listener: StreamingQueryListener = {
    onQueryStarted: ({ name }) => void events.push(`started ${name}`),
    onQueryProgress: ({ progress }) => {
      events.push(`progress ${progress.batchId} ${JSON.stringify(progress.observedMetrics?.["seen"])}`);
    },
    onQueryTerminated: ({ exception }) => void events.push(`ended ${exception}`),
  };
  spark.streams.addListener(listener);
  const df: DataFrame = readings.toDF(spark).observe("seen", count(lit(1)).alias("rows"));
  const query = await df.writeStream.format("memory").queryName("observed").start();
  readings.addData([1], [2], [3]);
  await query.processAllAvailable();
  assert.deepEqual(
    (await spark.streams.active()).map(({ id }) => id),
    [query.id],
  );
  assert.equal((await spark.streams.get(query.id))?.runId, query.runId);
  await query.stop();
  spark.streams.removeListener(listener);
  assert.deepEqual(events, ["started observed", 'progress 0 {"rows":3}', "ended null"]);
  assert.equal(await spark.streams.awaitAnyTermination(1000), true);
  await spark.streams.resetTerminated();
  assert.equal(await spark.table("observed").count(), 3);
});

test("an Observation is for one DataFrame of a batch query", async () => {
  const rows = count(lit(1)).alias("rows");
  const has = (condition: string) => (error: unknown) => error instanceof SluiceError && error.condition === condition;
  const seen = new Observation();
  await assert.rejects(seen.get(), has("NO_OBSERVE_BEFORE_GET"));
  const observed = spark.range(5).observe(seen, rows);
  assert.throws(() => spark.range(3).observe(seen, rows), has("REUSE_OBSERVATION"));
  const [metrics] = await Promise.all([seen.get(), output(() => observed.show())]); // waits for the first action
  assert.deepEqual(metrics, { rows: 5 });
  const stream = new MemoryStream("n INT").toDF(spark).observe(new Observation("live"), rows);
  await assert.rejects(stream.writeStream.format("memory").queryName("live").start(), has("UNSUPPORTED_FEATURE"));
});

test("the same session is given until it is stopped", async () => {
  const first = SparkSession.builder.appName("one").getOrCreate();
  assert.equal(SparkSession.builder.appName("two").getOrCreate(), first);
  assert.equal(await first.conf.get("spark.app.name"), "two");
  await first.stop();
  const second = SparkSession.builder.getOrCreate();
  assert.notEqual(second, first);
  await second.stop();
});

test("columns that share a name after a join are told apart by their DataFrame", async () => {
  const left = spark.createDataFrame([[1, "l"]], "id INT, v STRING");
  const right = spark.createDataFrame([[1, "r"]], "id INT, v STRING");
  const joined = left
    .join(right, left.col("id").eq(right.col("id")))
    .select(left.col("v").alias("a"), right.col("v").alias("b"));
  assert.deepEqual(await joined.toArray(), [{ a: "l", b: "r" }]);
  await assert.rejects(
    left
      .join(right, left.col("id").eq(right.col("id")))
      .select(col("v"))
      .collect(),
    fails("AMBIGUOUS_REFERENCE"),
  );
});
