// A commit that reaches the broker late must not end a later transaction.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startKafka } from "../../scripts/parts/kafka.ts";
import { onBothBrokers } from "../support/brokers.ts";
import { requireParts, uniqueName } from "../support/parts.ts";
import { runDelayedEnds } from "./delayed-end.ts";
import { seeded } from "./random.ts";
import { toldOfDelayedEnds } from "./report.ts";

const parts = requireParts("kafka", "kcat");
const TRIALS = 200;

async function delayed(t: TestContext, broker: string): Promise<void> {
  const { seed, random } = seeded();
  t.diagnostic(`seed ${seed}`);
  const report = await runDelayedEnds({ broker, topic: uniqueName("delayed"), trials: TRIALS, random });
  const { text, problems } = toldOfDelayedEnds(report);
  t.diagnostic(text);
  assert.deepEqual(problems, [], text);
}

// Apache Kafka is at transaction.version 2 where nobody says otherwise.
onBothBrokers("a late commit ends no later transaction", ({ bootstrapServers }, t) => delayed(t, bootstrapServers), {
  skip: parts.options.skip,
});

test("a late commit ends no later transaction (Apache Kafka, transaction.version 1)", parts.options, async (t) => {
  const kafka = await startKafka({ features: { "transaction.version": 1 } });
  try {
    await delayed(t, kafka.bootstrapServers);
  } finally {
    await kafka.stop();
  }
});
