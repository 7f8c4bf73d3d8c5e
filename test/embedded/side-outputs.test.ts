// Dead letters and late rows are written exactly once, whatever dies between them and the query's own sink.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { listTransactionsV1 } from "@platformatic/kafka";
import { DevBroker } from "../../src/broker/index.ts";
import { clientSettings } from "../../src/connectors/kafka/client-options.ts";
import { KafkaCluster } from "../../src/connectors/kafka/cluster.ts";
import { col, expr, from_json } from "../../src/functions.ts";
import { type DataFrame, SparkSession } from "../../src/index.ts";
import { TestBroker } from "../connectors/kafka-brokers.ts";
import { type BrokerUnderTest, onBothBrokers } from "../support/brokers.ts";
import { type SideQuery, startSideQuery } from "./side-query.ts";
import { type Sent, SideTopics } from "./side-topics.ts";

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-side-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const isBad = (i: number): boolean => i % 10 === 3;

/** Every tenth record is bad. */
function records(count: number): Sent[] {
  return Array.from({ length: count }, (_, i) => ({ value: isBad(i) ? `{"id": "${i}"}` : `{"id": ${i}}` }));
}

const range = (count: number, wanted: (i: number) => boolean): number[] =>
  Array.from({ length: count }, (_, i) => i).filter(wanted);

const offsetsOf = (letters: readonly { readonly headers: Readonly<Record<string, string>> }[]): number[] =>
  letters.map((l) => Number(l.headers["sluice.offset"])).sort((a, b) => a - b);

onBothBrokers("a crash after the dead letters' commit and before the sink's leaves each once", (broker) =>
  withFolder(async (folder) => {
    await using spark = SparkSession.builder.create();
    const topics = new SideTopics(broker, spark);
    const [topic, dead] = [await topics.topic("in"), await topics.topic("dead")];
    await topics.send(topic, records(20));
    const ids = topics
      .stream(topic, { badRecords: "deadletter", badRecordsTopic: dead, maxOffsetsPerTrigger: "10" })
      .select(from_json(col("value").cast("string"), "id INT").alias("r"))
      .select("r.id");
    const seen: number[] = [];
    // The function is called when the sink commits; it fails twice for each batch.
    let failures = 0;
    const start = () =>
      ids.writeStream
        .foreachBatch(async (batch: DataFrame) => {
          if (failures++ % 3 !== 2) throw new Error("a crash in between");
          seen.push(...(await batch.collect()).map((row) => Number(row.get(0))));
        })
        .option("checkpointLocation", join(folder, "checkpoint"))
        .trigger({ availableNow: true })
        .start();
    let crashes = 0;
    for (;;) {
      try {
        await (await start()).awaitTermination();
        break;
      } catch (error) {
        assert.match(String(error), /a crash in between/);
        assert.deepEqual(
          offsetsOf(await topics.writtenOnce(dead, Math.floor(crashes / 2) + 1)),
          [3, 13].slice(0, Math.floor(crashes / 2) + 1),
        );
        crashes++;
      }
    }
    assert.equal(crashes, 4);
    assert.deepEqual(
      seen,
      range(20, (i) => !isBad(i)),
    );
    assert.deepEqual(offsetsOf(await topics.writtenOnce(dead, 2)), [3, 13]);
  }),
);

const LOST = { api: "TxnOffsetCommit", action: { kind: "error", error: "GROUP_AUTHORIZATION_FAILED" } } as const;
const UNANSWERED = { api: "EndTxn", action: { kind: "drop" } } as const;

for (const [name, fault] of [
  ["that fails", LOST],
  ["whose end isn't answered", UNANSWERED],
] as const) {
  test(`dead letters are in the transaction of a Kafka sink's rows, also in one ${name}`, () =>
    withFolder(async (folder) => {
      const server = await DevBroker.start();
      try {
        await using spark = SparkSession.builder.create();
        const broker: BrokerUnderTest = { kind: "dev broker", bootstrapServers: server.bootstrapServers };
        const topics = new SideTopics(broker, spark);
        const [topic, out, dead] = [await topics.topic("in"), await topics.topic("out"), await topics.topic("dead")];
        await topics.send(topic, records(100));
        const query: SideQuery = { folder, sink: "kafka", bootstrapServers: broker.bootstrapServers, topic, out, dead };
        server.inject(fault);
        const first = (await startSideQuery(spark, query)).awaitTermination();
        if (fault === LOST) {
          // Nothing is there of either.
          await assert.rejects(first, /GROUP_AUTHORIZATION|NOT_AUTHORIZED/);
          assert.deepEqual(await topics.written(dead), []);
          assert.deepEqual(await topics.written(out), []);
          await (await startSideQuery(spark, query)).awaitTermination();
        } else await first;
        assert.deepEqual(offsetsOf(await topics.written(dead)), range(100, isBad));
        assert.equal((await topics.written(out)).length, 90);
        // The sink's own transactional ids, which take turns, and no others.
        const [own, ...more] = (await transactionalIds(server)).sort();
        assert.deepEqual(
          more,
          [2, 3, 4].map((n) => `${own}-${n}`),
        );
      } finally {
        await server.close();
      }
    }));
}

