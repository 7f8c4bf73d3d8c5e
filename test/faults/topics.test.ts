// What happens to topics while queries read them. D1: partitions are added, while the query runs and while it doesn't.
// D2: a topic is deleted and created again before, in or between batches, with failOnDataLoss on and off.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StreamingQuery } from "../../src/api/streaming-query.ts";
import type { SluiceError } from "../../src/index.ts";
import { testSession as session } from "../../src/testing/index.ts";
import { onBothBrokers, type TestBroker } from "../connectors/kafka-brokers.ts";

const STEPS = [1, 2, 5, 16, 64];

interface Read {
  readonly value: string;
  readonly partition: number;
  readonly offset: number;
}

/** A query over a topic that notes what it reads; `pauseIn` holds a batch open. */
class Reader {
  readonly rows: Read[] = [];
  readonly warnings: string[] = [];
  /** Called in each batch, before its rows are noted. */
  inBatch: () => Promise<void> = async () => {};
  private readonly broker: TestBroker;
  private readonly topic: string;
  private readonly folder: string;
  private readonly options: Readonly<Record<string, string>>;

  constructor(broker: TestBroker, topic: string, folder: string, options: Readonly<Record<string, string>> = {}) {
    this.broker = broker;
    this.topic = topic;
    this.folder = folder;
    this.options = options;
  }

  async run(work: (query: StreamingQuery) => Promise<void>): Promise<void> {
    const warn = (message: string) => {
      if (!message.includes("at-least-once")) this.warnings.push(message);
    };
    const spark = session({ log: { info() {}, warn, error() {} } });
    try {
      const query = await spark.readStream
        .format("kafka")
        .options({ "kafka.bootstrap.servers": this.broker.bootstrapServers, subscribe: this.topic })
        .options({ startingOffsets: "earliest", "kafka.metadata.max.age.ms": "50", ...this.options })
        .load()
        .selectExpr("CAST(value AS STRING) AS value", "partition", "offset")
        .writeStream.foreachBatch(async (batch) => {
          await this.inBatch();
          for (const row of await batch.collect()) {
            this.rows.push({ value: String(row.get(0)), partition: Number(row.get(1)), offset: Number(row.get(2)) });
          }
        })
        .option("checkpointLocation", join(this.folder, "checkpoint"))
        .start();
      try {
        await work(query);
      } finally {
        await query.stop();
      }
    } finally {
      await spark.stop();
    }
  }

  /** Runs batches until so many rows are there. */
  async until(query: StreamingQuery, count: number): Promise<void> {
    while (this.rows.length < count) await query.processAllAvailable();
  }
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-topics-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const values = (count: number, from: number) => Array.from({ length: count }, (_, i) => `v${from + i}`);

onBothBrokers("D1: partitions from 1 to 64 in steps, each read from offset 0 without a gap", async (broker) => {
  await withFolder(async (folder) => {
    const topic = await broker.topic(1);
    const reader = new Reader(broker, topic, folder);
    let sent = 0;
    let had = 1;
    const grow = async (partitions: number) => {
      if (partitions > had) await broker.addPartitions(topic, partitions);
      had = partitions;
      const given = { "kafka.partitioner.class": "RoundRobinPartitioner" };
      // What was just added isn't known to every part of a cluster at once: some of these go to the older ones.
      await broker.produce(topic, values(partitions * 2, sent), given);
      sent += partitions * 2;
    };
    for (const [i, partitions] of STEPS.entries()) {
      if (i % 2 === 0) {
        await reader.run(async (query) => {
          await reader.until(query, sent);
          await grow(partitions);
          await reader.until(query, sent);
        });
      } else await grow(partitions);
    }
    await reader.run((query) => reader.until(query, sent));
    assert.deepEqual(reader.rows.map((r) => r.value).sort(), values(sent, 0).sort());
    const byPartition = Map.groupBy(reader.rows, (r) => r.partition);
    assert.ok(byPartition.size > 32, `records came from ${byPartition.size} partitions`);
    for (const [partition, rows] of byPartition) {
      const offsets = rows.map((r) => r.offset).sort((a, b) => a - b);
      assert.deepEqual(offsets, [...offsets.keys()], `partition ${partition}`);
    }
    // A partition that was just added may have no leader yet, which is waited for.
    assert.deepEqual(
      reader.warnings.filter((message) => !message.startsWith("Waiting for Kafka")),
      [],
    );
  });
});

/** The error names what is lost: topic, partition and offsets. */
function isLoss(error: unknown, topic: string): boolean {
  const { message } = error as SluiceError;
  return /KAFKA_DATA_LOSS/.test(message) && message.includes(`${topic}-0`) && /offsets? \d+/.test(message);
}

for (const moment of ["between", "before", "in"] as const) {
  for (const failOnDataLoss of [true, false]) {
    onBothBrokers(`D2: a topic created again ${moment} batches, failOnDataLoss=${failOnDataLoss}`, async (broker) => {
      await withFolder(async (folder) => {
        const topic = await broker.topic(1);
        await broker.produce(topic, values(10, 0));
        const reader = new Reader(broker, topic, folder, { failOnDataLoss: String(failOnDataLoss) });
        const again = async () => {
          await broker.deleteTopic(topic);
          await broker.createTopic(topic, 1);
          await broker.produce(topic, values(4, 100));
        };
        const loss = async (query: StreamingQuery) => {
          const more = async () => {
            for (;;) {
              await query.processAllAvailable();
              if (reader.warnings.length > 0 && !failOnDataLoss) return;
            }
          };
          if (failOnDataLoss) await assert.rejects(more(), (error: unknown) => isLoss(error, topic));
          else await more();
        };
        if (moment === "in") reader.inBatch = again;
        await reader.run(async (query) => {
          if (moment === "in") {
            await reader.until(query, 1).catch((error: unknown) => assert.ok(isLoss(error, topic), String(error)));
            reader.inBatch = async () => {};
            if (await query.isActive()) await loss(query);
            return;
          }
          await reader.until(query, 10);
          if (moment === "between") {
            await again();
            await loss(query);
          }
        });
        if (moment === "before") {
          await again();
          await reader.run(loss);
        }
        if (!failOnDataLoss) {
          // The query goes on, with what is written from now on, and has said what is missing.
          assert.ok(
            reader.warnings.some((message) => message.includes(topic) && /offsets? \d+/i.test(message)),
            reader.warnings.join("\n"),
          );
          await broker.produce(topic, ["later"]);
          await reader.run((query) => reader.until(query, reader.rows.length + 1));
          assert.ok(reader.rows.some(({ value }) => value === "later"));
        }
        const counts = new Set(reader.rows.map(({ value }) => value));
        assert.equal(counts.size, reader.rows.length, "no row twice");
      });
    });
  }
}
