import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { produce } from "../../src/broker/apis/00-produce.ts";
import { fetch } from "../../src/broker/apis/01-fetch.ts";
import { buildBatch } from "../../src/broker/protocol/batch.ts";
import { requireParts, uniqueName } from "../support/parts.ts";
import { startBroker, temporaryDirectory } from "./fixtures/brokers.ts";
import { RawClient } from "./fixtures/raw-client.ts";
import { committedRecords } from "./fixtures/raw-producer.ts";
import { produceRequest } from "./fixtures/scenarios.ts";

const parts = requireParts("kafka-streams");
const source = new URL("fixtures/DeviceCounts.java", import.meta.url).pathname;

const ROOMS = 20;
const PARTITIONS = 4;
const READINGS = 12_000;
const KILLS = 3;

/** Writes readings: the key is the device, the value its room. */
async function writeReadings(client: RawClient, topic: string): Promise<void> {
  const perBatch = 500;
  for (let first = 0; first < READINGS; first += perBatch) {
    const batch = buildBatch(
      Array.from({ length: perBatch }, (_, i) => ({
        key: Buffer.from(`device ${(first + i) % 97}`),
        value: Buffer.from(`room ${(first + i) % ROOMS}`),
        timestampMs: Date.now(),
      })),
    );
    await client.call(produce, 9, produceRequest(topic, (first / perBatch) % PARTITIONS, batch));
  }
}

/** A long poll: resolves when something was appended from `offset` on, or after two seconds. */
async function waitForRecords(client: RawClient, topic: string, offset: number): Promise<void> {
  const partitions = [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 1 << 20 }];
  await client.call(fetch, 11, { maxWaitMs: 2000, minBytes: 50_000, topics: [{ topic, partitions }] });
}

interface Application {
  readonly process: ChildProcess;
  /** Resolves when the application has counted so many readings since its start. */
  counted(count: number): Promise<void>;
}

function startApplication(t: TestContext, [program, ...args]: readonly string[]): Application {
  const child = spawn(program!, args, { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let complaints = "";
  child.stderr.on("data", (text: Buffer) => {
    complaints = (complaints + text.toString()).slice(-4000);
  });
  let counted = 0;
  let wake = (): void => {};
  createInterface({ input: child.stdout }).on("line", (line) => {
    counted = Number(/^counted (\d+)$/.exec(line)?.[1] ?? counted);
    wake();
  });
  child.once("exit", () => wake());
  return {
    process: child,
    async counted(count) {
      while (counted < count) {
        if (child.exitCode !== null || child.signalCode !== null) {
          throw new Error(`the application ended after ${counted} readings:\n${complaints}`);
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

async function end(application: Application, signal: NodeJS.Signals): Promise<void> {
  const { process: child } = application;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

test(
  "a Kafka Streams application with exactly_once_v2 counts each reading once, though it is killed",
  parts.options,
  async (t) => {
    const { command } = await parts["kafka-streams"]();
    const broker = await startBroker(t, { dataDir: temporaryDirectory(t), autoCreateTopics: false });
    const [readings, counts] = [uniqueName("readings"), uniqueName("counts")];
    broker.createTopic(readings, { partitions: PARTITIONS });
    broker.createTopic(counts, { partitions: 1 });
    const client = await RawClient.connect(t, broker.bootstrapServers);
    await writeReadings(client, readings);
    const state = join(temporaryDirectory(t), "state");
    const start = () => startApplication(t, command(source, broker.bootstrapServers, state, readings, counts));
    for (let kills = 0; kills < KILLS; kills++) {
      const application = start();
      await application.counted(500 * (1 + kills));
      await end(application, "SIGKILL");
    }
    const last = start();
    // What the application says it has counted may be aborted and counted again; what is committed stays.
    while ((await committedRecords(client, counts)).length < READINGS && last.process.exitCode === null) {
      const { endOffset } = broker.describeTopic(counts)!.partitions[0];
      await waitForRecords(client, counts, endOffset);
    }
    await end(last, "SIGTERM");
    const committed = await committedRecords(client, counts);
    assert.equal(committed.length, READINGS);
    const seen = new Map<string, bigint>();
    for (const { key, value } of committed) {
      const room = key!.toString();
      // A reading that was lost, counted twice, or shown though it was aborted, breaks the row 1, 2, 3, …
      assert.equal(value!.readBigInt64BE(), (seen.get(room) ?? 0n) + 1n, room);
      seen.set(room, value!.readBigInt64BE());
    }
    assert.deepEqual(
      [...seen.values()],
      Array.from({ length: ROOMS }, () => BigInt(READINGS / ROOMS)),
    );
  },
);
