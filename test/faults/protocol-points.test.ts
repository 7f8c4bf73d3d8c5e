// A3: a query that fails, dies or hangs at each step of its protocol. Started again it gives the rows of one that nothing
// befell; where the outcome of a commit is unknown, it asks. SLUICE_TORTURE=full tries every output mode at every point.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import type { StreamingQuery } from "../../src/api/streaming-query.ts";
import { DevBroker } from "../../src/broker/index.ts";
import { expr } from "../../src/functions.ts";
import { MemoryStream, testSession } from "../../src/testing/index.ts";
import { createTopic } from "../support/brokers.ts";
import { requireParts, uniqueName } from "../support/parts.ts";
import {
  type Action,
  actions,
  arm,
  Failpoint,
  failingDisk,
  installFailpoints,
  type Point,
  points,
} from "./failpoints.ts";

const full = process.env["SLUICE_TORTURE"] === "full";
const real = requireParts("kafka");
const database = requireParts("postgres");

type Mode = "append" | "update" | "complete";
const modes: readonly Mode[] = ["append", "update", "complete"];

/** A place that a query writes to. */
interface Target {
  readonly format: string;
  readonly options: Readonly<Record<string, string>>;
  readonly path?: string;
  rows(): Promise<string[]>;
}

interface SinkKind {
  readonly name: string;
  readonly modes: readonly Mode[];
  /** A point that this sink doesn't have, or can't hang at because it is done in one go. */
  lacks(point: Point, action: Action): boolean;
  /** Milliseconds after which a transaction that hangs is given up by the other side. */
  readonly patienceMs: number;
  /** Whether a commit without an answer is asked about at once, in the same run. */
  readonly asksAtOnce: boolean;
  target(folder: string, mode: Mode, isShort: boolean): Promise<Target>;
}

const inOneGo: readonly Point[] = [
  "sink: flush",
  "sink: batch number",
  "sink commit: not sent",
  "sink commit: sent, not acknowledged",
];
/** What goes on beside the next batch, or after all of them: the query may be through with this one. */
const afterwards: readonly Point[] = [
  "state: snapshot",
  "state: removal of old versions",
  "removal of old offsets",
  "removal of old commits",
  "stop",
];
const TRANSACTION_TIMEOUT_MS = 300;

let broker: DevBroker;
let undo: () => void;
before(async () => {
  broker = await DevBroker.start();
  undo = await installFailpoints();
});
after(async () => {
  undo();
  await broker.close();
});

function kafka(name: string, servers: () => Promise<string>, patienceMs: number): SinkKind {
  return {
    name,
    modes,
    lacks: (point) => point === "manifest: rename",
    patienceMs,
    asksAtOnce: true,
    async target(_, __, isShort) {
      const bootstrapServers = await servers();
      const topic = uniqueName("points");
      await createTopic({ kind: "dev broker", bootstrapServers }, topic);
      const options = { "kafka.bootstrap.servers": bootstrapServers, topic };
      const timeout = {
        "kafka.transaction.timeout.ms": String(isShort && patienceMs > 0 ? TRANSACTION_TIMEOUT_MS : 60_000),
      };
      const rows = async () => {
        const spark = testSession();
        const read = spark.read.format("kafka").options({
          "kafka.bootstrap.servers": bootstrapServers,
          "kafka.isolation.level": "read_committed",
          subscribe: topic,
        });
        const found = await read.load().selectExpr("CAST(value AS STRING) AS v").collect();
        await spark.stop();
        return found.map((row) => String(row.get(0))).sort();
      };
      return { format: "kafka", options: { ...options, ...timeout }, rows };
    },
  };
}

const postgres: SinkKind = {
  name: "PostgreSQL",
  modes,
  lacks: (point) => point === "manifest: rename",
  patienceMs: 0,
  asksAtOnce: true,
  async target(_, mode) {
    const { url } = await database.postgres();
    const dbtable = uniqueName("points");
    const keys: Record<string, string> = mode === "update" ? { keyColumns: "k" } : {};
    const rows = async () => {
      const client = new Client({ connectionString: url });
      await client.connect();
      const found = await client.query<{ v: string }>(`SELECT value AS v FROM ${dbtable}`);
      await client.end();
      return found.rows.map(({ v }) => v).sort();
    };
    return { format: "postgres", options: { url, dbtable, ...keys }, rows };
  },
};

const sqlite: SinkKind = {
  name: "SQLite",
  modes,
  lacks: (point, action) => point === "manifest: rename" || (action === "hang" && inOneGo.includes(point)),
  patienceMs: 0,
  asksAtOnce: false,
  async target(folder, mode) {
    const path = join(folder, "out.db");
    const keys: Record<string, string> = mode === "update" ? { keyColumns: "k" } : {};
    const rows = async () => {
      const db = new DatabaseSync(path);
      const found = db.prepare("SELECT value AS v FROM out").all();
      db.close();
      return found.map(({ v }) => String(v)).sort();
    };
    return { format: "sqlite", options: { dbtable: "out", ...keys }, path, rows };
  },
};

const files: SinkKind = {
  name: "files",
  modes: ["append"],
  lacks: () => false,
  patienceMs: 0,
  asksAtOnce: false,
  async target(folder) {
    const path = join(folder, "out");
    const rows = async () => {
      const spark = testSession();
      const found = await spark.read.schema("k STRING, value STRING").json(path).select("value").collect();
      await spark.stop();
      return found.map((row) => String(row.get(0))).sort();
    };
    return { format: "json", options: {}, path, rows };
  },
};