/** What the broker knows of transactional ids. */
async function transactionalIds({ bootstrapServers }: DevBroker): Promise<string[]> {
  const known = new TestBroker(bootstrapServers);
  const cluster = new KafkaCluster(
    clientSettings(known.options({}), [], known.environment.log),
    known.environment,
    false,
  );
  try {
    const answer = await cluster.call(await cluster.anyBroker(), listTransactionsV1.api, [], [], -1n, null);
    return answer.transactionStates.map((t) => t.transactionalId);
  } finally {
    await cluster.close();
    await known.close();
  }
}

function program(q: SideQuery): ChildProcess {
  const args = [
    join(import.meta.dirname, "side-query.ts"),
    q.folder,
    q.sink,
    q.bootstrapServers,
    q.topic,
    q.out,
    q.dead,
  ];
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
}

const KILLS = 5;
/** Enough batches that a run isn't over before it is killed. */
const RECORDS = 15_000;

for (const sink of ["sqlite", "kafka"] as const) {
  test(`killed ${KILLS} times at random, into ${sink}: each record once, in the sink or as a dead letter`, () =>
    withFolder(async (folder) => {
      const server = await DevBroker.start();
      try {
        await using spark = SparkSession.builder.create();
        const broker: BrokerUnderTest = { kind: "dev broker", bootstrapServers: server.bootstrapServers };
        const topics = new SideTopics(broker, spark);
        const [topic, out, dead] = [await topics.topic("in"), await topics.topic("out"), await topics.topic("dead", 3)];
        await topics.send(topic, records(RECORDS));
        const query: SideQuery = { folder, sink, bootstrapServers: broker.bootstrapServers, topic, out, dead };
        let killed = 0;
        for (let i = 0; i < KILLS; i++) {
          const child = program(query);
          const exit = once(child, "exit");
          await Promise.race([once(child.stdout as NonNullable<ChildProcess["stdout"]>, "data"), exit]);
          await Promise.race([sleep(Math.random() * 150), exit]);
          child.kill("SIGKILL");
          const [, signal] = (await exit) as [number | null, string | null];
          if (signal === "SIGKILL") killed++;
        }
        const [code] = (await once(program(query), "exit")) as [number];
        assert.equal(code, 0);
        assert.deepEqual(offsetsOf(await topics.written(dead)), range(RECORDS, isBad));
        const good = sink === "kafka" ? await idsInTopic(topics, out) : idsInDatabase(folder);
        assert.deepEqual(
          good,
          range(RECORDS, (i) => !isBad(i)),
        );
        assert.ok(killed >= KILLS / 2, `only ${killed} runs were killed while they ran`);
      } finally {
        await server.close();
      }
    }));
}

async function idsInTopic(topics: SideTopics, topic: string): Promise<number[]> {
  return (await topics.written(topic)).map(({ value }) => Number(value)).sort((a, b) => a - b);
}

function idsInDatabase(folder: string): number[] {
  const database = new DatabaseSync(join(folder, "out.db"));
  const rows = database.prepare("SELECT id FROM ids ORDER BY id").all();
  database.close();
  return rows.map((row) => Number(row["id"]));
}

