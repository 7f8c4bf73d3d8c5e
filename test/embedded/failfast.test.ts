// What happens to a record that is not as the schema says, in each parse mode.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Producer, stringSerializers } from "@platformatic/kafka";
import { DevBroker } from "../../src/broker/index.ts";
import { col, from_json } from "../../src/functions.ts";
import { SluiceError, SparkSession } from "../../src/index.ts";

let broker: DevBroker;
let spark: SparkSession;

before(async () => {
  broker = await DevBroker.start();
  broker.createTopic("t");
  const producer = new Producer({
    clientId: "test",
    bootstrapBrokers: [broker.bootstrapServers],
    serializers: stringSerializers,
  });
  const values = ['{"a": 1}', '{"a": "x"}', '{"a": 3', "", '{"__proto__": 4, "a": 5}'];
  await producer.send({ messages: values.map((value) => ({ topic: "t", value })), acks: -1 });
  await producer.close();
  spark = SparkSession.builder.create();
});
after(async () => {
  await spark.stop();
  await broker.close();
});

async function run(name: string, schema: string, options: Record<string, string>) {
  const query = await spark.readStream
    .format("kafka")
    .option("kafka.bootstrap.servers", broker.bootstrapServers)
    .option("subscribe", "t")
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

test("PERMISSIVE gives nulls, keeps the record's text where asked, and counts it", async () => {
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

test("FAILFAST ends the query and names topic, partition and offset", async () => {
  await assert.rejects(run("failfast", "a INT", { mode: "FAILFAST" }), (error: unknown) => {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.condition, "STREAM_FAILED");
    assert.match(error.message, /topic t, partition 0, offset 1/);
    return true;
  });
});

test("a key named __proto__ is data like any other", async () => {
  const { rows } = await run("proto", "__proto__ INT, a INT", {});
  assert.deepEqual(Object.entries(rows[4] as object), [
    ["__proto__", 4],
    ["a", 5],
  ]);
  assert.equal(Object.getPrototypeOf(rows[4]), Object.prototype);
});
