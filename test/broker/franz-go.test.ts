import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { requireParts } from "../support/parts.ts";
import { startBroker, temporaryDirectory } from "./fixtures/brokers.ts";

const parts = requireParts("franz-go");

interface Outcome {
  readonly passed: string[];
  readonly failed: string[];
  readonly skipped: string[];
  /** The end of what the program wrote. */
  readonly output: string;
}

/** Runs franz-go's own tests of its client; each of them says what became of it in a line. */
async function franzGo(
  t: TestContext,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const { program } = await parts["franz-go"]();
  const child = spawn(program, ["-test.v", "-test.timeout", "240s", ...args], {
    cwd: temporaryDirectory(t),
    env: { ...process.env, KGO_LOG_LEVEL: "none", KGO_TEST_RF: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (output += text.toString()));
  await once(child, "close");
  const outcomes = (word: string) =>
    [...output.matchAll(new RegExp(`^--- ${word}: (\\w+)`, "gm"))].map(([, name]) => name);
  return { passed: outcomes("PASS"), failed: outcomes("FAIL"), skipped: outcomes("SKIP"), output: output.slice(-8000) };
}

test("franz-go's own tests pass, over connections that fail now and then", parts.options, async (t) => {
  const broker = await startBroker(t, { dataDir: temporaryDirectory(t) });
  const { passed, failed, skipped, output } = await franzGo(
    t,
    // The first reads franz-go's source, not a broker; the others want a topic __consumer_offsets.
    ["-test.skip", "^(TestOptValuesCoversEveryOption|TestConsumeRegex|Test848RegexBrokerResolves)$"],
    { KGO_SEEDS: broker.bootstrapServers, KGO_TEST_RECORDS: "30000", KGO_TEST_CHAOS: "1" },
  );
  assert.deepEqual(failed, [], output);
  for (const name of ["TestGroupETL", "TestTxnEtl"]) {
    assert.ok(passed.includes(name), `${name} did not run:\n${output}`);
  }
  // Share groups (KIP-932) are not offered; a login is, in the next test; the last is for brokers before Kafka 0.11.
  const notForUs = skipped.filter((name) => !/Share|SCRAM|TestIssueProduceBrokerTooOldFailsRecords/.test(name));
  assert.deepEqual(notForUs, []);
});

test("franz-go logs in with SCRAM, and is refused with a wrong password", parts.options, async (t) => {
  const sasl = { users: { alice: "secret" } };
  const broker = await startBroker(t, { sasl });
  for (const digest of ["256", "512"]) {
    const { passed, output } = await franzGo(t, ["-test.run", "^TestSCRAMAuth"], {
      KGO_TEST_SCRAM_SEEDS: broker.bootstrapServers,
      KGO_TEST_SCRAM: `alice:secret:${digest}`,
    });
    assert.deepEqual(passed.sort(), ["TestSCRAMAuth", "TestSCRAMAuthBadCredentials"], output);
  }
});