/** One life of the query; each batch is what was added before the call. */
async function start(input: MemoryStream, folder: string, mode: Mode, target: Target) {
  const spark = testSession({
    fileSystem: failingDisk(),
    config: {
      "spark.sql.streaming.stateStore.minDeltasForSnapshot": "1",
      "spark.sql.streaming.minBatchesToRetain": "1",
    },
  });
  const rows = input.toDF(spark);
  const plan =
    mode === "append"
      ? rows.dropDuplicates(["k", "n"]).selectExpr("k", "CONCAT(k, ':', n) AS value")
      : rows
          .groupBy("k")
          .agg(expr("count(1) AS c"), expr("sum(n) AS s"))
          .selectExpr("k", "CONCAT(k, ':', c, ':', s) AS value");
  const picked = target.format === "kafka" ? plan.select("value") : plan;
  const query = await picked.writeStream
    .format(target.format)
    .options({ ...target.options, checkpointLocation: join(folder, "checkpoint") })
    .outputMode(mode)
    .start(target.path);
  return { spark, query };
}

const QUIET_BATCHES = 3;
/** Batches that are so far apart don't have their Kafka transactions begun, with their numbers, before there is a batch. */
const APART_MS = 120;

/** One key of each batch is in no other one, so that a batch that is left out can't be made good by a later one. */
function addBatch(input: MemoryStream, batch: number): void {
  const key = (i: number) => (i === 0 ? `only ${batch}` : `k${(batch + i) % 4}`);
  input.addData(...Array.from({ length: 5 }, (_, i) => [key(i), batch * 5 + i]));
}

interface Outcome {
  readonly rows: string[];
  readonly failure: Error | undefined;
}

/** Some batches, one with the failpoint (if any), a restart, one more. */
async function run(sink: SinkKind, mode: Mode, failpoint: Failpoint | undefined): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-points-"));
  try {
    const target = await sink.target(folder, mode, failpoint?.action === "hang");
    const input = new MemoryStream("k STRING, n INT");
    const first = await start(input, folder, mode, target);
    for (let batch = 0; batch < QUIET_BATCHES; batch++) {
      addBatch(input, batch);
      await first.query.processAllAvailable();
      if (failpoint?.point === "sink: batch number") await sleep(APART_MS);
    }
    arm(failpoint);
    addBatch(input, QUIET_BATCHES);
    const failure = await brokenLife(first.query, failpoint, sink, () => start(input, folder, mode, target));
    arm(undefined);
    await first.spark.stop();
    const second = await start(input, folder, mode, target);
    await second.query.processAllAvailable();
    addBatch(input, QUIET_BATCHES + 1);
    await second.query.processAllAvailable();
    await second.spark.stop();
    input.close();
    return { rows: await target.rows(), failure };
  } finally {
    arm(undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Lets the query come to the failpoint and end. Resolves to what it failed with. */
async function brokenLife(
  query: StreamingQuery,
  failpoint: Failpoint | undefined,
  sink: SinkKind,
  again: () => Promise<unknown>,
): Promise<Error | undefined> {
  const processed = query.processAllAvailable().then(
    () => undefined,
    (error: Error) => error,
  );
  if (failpoint?.action === "hang") {
    await Promise.race([failpoint.struck, processed.then(() => query.stop())]);
    assert.ok(failpoint.hasStruck, "the query came to the failpoint");
    await assert.rejects(again(), /CHECKPOINT_LOCKED/, "while it hangs, nobody else may write");
    if (inOneGo.includes(failpoint.point)) await sleep(sink.patienceMs);
    failpoint.release();
  }
  const failure = await processed;
  await query.stop();
  assert.ok(failpoint?.hasStruck !== false, "the query came to the failpoint");
  return failure;
}

const expected = new Map<string, Promise<Outcome>>();

function expectedRows(sink: SinkKind, mode: Mode): Promise<Outcome> {
  const key = `${sink.name} ${mode}`;
  const found = expected.get(key) ?? run(sink, mode, undefined);
  expected.set(key, found);
  return found;
}

function declare(sink: SinkKind, chosen: readonly Point[], options: { skip?: string | false }): void {
  describe(`${sink.name}: at each point`, options, () => {
    let turn = 0;
    for (const point of chosen) {
      for (const action of actions) {
        if (sink.lacks(point, action)) continue;
        const tried = full ? sink.modes : [sink.modes[turn++ % sink.modes.length]];
        for (const mode of tried) {
          test(`${action} at ${point} (${mode})`, { timeout: 60_000 }, async () => {
            const good = await expectedRows(sink, mode);
            assert.equal(good.failure, undefined);
            const { rows, failure } = await run(sink, mode, new Failpoint(point, action));
            assert.deepEqual(rows, good.rows);
            if (action === "crash" && !afterwards.includes(point)) assert.ok(failure, "it ended");
            if (action === "throw" && point === "sink commit: not sent") assert.ok(failure, "nothing is assumed");
            if (action === "throw" && point === "sink commit: sent, not acknowledged" && sink.asksAtOnce) {
              assert.equal(failure, undefined, "the sink was asked, and had the batch");
            }
          });
        }
      }
    }
  });
}

declare(sqlite, points, {});
declare(files, ["manifest: rename"], {});
declare(
  kafka("Kafka (dev broker)", async () => broker.bootstrapServers, TRANSACTION_TIMEOUT_MS * 2),
  points,
  {},
);
declare(postgres, points, database.options);
declare(
  kafka("Apache Kafka", async () => (await real.kafka()).bootstrapServers, 0),
  [...inOneGo, "sink commit: acknowledged"],
  real.options,
);
