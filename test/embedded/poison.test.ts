// A hundred thousand records of which one in a hundred is poison, in every mode: nothing stops that shouldn't, and the
// counts are Spark's (recorded by scripts/record-poison.ts).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { relation } from "../../src/api/relation.ts";
import { col, expr, from_json } from "../../src/functions.ts";
import { DataFrame, SluiceError } from "../../src/index.ts";
import { toProtoType } from "../../src/plan/data-types.ts";
import { Parse_ParseFormat } from "../../src/plan/messages.ts";
import { testSession } from "../../src/testing/index.ts";
import { parseSchema } from "../../src/types/ddl.ts";
import { onBothBrokers } from "../support/brokers.ts";
import { uniqueName } from "../support/parts.ts";
import { COUNT, lineOf, poisonRecords, SCHEMA } from "./poison/records.ts";
import { SideTopics } from "./side-topics.ts";

type Counts = Readonly<Record<string, number | null>>;

interface Recorded {
  readonly from_json: {
    readonly PERMISSIVE: Readonly<Record<string, Counts>>;
    readonly FAILFAST: string;
    readonly DROPMALFORMED: string;
  };
  readonly files: { readonly PERMISSIVE: Counts; readonly DROPMALFORMED: Counts; readonly FAILFAST: string };
}

const recorded = JSON.parse(readFileSync(new URL("poison/recorded.json", import.meta.url), "utf8")) as Recorded;
const spark42 = recorded.from_json.PERMISSIVE;
const records = [...poisonRecords()];

const COLUMNS = ["id", "device", "ts", "celsius", "tags", "s"];
const countsOf = (...extra: string[]) =>
  ["count(1) AS rows", "sum(id) AS id_sum", ...extra, ...COLUMNS.map((c) => `count(${c}) AS ${c}`)].map(expr);

async function finish(df: DataFrame, mode: "append" | "complete" = "append"): Promise<Record<string, unknown>[]> {
  const name = uniqueName("q");
  const query = await df.writeStream
    .format("memory")
    .queryName(name)
    .outputMode(mode)
    .trigger({ availableNow: true })
    .start();
  await query.awaitTermination();
  return (await df.sparkSession.table(name).collect()).map((row) => row.toObject());
}

const byKind = (rows: readonly Record<string, unknown>[]): Record<string, unknown> =>
  Object.fromEntries(rows.map(({ kind, ...counts }) => [kind, counts]));

onBothBrokers(
  "from_json over poisoned records counts as Spark does, and dead letters are exactly the bad ones",
  async (broker) => {
    await using spark = testSession();
    const topics = new SideTopics(broker, spark);
    const input = await topics.topic("poison", 4, { "max.message.bytes": String(4 << 20) });
    const dead = await topics.topic("dead", 2);
    await topics.send(
      input,
      records.map(({ kind, value }, i) => ({ key: kind, value, partition: i % 4 })),
    );
    const kind = col("key").cast("string").alias("kind");
    const text = col("value").cast("string");
    const decoded = (options: Readonly<Record<string, string>>, more: string, json: Record<string, string> = {}) =>
      topics.stream(input, options).select(kind, from_json(text, SCHEMA + more, json).alias("r"));

    // Field by field, then the whole struct.
    const flat = decoded({}, ", _corrupt_record STRING");
    const nothing = "count_if(r IS NULL) AS no_struct";
    const fields = flat.select("kind", "r.*", "r");
    const permissive = await finish(
      fields.groupBy("kind").agg(...countsOf("count(_corrupt_record) AS corrupt", nothing)),
      "complete",
    );
    assert.deepEqual(byKind(permissive), spark42);
    const narrow = await finish(
      flat
        .select("kind", "r.*")
        .groupBy("kind")
        .agg(...countsOf("count(_corrupt_record) AS corrupt")),
      "complete",
    );
    const withoutStructs = Object.entries(spark42).map(([k, { no_struct: _, ...counts }]) => [k, counts]);
    assert.deepEqual(byKind(narrow), Object.fromEntries(withoutStructs));

    await assert.rejects(finish(decoded({}, "", { mode: "FAILFAST" }).select("r.id")), (error: unknown) => {
      assert.equal(((error as Error).cause as SluiceError).condition, recorded.from_json.FAILFAST);
      assert.match(String(error), /topic poison_\w+, partition 3, offset 24\b/);
      return true;
    });

    const good = await finish(
      decoded({ badRecords: "deadletter", badRecordsTopic: dead }, "")
        .select("kind", "r.*")
        .groupBy("kind")
        .agg(...countsOf()),
      "complete",
    );
    const kept = Object.entries(spark42).flatMap(([k, { no_struct: _, corrupt, ...counts }]) =>
      corrupt === 0 ? [[k, counts]] : [],
    );
    assert.deepEqual(byKind(good), Object.fromEntries(kept));
    const bad = records.flatMap(({ kind: k, value }, i) => (spark42[k]?.["corrupt"] === 0 ? [] : [{ k, value, i }]));
    const letters = await topics.writtenOnce(dead, bad.length);
    const place = (l: { headers: Readonly<Record<string, string>> }) =>
      Number(l.headers["sluice.offset"]) * 4 + Number(l.headers["sluice.partition"]);
    letters.sort((a, b) => place(a) - place(b));
    assert.deepEqual(
      letters.map(place),
      bad.map(({ i }) => i),
    );
    for (const [n, { k, value }] of bad.entries()) {
      const letter = letters[n];
      assert.equal(letter.key, k);
      if ((value as Buffer).length < 1_000_000) assert.equal(letter.value, (value as Buffer).toString());
      else {
        // Its topic wouldn't take the whole record: the letter says so.
        assert.equal(letter.value, null);
        assert.equal(letter.headers["sluice.value.bytes"], String((value as Buffer).length));
      }
    }
  },
);

