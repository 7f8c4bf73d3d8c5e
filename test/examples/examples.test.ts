/** Each example gives what its PySpark twin gave on real Spark with real Kafka. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { DevBroker } from "../../src/broker/index.ts";
import { SparkSession } from "../../src/index.ts";
import { requireParts, uniqueName } from "../support/parts.ts";
import { writeHistory } from "./input.ts";
import { produceInput } from "./produce.ts";
import { type Results, runExamples } from "./run.ts";

const recorded = JSON.parse(readFileSync(new URL("./recorded.json", import.meta.url), "utf8")) as Results;
const parts = requireParts("kafka");

async function results(bootstrapServers: string): Promise<Results> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-examples-"));
  const spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").create();
  try {
    const [historyFolder, checkpoint, prefix] = [join(folder, "history"), join(folder, "checkpoint"), uniqueName("ex")];
    writeHistory(historyFolder);
    await produceInput(bootstrapServers, prefix);
    return await runExamples({ spark, bootstrapServers, historyFolder, checkpoint, prefix });
  } finally {
    await spark.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

describe("examples on the dev broker", () => {
  let broker: DevBroker;
  let actual: Results;
  before(async () => {
    broker = await DevBroker.start();
    actual = await results(broker.bootstrapServers);
  });
  after(() => broker.close());

  for (const [example, modes] of Object.entries(recorded)) {
    for (const [mode, rows] of Object.entries(modes)) {
      test(`${example}, ${mode}`, () => assert.deepEqual(actual[example]?.[mode], rows));
    }
  }
});

test("examples on Apache Kafka", parts.options, async () => {
  const { bootstrapServers } = await parts.kafka();
  assert.deepEqual(await results(bootstrapServers), recorded);
});
