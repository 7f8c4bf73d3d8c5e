import assert from "node:assert/strict";
import { Admin, Producer, stringSerializers } from "@platformatic/kafka";
import { createTopic, onBothBrokers } from "../support/brokers.ts";
import { uniqueName } from "../support/parts.ts";
import { clientOptions, readAll } from "./fixtures/clients.ts";

function writerOptions(bootstrapServers: string) {
  return { ...clientOptions(bootstrapServers, "writer"), serializers: stringSerializers };
}

for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"] as const) {
  onBothBrokers(`what a producer sends with compression ${compression}, a consumer gets`, async (broker) => {
    const topic = uniqueName(`compressed-${compression}`);
    await createTopic(broker, topic, { partitions: 3 });
    const producer = new Producer(writerOptions(broker.bootstrapServers));
    const messages = Array.from({ length: 300 }, (_, i) => ({
      topic,
      key: `key-${i}`,
      value: `value ${i}`,
      headers: new Map([["n", String(i)]]),
    }));
    await producer.send({ messages, compression, acks: -1 });
    await producer.close();
    const read = await readAll(broker.bootstrapServers, topic, messages.length);
    const got = new Map(read.map((message) => [message.key, message]));
    assert.equal(got.size, 300);
    for (const { key, value } of messages) assert.equal(got.get(key)?.value, value);
    assert.equal(got.get("key-7")?.headers.get("n"), "7");
  });
}

onBothBrokers("an idempotent producer's records arrive once and in order", async (broker) => {
  const topic = uniqueName("idempotent");
  await createTopic(broker, topic);
  const producer = new Producer({ ...writerOptions(broker.bootstrapServers), idempotent: true });
  for (let i = 0; i < 20; i++) await producer.send({ messages: [{ topic, key: "k", value: String(i) }] });
  await producer.close();
  const read = await readAll(broker.bootstrapServers, topic, 20);
  assert.deepEqual(
    read.map(({ value }) => Number(value)),
    Array.from({ length: 20 }, (_, i) => i),
  );
});

onBothBrokers("an admin client creates, lists, describes and deletes topics and groups", async (broker) => {
  const topic = uniqueName("made-by-admin");
  const admin = new Admin(clientOptions(broker.bootstrapServers, "admin"));
  const partitions = async () => {
    const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true, autocreateTopics: false });
    return topics.get(topic)?.partitions.length;
  };
  await admin.createTopics({ topics: [topic], partitions: 4, replicas: 1 });
  while ((await partitions().catch(() => undefined)) !== 4);
  assert.ok((await admin.listTopics()).includes(topic));
  const groups = await admin.listGroups();
  assert.ok(groups instanceof Map);
  await admin.deleteTopics({ topics: [topic] });
  while ((await admin.listTopics()).includes(topic));
  await admin.close();
});

onBothBrokers("a topic that is written to without having been created comes into being", async (broker) => {
  const topic = uniqueName("auto");
  const options = { ...writerOptions(broker.bootstrapServers), autocreateTopics: true, retries: 30 };
  const producer = new Producer(options);
  await producer.send({ messages: [{ topic, value: "x" }] });
  await producer.close();
  assert.deepEqual(
    (await readAll(broker.bootstrapServers, topic, 1)).map(({ value }) => value),
    ["x"],
  );
});
