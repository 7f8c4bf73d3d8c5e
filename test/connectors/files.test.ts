// Files as tables, streams and sinks: types, folders, bad records, the manifest.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { DataFrame } from "../../src/api/dataframe.ts";
import { batchFromRows } from "../../src/columns/rows.ts";
import type { Environment, SinkRequest } from "../../src/connectors/contract.ts";
import { jsonFormat } from "../../src/connectors/files/json.ts";
import { manifestFiles } from "../../src/connectors/files/manifest.ts";
import { fileSink } from "../../src/connectors/files/sink.ts";
import { OptionMap } from "../../src/connectors/options.ts";
import { systemClock } from "../../src/embedded/clock.ts";
import { MemoryStream, testSession } from "../../src/testing/index.ts";
import { field, INT, struct } from "../../src/types/types.ts";

const root = await mkdtemp(join(tmpdir(), "sluice-files-"));
after(() => rm(root, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => join(root, `folder ${folders++}`);

/** As a good writer does: the file is whole when it gets its name. */
async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(join(dirname(path), ".writing"), content);
  await rename(join(dirname(path), ".writing"), path);
}

const rowsOf = async (df: DataFrame) => (await df.collect()).map((row) => row.values());

const FLAT = `SELECT true AS b, 1 AS i, 9223372036854775807L AS l, 1.5D AS d, CAST('1.50' AS DECIMAL(5,2)) AS m,
  'a,"b' AS c, DATE '2026-02-03' AS dt, TIMESTAMP '2026-02-03 04:05:06.789' AS ts
  UNION ALL SELECT null, null, null, null, null, null, null, null`;

for (const format of ["json", "csv", "parquet"] as const) {
  test(`${format}: what was written is read`, async () => {
    await using spark = testSession();
    const folder = newFolder();
    const rows = await spark.sql(FLAT);
    await rows.write.format(format).save(folder);
    const back = spark.read
      .schema(await rows.schema())
      .format(format)
      .load(folder);
    assert.deepEqual((await rowsOf(back)).map(String), (await rowsOf(rows)).map(String));
  });
}

test("parquet: nested types, and columns in any order", async () => {
  await using spark = testSession();
  const folder = newFolder();
  const rows = await spark.sql(
    `SELECT array(1, null) AS a, map('k', 2L) AS m, named_struct('x', 1, 'y', array('z')) AS s, X'01' AS b`,
  );
  await rows.write.parquet(folder);
  const back = spark.read.parquet(folder);
  assert.deepEqual(await back.dtypes(), await rows.dtypes());
  assert.deepEqual((await rowsOf(back)).map(String), (await rowsOf(rows)).map(String));
  assert.deepEqual(await rowsOf(back.selectExpr("s.x", "m['k']", "a[0]")), [[1, 2, 1]]);
});

test("a damaged parquet file is an error that names it", async () => {
  await using spark = testSession();
  const file = join(newFolder(), "x.parquet");
  await put(file, "no parquet at all");
  await assert.rejects(spark.read.parquet(file).collect(), /FAILED_READ_FILE.*x\.parquet/);
});

test("json: the schema is found from the records, fields in the order of their names", async () => {
  await using spark = testSession();
  const file = join(newFolder(), "x.json.gz");
  const lines = ['{"b":1,"a":"x"}', '{"b":1.5,"c":{"z":true,"y":[1]}}', "", '{"a":null}'];
  await put(file, gzipSync(lines.join("\r\n")));
  const df = spark.read.json(file);
  assert.deepEqual(await df.dtypes(), [
    ["a", "string"],
    ["b", "double"],
    ["c", "struct<y:array<bigint>,z:boolean>"],
  ]);
  assert.equal(await df.count(), 3);
});

test("json: records that don't fit, by mode", async () => {
  await using spark = testSession();
  const file = join(newFolder(), "x.json");
  await put(file, '{"a":1}\n{"a":"no"}\n{broken\n{"a":4}\n');
  const read = (schema: string, mode: string) => rowsOf(spark.read.schema(schema).option("mode", mode).json(file));
  assert.deepEqual(await read("a INT", "PERMISSIVE"), [[1], [null], [null], [4]]);
  assert.deepEqual(await read("a INT, _corrupt_record STRING", "PERMISSIVE"), [
    [1, null],
    [null, '{"a":"no"}'],
    [null, "{broken"],
    [4, null],
  ]);
  assert.deepEqual(await read("a INT", "DROPMALFORMED"), [[1], [4]]);
  await assert.rejects(read("a INT", "FAILFAST"), /MALFORMED_RECORD_IN_PARSING/);
});

test("csv: header, quotes, types found, other separators", async () => {
  await using spark = testSession();
  const file = join(newFolder(), "x.csv");
  await put(file, 'id;name;when\n1;"a;""b""";2026-01-02\n2;;2026-01-03\n3;"";2026-01-04\n');
  const df = spark.read.options({ header: true, sep: ";", inferSchema: true }).csv(file);
  assert.deepEqual(await df.dtypes(), [
    ["id", "int"],
    ["name", "string"],
    ["when", "date"],
  ]);
  assert.deepEqual(
    (await rowsOf(df)).map((r) => r.slice(0, 2)),
    [
      [1, 'a;"b"'],
      [2, null],
      [3, null],
    ],
  );
  const texts = spark.read.option("sep", ";").csv(file);
  assert.deepEqual(await texts.columns(), ["_c0", "_c1", "_c2"]);
  assert.equal(await texts.count(), 4);
});

test("csv: records that don't fit, by mode", async () => {
  await using spark = testSession();
  const file = join(newFolder(), "x.csv");
  await put(file, "1,a\nx,b\n3\n4,d\n");
  const read = (schema: string, mode: string) => rowsOf(spark.read.schema(schema).option("mode", mode).csv(file));
  assert.deepEqual(await read("n INT, s STRING, _corrupt_record STRING", "PERMISSIVE"), [
    [1, "a", null],
    [null, "b", "x,b"],
    [3, null, "3"],
    [4, "d", null],
  ]);
  assert.deepEqual(await read("n INT, s STRING", "DROPMALFORMED"), [
    [1, "a"],
    [4, "d"],
  ]);
  await assert.rejects(read("n INT, s STRING", "FAILFAST"), /MALFORMED_RECORD_IN_PARSING/);
});

test("text: a row for each line", async () => {
  await using spark = testSession();
  const folder = newFolder();
  await put(join(folder, "a.txt"), "one\ntwo\n\nlast");
  assert.deepEqual(await rowsOf(spark.read.text(folder)), [["one"], ["two"], [""], ["last"]]);
});

test("folders name partitions, patterns choose files, what is hidden is left out", async () => {
  await using spark = testSession();
  const folder = newFolder();
  await put(join(folder, "day=1", "site=a b", "x.json"), '{"v":1}');
  await put(join(folder, "day=2", "site=__HIVE_DEFAULT_PARTITION__", "y.json"), '{"v":2}');
  await put(join(folder, "day=2", "_SUCCESS"), "");
  await put(join(folder, "day=2", ".hidden.json"), '{"v":9}');
  const df = spark.read.json(folder);
  assert.deepEqual(await df.dtypes(), [
    ["v", "bigint"],
    ["day", "int"],
    ["site", "string"],
  ]);
  assert.deepEqual(await rowsOf(df.orderBy("v")), [
    [1, 1, "a b"],
    [2, 2, null],
  ]);
  assert.equal(await spark.read.json(join(folder, "day=*", "*", "{x,z}.json")).count(), 1);
  assert.equal(await spark.read.option("pathGlobFilter", "y*").json(folder).count(), 1);
  await assert.rejects(spark.read.json(join(folder, "absent")).collect(), /PATH_NOT_FOUND.*absent/);
});

test("written by partition and read back, whatever is in the values", async () => {
  await using spark = testSession();
  const folder = newFolder();
  const rows = spark.createDataFrame(
    [
      [1, "a/b=c%"],
      [2, "../up"],
      [3, null],
    ],
    "v INT, p STRING",
  );
  await rows.write.partitionBy("p").json(folder);
  assert.deepEqual((await readdir(folder)).sort(), [
    "_SUCCESS",
    "p=..%2Fup",
    "p=__HIVE_DEFAULT_PARTITION__",
    "p=a%2Fb%3Dc%25",
  ]);
  assert.deepEqual(await rowsOf(spark.read.json(folder).orderBy("v")), [
    [1, "a/b=c%"],
    [2, "../up"],
    [3, null],
  ]);
  await assert.rejects(rows.write.partitionBy("q").json(newFolder()), /PARTITION_COLUMN_NOT_FOUND.*v, p/);
});

test("save modes of a folder", async () => {
  await using spark = testSession();
  const folder = newFolder();
  const save = (mode: "append" | "overwrite" | "ignore" | "error", n: number) =>
    spark.range(n).write.mode(mode).json(folder);
  const count = () => spark.read.json(folder).count();
  await save("error", 2);
  await assert.rejects(save("error", 2), /PATH_ALREADY_EXISTS/);
  await save("append", 3);
  assert.equal(await count(), 5);
  await save("ignore", 3);
  assert.equal(await count(), 5);
  await save("overwrite", 1);
  assert.equal(await count(), 1);
});

test("a stream reads each file once, in batches of so many, also over restarts", async () => {
  await using spark = testSession();
  const folder = newFolder();
  const add = (n: number) => put(join(folder, "in", `${n}.json`), `{"v":${n}}`);
  const start = () =>
    spark.readStream
      .schema("v INT")
      .option("maxFilesPerTrigger", 2)
      .json(join(folder, "in"))
      .writeStream.format("parquet")
      .option("checkpointLocation", join(folder, "checkpoint"))
      .start(join(folder, "out"));
  const values = async () => (await rowsOf(spark.read.parquet(join(folder, "out")).orderBy("v"))).flat();
  for (const n of [1, 2, 3, 4, 5]) await add(n);
  let query = await start();
  await query.processAllAvailable();
  assert.deepEqual(await values(), [1, 2, 3, 4, 5]);
  assert.deepEqual(
    (await query.recentProgress()).map((p) => p.numInputRows),
    [2, 2, 1],
  );
  await query.stop();
  for (let n = 6; n <= 30; n++) await add(n);
  query = await start();
  await query.processAllAvailable();
  await query.stop();
  assert.deepEqual(
    await values(),
    Array.from({ length: 30 }, (_, i) => i + 1),
  );
  const first = (await readFile(join(folder, "checkpoint", "sources", "0", "0"), "utf8")).split("\n");
  assert.equal(first[0], "v1");
  assert.deepEqual(Object.keys(JSON.parse(first[1])), ["path", "timestamp", "batchId"]);
  const manifest = await readdir(join(folder, "out", "_spark_metadata"));
  assert.ok(manifest.includes("9.compact"), String(manifest));
});

test("a stream of files needs a schema", async () => {
  await using spark = testSession();
  const folder = newFolder();
  await put(join(folder, "x.json"), "{}");
  await assert.rejects(spark.readStream.json(folder).schema(), /SOURCE_SCHEMA_REQUIRED/);
});

const environment: Environment = {
  clock: systemClock,
  log: { info() {}, warn() {}, error() {} },
  timeZone: "UTC",
  signal: new AbortController().signal,
};
const request = (path: string): SinkRequest => ({
  streaming: true,
  options: new OptionMap(),
  path,
  schema: struct(field("v", INT)),
  outputMode: "append",
  queryId: "q",
  queryName: undefined,
  partitionBy: [],
  saveMode: "append",
});
const dataFiles = async (folder: string) => (await readdir(folder)).filter((n) => n.includes("part-"));

test("what a crash left before the manifest is removed, and the batch written again counts once", async () => {
  const folder = newFolder();
  const sink = await fileSink(jsonFormat).create(request(folder), environment);
  assert.equal(await sink.open(), -1);
  const first = await sink.begin(0);
  await first.write(batchFromRows([INT], [[1]]));
  await first.commit();
  // A crash after the files got their names, and before the manifest.
  const [whole] = await dataFiles(folder);
  await writeFile(join(folder, whole.replace("-b0-", "-b1-")), '{"v":2}\n');
  await writeFile(join(folder, `.${whole.replace("-b0-", "-b1-")}.tmp`), '{"v":');
  const again = await fileSink(jsonFormat).create(request(folder), environment);
  assert.equal(await again.open(), 0);
  assert.deepEqual(await dataFiles(folder), [whole]);
  const second = await again.begin(1);
  await second.write(batchFromRows([INT], [[2]]));
  await second.commit();
  const committed = await manifestFiles(join(folder, "_spark_metadata"));
  assert.equal(committed?.length, 2);
  assert.deepEqual((await dataFiles(folder)).map((n) => join(folder, n)).sort(), [...(committed ?? [])].sort());
});

test("an aborted batch leaves no file", async () => {
  const folder = newFolder();
  const sink = await fileSink(jsonFormat).create(request(folder), environment);
  await sink.open();
  const batch = await sink.begin(0);
  await batch.write(batchFromRows([INT], [[1]]));
  await batch.abort();
  assert.deepEqual(await readdir(folder).catch(() => []), []);
});

test("a stream refuses what files can't hold, at its start", async () => {
  await using spark = testSession();
  const input = new MemoryStream("v INT, a ARRAY<INT>");
  const write = (df: DataFrame, format: string, mode: "append" | "update" = "append") =>
    df.writeStream.format(format).outputMode(mode).option("checkpointLocation", newFolder()).start(newFolder());
  for (const format of ["text", "csv"]) {
    await assert.rejects(write(input.toDF(spark), format), /UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE/);
  }
  const counts = input.toDF(spark).groupBy("v").count();
  await assert.rejects(write(counts, "json", "update"), /STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE.*append/);
});
