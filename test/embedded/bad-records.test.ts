// Records that from_json can't read, by the source's option badRecords: counted, dropped, an error, or dead letters.
import assert from "node:assert/strict";
import { col, expr, from_json, when } from "../../src/functions.ts";
import { type DataFrame, SluiceError, SparkSession, type StreamingQuery } from "../../src/index.ts";
import { testSession } from "../../src/testing/index.ts";
import { onBothBrokers } from "../support/brokers.ts";
import { uniqueName } from "../support/parts.ts";
import { type Sent, SideTopics } from "./side-topics.ts";

/** Declares a test for each broker, with a session of its own. */
function onBoth(name: string, body: (topics: SideTopics) => Promise<void>): void {
  onBothBrokers(name, async (broker) => {
    await using spark = SparkSession.builder.create();
    await body(new SideTopics(broker, spark));
  });
}

async function run({ spark }: SideTopics, df: DataFrame, name = uniqueName("q")) {
  const query = await df.writeStream.format("memory").queryName(name).start();
  try {
    await query.processAllAvailable();
    const rows = (await spark.table(name).collect()).map((r) => r.toObject());
    return { rows, progress: await lastFull(query) };
  } finally {
    await query.stop();
  }
}

interface Extended {
  readonly numInputRows: number;
  readonly sources: { readonly metrics: Record<string, string> }[];
  readonly ext: { readonly badRecords: number; readonly deadLetters?: number; readonly guarantee: string };
}

async function lastFull(query: StreamingQuery): Promise<Extended> {
  return (await query.recentProgress()).findLast((p) => Number(p.numInputRows) > 0) as unknown as Extended;
}

const RECORDS: readonly Sent[] = [
  { key: "a", value: '{"a": 1, "b": "x"}' },
  { key: "b", value: '{"a": "one", "b": "y"}', headers: { trace: "t1" } },
  { value: '{"a": 3' },
  { key: "tombstone", value: null },
  { key: "empty", value: "" },
  { key: "c", value: '{"a": 5, "b": "z", "s": {"n": "no number"}}' },
  { key: "d", value: '{"a": 6}' },
];
const SCHEMA = "a INT, b STRING, s STRUCT<n: INT>";

async function prepared(topics: SideTopics): Promise<{ topic: string; dead: string }> {
  const [topic, dead] = [await topics.topic("in"), await topics.topic("dead")];
  await topics.send(topic, RECORDS);
  return { topic, dead };
}

const parsed = (df: DataFrame) => df.select(from_json(col("value").cast("string"), SCHEMA).alias("r")).select("r.a");
const whole = (df: DataFrame) => df.select(from_json(col("value").cast("string"), SCHEMA).alias("r"));

for (const [form, query, rowOf] of [
  ["field by field", parsed, (a: number | null) => ({ a })],
  ["whole", whole, undefined],
] as const) {
  onBoth(`deadletter, from_json read ${form}: original bytes and headers, origin and reason`, async (topics) => {
    const { topic, dead } = await prepared(topics);
    const { rows, progress } = await run(
      topics,
      query(topics.stream(topic, { badRecords: "deadletter", badRecordsTopic: dead })),
    );
    if (rowOf) assert.deepEqual(rows, [1, null, null, 6].map(rowOf));
    assert.equal(rows.length, 4);
    const found = await topics.writtenOnce(dead, 3);
    assert.deepEqual(
      found.map(({ key, value }) => [key, value]),
      [1, 2, 5].map((i) => [RECORDS[i].key ?? null, RECORDS[i].value]),
    );
    assert.equal(found[0].headers["trace"], "t1");
    const origin = ["topic", "partition", "offset", "timestamp"];
    assert.deepEqual(
      found.map(({ headers }) => origin.map((n) => headers[`sluice.${n}`])),
      [1, 2, 5].map((offset) => [topic, "0", String(offset), "1700000000000"]),
    );
    assert.deepEqual(
      found.map(({ headers }) => headers["sluice.reason"]),
      ["a is no INT", "',' or '}' was expected at character 8", "s.n is no INT"],
    );
    assert.equal(progress.sources[0].metrics["badRecords"], "3");
    assert.equal(progress.ext.badRecords, 3);
    assert.equal(progress.ext.deadLetters, 3);
    assert.equal(progress.numInputRows, RECORDS.length);
  });
}

onBoth("drop leaves bad records out and counts them", async (topics) => {
  const { topic } = await prepared(topics);
  const { rows, progress } = await run(topics, parsed(topics.stream(topic, { badRecords: "drop" })));
  assert.deepEqual(rows, [{ a: 1 }, { a: null }, { a: null }, { a: 6 }]);
  assert.equal(progress.sources[0].metrics["badRecords"], "3");
  assert.equal(progress.ext.deadLetters, undefined);
});

for (const [form, query] of [
  ["field by field", parsed],
  ["whole", whole],
] as const) {
  onBoth(`fail names topic, partition, offset and reason (${form})`, async (topics) => {
    const { topic } = await prepared(topics);
    await assert.rejects(run(topics, query(topics.stream(topic, { badRecords: "fail" }))), (error: unknown) => {
      assert.ok(error instanceof SluiceError);
      assert.match(error.message, new RegExp(`offset 1 of topic ${topic}, partition 0 .*: a is no INT`));
      assert.equal((error.cause as SluiceError).condition, "KAFKA_BAD_RECORD");
      return true;
    });
  });
}

