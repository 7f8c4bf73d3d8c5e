// The engine in this process: settings, views, SQL statements, batch results, tables as text.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { showString } from "../../src/api/actions.ts";
import type { DataFrame } from "../../src/api/dataframe.ts";
import type { ExplainMode } from "../../src/api/engine.ts";
import { expr } from "../../src/functions.ts";
import { MemoryStream, testSession } from "../../src/testing/index.ts";
import { engineOf } from "../../src/testing/session.ts";

const table = (df: DataFrame, numRows = 20, truncate = 20, vertical = false) =>
  showString(df, numRows, truncate, vertical);
const explained = (df: DataFrame, mode: ExplainMode) => engineOf(df.sparkSession).explain(df.relation, mode);

test("show draws Spark's table", async () => {
  await using spark = testSession();
  const df = spark.createDataFrame(
    [
      [1, "a", 1.5],
      [2, null, 1e10],
      [3, "x".repeat(25), Number.NaN],
    ],
    "id INT, text STRING, number DOUBLE",
  );
  assert.equal(
    await table(df),
    [
      "+---+--------------------+------+",
      "| id|                text|number|",
      "+---+--------------------+------+",
      "|  1|                   a|   1.5|",
      "|  2|                NULL|1.0E10|",
      "|  3|xxxxxxxxxxxxxxxxx...|   NaN|",
      "+---+--------------------+------+",
      "",
    ].join("\n"),
  );
  assert.equal(
    await table(df.select("id", "number"), 1),
    ["+---+------+", "| id|number|", "+---+------+", "|  1|   1.5|", "+---+------+", "only showing top 1 row"].join(
      "\n",
    ),
  );
  assert.equal(
    await table(df.select("id", "number"), 1, 0, true),
    ["-RECORD 0-----", " id     | 1   ", " number | 1.5 ", "only showing top 1 row"].join("\n"),
  );
});

test("show of nested values, and of nothing", async () => {
  await using spark = testSession();
  const df = await spark.sql(
    "SELECT array(1, null) AS a, map('k', 1.0D) AS m, named_struct('x', null, 'y', X'0AFF') AS s, 'a\nb' AS t",
  );
  assert.equal(
    await table(df),
    [
      "+---------+----------+---------------+----+",
      "|        a|         m|              s|   t|",
      "+---------+----------+---------------+----+",
      "|[1, NULL]|{k -> 1.0}|{NULL, [0A FF]}|a\\nb|",
      "+---------+----------+---------------+----+",
      "",
    ].join("\n"),
  );
  assert.equal(await table(spark.range(0)), "+---+\n| id|\n+---+\n+---+\n");
});

test("settings: Spark's defaults, unknown ones of Spark are taken, unknown ones of ours and wrong values aren't", async () => {
  await using spark = testSession();
  assert.equal(await spark.conf.get("spark.sql.shuffle.partitions"), "200");
  assert.equal(await spark.conf.get("spark.sql.streaming.minBatchesToRetain"), "100");
  await spark.conf.set("spark.executor.memory", "4g");
  assert.equal(await spark.conf.get("spark.executor.memory"), "4g");
  await assert.rejects(spark.conf.set("sluice.batch.maxrow", 1), /UNKNOWN_CONF.*Did you mean sluice\.batch\.maxRows/);
  await assert.rejects(spark.conf.set("spark.sql.session.timeZone", "Mars/Base"), /INVALID_CONF_VALUE.*time zone/);
  await assert.rejects(spark.conf.set("spark.sql.ansi.enabled", "yes"), /INVALID_CONF_VALUE.*true or false/);
  await spark.conf.set("spark.sql.ansi.enabled", "false");
  await spark.conf.unset("spark.sql.ansi.enabled");
  assert.equal(await spark.conf.get("spark.sql.ansi.enabled"), "true");
});

test("SQL statements: views, settings, what a shell asks", async () => {
  await using spark = testSession();
  const rows = async (text: string) => (await (await spark.sql(text)).collect()).map((r) => r.values());
  await rows("CREATE TEMP VIEW small AS SELECT id, id * 2 AS twice FROM range(3)");
  assert.deepEqual(await rows("SELECT twice FROM small WHERE id > 0 ORDER BY id"), [[2], [4]]);
  await assert.rejects(rows("CREATE TEMP VIEW small AS SELECT 1"), /TEMP_TABLE_OR_VIEW_ALREADY_EXISTS/);
  await assert.rejects(rows("CREATE TEMP VIEW wrong AS SELECT nothing"), /UNRESOLVED_COLUMN/);
  await rows("CREATE OR REPLACE TEMP VIEW small (a) AS SELECT 7");
  assert.deepEqual(await rows("SELECT a FROM small"), [[7]]);
  await rows("CREATE GLOBAL TEMP VIEW everywhere AS SELECT 1 AS one");
  assert.deepEqual(await rows("SELECT one FROM global_temp.everywhere"), [[1]]);
  assert.deepEqual(await rows("SHOW TABLES"), [["", "small", true]]);
  assert.deepEqual(await rows("SHOW TABLES LIKE 'x*|s*l'"), [["", "small", true]]);
  assert.deepEqual(await rows("SHOW TABLES LIKE 's'"), []);
  assert.deepEqual(await rows("DESCRIBE small"), [["a", "int", null]]);
  assert.deepEqual(await rows("SET spark.sql.shuffle.partitions = 5"), [["spark.sql.shuffle.partitions", "5"]]);
  assert.deepEqual(await rows("SET spark.sql.shuffle.partitions"), [["spark.sql.shuffle.partitions", "5"]]);
  await rows("RESET spark.sql.shuffle.partitions");
  assert.deepEqual(await rows("SET spark.sql.shuffle.partitions"), [["spark.sql.shuffle.partitions", "200"]]);
  assert.match(String((await rows("EXPLAIN SELECT id FROM range(3) WHERE id > 1"))[0][0]), /Physical Plan[\s\S]*Range/);
  await rows("DROP VIEW small");
  await assert.rejects(rows("DROP VIEW small"), /TABLE_OR_VIEW_NOT_FOUND/);
  await rows("DROP VIEW IF EXISTS small");
});

