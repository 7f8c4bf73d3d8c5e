// Rows into SQLite tables and back: types, keys, save modes, and each batch once.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { batchFromRows } from "../../src/columns/rows.ts";
import type { Environment, SinkRequest } from "../../src/connectors/contract.ts";
import { OptionMap } from "../../src/connectors/options.ts";
import { sqliteSink } from "../../src/connectors/sqlite/sink.ts";
import { systemClock } from "../../src/embedded/clock.ts";
import { MemoryStream, testSession } from "../../src/testing/index.ts";
import { field, INT, STRING, struct } from "../../src/types/types.ts";

const folder = await mkdtemp(join(tmpdir(), "sluice-sqlite-"));
after(() => rm(folder, { recursive: true }));
let files = 0;
const newFile = () => join(folder, `${files++}.db`);

function rowsIn(path: string, query: string): unknown[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const statement = database.prepare(query);
    statement.setReadBigInts(true);
    return statement.all().map((row) => Object.values(row));
  } finally {
    database.close();
  }
}

const EVERY_TYPE = `SELECT true AS b, 1Y AS t, 2S AS s, 3 AS i, 9223372036854775807L AS l, 1.5F AS f, -2.5D AS d,
  CAST('123456789012345678.90' AS DECIMAL(20,2)) AS m, 'it''s' AS c, X'00FF' AS x, DATE '2026-02-03' AS dt,
  TIMESTAMP '2026-02-03 04:05:06.789012' AS ts`;

test("every type comes back as it went in", async () => {
  await using spark = testSession();
  const path = newFile();
  const rows = await spark.sql(EVERY_TYPE);
  await rows.write.format("sqlite").option("dbtable", "every type").save(path);
  const back = spark.read.format("sqlite").option("dbtable", "every type").load(path);
  assert.deepEqual(await back.dtypes(), await rows.dtypes());
  assert.deepEqual((await back.collect()).map(String), (await rows.collect()).map(String));
});

test("save modes", async () => {
  await using spark = testSession();
  const path = newFile();
  const save = (mode: "append" | "overwrite" | "ignore" | "error", n: number) =>
    spark.range(n).write.format("sqlite").option("dbtable", "t").mode(mode).save(path);
  const count = () => rowsIn(path, "SELECT count(*) FROM t")[0];
  await save("error", 2);
  await assert.rejects(save("error", 2), /TABLE_OR_VIEW_ALREADY_EXISTS/);
  await save("append", 3);
  assert.deepEqual(count(), [5n]);
  await save("ignore", 3);
  assert.deepEqual(count(), [5n]);
  await save("overwrite", 1);
  assert.deepEqual(count(), [1n]);
});

test("in update mode a row replaces the one with its key", async () => {
  await using spark = testSession();
  const path = newFile();
  const input = new MemoryStream("device STRING, value INT");
  const counts = input.toDF(spark).groupBy("device").count();
  const write = () =>
    counts.writeStream
      .format("sqlite")
      .option("dbtable", "counts")
      .option("checkpointLocation", `${path}.checkpoint`)
      .outputMode("update");
  await assert.rejects(write().start(path), /MISSING_OPTION.*keyColumns/);
  await assert.rejects(write().option("keyColumns", "devise").start(path), /INVALID_OPTION_VALUE.*device, count/);
  const query = await write().option("keyColumns", "device").start(path);
  input.addData(["a", 1], ["b", 1], ["a", 1]);
  await query.processAllAvailable();
  input.addData(["a", 1]);
  await query.processAllAvailable();
  await query.stop();
  assert.deepEqual(rowsIn(path, "SELECT * FROM counts ORDER BY device"), [
    ["a", 3n],
    ["b", 1n],
  ]);
  assert.deepEqual(rowsIn(path, "SELECT batch_id FROM _sluice_commits"), [[1n]]);
});

test("names and values are never SQL", async () => {
  await using spark = testSession();
  const path = newFile();
  const hostile = `x"; DROP TABLE t; --`;
  const rows = spark.createDataFrame([[`'); DROP TABLE t; --`]], [hostile]);
  await rows.write.format("sqlite").option("dbtable", hostile).save(path);
  const back = spark.read.format("sqlite").option("dbtable", hostile).load(path);
  assert.deepEqual(await back.columns(), [hostile]);
  assert.equal((await back.collect())[0].get(0), `'); DROP TABLE t; --`);
});

const schema = struct(field("id", INT), field("name", STRING));
const request = (path: string): SinkRequest => ({
  streaming: true,
  options: new OptionMap([["dbtable", "t"]]),
  path,
  schema,
  outputMode: "append",
  queryId: "q",
  queryName: undefined,
  partitionBy: [],
  saveMode: "append",
});
const environment: Environment = {
  clock: systemClock,
  log: { info() {}, warn() {}, error() {} },
  timeZone: "UTC",
  signal: new AbortController().signal,
};
const rows = (...values: [number, string][]) => batchFromRows([INT, STRING], values);

test("the sink knows its last batch, and rows of an aborted one never show", async () => {
  const path = newFile();
  const sink = await sqliteSink.create(request(path), environment);
  assert.equal(await sink.open(), -1);
  const first = await sink.begin(0);
  await first.write(rows([1, "a"]));
  await first.commit();
  const second = await sink.begin(1);
  await second.write(rows([2, "b"]));
  await second.abort();
  await sink.close();

  const again = await sqliteSink.create(request(path), environment);
  assert.equal(await again.open(), 0);
  const repeated = await again.begin(0);
  await repeated.write(rows([1, "a"]));
  await assert.rejects(repeated.commit(), /CONCURRENT_STREAM_LOG_UPDATE/);
  await again.close();
  assert.deepEqual(rowsIn(path, "SELECT id FROM t"), [[1n]]);
});

test("a batch that fails half way leaves nothing", async () => {
  const path = newFile();
  const sink = await sqliteSink.create(request(path), environment);
  await sink.open();
  const user = new DatabaseSync(path);
  user.exec("CREATE TRIGGER no_two BEFORE INSERT ON t WHEN NEW.id = 2 BEGIN SELECT RAISE(ABORT, 'no two'); END");
  user.close();
  const batch = await sink.begin(0);
  await batch.write(rows([1, "a"], [2, "b"]));
  await assert.rejects(batch.commit(), /SINK_FAILED.*no two/);
  await sink.close();
  assert.deepEqual(rowsIn(path, "SELECT count(*) FROM t"), [[0n]]);
  assert.deepEqual(rowsIn(path, "SELECT count(*) FROM _sluice_commits"), [[0n]]);
});

test("two queries into one file take turns", async () => {
  await using spark = testSession();
  const path = newFile();
  const input = new MemoryStream("value INT");
  const start = (table: string) =>
    input
      .toDF(spark)
      .writeStream.format("sqlite")
      .option("dbtable", table)
      .option("checkpointLocation", `${path}.${table}`)
      .start(path);
  const queries = [await start("one"), await start("two")];
  input.addData(...Array.from({ length: 12_000 }, (_, i) => i));
  await Promise.all(queries.map((q) => q.processAllAvailable()));
  for (const table of ["one", "two"]) assert.deepEqual(rowsIn(path, `SELECT count(*) FROM ${table}`), [[12_000n]]);
});
