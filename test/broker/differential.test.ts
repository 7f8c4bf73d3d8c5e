import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { type Kafka, startKafka } from "../../scripts/parts/kafka.ts";
import { findCoordinator } from "../../src/broker/apis/10-find-coordinator.ts";
import { initProducerId } from "../../src/broker/apis/22-init-producer-id.ts";
import { apis } from "../../src/broker/apis/index.ts";
import { requireParts } from "../support/parts.ts";
import { startBroker } from "./fixtures/brokers.ts";
import { groupScenarios } from "./fixtures/group-scenarios.ts";
import { loginScenario, needlessLoginScenario, versionScenario } from "./fixtures/login-scenarios.ts";
import { RawClient } from "./fixtures/raw-client.ts";
import { differences, type Recorded, Recorder, versionsOf } from "./fixtures/recorder.ts";
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

/** Every API and version that some scenario has asked. */
const asked = new Set<string>();

interface Side {
  readonly servers: string;
  readonly answers: Recorded[];
  /** A new connection. */
  connect(): Promise<Recorder>;
}

function sideOf(t: TestContext, servers: string): Side {
  const answers: Recorded[] = [];
  const connect = async () => new Recorder(await RawClient.connect(t, servers), answers, asked);
  return { servers, answers, connect };
}

function assertSame(expected: readonly Recorded[], actual: readonly Recorded[]): void {
  const found = expected.flatMap(({ label, answer }, i) =>
    label === actual[i]?.label
      ? differences(answer, actual[i].answer).map((difference) => `${label}: ${difference}`)
      : [`${label} was asked of Kafka, ${actual[i]?.label} of the dev broker`],
  );
  assert.equal(found.length, 0, `${found.length} differences in ${expected.length} answers:\n${found.join("\n")}`);
  assert.equal(expected.length, actual.length);
}

const all = { ...scenarios, ...groupScenarios, versions: versionScenario, "needless logins": needlessLoginScenario };
for (const [name, scenario] of Object.entries(all)) {
  test(`the dev broker answers as Apache Kafka does: ${name}`, parts.options, async (t) => {
    const broker = await startBroker(t, { autoCreateTopics: false });
    const sides = [kafka!.bootstrapServers, broker.bootstrapServers].map((servers) => sideOf(t, servers));
    for (const side of sides) {
      const recorder = await side.connect();
      await warmUp(recorder.client);
      await scenario(recorder);
    }
    assertSame(sides[0].answers, sides[1].answers);
  });
}

test("the dev broker answers as Apache Kafka does: logins", parts.options, async (t) => {
  const secured = await startKafka({ sasl: { username: "alice", password: "secret" } });
  t.after(() => secured.stop());
  const broker = await startBroker(t, { sasl: { users: { alice: "secret" } } });
  const sides = [secured.bootstrapServers, broker.bootstrapServers].map((servers) => sideOf(t, servers));
  for (const side of sides) await loginScenario(() => side.connect());
  assertSame(sides[0].answers, sides[1].answers);
});

test("each version of each API that is advertised was asked", parts.options, () => {
  const advertised = [...apis.values()].flatMap((api) => versionsOf(api).map((version) => `${api.name} v${version}`));
  assert.deepEqual(
    advertised.filter((each) => !asked.has(each)),
    [],
  );
  assert.ok(advertised.length > 150, `${advertised.length} versions`);
});