test("poisoned JSON files: PERMISSIVE, DROPMALFORMED and FAILFAST count as Spark does", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-poison-"));
  await using spark = testSession();
  try {
    await mkdir(join(folder, "in"));
    await writeFile(join(folder, "in", "lines.json"), Buffer.concat(records.flatMap((r) => lineOf(r) ?? [])));
    const read = (mode: string, more = "") =>
      spark.readStream
        .schema(SCHEMA + more)
        .option("mode", mode)
        .json(join(folder, "in"));
    const permissive = read("PERMISSIVE", ", _corrupt_record STRING");
    assert.deepEqual(await finish(permissive.agg(...countsOf("count(_corrupt_record) AS corrupt")), "complete"), [
      recorded.files.PERMISSIVE,
    ]);
    assert.deepEqual(await finish(read("DROPMALFORMED").agg(...countsOf()), "complete"), [
      recorded.files.DROPMALFORMED,
    ]);
    await assert.rejects(finish(read("FAILFAST").select("id")), /MALFORMED_RECORD|FAILED_READ_FILE/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("from_json refuses DROPMALFORMED, as Spark does", async () => {
  await using spark = testSession();
  const df = spark
    .createDataFrame([{ value: "{" }])
    .select(from_json(col("value"), "a INT", { mode: "DROPMALFORMED" }));
  await assert.rejects(df.collect(), (error: unknown) => {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.condition, recorded.from_json.DROPMALFORMED);
    return true;
  });
});

test("the recorded counts are of these records", () => {
  assert.equal(records.length, COUNT);
  const sizes = Map.groupBy(records, (r) => r.kind);
  for (const [kind, { rows }] of Object.entries(spark42)) assert.equal(sizes.get(kind)?.length, rows);
});

test("read.json of texts: records that are malformed or blank are left out by DROPMALFORMED", async () => {
  await using spark = testSession();
  const texts = ['{"a":1,"b":"x"}', '{"a":"x"}', "{", "", '{"a":2,"s":{"n":nope}}', '{"b":"y"}'];
  const df = spark.createDataFrame(texts.map((value) => ({ value })));
  // What PySpark's spark.read.json(df) sends.
  const read = (schema: string) => {
    const options = { mode: "DROPMALFORMED" };
    const parse = {
      input: df.relation,
      format: Parse_ParseFormat.JSON,
      schema: toProtoType(parseSchema(schema)),
      options,
    };
    return new DataFrame(spark, relation("json", { case: "parse", value: parse }));
  };
  const rows = async (schema: string) => (await read(schema).collect()).map((row) => row.toObject());
  assert.deepEqual(await rows("a INT, b STRING, s STRUCT<n: INT>"), [
    { a: 1, b: "x", s: null },
    { a: null, b: "y", s: null },
  ]);
  assert.deepEqual(await rows("a INT, _corrupt_record STRING"), [
    { a: 1, _corrupt_record: null },
    { a: null, _corrupt_record: null },
  ]);
});