onBoth("null keeps rows of nulls, whole or not, and counts them", async (topics) => {
  const { topic } = await prepared(topics);
  for (const options of [{}, { badRecords: "null" }]) {
    const { rows, progress } = await run(topics, whole(topics.stream(topic, options)));
    assert.equal(rows.length, RECORDS.length);
    assert.equal(progress.ext.badRecords, 3);
    assert.equal(progress.sources[0].metrics["badRecords"], undefined);
  }
});

onBoth("only what is decoded can be bad: filters before, branches not taken", async (topics) => {
  const { topic, dead } = await prepared(topics);
  const source = topics.stream(topic, { badRecords: "deadletter", badRecordsTopic: dead });
  const a = from_json(col("value").cast("string"), "a INT").getField("a");
  const branch = await run(
    topics,
    source.select(when(col("key").cast("string").isin("a", "b"), a).otherwise(-1).alias("a")),
  );
  assert.deepEqual(
    branch.rows,
    [1, -1, -1, -1, -1, -1].map((v) => ({ a: v })),
  );
  assert.deepEqual(
    (await topics.writtenOnce(dead, 1)).map((l) => l.key),
    ["b"],
  );
  const filtered = await run(topics, parsed(source.filter("key is not null and cast(key as string) <> 'b'")));
  assert.equal(filtered.rows.length, 4);
  assert.deepEqual(
    (await topics.writtenOnce(dead, 2)).map((l) => l.key),
    ["b", "c"],
  );
});

onBoth("a record that is split is one dead letter", async (topics) => {
  const [topic, dead] = [await topics.topic("in"), await topics.topic("dead")];
  await topics.send(topic, [{ value: '{"a":1}\n{"a":\n{"a":"x"}' }, { value: "nope" }]);
  const lines = topics
    .stream(topic, { badRecords: "deadletter", badRecordsTopic: dead })
    .select(expr("explode(split(cast(value as string), '\\n')) AS line"));
  const { rows } = await run(topics, lines.select(from_json(col("line"), "a INT").alias("r")).select("r.a"));
  assert.deepEqual(rows, [{ a: 1 }]);
  assert.deepEqual(
    (await topics.writtenOnce(dead, 2)).map((l) => l.headers["sluice.offset"]),
    ["0", "1"],
  );
});

onBoth("arrays, explode over from_json and aggregates of it", async (topics) => {
  const [topic, dead] = [await topics.topic("in"), await topics.topic("dead")];
  await topics.send(topic, [{ value: "[1, 2]" }, { value: '[1, "x"]' }, { value: "[3]" }]);
  const source = topics.stream(topic, { badRecords: "deadletter", badRecordsTopic: dead });
  const json = "from_json(cast(value as string), 'ARRAY<INT>')";
  const exploded = await run(topics, source.select(expr(`explode(${json}) AS n`)));
  assert.deepEqual(exploded.rows, [{ n: 1 }, { n: 2 }, { n: 3 }]);
  const query = await source
    .groupBy("topic")
    .agg(expr(`sum(size(${json})) AS n`))
    .select("n")
    .writeStream.format("memory")
    .outputMode("complete")
    .queryName("sized")
    .start();
  await query.processAllAvailable();
  await query.stop();
  assert.deepEqual(
    (await topics.spark.table("sized").collect()).map((r) => r.toObject()),
    [{ n: 3 }],
  );
  assert.equal((await topics.writtenOnce(dead, 2)).length, 2);
});

onBoth("what can't be followed to its record is refused by name", async (topics) => {
  const { topic } = await prepared(topics);
  const source = topics.stream(topic, { badRecords: "drop" });
  const after = source
    .groupBy("key")
    .agg(expr("max(cast(value as string)) AS v"))
    .select(expr("from_json(v, 'a INT').a"));
  await assert.rejects(after.writeStream.format("noop").outputMode("update").start(), /badRecords.*aggregation/);
  const options = async (given: Record<string, string>) => topics.stream(topic, given).schema();
  await assert.rejects(options({ badRecords: "deadletter" }), /badRecordsTopic/);
  await assert.rejects(options({ badRecordsTopic: "x" }), /badRecordsTopic/);
  await assert.rejects(options({ badRecords: "deadletter", badRecordsTopic: topic }), /reads this topic itself/);
  await assert.rejects(options({ badRecords: "ignore" }), /null, fail, drop, deadletter/);
  assert.match(await warningsOf(topics, (df) => df.select("key"), { badRecords: "drop" }), /badRecords has no effect/);
  const late = await topics.topic("late");
  assert.match(await warningsOf(topics, parsed, { lateRowsTopic: late }), /lateRowsTopic has no effect/);
});

/** What a query that is started with these options warns of. */
async function warningsOf(
  topics: SideTopics,
  query: (df: DataFrame) => DataFrame,
  options: Readonly<Record<string, string>>,
): Promise<string> {
  const warnings: string[] = [];
  const note = (message: string): void => void warnings.push(message);
  await using spark = testSession({ log: { info() {}, warn: note, error: note } });
  const { topic } = await prepared(topics);
  const running = await query(new SideTopics(topics.broker, spark).stream(topic, options))
    .writeStream.format("noop")
    .start();
  await running.stop();
  return warnings.join("\n");
}
