// Rows into PostgreSQL tables and back: types, keys, each batch once, and writers that were replaced.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import pg from "pg";
import { batchFromRows } from "../../src/columns/rows.ts";
import type { Environment, SinkRequest } from "../../src/connectors/contract.ts";
import { OptionMap } from "../../src/connectors/options.ts";
import { postgresSink } from "../../src/connectors/postgres/sink.ts";
import { systemClock } from "../../src/embedded/clock.ts";
import { MemoryStream, testSession } from "../../src/testing/index.ts";
import { field, INT, STRING, struct } from "../../src/types/types.ts";
import { requireParts, uniqueName } from "../support/parts.ts";

const parts = requireParts("postgres");
const folder = await mkdtemp(join(tmpdir(), "sluice-postgres-"));
after(() => rm(folder, { recursive: true }));

async function asked(url: string, text: string): Promise<unknown[][]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query({ text, rowMode: "array" })).rows;
  } finally {
    await client.end();
  }
}

const EVERY_TYPE = `SELECT true AS b, 2S AS s, 3 AS i, 9223372036854775807L AS l, 1.5F AS f, -2.5D AS d,
  CAST('123456789012345678.90' AS DECIMAL(20,2)) AS m, 'it''s \\\\ "{}"' AS c, X'00FF' AS x, DATE '2026-02-03' AS dt,
  TIMESTAMP '2026-02-03 04:05:06.789012' AS ts, TIMESTAMP_NTZ '2026-02-03 04:05:06' AS tn, CAST(NULL AS INT) AS n`;

test("every type comes back as it went in", parts.options, async () => {
  const { url } = await parts.postgres();
  await using spark = testSession();
  const table = uniqueName("every");
  const rows = await spark.sql(EVERY_TYPE);
  await rows.write.format("postgres").options({ url, dbtable: table }).save();
  const back = spark.read.format("postgres").options({ url, dbtable: table }).load();
  assert.deepEqual(await back.dtypes(), await rows.dtypes());
  assert.deepEqual((await back.collect()).map(String), (await rows.collect()).map(String));
  const counted = spark.read
    .format("postgres")
    .options({ url, query: `SELECT count(*) AS n FROM ${table}` })
    .load();
  assert.equal((await counted.collect())[0].get(0), 1);
});

test("in update mode a row replaces the one with its key", parts.options, async () => {
  const { url } = await parts.postgres();
  await using spark = testSession();
  const table = uniqueName("counts");
  const input = new MemoryStream("device STRING, value INT");
  const query = await input
    .toDF(spark)
    .groupBy("device")
    .count()
    .writeStream.format("postgres")
    .options({ url, dbtable: table, keyColumns: "device", checkpointLocation: join(folder, table) })
    .outputMode("update")
    .start();
  input.addData(["a", 1], ["b", 1], ["a", 1]);
  await query.processAllAvailable();
  input.addData(["a", 1]);
  await query.processAllAvailable();
  await query.stop();
  assert.deepEqual(await asked(url, `SELECT device, count::int FROM ${table} ORDER BY device`), [
    ["a", 3],
    ["b", 1],
  ]);
});

const environment: Environment = {
  clock: systemClock,
  log: { info() {}, warn() {}, error() {} },
  timeZone: "UTC",
  signal: new AbortController().signal,
};
const request = (url: string, table: string, more: Record<string, string> = {}): SinkRequest => ({
  streaming: true,
  options: new OptionMap(Object.entries({ url, dbtable: table, ...more })),
  path: undefined,
  schema: struct(field("id", INT), field("name", STRING)),
  outputMode: "append",
  queryId: table,
  queryName: undefined,
  partitionBy: [],
  saveMode: "append",
});
const rows = (...values: [number, string][]) => batchFromRows([INT, STRING], values);

test("the sink knows its last batch, and rows of an aborted one never show", parts.options, async () => {
  const { url } = await parts.postgres();
  const table = uniqueName("batches");
  const sink = await postgresSink.create(request(url, table), environment);
  assert.equal(await sink.open(), -1);
  const first = await sink.begin(0);
  await first.write(rows([1, "a"]));
  await first.commit();
  const second = await sink.begin(1);
  await second.write(rows([2, "b"]));
  await second.abort();
  await sink.close();
  const again = await postgresSink.create(request(url, table), environment);
  assert.equal(await again.open(), 0);
  await assert.rejects(again.begin(0), /CONCURRENT_STREAM_LOG_UPDATE/);
  await again.close();
  assert.deepEqual(await asked(url, `SELECT id FROM ${table}`), [[1]]);
});

