import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { requireParts, uniqueName } from "../support/parts.ts";
import { startBroker, temporaryDirectory } from "./fixtures/brokers.ts";

const parts = requireParts("kafka", "confluent-kafka");
const run = promisify(execFile);
const script = new URL("fixtures/librdkafka.py", import.meta.url).pathname;

test(
  "librdkafka's producers, transactions, groups and admin see the same as with Apache Kafka",
  parts.options,
  async (t) => {
    const { python } = await parts["confluent-kafka"]();
    const broker = await startBroker(t, { dataDir: temporaryDirectory(t) });
    const kafka = await parts.kafka();
    const results = await Promise.all(
      [broker.bootstrapServers, kafka.bootstrapServers].map(async (servers) => {
        const { stdout } = await run(python, [script, servers, uniqueName("librdkafka")]);
        return JSON.parse(stdout);
      }),
    );
    assert.equal(results[0].read, 20_200);
    assert.equal(results[0].aborted, 0);
    for (const result of results) {
      assert.deepEqual(result.committed, result.positions);
      result.groups = result.groups.length;
      // Markers of transactions take offsets, and where they stand depends on the timing of batches.
      delete result.committed;
      delete result.positions;
    }
    assert.deepEqual(results[0], results[1]);
  },
);
