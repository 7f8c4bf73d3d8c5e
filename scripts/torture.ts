// `npm run torture [-- NAME…]`: the fault runs of test/torture at their full size, one after the other.
//
// Names: faults (test/faults), kafka, postgres, parquet (kills at random for each sink), dev-broker, zombie, delayed-end, cluster; all of them
// unless some are named. `--kills 200` is the number of kills for each sink, and `--seed` repeats a run's chance. Ends
// with code 1 when anything was lost, came twice or could be seen that was aborted.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DevBroker } from "../src/broker/index.ts";
import { runFaultTests } from "../test/faults/all.ts";
import { runCluster } from "../test/torture/cluster.ts";
import { runDelayedEnds } from "../test/torture/delayed-end.ts";
import { runKills } from "../test/torture/kills.ts";
import { seeded } from "../test/torture/random.ts";
import { type Told, toldOfCluster, toldOfDelayedEnds, toldOfKills, toldOfZombies } from "../test/torture/report.ts";
import {
  kafkaSinkUnderTest,
  parquetSinkUnderTest,
  postgresSinkUnderTest,
  type SinkUnderTest,
} from "../test/torture/sinks.ts";
import { runZombies } from "../test/torture/zombie.ts";
import { startKafka } from "./parts/kafka.ts";
import { startPostgres } from "./parts/postgres.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** For each sink. */
    kills: { type: "string", default: "200" },
    /** Records that go through each sink while it is killed. */
    records: { type: "string", default: "1000000" },
    /** Writers that are stopped and replaced. */
    zombies: { type: "string", default: "50" },
    /** Commits that arrive late, for each broker. */
    trials: { type: "string", default: "200" },
    /** Leaders that are killed. */
    leaders: { type: "string", default: "5" },
    seed: { type: "string" },
  },
});
const kills = Number(values.kills);
const records = Number(values.records);
const { seed, random } = seeded(values.seed === undefined ? undefined : Number(values.seed));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

interface Stoppable {
  readonly bootstrapServers: string;
  stop(): Promise<void>;
}

async function devBroker(): Promise<Stoppable> {
  const broker = await DevBroker.start();
  return { bootstrapServers: broker.bootstrapServers, stop: () => broker.close() };
}

/** Runs `body` with a server, which is stopped whatever happens. */
async function using<S extends { stop(): Promise<void> }, T>(server: S, body: (server: S) => Promise<T>): Promise<T> {
  try {
    return await body(server);
  } finally {
    await server.stop();
  }
}

async function withFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-torture-"));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const killed = (brokers: string, sinkIn: (folder: string) => SinkUnderTest | Promise<SinkUnderTest>): Promise<Told> =>
  withFolder(async (folder) => {
    const sink = await sinkIn(folder);
    return toldOfKills(await runKills({ brokers, topic: "input", sink, records, kills, folder, random }));
  });

const intoTopics = ({ bootstrapServers }: Stoppable): Promise<Told> =>
  killed(bootstrapServers, () => kafkaSinkUnderTest(bootstrapServers, "output", () => records));

async function delayed({ bootstrapServers }: Stoppable): Promise<Told> {
  const trials = Number(values.trials);
  return toldOfDelayedEnds(await runDelayedEnds({ broker: bootstrapServers, topic: "delayed", trials, random }));
}

const runs: Readonly<Record<string, readonly (() => Promise<Told>)[]>> = {
  faults: [runFaultTests],
  kafka: [async () => using(await startKafka(), intoTopics)],
  postgres: [
    async () =>
      using(await startKafka(), async ({ bootstrapServers }) =>
        using(await startPostgres(), ({ url }) =>
          killed(bootstrapServers, () => postgresSinkUnderTest(url, "output", records)),
        ),
      ),
  ],
  parquet: [
    async () =>
      using(await startKafka(), ({ bootstrapServers }) =>
        killed(bootstrapServers, (folder) => parquetSinkUnderTest(folder, records)),
      ),
  ],
  "dev-broker": [async () => using(await devBroker(), intoTopics)],
  zombie: [
    async () =>
      using(await startKafka(), ({ bootstrapServers: brokers }) =>
        withFolder(async (folder) => {
          const trials = Number(values.zombies);
          return toldOfZombies(await runZombies({ brokers, trials, folder, prefix: "zombie", random }));
        }),
      ),
  ],
  "delayed-end": [
    async () => using(await devBroker(), delayed),
    async () => using(await startKafka({ features: { "transaction.version": 2 } }), delayed),
    async () => using(await startKafka({ features: { "transaction.version": 1 } }), delayed),
  ],
  cluster: [
    () =>
      withFolder(async (folder) => {
        const settings = { kills: Number(values.leaders), rolls: 1, folder, sessionTimeoutMs: 9000 };
        return toldOfCluster(await runCluster({ ...settings, log: (text) => say(`  ${text}`) }));
      }),
  ],
};

const names = positionals.length === 0 ? Object.keys(runs) : positionals;
const unknown = names.filter((name) => !Object.hasOwn(runs, name));
if (unknown.length > 0)
  throw new Error(`no run is named ${unknown.join(", ")}; there are ${Object.keys(runs).join(", ")}`);
say(`seed ${seed}`);
let failed = 0;
for (const name of names) {
  for (const run of runs[name] ?? []) {
    const { text, problems } = await run().catch((error: Error) => ({ text: "failed", problems: [error.message] }));
    say(`${problems.length === 0 ? "ok" : "NOT OK"} ${name}: ${text}`);
    for (const problem of problems) say(`  ${problem}`);
    if (problems.length > 0) failed++;
  }
}
process.exitCode = failed === 0 ? 0 : 1;
