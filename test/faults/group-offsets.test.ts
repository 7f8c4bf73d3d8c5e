// A consumer group's offsets, which lag tools read, are never ahead of what is in the sink.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DevBroker } from "../../src/broker/index.ts";
import { testSession } from "../../src/testing/index.ts";

test("a batch that isn't in the sink isn't in the group's offsets", async () => {
  const broker = await DevBroker.start();
  broker.createTopic("in");
  broker.createTopic("out");
  const folder = await mkdtemp(join(tmpdir(), "sluice-group-"));
  const spark = testSession();
  try {
    const write = (values: readonly string[]) =>
      spark
        .createDataFrame(
          values.map((value) => ({ value })),
          "value STRING",
        )
        .write.format("kafka")
        .options({ "kafka.bootstrap.servers": broker.bootstrapServers, topic: "in" })
        .save();
    const start = () =>
      spark.readStream
        .format("kafka")
        .options({ "kafka.bootstrap.servers": broker.bootstrapServers, "kafka.group.id": "lag" })
        .options({ subscribe: "in", startingOffsets: "earliest" })
        .load()
        .selectExpr("value")
        .writeStream.format("kafka")
        .options({ "kafka.bootstrap.servers": broker.bootstrapServers, topic: "out", checkpointLocation: folder })
        .start();
    const committed = () => {
      const group = broker.listGroups().find(({ id }) => id === "lag");
      return group?.offsets.find(({ topic }) => topic === "in")?.offset;
    };
    await write(["a", "b"]);
    const first = await start();
    await first.processAllAvailable();
    await first.stop(); // offsets are told beside the batches, the last ones at the end
    assert.equal(committed(), 2);
    const broken = await start();
    await broken.processAllAvailable();
    broker.inject({
      api: "EndTxn",
      times: 1,
      action: { kind: "error", error: "TRANSACTIONAL_ID_AUTHORIZATION_FAILED" },
    });
    await write(["c"]);
    await assert.rejects(broken.awaitTermination());
    assert.equal(committed(), 2, "the third record's transaction was never committed");
    const second = await start();
    await second.processAllAvailable();
    await second.stop();
    assert.equal(committed(), 3);
  } finally {
    await spark.stop();
    await broker.close();
    await rm(folder, { recursive: true, force: true });
  }
});