test("the catalog", async () => {
  await using spark = testSession();
  await spark.range(1).createOrReplaceTempView("v");
  assert.equal(await spark.catalog.currentDatabase(), "default");
  assert.deepEqual(
    (await spark.catalog.listTables()).map((t) => [t.name, t.isTemporary]),
    [["v", true]],
  );
  assert.deepEqual(
    (await spark.catalog.listColumns("v")).map((c) => [c.name, c.dataType]),
    [["id", "bigint"]],
  );
  assert.equal(await spark.catalog.tableExists("v"), true);
  assert.equal(await spark.catalog.functionExists("upper"), true);
  assert.equal(await spark.catalog.functionExists("uppper"), false);
  assert.equal(await spark.catalog.dropTempView("v"), true);
  assert.equal(await spark.catalog.tableExists("v"), false);
});

test("a batch result with a value beyond 2^53 is run again in the wide form, and no row comes twice", async () => {
  // So small a buffer that rows are given out before the large value is met.
  await using spark = testSession({ config: { "sluice.result.bufferBytes": "1000", "sluice.batch.maxRows": "100" } });
  const big = 9007199254740993n;
  const df = spark.range(1000).selectExpr(`IF(id = 900, ${big}L, id) AS n`);
  const values = (await df.collect()).map((row) => row.get(0));
  assert.deepEqual(
    values,
    Array.from({ length: 1000 }, (_, i) => (i === 900 ? big : i)),
  );
});

test("explain shows the plan and the generated code", async () => {
  await using spark = testSession();
  const df = spark.range(10).filter("id > 3").selectExpr("id * 2 AS twice");
  assert.match(await explained(df, "simple"), /== Physical Plan ==[\s\S]*Range/);
  assert.match(await explained(df, "extended"), /Analyzed Logical Plan[\s\S]*Optimized Logical Plan/);
  assert.match(await explained(df, "codegen"), /for \(/);
});

test("the rows of a memory sink are read by its query's name, and each batch can be listened to", async () => {
  await using spark = testSession();
  const input = new MemoryStream("value INT");
  const query = await input.toDF(spark).writeStream.format("memory").queryName("live").option("maxRows", 3).start();
  const heard: number[] = [];
  const memory = engineOf(spark).memoryTable("live");
  const end = memory?.subscribe(({ batches }) => heard.push(batches.reduce((n, b) => n + b.rows, 0)));
  for (const rows of [[1, 2], [3], [4, 5]]) {
    input.addData(...rows);
    await query.processAllAvailable();
  }
  end?.();
  assert.deepEqual(heard, [2, 1, 2]);
  // Five rows came; the oldest batch went so that at most three are kept.
  assert.equal(await spark.table("live").count(), 3);
  const joined = spark.table("live").join(spark.range(10).withColumnRenamed("id", "value"), "value");
  assert.equal(await joined.count(), 3);
});

test("a stream joins a table of files as it is when the query starts", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-engine-"));
  try {
    await using spark = testSession();
    const sites = () => spark.createDataFrame([["a", "north"]], "device STRING, site STRING");
    await sites().write.json(join(folder, "sites"));
    const input = new MemoryStream("device STRING, value INT");
    const sitesTable = spark.read.schema("device STRING, site STRING").json(join(folder, "sites"));
    const joined = input.toDF(spark).join(sitesTable, "device");
    const start = () =>
      joined.writeStream.format("memory").queryName("joined").option("checkpointLocation", join(folder, "c")).start();
    const first = await start();
    input.addData(["a", 1], ["b", 2]);
    await first.processAllAvailable();
    await first.stop();
    const more = spark.createDataFrame([["b", "south"]], "device STRING, site STRING");
    await more.write.mode("append").json(join(folder, "sites"));
    const second = await start();
    input.addData(["b", 3]);
    await second.processAllAvailable();
    await second.stop();
    assert.deepEqual(
      (await spark.table("joined").collect()).map((r) => r.values()),
      [
        ["a", 1, "north"],
        ["b", 3, "south"],
      ],
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the user's timers run while a batch does", async () => {
  await using spark = testSession();
  const df = spark.range(3_000_000).groupBy(expr("id % 1000 AS k")).count();
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await df.collect();
  clearInterval(timer);
  assert.ok(turns > 0);
});
