// What happens to a record that is not as the schema says, in each parse mode.
import assert from "node:assert/strict";
import { Producer, stringSerializers } from "@platformatic/kafka";
import { col, from_json } from "../../src/functions.ts";
import { SluiceError, SparkSession } from "../../src/index.ts";
import { createTopic, onBothBrokers } from "../support/brokers.ts";
import { uniqueName } from "../support/parts.ts";

const values = ['{"a": 1}', '{"a": "x"}', '{"a": 3', "", '{"__proto__": 4, "a": 5}'];

type Run = (name: string, schema: string, options: Record<string, string>) => ReturnType<typeof run>;

/** Declares a test with a topic of those values, for both brokers. */
function onBoth(name: string, body: (run: Run, topic: string) => Promise<void>): void {
  onBothBrokers(name, async (broker) => {
    const topic = uniqueName("t");
    await createTopic(broker, topic);
    const { bootstrapServers } = broker;
    const producer = new Producer({
      clientId: "test",
      bootstrapBrokers: [bootstrapServers],
      serializers: stringSerializers,
    });
    await producer.send({ messages: values.map((value) => ({ topic, value })), acks: -1 });
    await producer.close();
    const spark = SparkSession.builder.create();
    try {
      await body((...args) => run(spark, bootstrapServers, topic, ...args), topic);
    } finally {
      await spark.stop();
    }
  });
}

async function run(
  spark: SparkSession,
  bootstrapServers: string,
  topic: string,
  name: string,
  schema: string,
  options: Record<string, string>,
) {
  const query = await spark.readStream
    .format("kafka")
    .option("kafka.bootstrap.servers", bootstrapServers)
    .option("subscribe", topic)
    .option("startingOffsets", "earliest")
    .load()
    .select(from_json(col("value").cast("string"), schema, options).alias("r"))
    .select("r.*")
    .writeStream.format("memory")
    .queryName(name)
    .start();
  await query.processAllAvailable();
  const progress = await query.lastProgress();
  await query.stop();
  const rows = (await spark.table(name).collect()).map((r) => r.toObject());
  return { rows, progress };
}

onBoth("PERMISSIVE gives nulls, keeps the record's text where asked, and counts it", async (run) => {
  const { rows, progress } = await run("permissive", "a INT, _corrupt_record STRING", {});
  assert.deepEqual(rows, [
    { a: 1, _corrupt_record: null },
    { a: null, _corrupt_record: '{"a": "x"}' },
    { a: null, _corrupt_record: '{"a": 3' },
    { a: null, _corrupt_record: null },
    { a: 5, _corrupt_record: null },
  ]);
  assert.equal((progress as unknown as { ext: { badRecords: number } }).ext.badRecords, 2);
});

onBoth("FAILFAST ends the query and names topic, partition and offset", async (run, topic) => {
  await assert.rejects(run("failfast", "a INT", { mode: "FAILFAST" }), (error: unknown) => {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.condition, "STREAM_FAILED");
    assert.ok(error.message.includes(`topic ${topic}, partition 0, offset 1`), error.message);
    return true;
  });
});

onBoth("a key named __proto__ is data like any other", async (run) => {
  const { rows } = await run("proto", "__proto__ INT, a INT", {});
  assert.deepEqual(Object.entries(rows[4] as object), [
    ["__proto__", 4],
    ["a", 5],
  ]);
  assert.equal(Object.getPrototypeOf(rows[4]), Object.prototype);
});
