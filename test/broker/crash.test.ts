import assert from "node:assert/strict";
import { once } from "node:events";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Consumer, Producer, stringDeserializers, stringSerializers } from "@platformatic/kafka";
import { createTopics } from "../../src/broker/apis/19-create-topics.ts";
import { serve, startBroker, temporaryDirectory } from "./fixtures/brokers.ts";
import { clientOptions, readAll } from "./fixtures/clients.ts";
import { RawClient } from "./fixtures/raw-client.ts";
import { RawProducer, readCommitted } from "./fixtures/raw-producer.ts";

test("acknowledged records survive a kill -9, again and again", async (t) => {
  const dataDir = temporaryDirectory(t);
  let acknowledged = 0;
  for (let round = 0; round < 4; round++) {
    const { child, address } = await serve(t, dataDir);
    const producer = new Producer({
      ...clientOptions(address),
      retries: 0,
      serializers: stringSerializers,
      autocreateTopics: true,
    });
    const killAt = acknowledged + 40 + round * 17;
    try {
      for (;;) {
        await producer.send({ messages: [{ topic: "survivors", value: String(acknowledged) }], acks: -1 });
        acknowledged++;
        if (acknowledged === killAt) child.kill("SIGKILL");
      }
    } catch {
      // The broker is gone.
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    await producer.close();
  }
  const broker = await startBroker(t, { dataDir });
  const { endOffset } = broker.describeTopic("survivors")!.partitions[0];
  assert.ok(endOffset >= acknowledged, `${endOffset} records are left of ${acknowledged} acknowledged ones`);
  const values = new Set((await readAll(broker.bootstrapServers, "survivors", endOffset)).map(({ value }) => value));
  for (let i = 0; i < acknowledged; i++) assert.ok(values.has(String(i)), `record ${i} was acknowledged and is lost`);
});

test("a broker that is killed in the middle of transactions keeps each whole or not at all", async (t) => {
  const dataDir = temporaryDirectory(t);
  let next = 0;
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round++) {
    const { child, address } = await serve(t, dataDir);
    const client = await RawClient.connect(t, address);
    if (round === 0) {
      const topic = { name: "both", numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] };
      await client.call(createTopics, 5, { topics: [topic], timeoutMs: 1000 });
    }
    const producer = new RawProducer(client, "killed");
    assert.equal(await producer.init(), 0);
    const killAfter = next + 8;
    try {
      for (;;) {
        const value = String(next++);
        // Nobody waits for the kill, so it comes at any point of a transaction.
        if (next === killAfter) setTimeout(() => child.kill("SIGKILL"), round * 2);
        await producer.add("both", 0, 1);
        for (const partition of [0, 1]) assert.equal(await producer.write("both", partition, value), 0);
        if ((await producer.end(next % 4 !== 0)) === 0 && next % 4 !== 0) acknowledged.push(value);
      }
    } catch (error) {
      assert.match((error as Error).message, /closed/);
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  const broker = await startBroker(t, { dataDir });
  const client = await RawClient.connect(t, broker.bootstrapServers);
  assert.equal(await new RawProducer(client, "killed").init(), 0);
  const [one, two] = [await readCommitted(client, "both", 0), await readCommitted(client, "both", 1)];
  assert.deepEqual(one, two);
  assert.equal(new Set(one).size, one.length);
  assert.ok(acknowledged.length > 0);
  for (const value of acknowledged) assert.ok(one.includes(value), `transaction ${value} was committed and is lost`);
  const aborted = one.filter((value) => (Number(value) + 1) % 4 === 0);
  assert.deepEqual(aborted, []);
});

test("a torn batch at the end of a log is cut off, and what is before it stays", async (t) => {
  const dataDir = temporaryDirectory(t);
  let broker = await startBroker(t, { dataDir });
  broker.createTopic("torn");
  const producer = new Producer({ ...clientOptions(broker.bootstrapServers), serializers: stringSerializers });
  for (let i = 0; i < 3; i++) await producer.send({ messages: [{ topic: "torn", value: `whole ${i}` }] });
  await producer.close();
  await broker.close();
  const [directory] = fs.readdirSync(join(dataDir, "logs"));
  const segment = join(dataDir, "logs", directory, "00000000000000000000.log");
  const whole = fs.readFileSync(segment);
  for (const cut of [1, 30, 70]) {
    fs.writeFileSync(segment, Buffer.concat([whole, whole.subarray(0, cut)]));
    broker = await startBroker(t, { dataDir });
    assert.equal(broker.describeTopic("torn")!.partitions[0].endOffset, 3);
    assert.equal(broker.describeTopic("torn")!.sizeBytes, whole.length);
    await broker.close();
  }
  const damaged = Buffer.from(whole);
  damaged[whole.length - 5] ^= 0x40;
  fs.writeFileSync(segment, Buffer.concat([damaged, Buffer.alloc(1)]));
  broker = await startBroker(t, { dataDir });
  const messages = await readAll(broker.bootstrapServers, "torn", 2);
  assert.deepEqual(
    messages.map(({ value }) => value),
    ["whole 0", "whole 1"],
  );
  assert.equal(broker.describeTopic("torn")!.partitions[0].endOffset, 2);
});

test("topics, settings, ids and committed offsets outlive a restart", async (t) => {
  const dataDir = temporaryDirectory(t);
  let broker = await startBroker(t, { dataDir });
  const { id } = broker.createTopic("kept", { partitions: 3, configs: { "retention.ms": "1000000" } });
  broker.createTopic("dropped");
  broker.deleteTopic("dropped");
  const { clusterId } = broker;
  const options = {
    ...clientOptions(broker.bootstrapServers),
    groupId: "committer",
    deserializers: stringDeserializers,
  };
  const consumer = new Consumer(options);
  await consumer.commit({ offsets: [{ topic: "kept", partition: 1, offset: 17n, leaderEpoch: 0 }] }).catch(() => {});
  const stream = await consumer.consume({ topics: ["kept"], mode: "earliest", maxWaitTime: 100, autocommit: false });
  await consumer.commit({ offsets: [{ topic: "kept", partition: 1, offset: 17n, leaderEpoch: 0 }] });
  await stream.close();
  await consumer.close(true);
  await broker.close();
  broker = await startBroker(t, { dataDir });
  assert.equal(broker.clusterId, clusterId);
  assert.deepEqual(
    broker.listTopics().map(({ name }) => name),
    ["kept"],
  );
  const kept = broker.describeTopic("kept")!;
  assert.equal(kept.id, id);
  assert.equal(kept.partitions.length, 3);
  assert.deepEqual(kept.configs, { "retention.ms": "1000000" });
  const again = new Consumer({ ...options, ...clientOptions(broker.bootstrapServers) });
  const offsets = await again.listCommittedOffsets({ topics: [{ topic: "kept", partitions: [0, 1] }] });
  assert.deepEqual(offsets.get("kept"), [-1n, 17n]);
  await again.close();
});

test("a data directory has one broker at a time, and a dead one's claim doesn't count", async (t) => {
  const dataDir = temporaryDirectory(t);
  const { child } = await serve(t, dataDir);
  await assert.rejects(startBroker(t, { dataDir }), { condition: "BROKER_DIRECTORY_LOCKED" });
  child.kill("SIGKILL");
  await once(child, "exit");
  const broker = await startBroker(t, { dataDir });
  await assert.rejects(startBroker(t, { dataDir }), { condition: "BROKER_DIRECTORY_LOCKED" });
  await broker.close();
  const next = await startBroker(t, { dataDir });
  await next.close();
});

test("a port that is taken is an error that says so, and lets go of the directory", async (t) => {
  const first = await startBroker(t);
  const dataDir = temporaryDirectory(t);
  await assert.rejects(startBroker(t, { dataDir, port: first.port }), { condition: "BROKER_ADDRESS_UNAVAILABLE" });
  const second = await startBroker(t, { dataDir });
  await second.close();
});
