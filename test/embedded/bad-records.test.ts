// Records that from_json can't read, by the source's option badRecords: counted, dropped, an error, or dead letters.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type MessageToProduce, Producer } from "@platformatic/kafka";
import { DevBroker } from "../../src/broker/index.ts";
import { col, expr, from_json, when } from "../../src/functions.ts";
import { type DataFrame, SluiceError, SparkSession, type StreamingQuery } from "../../src/index.ts";
import { uniqueName } from "../support/parts.ts";

let broker: DevBroker;
let spark: SparkSession;

before(async () => {
  broker = await DevBroker.start();
  spark = SparkSession.builder.create();
});
after(async () => {
  await spark.stop();
  await broker.close();
});

interface Sent {
  readonly key?: string;
  readonly value: string | Buffer | null;
  readonly headers?: Readonly<Record<string, string>>;
}

async function send(topic: string, records: readonly Sent[]): Promise<void> {
  const producer = new Producer<Buffer, Buffer, Buffer, Buffer>({
    clientId: "test",
    bootstrapBrokers: [broker.bootstrapServers],
  });
  const messages = records.map(({ key, value, headers }): MessageToProduce<Buffer, Buffer, Buffer, Buffer> => {
    const list = Object.entries(headers ?? {}).map(([k, v]) => [Buffer.from(k), Buffer.from(v)] as const);
    return {
      topic,
      ...(key === undefined ? {} : { key: Buffer.from(key) }),
      value: value === null ? (null as unknown as Buffer) : Buffer.from(value),
      headers: new Map(list),
      timestamp: 1_700_000_000_000n,
      partition: 0,
    };
  });
  await producer.send({ messages, acks: -1 });
  await producer.close();
}

function read(topic: string, options: Readonly<Record<string, string>> = {}): DataFrame {
  return spark.readStream
    .format("kafka")
    .option("kafka.bootstrap.servers", broker.bootstrapServers)
    .option("subscribe", topic)
    .option("startingOffsets", "earliest")
    .options(options)
    .load();
}

