import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { produce } from "../../src/broker/apis/00-produce.ts";
import { fetch } from "../../src/broker/apis/01-fetch.ts";
import { metadata } from "../../src/broker/apis/03-metadata.ts";
import { joinGroup } from "../../src/broker/apis/11-join-group.ts";
import { createTopics } from "../../src/broker/apis/19-create-topics.ts";
import { createPartitions } from "../../src/broker/apis/37-create-partitions.ts";
import { apis } from "../../src/broker/apis/index.ts";
import { ErrorCode } from "../../src/broker/protocol/errors.ts";
import { Reader } from "../../src/broker/protocol/reader.ts";
import { Writer } from "../../src/broker/protocol/writer.ts";
import { startBroker } from "./fixtures/brokers.ts";
import { encodeRequest, RawClient } from "./fixtures/raw-client.ts";
import { batchOf, produceRequest } from "./fixtures/scenarios.ts";

/** The broker still answers someone who behaves. */
async function assertAlive(t: TestContext, servers: string): Promise<void> {
  const client = await RawClient.connect(t, servers);
  assert.equal((await client.call(metadata, 9, { topics: null })).brokers.length, 1);
}

function frame(body: Buffer): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeInt32BE(body.length);
  return Buffer.concat([prefix, body]);
}

function header(key: number, version: number): Buffer {
  const writer = new Writer();
  writer.int16(key);
  writer.int16(version);
  writer.int32(1);
  writer.string("hostile", false);
  return writer.toBuffer();
}

test("a length of two gigabytes, a negative one, and no request at all end the connection", async (t) => {
  const broker = await startBroker(t);
  for (const prefix of [
    [0x7f, 0xff, 0xff, 0xff],
    [0xff, 0xff, 0xff, 0xff],
    [0, 0, 0, 0],
    [0, 0, 0, 3, 1, 2, 3],
  ]) {
    const client = await RawClient.connect(t, broker.bootstrapServers);
    client.send(Buffer.from(prefix));
    await client.closed();
  }
  const client = await RawClient.connect(t, broker.bootstrapServers);
  client.send(Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  await client.closed();
  await assertAlive(t, broker.bootstrapServers);
});

test("an unknown API or version ends the connection; of ApiVersions it is answered in version 0", async (t) => {
  const broker = await startBroker(t);
  for (const [key, version] of [
    [9999, 0],
    [-1, 0],
    [1, 99],
    [1, -1],
    [0, 2],
  ]) {
    const client = await RawClient.connect(t, broker.bootstrapServers);
    client.send(frame(header(key, version)));
    await client.closed();
  }
  const client = await RawClient.connect(t, broker.bootstrapServers);
  client.send(frame(header(18, 77)));
  const reader = new Reader(await client.receive());
  assert.equal(reader.int32(), 1);
  assert.equal(reader.int16(), ErrorCode.UNSUPPORTED_VERSION);
  assert.equal(reader.int32(), 1);
  assert.deepEqual([reader.int16(), reader.int16(), reader.int16()], [18, 0, 4]);
  assert.equal(reader.remaining, 0);
});

test("every API lists and refuses what its table says", async (t) => {
  const broker = await startBroker(t);
  const client = await RawClient.connect(t, broker.bootstrapServers);
  client.send(frame(header(18, 0)));
  const reader = new Reader(await client.receive());
  reader.int32();
  assert.equal(reader.int16(), 0);
  const listed = Array.from({ length: reader.int32() }, () => [reader.int16(), reader.int16(), reader.int16()]);
  assert.deepEqual(
    listed,
    [...apis.values()].sort((a, b) => a.key - b.key).map(({ key, advertised }) => [key, ...advertised]),
  );
  assert.deepEqual(listed[0], [0, 0, 11], "librdkafka needs version 0 of Produce in the list");
});

test("random bytes in any request never stop the broker", async (t) => {
  const broker = await startBroker(t, { autoCreateTopics: false });
  const known = [...apis.values()];
  const attempt = fc.record({
    api: fc.constantFrom(...known),
    version: fc.nat(20),
    body: fc.uint8Array({ maxLength: 120 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 5 }), async (attempts) => {
      const socket = connect(broker.port, broker.host);
      await once(socket, "connect");
      socket.on("error", () => {});
      const closed = once(socket, "close");
      for (const { api, version, body } of attempts) {
        const flexible = version >= api.flexibleFrom ? Buffer.from([0]) : Buffer.alloc(0);
        socket.write(frame(Buffer.concat([header(api.key, version), flexible, body])));
      }
      // Ends whatever is still waiting for an answer.
      socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
      socket.resume();
      await closed;
    }),
    { numRuns: 400 },
  );
  await assertAlive(t, broker.bootstrapServers);
});

test("real requests with flipped and cut bytes never stop the broker", async (t) => {
  const broker = await startBroker(t, { autoCreateTopics: false });
  broker.createTopic("target", { partitions: 2 });
  const id = broker.describeTopic("target")!.id;
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }];
  const protocols = [{ name: "range", metadata: Buffer.from("m") }];
  const topic = { name: "x", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const requests = [
    encodeRequest(produce, 9, produceRequest("target", 0, batchOf(3)), 1),
    encodeRequest(fetch, 13, { maxWaitMs: 0, minBytes: 0, topics: [{ topicId: id, partitions }] }, 1),
    encodeRequest(metadata, 12, { topics: [{ name: "target" }] }, 1),
    encodeRequest(
      joinGroup,
      9,
      { groupId: "g", sessionTimeoutMs: 10_000, memberId: "", protocolType: "consumer", protocols },
      1,
    ),
    encodeRequest(createTopics, 7, { topics: [topic], timeoutMs: 1000, validateOnly: true }, 1),
    encodeRequest(
      createPartitions,
      3,
      { topics: [{ name: "target", count: 3, assignments: null }], timeoutMs: 1, validateOnly: true },
      1,
    ),
  ].map((request) => request.subarray(4));
  const mutation = fc.record({
    request: fc.constantFrom(...requests),
    flips: fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 255 })), { maxLength: 4 }),
    cut: fc.option(fc.nat(200)),
  });
  await fc.assert(
    fc.asyncProperty(mutation, async ({ request, flips, cut }) => {
      const body = Buffer.from(cut === null ? request : request.subarray(0, cut));
      for (const [at, mask] of flips) if (body.length > 0) body[at % body.length] ^= mask;
      const socket = connect(broker.port, broker.host);
      await once(socket, "connect");
      socket.on("error", () => {});
      const closed = once(socket, "close");
      socket.write(Buffer.concat([frame(body), Buffer.from([0xff, 0xff, 0xff, 0xff])]));
      socket.resume();
      await closed;
    }),
    { numRuns: 1500 },
  );
  await assertAlive(t, broker.bootstrapServers);
});