onBothBrokers("late rows go to their topic once, with the watermark they missed", (broker) =>
  withFolder(async (folder) => {
    await using spark = SparkSession.builder.create();
    const topics = new SideTopics(broker, spark);
    const [topic, late] = [await topics.topic("in"), await topics.topic("late")];
    const at = (id: number, second: number): Sent => ({
      value: JSON.stringify({ id, ts: new Date(second * 1000).toISOString(), note: `n${id}` }),
    });
    const counts = topics
      .stream(topic, { lateRowsTopic: late })
      .select(from_json(col("value").cast("string"), "id INT, ts TIMESTAMP, note STRING").alias("r"), col("offset"))
      .select("r.*", "offset")
      .withWatermark("ts", "10 seconds")
      .groupBy(expr("window(ts, '10 seconds')"))
      .agg(expr("count(id) AS n"))
      .selectExpr("window.start AS start", "n");
    let crash = false;
    const rows: unknown[][] = [];
    const run = async (): Promise<void> => {
      const query = await counts.writeStream
        .foreachBatch(async (batch: DataFrame) => {
          if (crash) throw new Error("a crash in between");
          rows.push(...(await batch.collect()).map((row) => [row.get(1)]));
        })
        .outputMode("append")
        .option("checkpointLocation", join(folder, "checkpoint"))
        .start();
      try {
        await query.processAllAvailable();
      } finally {
        const progress = (await query.recentProgress()) as unknown as { ext: { lateRowsWritten: number } }[];
        written.push(...progress.map((p) => p.ext.lateRowsWritten).filter((n) => n > 0));
        await query.stop();
      }
    };
    const written: number[] = [];
    // Watermark 50 - 10 = 40 after these.
    await topics.send(topic, [at(0, 1), at(1, 50)]);
    await run();
    // [0, 10) and [20, 30) are closed, [40, 50) isn't.
    await topics.send(topic, [at(2, 5), at(3, 45), at(4, 29)]);
    crash = true;
    await assert.rejects(run(), /a crash in between/);
    await assert.rejects(run(), /a crash in between/);
    crash = false;
    await run();
    const found = await topics.writtenOnce(late, 2);
    assert.deepEqual(
      found.map(({ value }) => JSON.parse(value as string)),
      [
        [2, 5, 2, 0],
        [4, 29, 4, 20],
      ].map(([id, second, offset, start]) => ({
        window: { start: iso(start), end: iso(start + 10) },
        id,
        ts: iso(second),
        note: `n${id}`,
        offset,
      })),
    );
    for (const { headers } of found) {
      assert.equal(headers["sluice.watermark"], "1970-01-01T00:00:40.000Z");
      assert.equal(headers["sluice.operator"], "stateStoreSave");
      assert.equal(headers["sluice.operatorId"], "0");
    }
    assert.deepEqual(rows, [[1]]);
    assert.deepEqual(written, [2]);
  }),
);

onBothBrokers("late rows of deduplications, sessions and joins", async (broker) => {
  await using spark = SparkSession.builder.create();
  const topics = new SideTopics(broker, spark);
  const at = (id: number, second: number): Sent => ({
    value: JSON.stringify({ id, ts: new Date(second * 1000).toISOString() }),
  });
  const timed = (topic: string, late: string): DataFrame =>
    topics
      .stream(topic, { lateRowsTopic: late })
      .select(from_json(col("value").cast("string"), "id INT, ts TIMESTAMP").alias("r"))
      .select("r.*")
      .withWatermark("ts", "10 seconds");
  const cases: [operator: string, (topic: string, late: string) => DataFrame, expected: Record<string, unknown>][] = [
    ["dedupe", (topic, late) => timed(topic, late).dropDuplicates(["id", "ts"]), { id: 2, ts: iso(5) }],
    [
      "sessionWindowStateStoreSaveExec",
      (topic, late) =>
        timed(topic, late)
          .groupBy(expr("session_window(ts, '5 seconds')"), expr("id"))
          .agg(expr("count(1) AS n"))
          .select("n"),
      { session_window: { start: iso(5), end: iso(10) }, id: 2, ts: iso(5) },
    ],
    [
      "symmetricHashJoin",
      (topic, late) => {
        const right = topics
          .stream(topic)
          .select(from_json(col("value").cast("string"), "id INT, ts TIMESTAMP").alias("r"))
          .selectExpr("r.id AS other", "r.ts AS at")
          .withWatermark("at", "10 seconds");
        return timed(topic, late).join(right, expr("id = other AND at = ts")).select("id");
      },
      { id: 2, ts: iso(5) },
    ],
  ];
  for (const [operator, make, expected] of cases) {
    const [topic, late] = [await topics.topic("in"), await topics.topic("late")];
    await topics.send(topic, [at(0, 1), at(1, 50)]);
    const query = await make(topic, late).writeStream.format("noop").start();
    await query.processAllAvailable();
    await topics.send(topic, [at(2, 5), at(3, 48)]);
    await query.processAllAvailable();
    await query.stop();
    const found = await topics.writtenOnce(late, 1);
    const rows = found.map(({ value }) => JSON.parse(value as string) as Record<string, unknown>);
    assert.deepEqual(
      rows.find((row) => "ts" in row),
      expected,
      operator,
    );
    for (const { headers } of found) assert.equal(headers["sluice.operator"], operator);
  }
});

const iso = (second: number): string => new Date(second * 1000).toISOString();