interface Letter {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

async function letters(topic: string): Promise<Letter[]> {
  const rows = await spark.read
    .format("kafka")
    .option("kafka.bootstrap.servers", broker.bootstrapServers)
    .option("kafka.isolation.level", "read_committed")
    .option("subscribe", topic)
    .option("includeHeaders", "true")
    .load()
    .selectExpr("cast(key as string) AS key", "cast(value as string) AS value", "headers")
    .collect();
  return rows.map((row) => {
    const { key, value, headers } = row.toObject() as {
      key: string | null;
      value: string | null;
      headers: { key: string; value: Uint8Array }[] | null;
    };
    const pairs = (headers ?? []).map((h) => [h.key, Buffer.from(h.value).toString()]);
    return { key, value, headers: Object.fromEntries(pairs) };
  });
}

async function run(df: DataFrame, name = uniqueName("q")) {
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

async function topics(): Promise<{ topic: string; dead: string }> {
  const [topic, dead] = [uniqueName("in"), uniqueName("dead")];
  broker.createTopic(topic);
  broker.createTopic(dead);
  await send(topic, RECORDS);
  return { topic, dead };
}

const parsed = (df: DataFrame) => df.select(from_json(col("value").cast("string"), SCHEMA).alias("r")).select("r.a");
const whole = (df: DataFrame) => df.select(from_json(col("value").cast("string"), SCHEMA).alias("r"));

for (const [form, query, rowOf] of [
  ["field by field", parsed, (a: number | null) => ({ a })],
  ["whole", whole, undefined],
] as const) {
  test(`deadletter, from_json read ${form}: original bytes and headers, origin and reason`, async () => {
    const { topic, dead } = await topics();
    const { rows, progress } = await run(query(read(topic, { badRecords: "deadletter", badRecordsTopic: dead })));
    if (rowOf) assert.deepEqual(rows, [1, null, null, 6].map(rowOf));
    assert.equal(rows.length, 4);
    const found = await letters(dead);
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

test("drop leaves bad records out and counts them", async () => {
  const { topic } = await topics();
  const { rows, progress } = await run(parsed(read(topic, { badRecords: "drop" })));
  assert.deepEqual(rows, [{ a: 1 }, { a: null }, { a: null }, { a: 6 }]);
  assert.equal(progress.sources[0].metrics["badRecords"], "3");
  assert.equal(progress.ext.deadLetters, undefined);
});

for (const [form, query] of [
  ["field by field", parsed],
  ["whole", whole],
] as const) {
  test(`fail names topic, partition, offset and reason (${form})`, async () => {
    const { topic } = await topics();
    await assert.rejects(run(query(read(topic, { badRecords: "fail" }))), (error: unknown) => {
      assert.ok(error instanceof SluiceError);
      assert.match(error.message, new RegExp(`offset 1 of topic ${topic}, partition 0 .*: a is no INT`));
      assert.equal((error.cause as SluiceError).condition, "KAFKA_BAD_RECORD");
      return true;
    });
  });
}

test("null keeps rows of nulls, whole or not, and counts them", async () => {
  const { topic } = await topics();
  for (const options of [{}, { badRecords: "null" }]) {
    const { rows, progress } = await run(whole(read(topic, options)));
    assert.equal(rows.length, RECORDS.length);
    assert.equal(progress.ext.badRecords, 3);
    assert.equal(progress.sources[0].metrics["badRecords"], undefined);
  }
});

test("only what is decoded can be bad: filters before, branches not taken", async () => {
  const { topic, dead } = await topics();
  const source = read(topic, { badRecords: "deadletter", badRecordsTopic: dead });
  const a = from_json(col("value").cast("string"), "a INT").getField("a");
  const branch = await run(source.select(when(col("key").cast("string").isin("a", "b"), a).otherwise(-1).alias("a")));
  assert.deepEqual(
    branch.rows,
    [1, -1, -1, -1, -1, -1].map((v) => ({ a: v })),
  );
  assert.deepEqual(
    (await letters(dead)).map((l) => l.key),
    ["b"],
  );
  const filtered = await run(parsed(source.filter("key is not null and cast(key as string) <> 'b'")));
  assert.equal(filtered.rows.length, 4);
  assert.deepEqual(
    (await letters(dead)).map((l) => l.key),
    ["b", "c"],
  );
});

test("a record that is split is one dead letter", async () => {
  const [topic, dead] = [uniqueName("in"), uniqueName("dead")];
  broker.createTopic(topic);
  broker.createTopic(dead);
  await send(topic, [{ value: '{"a":1}\n{"a":\n{"a":"x"}' }, { value: "nope" }]);
  const lines = read(topic, { badRecords: "deadletter", badRecordsTopic: dead }).select(
    expr("explode(split(cast(value as string), '\\n')) AS line"),
  );
  const { rows } = await run(lines.select(from_json(col("line"), "a INT").alias("r")).select("r.a"));
  assert.deepEqual(rows, [{ a: 1 }]);
  assert.deepEqual(
    (await letters(dead)).map((l) => l.headers["sluice.offset"]),
    ["0", "1"],
  );
});

test("arrays, explode over from_json and aggregates of it", async () => {
  const [topic, dead] = [uniqueName("in"), uniqueName("dead")];
  broker.createTopic(topic);
  broker.createTopic(dead);
  await send(topic, [{ value: "[1, 2]" }, { value: '[1, "x"]' }, { value: "[3]" }]);
  const source = read(topic, { badRecords: "deadletter", badRecordsTopic: dead });
  const json = "from_json(cast(value as string), 'ARRAY<INT>')";
  const exploded = await run(source.select(expr(`explode(${json}) AS n`)));
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
    (await spark.table("sized").collect()).map((r) => r.toObject()),
    [{ n: 3 }],
  );
  assert.equal((await letters(dead)).length, 2);
});

test("what can't be followed to its record is refused by name", async () => {
  const { topic } = await topics();
  const source = read(topic, { badRecords: "drop" });
  const after = source
    .groupBy("key")
    .agg(expr("max(cast(value as string)) AS v"))
    .select(expr("from_json(v, 'a INT').a"));
  await assert.rejects(after.writeStream.format("noop").outputMode("update").start(), /badRecords.*aggregation/);
  const options = async (given: Record<string, string>) => read(topic, given).schema();
  await assert.rejects(options({ badRecords: "deadletter" }), /badRecordsTopic/);
  await assert.rejects(options({ badRecordsTopic: "x" }), /badRecordsTopic/);
  await assert.rejects(options({ badRecords: "deadletter", badRecordsTopic: topic }), /reads this topic itself/);
  await assert.rejects(options({ badRecords: "ignore" }), /null, fail, drop, deadletter/);
});
