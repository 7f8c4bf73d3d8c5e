import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DevBroker } from "../../src/broker/index.ts";
import { kafkaSourceSettings } from "../../src/connectors/kafka/source-options.ts";
import { OptionMap } from "../../src/connectors/options.ts";
import { SluiceError } from "../../src/errors/error.ts";
import { keylessRows, onBothBrokers, readValues, TestBroker, writeBatch } from "./kafka-brokers.ts";

const numbered = (n: number, from = 0): string[] =>
  Array.from({ length: n }, (_, i) => `v${String(from + i).padStart(5, "0")}`);

function condition(name: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SluiceError, String(error));
    assert.equal(error.condition, name, error.message);
    return true;
  };
}

onBothBrokers("a batch query reads each record once, from all partitions", async (broker) => {
  const topic = await broker.topic(3);
  const values = numbered(1000);
  for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"]) {
    await broker.produce(topic, values, {
      "kafka.compression.type": compression,
      "kafka.partitioner.class": "RoundRobinPartitioner",
    });
  }
  assert.deepEqual(await broker.values(topic), [...values, ...values, ...values, ...values, ...values].sort());
});

onBothBrokers("starting and ending offsets of a batch query", async (broker) => {
  const topic = await broker.topic(2);
  await broker.produce(topic, numbered(10), { "kafka.partitioner.class": "RoundRobinPartitioner" });
  const rows = await broker.rows({
    subscribe: topic,
    startingOffsets: JSON.stringify({ [topic]: { 0: 3, 1: -2 } }),
    endingOffsets: JSON.stringify({ [topic]: { 0: -1, 1: 2 } }),
  });
  const offsets = rows.map(([, partition, offset]) => `${partition}/${offset}`).sort();
  assert.deepEqual(offsets, ["0/3", "0/4", "1/0", "1/1"]);
  const some = { subscribe: topic, startingOffsets: JSON.stringify({ [topic]: { 0: 3 } }) };
  await assert.rejects(broker.rows(some), condition("KAFKA_START_OFFSET_DOES_NOT_MATCH_ASSIGNED"));
});

onBothBrokers("starting by time", async (broker) => {
  const topic = await broker.topic(1);
  await broker.produce(topic, ["old"]);
  const [[, , , , time]] = (await broker.rows({ subscribe: topic }, [1, 2, 3, 4, 5])) as number[][];
  const ms = Math.floor((time as number) / 1000);
  assert.deepEqual(await broker.values(topic, { startingTimestamp: String(ms) }), ["old"]);
  const later = { startingTimestamp: String(ms + 1_000_000) };
  await assert.rejects(broker.values(topic, later), condition("KAFKA_NO_OFFSET_FOR_TIMESTAMP"));
  assert.deepEqual(await broker.values(topic, { ...later, startingOffsetsByTimestampStrategy: "latest" }), []);
});

onBothBrokers("a stream wakes for new records, and reads them once", async (broker) => {
  const topic = await broker.topic(2);
  const stream = await broker.stream({ subscribe: topic });
  assert.equal(stream.description, `KafkaV2[Subscribe[${topic}]]`);
  let offset = await stream.initialOffset();
  assert.equal(offset, `{"${topic}":{"0":0,"1":0}}`);
  assert.equal(await stream.latestOffset(offset, false), offset);
  const seen: unknown[] = [];
  for (let round = 0; round < 5; round++) {
    const waiting = stream.waitForData(offset, broker.stopping.signal);
    await broker.produce(topic, [`round ${round}`]);
    await waiting;
    const end = await stream.latestOffset(offset, false);
    assert.notEqual(end, offset);
    seen.push(...(await readValues(stream, offset, end)));
    await stream.commit(end);
    offset = end;
  }
  assert.deepEqual(seen, ["round 0", "round 1", "round 2", "round 3", "round 4"]);
  const { maxOffsetsBehindLatest } = stream.metrics(offset);
  assert.equal(maxOffsetsBehindLatest, "0");
});

onBothBrokers("the same offsets give the same rows again", async (broker) => {
  const topic = await broker.topic(2);
  await broker.produce(topic, numbered(500), { "kafka.partitioner.class": "RoundRobinPartitioner" });
  const files = new Map<string, string>();
  const first = await broker.stream({ subscribe: topic }, files);
  const start = await first.initialOffset();
  const end = await first.latestOffset(start, false);
  const rows = await readValues(first, start, end);
  assert.deepEqual(rows, numbered(500));
  assert.deepEqual(await readValues(first, start, end), rows);
  await first.stop();
  const second = await broker.stream({ subscribe: topic, startingOffsets: "latest" }, files);
  assert.equal(await second.initialOffset(), start);
  assert.deepEqual(await readValues(second, start, end), rows);
});

