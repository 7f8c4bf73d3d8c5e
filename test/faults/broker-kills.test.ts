// W8: the dev broker killed by SIGKILL again and again while producers with acks=all write. What it has acknowledged is
// there, in order and once; no partition's end goes back. SLUICE_TORTURE=full kills it 200 times.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { Admin, Producer, stringSerializers } from "@platformatic/kafka";
import { DevBroker } from "../../src/broker/index.ts";
import { readAll } from "../broker/fixtures/clients.ts";
import { generator } from "./damage.ts";

const full = process.env["SLUICE_TORTURE"] === "full";
const KILLS_MAX = full ? 200 : 40;
/** In a short run no kill is begun after this. */
const BUDGET_MS = full ? Number.POSITIVE_INFINITY : 45_000;
const PARTITIONS = 4;
const TOPIC = "kept";

async function serve(dataDir: string) {
  const script = join(import.meta.dirname, "../broker/fixtures/serve.ts");
  const child = spawn(process.execPath, [script, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "sluice-compile-cache") },
  });
  const exit = once(child, "exit");
  const [address] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { child, address, exit };
}

/** The offset after the last record of each partition. */
async function ends(address: string): Promise<number[]> {
  const admin = new Admin({ clientId: "ends", bootstrapBrokers: [address], retries: 0 });
  try {
    const partitions = Array.from({ length: PARTITIONS }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1n }));
    const [topic] = await admin.listOffsets({ topics: [{ name: TOPIC, partitions }] });
    const found = topic.partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex);
    return found.map(({ offset }) => Number(offset));
  } finally {
    await admin.close();
  }
}

test("no acknowledged record is lost, and no end goes back", { timeout: 1_800_000 }, async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = generator(seed);
  const dataDir = await mkdtemp(join(tmpdir(), "sluice-killed-broker-"));
  const acknowledged: string[][] = Array.from({ length: PARTITIONS }, () => []);
  /** The highest end that anybody has seen. */
  const highest = new Array<number>(PARTITIONS).fill(0);
  let sent = 0;
  let kills = 0;
  const started = performance.now();
  try {
    const first = await DevBroker.start({ dataDir });
    first.createTopic(TOPIC, { partitions: PARTITIONS });
    await first.close();
    while (kills < KILLS_MAX && performance.now() - started < BUDGET_MS) {
      const { child, address, exit } = await serve(dataDir);
      for (const [partition, end] of (await ends(address)).entries()) {
        assert.ok(end >= highest[partition], `seed ${seed}: partition ${partition} ends at ${end}, ${highest} before`);
        highest[partition] = end;
      }
      const producer = new Producer({
        clientId: "writer",
        bootstrapBrokers: [address],
        retries: 0,
        serializers: stringSerializers,
      });
      let left = 20 + Math.floor(random() * 100);
      const write = async (partition: number): Promise<void> => {
        for (;;) {
          const count = 1 + Math.floor(random() * 5);
          const messages = Array.from({ length: count }, () => ({ topic: TOPIC, partition, value: String(sent++) }));
          const answer = await producer.send({ messages, acks: -1 });
          acknowledged[partition].push(...messages.map(({ value }) => value));
          const offset = answer.offsets?.[0]?.offset;
          assert.ok(offset !== undefined);
          highest[partition] = Math.max(highest[partition], Number(offset) + count);
          if (--left === 0) child.kill("SIGKILL");
        }
      };
      const results = await Promise.allSettled(Array.from({ length: PARTITIONS }, (_, p) => write(p)));
      for (const result of results) {
        const { reason } = result as PromiseRejectedResult;
        if (reason instanceof assert.AssertionError) throw reason;
      }
      await exit;
      await producer.close();
      kills++;
    }
    const broker = await DevBroker.start({ dataDir });
    try {
      const total = (broker.describeTopic(TOPIC)?.partitions ?? []).reduce((n, p) => n + p.endOffset, 0);
      const messages = await readAll(broker.bootstrapServers, TOPIC, total);
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const own = messages.filter((m) => m.partition === partition);
        const values = own.map((m) => m.value);
        assert.deepEqual(
          own.map((m) => Number(m.offset)),
          own.map((_, i) => i),
          "offsets without a gap",
        );
        assert.equal(new Set(values).size, values.length, "no record twice");
        const places = acknowledged[partition].map((value) => values.indexOf(value));
        assert.ok(!places.includes(-1), `seed ${seed}: record lost in partition ${partition}`);
        assert.deepEqual(
          places,
          places.toSorted((a, b) => a - b),
          "in the order in which they were acknowledged",
        );
      }
    } finally {
      await broker.close();
    }
    t.diagnostic(`${kills} kills, ${acknowledged.flat().length} records acknowledged of ${sent} sent`);
    assert.ok(kills >= 5, `${kills} kills`);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
