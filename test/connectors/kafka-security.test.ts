// Logging in, encryption, and the consumer group that lag tools read.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Admin } from "@platformatic/kafka";
import { type BrokerOptions, DevBroker } from "../../src/broker/index.ts";
import { SluiceError } from "../../src/errors/error.ts";
import { onBothBrokers, readValues, TestBroker, writeBatch } from "./kafka-brokers.ts";

/** A key and its certificate for 127.0.0.1, made for these tests alone. */
const certificate = fileURLToPath(new URL("kafka-fixtures/localhost.pem", import.meta.url));

async function withBroker(options: BrokerOptions, body: (broker: TestBroker, server: DevBroker) => Promise<void>) {
  const server = await DevBroker.start(options);
  const broker = new TestBroker(server.bootstrapServers);
  try {
    await body(broker, server);
  } finally {
    await broker.close();
    await server.close();
  }
}

async function writeAndRead(broker: TestBroker, topic: string, given: Record<string, string>): Promise<unknown[]> {
  const sink = await broker.sink({ topic, ...given });
  await sink.open();
  await writeBatch(sink, 0, ["x"]);
  await sink.close();
  return broker.values(topic, given);
}

const jaas = (module: string, password: string): string =>
  `org.apache.kafka.common.security.${module}LoginModule required username="u" password="${password}";`;

for (const mechanism of ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]) {
  const module = mechanism === "PLAIN" ? "plain.Plain" : "scram.Scram";
  const given = { "kafka.security.protocol": "SASL_PLAINTEXT", "kafka.sasl.mechanism": mechanism };

  test(`${mechanism}: the right password lets both source and sink in`, async () => {
    await withBroker({ sasl: { users: { u: 'p"1' } } }, async (broker, server) => {
      server.createTopic("t");
      const options = { ...given, "kafka.sasl.jaas.config": jaas(module, 'p\\"1') };
      assert.deepEqual(await writeAndRead(broker, "t", options), ["x"]);
    });
  });

  test(`${mechanism}: a wrong password is an error at once, without the password`, async () => {
    await withBroker({ sasl: { users: { u: "right" } } }, async (broker, server) => {
      server.createTopic("t");
      const options = { ...given, "kafka.sasl.jaas.config": jaas(module, "wrong-one") };
      await assert.rejects(broker.values("t", options), (error) => {
        assert.ok(error instanceof SluiceError, String(error));
        assert.equal(error.condition, "KAFKA_AUTHENTICATION_FAILED");
        assert.ok(!error.message.includes("wrong-one"));
        return true;
      });
    });
  });
}

test("TLS with a PEM trust store", async () => {
  const pem = readFileSync(certificate, "utf8");
  await withBroker({ host: "127.0.0.1", tls: { key: pem, cert: pem } }, async (broker, server) => {
    server.createTopic("t");
    const given = {
      "kafka.security.protocol": "SSL",
      "kafka.ssl.truststore.type": "PEM",
      "kafka.ssl.truststore.location": certificate,
    };
    assert.deepEqual(await writeAndRead(broker, "t", given), ["x"]);
    const untrusting = { "kafka.security.protocol": "SSL" };
    await assert.rejects(
      broker.values("t", untrusting),
      (error) => error instanceof SluiceError && error.condition === "KAFKA_AUTHENTICATION_FAILED",
    );
  });
});

onBothBrokers("committed batches move the consumer group that lag tools look at", async (broker) => {
  const topic = await broker.topic(2);
  await broker.produce(topic, ["a", "b", "c", "d", "e"], { "kafka.partitioner.class": "RoundRobinPartitioner" });
  const group = `${topic}-group`;
  const stream = await broker.stream({ subscribe: topic, consumerGroup: group });
  const start = await stream.initialOffset();
  const end = await stream.latestOffset(start, false);
  assert.equal((await readValues(stream, start, end)).length, 5);
  await stream.commit(end);
  await stream.stop();
  const admin = new Admin({ clientId: "test", bootstrapBrokers: [broker.bootstrapServers] });
  try {
    const [found] = await admin.listConsumerGroupOffsets({ groups: [group] });
    const committed = found?.topics[0]?.partitions.map((p) => [p.partitionIndex, Number(p.committedOffset)]).sort();
    assert.deepEqual(committed, [
      [0, 3],
      [1, 2],
    ]);
  } finally {
    await admin.close();
  }
});