onBothBrokers("maxOffsetsPerTrigger cuts by volume, minOffsetsPerTrigger waits", async (broker) => {
  const topic = await broker.topic(2);
  await broker.produce(topic, numbered(100), { "kafka.partitioner.class": "RoundRobinPartitioner" });
  const limited = await broker.stream({ subscribe: topic, maxOffsetsPerTrigger: "30" });
  const start = await limited.initialOffset();
  const end = await limited.latestOffset(start, false);
  assert.equal(end, `{"${topic}":{"0":15,"1":15}}`);
  assert.equal((await readValues(limited, start, end)).length, 30);
  assert.equal(await limited.latestOffset(start, true), `{"${topic}":{"0":50,"1":50}}`);
  assert.deepEqual(limited.metrics(end), {
    minOffsetsBehindLatest: "35",
    maxOffsetsBehindLatest: "35",
    avgOffsetsBehindLatest: "35.0",
  });
  const patient = await broker.stream({ subscribe: topic, minOffsetsPerTrigger: "101" });
  assert.equal(await patient.latestOffset(start, false), start);
  await broker.produce(topic, ["one more"]);
  assert.notEqual(await patient.latestOffset(start, false), start);
});

onBothBrokers("a batch gets its records when more than the buffer holds comes after them", async (broker) => {
  const topic = await broker.topic(16);
  const values = numbered(192).map((v) => v.repeat(17_000));
  await broker.produce(topic, values, { "kafka.partitioner.class": "RoundRobinPartitioner" });
  const stream = await broker.stream({ subscribe: topic, maxOffsetsPerTrigger: "32" });
  let read = 0;
  let start = await stream.initialOffset();
  for (let batch = 0; batch < 6; batch++) {
    const end = await stream.latestOffset(start, false);
    read += (await readValues(stream, start, end)).length;
    start = end;
  }
  assert.equal(read, values.length);
});

onBothBrokers("after freeze nothing newer is planned", async (broker) => {
  const topic = await broker.topic(1);
  await broker.produce(topic, ["before"]);
  const stream = await broker.stream({ subscribe: topic });
  const start = await stream.initialOffset();
  await stream.freeze();
  await broker.produce(topic, ["after"]);
  const end = await stream.latestOffset(start, false);
  assert.deepEqual(await readValues(stream, start, end), ["before"]);
  assert.equal(await stream.latestOffset(end, false), end);
});

onBothBrokers("partitions that are added are read from their beginning", async (broker) => {
  const topic = await broker.topic(1);
  await broker.produce(topic, ["a"]);
  const stream = await broker.stream({ subscribe: topic });
  const start = await stream.initialOffset();
  const middle = await stream.latestOffset(start, false);
  assert.deepEqual(await readValues(stream, start, middle), ["a"]);
  await broker.addPartitions(topic, 3);
  await broker.produce(topic, ["b", "c", "d"], { "kafka.partitioner.class": "RoundRobinPartitioner" });
  const values: unknown[] = [];
  let offset = middle;
  while (values.length < 3) {
    await stream.waitForData(offset, broker.stopping.signal);
    const end = await stream.latestOffset(offset, false);
    values.push(...(await readValues(stream, offset, end)));
    offset = end;
  }
  assert.deepEqual(values.sort(), ["b", "c", "d"]);
});

onBothBrokers("a pattern finds topics that come later", async (broker) => {
  const topic = await broker.topic(1);
  const stream = await broker.stream({ subscribePattern: `${topic}.*` });
  const start = await stream.initialOffset();
  assert.equal(start, `{"${topic}":{"0":0}}`);
  await broker.createTopic(`${topic}-more`, 1);
  await broker.produce(`${topic}-more`, ["x"]);
  const values: unknown[] = [];
  for (let offset = start; values.length === 0; ) {
    await stream.waitForData(offset, broker.stopping.signal);
    const end = await stream.latestOffset(offset, false);
    values.push(...(await readValues(stream, offset, end)));
    offset = end;
  }
  assert.deepEqual(values, ["x"]);
});

onBothBrokers("records that retention took are an error, or a warning with failOnDataLoss=false", async (broker) => {
  const topic = await broker.topic(1);
  await broker.produce(topic, numbered(10));
  const strict = await broker.stream({ subscribe: topic });
  const start = await strict.initialOffset();
  await broker.deleteRecords(topic, 0, 4);
  const end = `{"${topic}":{"0":10}}`;
  await assert.rejects(readValues(strict, start, end), condition("KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE"));
  const lenient = await broker.stream({ subscribe: topic, failOnDataLoss: "false" });
  assert.deepEqual(await readValues(lenient, start, end), numbered(6, 4));
  assert.ok(
    broker.messages.some((m) => m.includes(`Offsets 0 to 3 of ${topic}-0 are lost`)),
    broker.messages.join("\n"),
  );
});

