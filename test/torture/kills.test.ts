// Twenty-five kills at random for each sink; every row is there once. `npm run torture` kills more.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { DevBroker } from "../../src/broker/index.ts";
import { requireParts, uniqueName } from "../support/parts.ts";
import { runKills } from "./kills.ts";
import { seeded } from "./random.ts";
import { toldOfKills } from "./report.ts";
import { kafkaSinkUnderTest, parquetSinkUnderTest, postgresSinkUnderTest, type SinkUnderTest } from "./sinks.ts";

const parts = requireParts("kafka", "postgres", "kcat", "pyarrow");
const KILLS = 25;
const RECORDS = 1_000_000;
const options = { ...parts.options, timeout: 600_000 };

async function killed(
  t: TestContext,
  brokers: string,
  size: { readonly kills: number; readonly records: number },
  sinkIn: (folder: string) => SinkUnderTest | Promise<SinkUnderTest>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-kills-"));
  const { seed, random } = seeded();
  t.diagnostic(`seed ${seed}`);
  try {
    const sink = await sinkIn(folder);
    const report = await runKills({ brokers, topic: uniqueName("killed"), sink, ...size, folder, random });
    const { text, problems } = toldOfKills(report);
    t.diagnostic(text);
    assert.deepEqual(problems, [], text);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const full = { kills: KILLS, records: RECORDS };

test(`killed ${KILLS} times, into Kafka`, options, async (t) => {
  const { bootstrapServers } = await parts.kafka();
  await killed(t, bootstrapServers, full, () =>
    kafkaSinkUnderTest(bootstrapServers, uniqueName("killed"), () => RECORDS),
  );
});

test(`killed ${KILLS} times, into PostgreSQL`, options, async (t) => {
  const { url } = await parts.postgres();
  const prefix = uniqueName("killed");
  await killed(t, (await parts.kafka()).bootstrapServers, full, () => postgresSinkUnderTest(url, prefix, RECORDS));
});

test(`killed ${KILLS} times, into Parquet`, options, async (t) => {
  await killed(t, (await parts.kafka()).bootstrapServers, full, (folder) => parquetSinkUnderTest(folder, RECORDS));
});

test("killed on the dev broker", options, async (t) => {
  const broker = await DevBroker.start();
  try {
    const { bootstrapServers } = broker;
    const some = { kills: 8, records: 100_000 };
    await killed(t, bootstrapServers, some, () => kafkaSinkUnderTest(bootstrapServers, "killed", () => some.records));
  } finally {
    await broker.close();
  }
});
