import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { type Kafka, startKafka } from "../../scripts/parts/kafka.ts";
import { findCoordinator } from "../../src/broker/apis/10-find-coordinator.ts";
import { initProducerId } from "../../src/broker/apis/22-init-producer-id.ts";
import { requireParts } from "../support/parts.ts";
import { startBroker } from "./fixtures/brokers.ts";
import { groupScenarios } from "./fixtures/group-scenarios.ts";
import { RawClient } from "./fixtures/raw-client.ts";
import { differences, Recorder } from "./fixtures/recorder.ts";
import { scenarios } from "./fixtures/scenarios.ts";

// The scenarios list everything that a broker has, so the Kafka is one that nobody else uses.
const parts = requireParts("kafka");
let kafka: Kafka | undefined;

before(async () => {
  const properties = { "auto.create.topics.enable": "false", "group.consumer.assignment.interval.ms": "0" };
  if (parts.options.skip === false) kafka = await startKafka({ properties });
});

after(() => kafka?.stop());

/** Real Kafka has coordinators a little after it was started. */
async function warmUp(client: RawClient): Promise<void> {
  for (const keyType of [0, 1]) {
    for (;;) {
      const { errorCode } = await client.call(findCoordinator, 3, { key: "warm", keyType });
      if (errorCode === 0) break;
    }
  }
  for (const transactionalId of [null, "warm"]) {
    const request = { transactionalId, transactionTimeoutMs: 1000, producerId: -1, producerEpoch: -1 };
    while ((await client.call(initProducerId, 4, request)).errorCode !== 0);
  }
}

async function record(t: TestContext, servers: string, scenario: (recorder: Recorder) => Promise<void>) {
  const recorder = new Recorder(await RawClient.connect(t, servers));
  await warmUp(recorder.client);
  await scenario(recorder);
  return recorder.answers;
}

for (const [name, scenario] of Object.entries({ ...scenarios, ...groupScenarios })) {
  test(`the dev broker answers as Apache Kafka does: ${name}`, parts.options, async (t) => {
    const broker = await startBroker(t, { autoCreateTopics: false });
    const expected = await record(t, kafka!.bootstrapServers, scenario);
    const actual = await record(t, broker.bootstrapServers, scenario);
    const found = expected.flatMap(({ label, answer }, i) =>
      label === actual[i]?.label
        ? differences(answer, actual[i].answer).map((difference) => `${label}: ${difference}`)
        : [`${label} was asked of Kafka, ${actual[i]?.label} of the dev broker`],
    );
    assert.equal(found.length, 0, `${found.length} differences in ${expected.length} answers:\n${found.join("\n")}`);
  });
}
