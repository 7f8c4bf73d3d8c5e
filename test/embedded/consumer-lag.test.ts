// Committed batches' offsets are in a consumer group, so that Kafka's own tools show a query's lag.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { kafkaToolCommand } from "../../scripts/parts/kafka.ts";
import { testSession } from "../../src/testing/index.ts";
import { type BrokerUnderTest, onBothBrokers } from "../support/brokers.ts";
import { requireParts, uniqueName } from "../support/parts.ts";
import { type Sent, SideTopics } from "./side-topics.ts";

const parts = requireParts("kafka");

async function groupCommand({ bootstrapServers }: BrokerUnderTest, ...args: string[]): Promise<string> {
  const main = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
  const [program, ...rest] = kafkaToolCommand(main, "--bootstrap-server", bootstrapServers, ...args);
  return (await promisify(execFile)(program, rest)).stdout;
}

/** Committed offset, end and lag of each partition, as kafka-consumer-groups shows them. */
function lagsIn(output: string, group: string, topic: string): number[][] {
  const line = new RegExp(`^${group}\\s+${topic}\\s+(\\d+)\\s+(\\d+)\\s+(\\d+)\\s+(\\d+)\\s`, "gm");
  return [...output.matchAll(line)].map((m) => m.slice(1).map(Number)).sort((a, b) => a[0] - b[0]);
}

const records = (count: number, partition: number): Sent[] =>
  Array.from({ length: count }, (_, i) => ({ value: `v${i}`, partition }));

onBothBrokers(
  "kafka-consumer-groups shows a query's lag, under its name or kafka.group.id, unless it is turned off",
  async (broker) => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-lag-"));
    await using spark = testSession();
    try {
      const topics = new SideTopics(broker, spark);
      const topic = await topics.topic("lag", 2);
      await topics.send(topic, [...records(30, 0), ...records(7, 1)]);
      const run = async (name: string, options: Readonly<Record<string, string>> = {}): Promise<void> => {
        const query = await topics
          .stream(topic, { maxOffsetsPerTrigger: "10", ...options })
          .writeStream.format("noop")
          .queryName(name)
          .option("checkpointLocation", join(folder, name))
          .start();
        await query.processAllAvailable();
        await query.stop();
      };
      const [named, grouped, off] = [uniqueName("named"), uniqueName("grouped"), uniqueName("off")];
      const group = uniqueName("group");
      await run(named);
      await run(grouped, { "kafka.group.id": group });
      await run(off, { commitGroupOffsets: "false" });
      await topics.send(topic, [...records(12, 0), ...records(1, 1)]);
      const shown = await groupCommand(broker, "--describe", "--group", named, "--group", group);
      for (const id of [named, group]) {
        assert.deepEqual(
          lagsIn(shown, id, topic),
          [
            [0, 30, 42, 12],
            [1, 7, 8, 1],
          ],
          shown,
        );
      }
      await run(named);
      const listed = await groupCommand(broker, "--list");
      assert.ok(!listed.includes(off) && !listed.includes(grouped) && listed.includes(named), listed);
      const after = await groupCommand(broker, "--describe", "--group", named);
      assert.deepEqual(
        lagsIn(after, named, topic),
        [
          [0, 42, 42, 0],
          [1, 8, 8, 0],
        ],
        after,
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  { skip: parts.options.skip },
);