test("a writer that was replaced commits nothing more", parts.options, async () => {
  const { url } = await parts.postgres();
  const table = uniqueName("zombie");
  const old = await postgresSink.create(request(url, table), environment);
  await old.open();
  const replacement = await postgresSink.create(request(url, table), environment);
  assert.equal(await replacement.open(), -1);
  await assert.rejects(old.begin(0), /SINK_FENCED/);
  await old.close();
  const batch = await replacement.begin(0);
  await batch.write(rows([1, "a"]));
  await batch.commit();
  await replacement.close();
});

test("queries that start at the same time make their table once", parts.options, async () => {
  const { url } = await parts.postgres();
  for (let round = 0; round < 5; round++) {
    const table = uniqueName("together");
    const requests = Array.from({ length: 8 }, (_, i) => ({ ...request(url, table), queryId: `${table} ${i}` }));
    const sinks = await Promise.all(requests.map((each) => postgresSink.create(each, environment)));
    try {
      assert.deepEqual(
        await Promise.all(sinks.map((sink) => sink.open())),
        sinks.map(() => -1),
      );
    } finally {
      await Promise.all(sinks.map((sink) => sink.close()));
    }
  }
});

test("when the answer to COMMIT is lost, the table of commits is asked", parts.options, async () => {
  const { url } = await parts.postgres();
  const table = uniqueName("unknown");
  const sink = await postgresSink.create(request(url, table), environment);
  await sink.open();
  const batch = await sink.begin(0);
  await batch.write(rows([1, "a"]));
  // The server commits, and the client never hears of it.
  const client = (sink as unknown as { client: pg.Client }).client;
  const query = client.query.bind(client) as (text: string, values?: unknown[]) => Promise<unknown>;
  Object.assign(client, {
    query: async (text: string, values?: unknown[]) => {
      const result = await query(text, values);
      if (text === "COMMIT") throw new Error("Connection terminated unexpectedly");
      return result;
    },
  });
  await batch.commit();
  await sink.close();
  assert.deepEqual(await asked(url, `SELECT id FROM ${table}`), [[1]]);
});

test("when the connection breaks before COMMIT, the batch fails and can be run again", parts.options, async () => {
  const { url } = await parts.postgres();
  const table = uniqueName("broken");
  const sink = await postgresSink.create(request(url, table), environment);
  await sink.open();
  const batch = await sink.begin(0);
  await batch.write(rows([1, "a"]));
  const { processID } = (sink as unknown as { client: { processID: number } }).client;
  await asked(url, `SELECT pg_terminate_backend(${processID})`);
  await assert.rejects(batch.commit(), /SINK_FAILED/);
  await batch.abort();
  await sink.close();
  const again = await postgresSink.create(request(url, table), environment);
  assert.equal(await again.open(), -1);
  await again.close();
  assert.deepEqual(await asked(url, `SELECT count(*)::int FROM ${table}`), [[0]]);
});

test("of rows with one key in one statement the last counts", parts.options, async () => {
  const { url } = await parts.postgres();
  const table = uniqueName("keys");
  const sink = await postgresSink.create(request(url, table, { keyColumns: "id" }), environment);
  await sink.open();
  const batch = await sink.begin(0);
  await batch.write(rows([1, "a"], [2, "b"], [1, "c"]));
  await batch.commit();
  await sink.close();
  assert.deepEqual(await asked(url, `SELECT id, name FROM ${table} ORDER BY id`), [
    [1, "c"],
    [2, "b"],
  ]);
});

test("names are never SQL, and a password is never shown", parts.options, async () => {
  const { url } = await parts.postgres();
  await using spark = testSession();
  const hostile = `x"; DROP TABLE t; --`;
  const frame = spark.createDataFrame([[`'); DROP TABLE t; --`]], [hostile]);
  const table = `${uniqueName("hostile")}"; --`;
  await frame.write.format("postgres").options({ url, dbtable: table }).save();
  const back = spark.read.format("postgres").options({ url, dbtable: table }).load();
  assert.equal((await back.collect())[0].get(0), `'); DROP TABLE t; --`);
  const wrong = spark.read
    .format("postgres")
    .options({ url: "postgres://u:hunter2@127.0.0.1:1/x", dbtable: "t" })
    .load();
  await assert.rejects(wrong.collect(), (error: Error) => {
    assert.match(error.message, /CONNECTION_FAILED.*127\.0\.0\.1:1/s);
    assert.ok(!error.message.includes("hunter2"));
    return true;
  });
});
