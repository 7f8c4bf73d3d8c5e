/**
 * Many hostile clients at once, against a broker in a process of its own: it goes on, stays small, and serves the others.
 * HOSTILE_REQUESTS says how many mutated requests are sent; HOSTILE_SEED repeats a run.
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { produce } from "../../src/broker/apis/00-produce.ts";
import { metadata } from "../../src/broker/apis/03-metadata.ts";
import { createTopics } from "../../src/broker/apis/19-create-topics.ts";
import { apis } from "../../src/broker/apis/index.ts";
import { serve, startBroker } from "./fixtures/brokers.ts";
import { groupScenarios } from "./fixtures/group-scenarios.ts";
import { RawClient } from "./fixtures/raw-client.ts";
import { fetchRaw } from "./fixtures/raw-producer.ts";
import { Recorder } from "./fixtures/recorder.ts";
import { batchOf, produceRequest, scenarios } from "./fixtures/scenarios.ts";

const REQUESTS = Number(process.env["HOSTILE_REQUESTS"] ?? 50_000);
const SEED = Number(process.env["HOSTILE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const RSS_BYTES_MAX = 512 * 1024 * 1024;
const CONNECTIONS = 1000;
/** What ends a connection, and with it whatever waits for an answer. */
const END = Buffer.from([0xff, 0xff, 0xff, 0xff]);

/** mulberry32. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Requests of every API and version, as well-behaved clients send them. */
async function goodRequests(t: TestContext): Promise<Buffer[]> {
  const broker = await startBroker(t, { autoCreateTopics: false });
  const requests: Buffer[] = [];
  const asked = new Set<string>();
  for (const scenario of Object.values({ ...scenarios, ...groupScenarios })) {
    const client = await RawClient.connect(t, broker.bootstrapServers);
    const send = client.send.bind(client);
    client.send = (bytes) => {
      requests.push(bytes.subarray(4));
      send(bytes);
    };
    await scenario(new Recorder(client, [], asked));
  }
  assert.ok(new Set([...asked].map((each) => each.split(" ")[0])).size >= apis.size - 3);
  return requests;
}

const INTERESTING = [0, 1, 0x7f, 0x80, 0xff];

function mutated(request: Buffer, random: (below: number) => number): Buffer {
  const body = Buffer.from(request);
  for (let changes = 1 + random(3); changes > 0 && body.length > 0; changes--) {
    // The first bytes say which API; most changes are further on.
    const at = random(10) === 0 ? random(body.length) : Math.min(8 + random(body.length), body.length - 1);
    const how = random(5);
    if (how === 0) body[at] ^= 1 << random(8);
    else if (how === 1) body[at] = INTERESTING[random(INTERESTING.length)];
    else if (how === 2) body.fill(INTERESTING[random(INTERESTING.length)], at, Math.min(at + 4, body.length));
    else if (how === 3) body.copy(body, at, random(body.length));
    else return body.subarray(0, at);
  }
  return body;
}

function framed(body: Buffer): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeInt32BE(body.length);
  return Buffer.concat([prefix, body]);
}

async function open(servers: string): Promise<Socket> {
  const [host, port] = servers.split(":");
  const socket = connect(Number(port), host);
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** A client that behaves: it writes and reads back what it wrote, until told to stop. Gives how often. */
function goodClient(client: RawClient): { stop(): Promise<number> } {
  let going = true;
  const work = (async () => {
    let rounds = 0;
    for (let offset = 0; going; rounds++) {
      const { responses } = await client.call(produce, 9, produceRequest("good", 0, batchOf(3)));
      assert.equal(responses[0].partitionResponses[0].errorCode, 0);
      const { records, highWatermark } = await fetchRaw(client, "good", 0, offset);
      assert.ok(records!.length > 0);
      offset = highWatermark;
    }
    return rounds;
  })();
  return {
    stop() {
      going = false;
      return work;
    },
  };
}

async function setUp(t: TestContext): Promise<{ child: ChildProcess; address: string; good: RawClient }> {
  const { child, address } = await serve(t);
  const good = await RawClient.connect(t, address);
  const topic = { name: "good", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  await good.call(createTopics, 5, { topics: [topic], timeoutMs: 1000 });
  return { child, address, good };
}

/** The most memory that the process ever held. */
function peakBytes({ pid }: ChildProcess): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))!;
  return Number(kilobytes) * 1024;
}

test(`${REQUESTS} mutated requests stop neither the broker nor another client`, async (t) => {
  const random = randomFrom(SEED);
  const requests = await goodRequests(t);
  const { child, address, good } = await setUp(t);
  const client = goodClient(good);
  let left = REQUESTS;
  const attack = async () => {
    while (left > 0) {
      const socket = await open(address);
      const closed = once(socket, "close");
      socket.resume();
      const count = Math.min(4, left);
      left -= count;
      const frames = Array.from({ length: count }, () => framed(mutated(requests[random(requests.length)], random)));
      socket.write(Buffer.concat([...frames, END]));
      await closed;
    }
  };
  await Promise.all(Array.from({ length: 8 }, attack));
  assert.equal(child.exitCode, null, `the broker ended; HOSTILE_SEED=${SEED}`);
  assert.ok((await client.stop()) > 0, `seed ${SEED}`);
  assert.ok(peakBytes(child) < RSS_BYTES_MAX, `${peakBytes(child)} bytes; HOSTILE_SEED=${SEED}`);
});

test(`${CONNECTIONS} connections that trickle, announce two gigabytes or say nothing cost little`, async (t) => {
  const { child, address, good } = await setUp(t);
  const client = goodClient(good);
  const sockets: Socket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  const request = framed(Buffer.alloc(5000));
  request.writeInt32BE(99_000_000);
  for (let i = 0; i < CONNECTIONS; i++) {
    const socket = await open(address);
    sockets.push(socket);
    if (i % 3 === 0) socket.write(request.subarray(0, 5));
    if (i % 3 === 1) socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff]));
  }
  const slow = sockets.filter((_, i) => i % 3 === 0);
  for (let byte = 5; byte < 40; byte++) for (const socket of slow) socket.write(request.subarray(byte, byte + 1));
  const another = await RawClient.connect(t, address);
  assert.equal((await another.call(metadata, 9, { topics: null })).brokers.length, 1);
  assert.ok((await client.stop()) > 0);
  assert.equal(child.exitCode, null);
  assert.ok(peakBytes(child) < RSS_BYTES_MAX, `${peakBytes(child)} bytes`);
});
