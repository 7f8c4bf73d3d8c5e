import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Admin, Consumer, type Message, Producer, stringDeserializers, stringSerializers } from "@platformatic/kafka";
import { DevBroker } from "../../src/broker/index.ts";

let broker: DevBroker;

before(async () => {
  broker = await DevBroker.start({ log: (message) => process.stderr.write(`${message}\n`) });
});

after(() => broker.close());

function clientOptions(clientId: string) {
  return { clientId, bootstrapBrokers: [broker.bootstrapServers] };
}

/** Reads `count` messages of a topic from its beginning. */
async function readAll(
  topic: string,
  count: number,
  groupId: string,
): Promise<Message<string, string, string, string>[]> {
  const consumer = new Consumer({ ...clientOptions("reader"), groupId, deserializers: stringDeserializers });
  const stream = await consumer.consume({ topics: [topic], mode: "earliest", maxWaitTime: 200, autocommit: false });
  const messages: Message<string, string, string, string>[] = [];
  for await (const message of stream) {
    messages.push(message);
    if (messages.length === count) break;
  }
  await stream.close();
  await consumer.close(true);
  return messages;
}

for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"] as const) {
  test(`what a producer sends with compression ${compression}, a consumer gets`, async () => {
    const topic = `compressed-${compression}`;
    broker.createTopic(topic, { partitions: 3 });
    const producer = new Producer({ ...clientOptions("writer"), serializers: stringSerializers });
    const messages = Array.from({ length: 300 }, (_, i) => ({
      topic,
      key: `key-${i}`,
      value: `value ${i}`,
      headers: new Map([["n", String(i)]]),
    }));
    await producer.send({ messages, compression, acks: -1 });
    await producer.close();
    const read = await readAll(topic, messages.length, `group-${compression}`);
    const got = new Map(read.map((message) => [message.key, message]));
    assert.equal(got.size, 300);
    for (const { key, value } of messages) assert.equal(got.get(key)?.value, value);
    assert.equal(got.get("key-7")?.headers.get("n"), "7");
  });
}

test("an idempotent producer's records arrive once and in order", async () => {
  const topic = "idempotent";
  broker.createTopic(topic);
  const producer = new Producer({ ...clientOptions("writer"), serializers: stringSerializers, idempotent: true });
  for (let i = 0; i < 20; i++) await producer.send({ messages: [{ topic, key: "k", value: String(i) }] });
  await producer.close();
  const read = await readAll(topic, 20, "idempotent-group");
  assert.deepEqual(
    read.map(({ value }) => Number(value)),
    Array.from({ length: 20 }, (_, i) => i),
  );
});

test("an admin client creates, lists, describes and deletes topics and groups", async () => {
  const admin = new Admin(clientOptions("admin"));
  await admin.createTopics({ topics: ["made-by-admin"], partitions: 4, replicas: 1 });
  assert.equal(broker.describeTopic("made-by-admin")?.partitions.length, 4);
  assert.ok((await admin.listTopics()).includes("made-by-admin"));
  const groups = await admin.listGroups();
  assert.ok(groups instanceof Map);
  await admin.deleteTopics({ topics: ["made-by-admin"] });
  assert.equal(broker.describeTopic("made-by-admin"), undefined);
  await admin.close();
});

test("a topic that is written to without having been created comes into being", async () => {
  const producer = new Producer({ ...clientOptions("writer"), serializers: stringSerializers, autocreateTopics: true });
  await producer.send({ messages: [{ topic: "auto", value: "x" }] });
  await producer.close();
  assert.equal(broker.describeTopic("auto")?.partitions[0].endOffset, 1);
});
