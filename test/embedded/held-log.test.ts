// What a sink shows while the batch's offsets are still on their way to the disk.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { DevBroker } from "../../src/broker/index.ts";
import { type CheckpointFileSystem, diskFileSystem } from "../../src/embedded/checkpoint/file-system.ts";
import { MemoryStream, testSession } from "../../src/testing/index.ts";

let broker: DevBroker;
let root: string;
before(async () => {
  broker = await DevBroker.start();
  root = await mkdtemp(join(tmpdir(), "sluice-held-"));
});
after(async () => {
  await broker.close();
  await rm(root, { recursive: true, force: true });
});

/** A disk that doesn't finish writing offsets until it is let go. */
function holdingDisk(): { fileSystem: CheckpointFileSystem; letGo: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const fileSystem: CheckpointFileSystem = {
    ...diskFileSystem,
    async write(path, bytes, durable) {
      if (path.includes("/offsets/")) await promise;
      await diskFileSystem.write(path, bytes, durable);
    },
  };
  return { fileSystem, letGo: resolve };
}

const sinks = [
  { sink: "Kafka at least once", seenBefore: true, options: { delivery: "at-least-once" } },
  { sink: "Kafka exactly once", seenBefore: false, options: { delivery: "exactly-once" } },
  { sink: "foreachBatch", seenBefore: false, options: undefined },
] as const;

for (const { sink, seenBefore, options } of sinks) {
  test(`${sink}: rows are ${seenBefore ? "" : "not "}seen before the offsets are on the disk`, async () => {
    const topic = `held-${sink.replaceAll(" ", "-")}`;
    broker.createTopic(topic);
    const { fileSystem, letGo } = holdingDisk();
    await using spark = testSession({ fileSystem });
    const given: string[] = [];
    const seen = async (): Promise<string[]> => {
      if (options === undefined) return given;
      const rows = await spark.read
        .format("kafka")
        .options({ "kafka.bootstrap.servers": broker.bootstrapServers, subscribe: topic })
        .option("kafka.isolation.level", "read_committed")
        .load()
        .selectExpr("CAST(value AS STRING) AS v")
        .collect();
      return rows.map((row) => String(row.get(0)));
    };
    const stream = new MemoryStream("value STRING");
    stream.addData("a");
    const writer = stream.toDF(spark).writeStream.option("checkpointLocation", join(root, topic));
    if (options === undefined) {
      writer.foreachBatch(async (batch) => {
        given.push(...(await batch.collect()).map((row) => String(row.get(0))));
      });
    } else {
      writer.format("kafka").options({ "kafka.bootstrap.servers": broker.bootstrapServers, topic, ...options });
    }
    const query = await writer.start();
    const until = Date.now() + (seenBefore ? 20_000 : 500);
    while (Date.now() < until && (await seen()).length === 0) await wait(20);
    assert.deepEqual(await seen(), seenBefore ? ["a"] : []);
    letGo();
    await query.processAllAvailable();
    assert.deepEqual(await seen(), ["a"]);
    await query.stop();
  });
}