onBothBrokers("a topic that was deleted and created again is data loss", async (broker) => {
  const topic = await broker.topic(1);
  await broker.produce(topic, numbered(10));
  const strict = await broker.stream({ subscribe: topic, "kafka.metadata.max.age.ms": "0" });
  const start = await strict.initialOffset();
  const end = await strict.latestOffset(start, false);
  assert.equal((await readValues(strict, start, end)).length, 10);
  await broker.deleteTopic(topic);
  await broker.createTopic(topic, 1);
  // Which of the two is noticed first depends on when the broker tells.
  const loss = (error: unknown): boolean => {
    const conditions = ["KAFKA_DATA_LOSS.PARTITIONS_DELETED", "KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED"];
    return error instanceof SluiceError && conditions.includes(error.condition);
  };
  await assert.rejects(strict.latestOffset(end, false), loss);
  const restarted = await broker.stream({ subscribe: topic });
  await assert.rejects(restarted.latestOffset(end, false), loss);
});

onBothBrokers("read_committed sees nothing of aborted or open transactions", async (broker) => {
  const topic = await broker.topic(1);
  const sink = await broker.sink({ topic });
  await sink.open();
  await writeBatch(sink, 0, ["first"]);
  for (let i = 0; i < 2; i++) {
    const batch = await sink.begin(1);
    await batch.write(keylessRows([`aborted ${i}`]));
    // Enough to be sent before the end.
    await batch.write(keylessRows(numbered(40_000)));
    await batch.abort();
  }
  await writeBatch(sink, 1, ["second"]);
  const open = await sink.begin(2);
  await open.write(keylessRows(numbered(40_000)));
  assert.deepEqual(await broker.committed(topic, 2), ["first", "second"]);
  assert.ok((await broker.values(topic)).includes("aborted 0"));
});

onBothBrokers("an unknown topic names the nearest one", async (broker) => {
  const topic = await broker.topic(1);
  const wrong = `${topic}x`;
  await assert.rejects(broker.rows({ subscribe: wrong }), (error) => {
    assert.ok(error instanceof SluiceError && error.condition === "KAFKA_UNKNOWN_TOPIC", String(error));
    return true;
  });
});