test("a client that sends a byte at a time costs little, and one that goes silent is closed", async (t) => {
  const broker = await startBroker(t, { idleTimeoutMs: 1500 });
  const slow = await RawClient.connect(t, broker.bootstrapServers);
  const request = encodeRequest(metadata, 9, { topics: null }, 1);
  for (const byte of request) slow.send(Buffer.from([byte]));
  assert.ok((await slow.receive()).length > 0);
  const announced = await RawClient.connect(t, broker.bootstrapServers);
  announced.send(Buffer.from([0x05, 0, 0, 0, 1]));
  await announced.closed();
});

test("more connections than allowed are turned away, and others go on", async (t) => {
  const broker = await startBroker(t, { connectionsMax: 3 });
  const clients = [];
  for (let i = 0; i < 3; i++) clients.push(await RawClient.connect(t, broker.bootstrapServers));
  const extra = connect(broker.port, broker.host);
  extra.on("error", () => {});
  await once(extra, "close");
  for (const client of clients) assert.equal((await client.call(metadata, 9, { topics: null })).brokers.length, 1);
});

test("a client that never reads its answers doesn't make the broker hold them all", async (t) => {
  const broker = await startBroker(t);
  broker.createTopic("big", { configs: { "max.message.bytes": "10000000" } });
  const writer = await RawClient.connect(t, broker.bootstrapServers);
  for (let i = 0; i < 4; i++) await writer.call(produce, 9, produceRequest("big", 0, batchOf(50_000)));
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 26 }];
  const greedy = connect(broker.port, broker.host);
  t.after(() => greedy.destroy());
  await once(greedy, "connect");
  greedy.pause();
  const request = encodeRequest(fetch, 11, { maxWaitMs: 0, minBytes: 1, topics: [{ topic: "big", partitions }] }, 1);
  for (let i = 0; i < 200; i++) greedy.write(request);
  await assertAlive(t, broker.bootstrapServers);
  const before = process.memoryUsage().rss;
  await assertAlive(t, broker.bootstrapServers);
  // Two hundred answers would be two gigabytes.
  assert.ok(process.memoryUsage().rss - before < 200 * 1024 * 1024);
});

test("requests that come together are answered in order", async (t) => {
  const broker = await startBroker(t);
  const client = await RawClient.connect(t, broker.bootstrapServers);
  const requests = Array.from({ length: 300 }, (_, i) => encodeRequest(metadata, 9, { topics: null }, i));
  client.send(Buffer.concat(requests));
  for (let i = 0; i < 300; i++) assert.equal((await client.receive()).readInt32BE(0), i);
});

test("a broker that listens everywhere tells each client the address it came to", async (t) => {
  const broker = await startBroker(t, { host: "0.0.0.0" });
  const client = await RawClient.connect(t, `127.0.0.1:${broker.port}`);
  assert.equal((await client.call(metadata, 9, { topics: null })).brokers[0].host, "127.0.0.1");
  assert.equal(broker.bootstrapServers, `127.0.0.1:${broker.port}`);
});
