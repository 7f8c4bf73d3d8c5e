// Each sink says whether its rows are there once whatever happens: in the log at start, to listeners, in the progress.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { DataFrame, DataStreamWriter, StreamingQuery } from "../../src/index.ts";
import { MemoryStream, testSession } from "../../src/testing/index.ts";
import { type BrokerUnderTest, createTopic, onBothBrokers } from "../support/brokers.ts";
import { requireParts, uniqueName } from "../support/parts.ts";

const parts = requireParts("postgres");

interface Told {
  readonly warnings: readonly string[];
  readonly event: { readonly guarantee: string; readonly note: string | null };
  readonly progress: { readonly guarantee: string; readonly guaranteeNote?: string };
}

/** What a query into this sink tells of itself. */
async function told(start: (writer: DataStreamWriter, folder: string) => Promise<StreamingQuery>): Promise<Told> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-guarantee-"));
  const warnings: string[] = [];
  // A broker that was just started may be waited for, which is told, too.
  const note = (message: string): void => void (message.startsWith("query ") && warnings.push(message));
  await using spark = testSession({ log: { info() {}, warn: note, error: note } });
  try {
    const events: Told["event"][] = [];
    spark.streams.addListener({
      onQueryStarted: ({ guarantee }) => void (guarantee !== null && events.push(guarantee)),
    });
    const input = new MemoryStream("value STRING");
    const writer = input.toDF(spark).writeStream.queryName("q").option("checkpointLocation", join(folder, "c"));
    const query = await start(writer, folder);
    input.addData("x");
    await query.processAllAvailable();
    const { ext } = (await query.lastProgress()) as unknown as { ext: Told["progress"] };
    await query.stop();
    return { warnings, event: events[0] as Told["event"], progress: ext };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function assertExactlyOnce({ warnings, event, progress }: Told): void {
  assert.deepEqual(event, { guarantee: "exactly-once", note: null });
  assert.equal(progress.guarantee, "exactly-once");
  assert.equal(progress.guaranteeNote, undefined);
  assert.deepEqual(warnings, []);
}

function assertAtLeastOnce({ warnings, event, progress }: Told, why: RegExp): void {
  assert.equal(event.guarantee, "at-least-once");
  assert.match(String(event.note), why);
  assert.equal(progress.guarantee, "at-least-once");
  assert.match(String(progress.guaranteeNote), why);
  assert.equal(warnings.length, 1, warnings.join("\n"));
  assert.match(warnings[0], /^query q: rows may be written twice, since .* is at-least-once: /);
  assert.match(warnings[0], why);
  assert.doesNotMatch(warnings[0], /\n/);
}

for (const format of ["json", "csv", "parquet"]) {
  test(`${format} files: exactly once`, async () => {
    assertExactlyOnce(await told((writer, folder) => writer.format(format).start(join(folder, "out"))));
  });
}

test("sqlite: exactly once", async () => {
  assertExactlyOnce(
    await told((writer, folder) => writer.format("sqlite").option("dbtable", "t").start(join(folder, "t.db"))),
  );
});

test("postgres: exactly once", parts.options, async () => {
  const { url } = await parts.postgres();
  assertExactlyOnce(
    await told((writer) =>
      writer
        .format("postgres")
        .options({ url, dbtable: uniqueName("t") })
        .start(),
    ),
  );
});

test("noop keeps nothing, and that once", async () => {
  assertExactlyOnce(await told((writer) => writer.format("noop").start()));
});

test("memory, console, foreach and foreachBatch: at least once, and why", async (t) => {
  // What the console sink prints is text; the test runner's own reports are bytes.
  const write = process.stdout.write.bind(process.stdout);
  t.mock.method(process.stdout, "write", (chunk: string | Uint8Array) => typeof chunk === "string" || write(chunk));
  assertAtLeastOnce(await told((writer) => writer.format("memory").start()), /memory/);
  assertAtLeastOnce(await told((writer) => writer.format("console").start()), /printed again/);
  assertAtLeastOnce(await told((writer) => writer.foreach({ process() {} }).start()), /called again/);
  const keep = async (batch: DataFrame): Promise<void> => void (await batch.count());
  assertAtLeastOnce(await told((writer) => writer.foreachBatch(keep).start()), /called again with the same batch/);
});

const toTopic =
  ({ bootstrapServers }: BrokerUnderTest, topic: string, options: Readonly<Record<string, string>>) =>
  (writer: DataStreamWriter) =>
    writer
      .format("kafka")
      .options({ "kafka.bootstrap.servers": bootstrapServers, topic, ...options })
      .start();

onBothBrokers("kafka: exactly once, unless the user chose otherwise", async (broker) => {
  const topic = uniqueName("t");
  await createTopic(broker, topic);
  assertExactlyOnce(await told(toTopic(broker, topic, {})));
  assertAtLeastOnce(await told(toTopic(broker, topic, { delivery: "at-least-once" })), /delivery/);
  assertAtLeastOnce(await told(toTopic(broker, topic, { "kafka.acks": "1" })), /acks/);
});