test("a broker that is away is waited for, with a message, until the query stops", async () => {
  const broker = new TestBroker("127.0.0.1:1");
  const stream = await broker.stream({
    subscribe: "t",
    "kafka.retry.backoff.ms": "1",
    "kafka.retry.backoff.max.ms": "5",
  });
  const starting = stream.initialOffset();
  while (broker.messages.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.match(
    broker.messages[0] as string,
    /Waiting for Kafka at 127\.0\.0\.1:1 to find where to start: .*ECONNREFUSED/,
  );
  broker.stopping.abort();
  await assert.rejects(starting, condition("KAFKA_CLOSED"));
  await broker.close();
});

test("a broker that goes away and comes back: source and sink go on, nothing is lost or doubled", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "sluice-kafka-"));
  let server = await DevBroker.start({ dataDir });
  const { port } = server;
  const broker = new TestBroker(server.bootstrapServers);
  try {
    server.createTopic("t", { partitions: 2 });
    const impatient = { "kafka.retry.backoff.ms": "1", "kafka.retry.backoff.max.ms": "20" };
    const stream = await broker.stream({ subscribe: "t", ...impatient });
    const sink = await broker.sink({ topic: "t", ...impatient });
    await sink.open();
    let offset = await stream.initialOffset();
    const seen: unknown[] = [];
    for (let round = 0; round < 3; round++) {
      const waiting = stream.waitForData(offset, broker.stopping.signal);
      await server.close();
      const writing = writeBatch(sink, round, [`round ${round}`]);
      server = await DevBroker.start({ dataDir, port });
      await writing;
      await waiting;
      while (seen.length <= round) {
        const end = await stream.latestOffset(offset, false);
        seen.push(...(await readValues(stream, offset, end)));
        offset = end;
      }
    }
    assert.deepEqual(seen, ["round 0", "round 1", "round 2"]);
  } finally {
    await broker.close();
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

const log = { info() {}, warn() {}, error() {} };

function settings(given: Record<string, string>, streaming = true) {
  const options = new OptionMap();
  for (const [name, value] of Object.entries({ "kafka.bootstrap.servers": "h:1", subscribe: "t", ...given })) {
    if (value !== "-") options.set(name, value);
  }
  return kafkaSourceSettings(options, streaming, log);
}

test("defaults are Spark's", () => {
  const stream = settings({});
  assert.deepEqual(stream.starting, { kind: "latest" });
  assert.deepEqual(settings({}, false).starting, { kind: "earliest" });
  assert.equal(stream.failOnDataLoss, true);
  assert.equal(stream.readCommitted, false);
  assert.equal(stream.maxTriggerDelayMs, 900_000);
  assert.equal(stream.pollTimeoutMs, 120_000);
});

const refusals: readonly (readonly [given: Record<string, string>, condition: string, streaming?: boolean])[] = [
  [{ "kafka.bootstrap.servers": "-" }, "MISSING_OPTION"],
  [{ "kafka.bootstrap.servers": "nowhere" }, "INVALID_OPTION_VALUE"],
  [{ subscribe: "-" }, "KAFKA_SUBSCRIPTION_INVALID"],
  [{ assign: '{"t":[0]}' }, "KAFKA_SUBSCRIPTION_INVALID"],
  [{ subscribe: " , " }, "INVALID_OPTION_VALUE"],
  [{ subscribe: "-", subscribePattern: "(" }, "INVALID_OPTION_VALUE"],
  [{ subscribe: "-", assign: "x" }, "INVALID_OPTION_VALUE"],
  [{ startingOffsets: "newest" }, "INVALID_OPTION_VALUE"],
  [{ startingOffsets: "latest" }, "INVALID_OPTION_VALUE", false],
  [{ startingOffsets: '{"t":{"0":-1}}' }, "INVALID_OPTION_VALUE", false],
  [{ endingOffsets: "earliest" }, "INVALID_OPTION_VALUE", false],
  [{ endingOffsets: '{"t":{"0":-2}}' }, "INVALID_OPTION_VALUE", false],
  [{ endingOffsets: "latest" }, "KAFKA_OPTION_NOT_SUPPORTED"],
  [{ endingTimestamp: "1" }, "KAFKA_OPTION_NOT_SUPPORTED"],
  [{ "kafka.auto.offset.reset": "latest" }, "KAFKA_OPTION_NOT_SUPPORTED"],
  [{ "kafka.value.deserializer": "x" }, "KAFKA_OPTION_NOT_SUPPORTED"],
  [{ "kafka.enable.auto.commit": "true" }, "KAFKA_OPTION_NOT_SUPPORTED"],
  [{ "kafka.isolation.levle": "x" }, "UNKNOWN_OPTION"],
  [{ "kafka.isolation.level": "committed" }, "INVALID_OPTION_VALUE"],
  [{ minOffsetsPerTrigger: "9", maxOffsetsPerTrigger: "8" }, "INVALID_OPTION_VALUE"],
  [{ minPartitions: "0" }, "INVALID_OPTION_VALUE"],
  [{ failOnDataLoss: "maybe" }, "INVALID_OPTION_VALUE"],
  [{ maxTriggerDelay: "soon" }, "INVALID_OPTION_VALUE"],
  [{ "kafka.security.protocol": "SASL_PLAIN" }, "INVALID_OPTION_VALUE"],
  [{ "kafka.security.protocol": "SASL_SSL", "kafka.sasl.mechanism": "PLAIN" }, "MISSING_OPTION"],
  [{ "kafka.security.protocol": "SASL_SSL" }, "UNSUPPORTED_FEATURE"],
  [{ "kafka.security.protocol": "SSL", "kafka.ssl.truststore.location": "/x.jks" }, "UNSUPPORTED_FEATURE"],
];

for (const [given, name, streaming] of refusals) {
  test(`${JSON.stringify(given)} is refused with ${name}`, () => {
    assert.throws(() => settings(given, streaming), condition(name));
  });
}

test("sasl.jaas.config is read as Java reads it, and never shown", () => {
  const jaas =
    'org.apache.kafka.common.security.scram.ScramLoginModule required username="a b" password="p\\"\\\\q;=";';
  const given = { "kafka.security.protocol": "SASL_PLAINTEXT", "kafka.sasl.mechanism": "SCRAM-SHA-512" };
  const { client } = settings({ ...given, "kafka.sasl.jaas.config": jaas });
  assert.deepEqual(client.sasl, { mechanism: "SCRAM-SHA-512", username: "a b", password: 'p"\\q;=' });
  for (const wrong of [
    jaas.replace(";", "").replace(";", ""),
    jaas.replace("required", ""),
    jaas.replace("Scram", "Plain"),
  ]) {
    assert.throws(
      () => settings({ ...given, "kafka.sasl.jaas.config": wrong }),
      (error) =>
        error instanceof SluiceError && error.condition === "INVALID_OPTION_VALUE" && !error.message.includes("q;"),
    );
  }
});
