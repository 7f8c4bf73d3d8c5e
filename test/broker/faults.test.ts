import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Admin } from "@platformatic/kafka";
import { produce } from "../../src/broker/apis/00-produce.ts";
import { fetch } from "../../src/broker/apis/01-fetch.ts";
import { metadata } from "../../src/broker/apis/03-metadata.ts";
import { apis } from "../../src/broker/apis/index.ts";
import { ErrorCode } from "../../src/broker/protocol/errors.ts";
import { startBroker, temporaryDirectory } from "./fixtures/brokers.ts";
import { clientOptions } from "./fixtures/clients.ts";
import { encodeRequest, RawClient } from "./fixtures/raw-client.ts";
import { batchOf, produceRequest } from "./fixtures/scenarios.ts";

const endOf = (client: RawClient) => client.call(produce, 9, produceRequest("t", 0, batchOf(1)));

test("an injected error is answered as often as asked, without an effect", async (t) => {
  const broker = await startBroker(t);
  broker.createTopic("t");
  const client = await RawClient.connect(t, broker.bootstrapServers);
  broker.inject({ api: "Produce", times: 2, action: { kind: "error", error: "NOT_LEADER_OR_FOLLOWER" } });
  for (const expected of [ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.NONE]) {
    assert.equal((await endOf(client)).responses[0].partitionResponses[0].errorCode, expected);
  }
  assert.equal(broker.describeTopic("t")!.partitions[0].endOffset, 1);
});

test("a closed request has no effect; a dropped one has, and its answer is lost", async (t) => {
  const broker = await startBroker(t);
  broker.createTopic("t");
  for (const [kind, endOffset] of [
    ["close", 0],
    ["drop", 1],
  ] as const) {
    broker.inject({ api: "Produce", action: { kind } });
    const client = await RawClient.connect(t, broker.bootstrapServers);
    await assert.rejects(endOf(client), /closed/);
    assert.equal(broker.describeTopic("t")!.partitions[0].endOffset, endOffset);
  }
});

test("a fault passes over as many requests as it says, hits one client only, and can be taken back", async (t) => {
  const broker = await startBroker(t);
  broker.createTopic("t");
  const client = await RawClient.connect(t, broker.bootstrapServers);
  const code = async () => (await endOf(client)).responses[0].partitionResponses[0].errorCode;
  const error = { kind: "error", error: "REQUEST_TIMED_OUT" } as const;
  broker.inject({ api: "Produce", after: 1, action: error });
  assert.deepEqual([await code(), await code(), await code()], [0, ErrorCode.REQUEST_TIMED_OUT, 0]);
  broker.inject({ api: "Produce", clientId: "somebody else", action: error });
  assert.equal(await code(), 0);
  const takeBack = broker.inject({ api: "Produce", clientId: "raw-client", action: error });
  takeBack();
  assert.equal(await code(), 0);
});

test("a delayed request is answered in the end", async (t) => {
  const broker = await startBroker(t);
  const client = await RawClient.connect(t, broker.bootstrapServers);
  broker.inject({ api: "Metadata", action: { kind: "delay", ms: 20 } });
  assert.equal((await client.call(metadata, 9, { topics: null })).brokers.length, 1);
});

test("a fault of an API that doesn't exist is refused", async (t) => {
  const broker = await startBroker(t);
  assert.throws(() => broker.inject({ api: "Fetsch", action: { kind: "close" } }), TypeError);
  for (const { name } of apis.values()) broker.inject({ api: name, action: { kind: "close" } })();
});

test("a long poll is answered when a record comes, not when the time is over", async (t) => {
  const broker = await startBroker(t, { dataDir: temporaryDirectory(t) });
  broker.createTopic("t");
  const [reader, writer] = await Promise.all([1, 2].map(() => RawClient.connect(t, broker.bootstrapServers)));
  const poll = (minBytes: number, fetchOffset: number) =>
    reader.call(fetch, 11, {
      maxWaitMs: 100_000,
      minBytes,
      topics: [{ topic: "t", partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
    });
  let waiting = poll(1, 0);
  await endOf(writer);
  const size = (await waiting).responses[0].partitions[0].records!.length;
  waiting = poll(3 * size, 1);
  for (let i = 0; i < 3; i++) await endOf(writer);
  assert.equal((await waiting).responses[0].partitions[0].records!.length, 3 * size);
  waiting = poll(1, 4);
  await writer.call(metadata, 9, { topics: null });
  broker.deleteTopic("t");
  assert.equal((await waiting).responses[0].partitions[0].errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
});

test("with flush `always` records are answered, read and kept", async (t) => {
  const broker = await startBroker(t, { dataDir: temporaryDirectory(t), flush: "always" });
  broker.createTopic("t");
  const clients = await Promise.all([1, 2, 3, 4].map(() => RawClient.connect(t, broker.bootstrapServers)));
  const offsets = await Promise.all(
    clients.map(async (client) => (await endOf(client)).responses[0].partitionResponses[0].baseOffset),
  );
  assert.deepEqual(offsets.sort(), [0, 1, 2, 3]);
  assert.equal(broker.describeTopic("t")!.partitions[0].endOffset, 4);
});

test("connections can be encrypted", async (t) => {
  const directory = temporaryDirectory(t);
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(directory, name));
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", key, "-out", cert];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
      ...files,
      ...subject,
    ],
    { stdio: "ignore" },
  );
  const broker = await startBroker(t, { tls: { key: fs.readFileSync(key), cert: fs.readFileSync(cert) } });
  broker.createTopic("hidden");
  const admin = new Admin({ ...clientOptions(broker.bootstrapServers), tls: { ca: fs.readFileSync(cert) } });
  assert.deepEqual(await admin.listTopics(), ["hidden"]);
  await admin.close();
  const stranger = new Admin({ ...clientOptions(broker.bootstrapServers), retries: 0, tls: {} });
  await assert.rejects(stranger.listTopics());
  await stranger.close();
});

test("a produce without acks gets no answer, holds up nothing, and ends the connection when it fails", async (t) => {
  const broker = await startBroker(t);
  broker.createTopic("t");
  const client = await RawClient.connect(t, broker.bootstrapServers);
  client.send(encodeRequest(produce, 9, produceRequest("t", 0, batchOf(1), 0), 77));
  assert.equal((await client.call(metadata, 9, { topics: [{ name: "t" }] })).topics.length, 1);
  assert.equal(broker.describeTopic("t")!.partitions[0].endOffset, 1);
  client.send(encodeRequest(produce, 9, produceRequest("t", 5, batchOf(1), 0), 78));
  await client.closed();
});
