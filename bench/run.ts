/**
 * The benchmark page: `npm run bench [-- --messages N --rounds N --only rollup|…]`. Sluice, Spark local[2] and code written
 * by hand run the same workloads over the same topic of one Apache Kafka, in turns, each in a process of its own; the
 * answers are compared. Rewrites bench/README.md's table when all workloads ran.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { Admin } from "@platformatic/kafka";
import { kafka, startKafka } from "../scripts/parts/kafka.ts";
import { spark, sparkEnvironment, sparkKafkaJars, sparkPython } from "../scripts/parts/spark.ts";
import { compareRollups } from "./answers.ts";
import { publish } from "./messages.ts";

interface Result {
  readonly engine: string;
  readonly workload: string;
  readonly seconds: number;
  readonly rows: number;
  readonly peakMiB: number;
  readonly cpuSeconds?: number;
}

interface Workload {
  readonly name: string;
  readonly query: "rollup" | "forward";
  readonly devices: number;
  readonly toKafka: boolean;
  readonly byHand: boolean;
}

const workloads: readonly Workload[] = [
  { name: "device rollup", query: "rollup", devices: 1000, toKafka: false, byHand: true },
  { name: "device rollup to Kafka", query: "rollup", devices: 1000, toKafka: true, byHand: false },
  { name: "rollup of a million devices", query: "rollup", devices: 1_000_000, toKafka: false, byHand: false },
  { name: "clean and forward", query: "forward", devices: 1000, toKafka: true, byHand: false },
];

const here = fileURLToPath(new URL(".", import.meta.url));
const run = promisify(execFile);

async function lines(program: string, args: readonly string[], env = process.env): Promise<Result[]> {
  const { stdout } = await run(program, [...args], { env, maxBuffer: 64 << 20 });
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Result);
}

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "10000000" },
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
  },
});
const messages = Number(values.messages);
const chosen = workloads.filter((w) => values.only === undefined || w.name.includes(values.only));

await kafka.install();
await spark.install();
const scratch = await mkdtemp(join(tmpdir(), "sluice-bench-"));
const broker = await startKafka();
const servers = broker.bootstrapServers;
let topics = 0;

async function topic(name: string): Promise<string> {
  const made = `${name}-${++topics}`;
  const admin = new Admin({ clientId: "bench", bootstrapBrokers: [servers] });
  await admin.createTopics({ topics: [made], partitions: 4, replicas: 1 });
  await admin.close();
  return made;
}

const inputs = new Map<number, string>();
async function inputOf(devices: number): Promise<string> {
  const known = inputs.get(devices);
  if (known !== undefined) return known;
  const made = await topic(`readings-${devices}`);
  await publish({ bootstrapServers: servers, topic: made, messages, devices });
  inputs.set(devices, made);
  return made;
}

async function onSluice(w: Workload, input: string): Promise<Result & { output: string }> {
  const output = w.toKafka ? await topic("sluice-out") : "-";
  const checkpoint = await mkdtemp(join(scratch, "sluice-"));
  const args = [join(here, "workloads/sluice.ts"), w.query, servers, input, output, checkpoint];
  const [result] = await lines(process.execPath, args);
  return { ...(result as Result), output };
}

async function onSpark(w: Workload, input: string): Promise<{ results: Result[]; output: string }> {
  const output = w.toKafka ? await topic("spark-out") : "-";
  const checkpoint = await mkdtemp(join(scratch, "spark-"));
  const runs = w.toKafka ? "1" : "2";
  const args = [join(here, "spark/workload.py"), w.query, servers, input, output, checkpoint, runs];
  return {
    results: await lines(sparkPython(), args, { ...sparkEnvironment(), SPARK_KAFKA_JARS: sparkKafkaJars() }),
    output,
  };
}

const median = (xs: readonly number[]) => xs.toSorted((a, b) => a - b)[Math.floor(xs.length / 2)] as number;

try {
  const table: string[] = [];
  for (const w of chosen) {
    const input = await inputOf(w.devices);
    const all: Result[] = [];
    let compared = "";
    for (let round = 0; round < Number(values.rounds); round++) {
      const ours = await onSluice(w, input);
      const theirs = await onSpark(w, input);
      all.push(ours, ...theirs.results);
      if (w.byHand)
        all.push(
          ...(await lines(process.execPath, [join(here, "workloads/byhand.ts"), servers, input, String(messages)])),
        );
      if (w.toKafka && round === 0) compared = await compareRollups(servers, ours.output, theirs.output, w.query);
    }
    const engines = [...new Set(all.map((r) => r.engine))];
    const rate = (engine: string) =>
      median(all.filter((r) => r.engine === engine).map((r) => messages / r.seconds / 1e6));
    for (const engine of engines) {
      const peak = median(all.filter((r) => r.engine === engine).map((r) => r.peakMiB));
      const ratio = engine === "sluice" ? "" : `${(rate("sluice") / rate(engine)).toFixed(1)} ×`;
      table.push(`| ${w.name} | ${engine} | ${rate(engine).toFixed(2)} M | ${ratio} | ${peak.toFixed(0)} MiB |`);
      console.log(table.at(-1));
    }
    if (compared !== "") console.log(`  ${compared}`);
  }
  console.log(
    `\n${messages} messages, median of ${values.rounds} rounds, ${cpus().length} cores (${cpus()[0]?.model})`,
  );
  console.log(
    ["| workload | engine | messages/s | Sluice is | peak memory |", "|---|---|---|---|---|", ...table].join("\n"),
  );
} finally {
  await broker.stop();
  await rm(scratch, { recursive: true, force: true });
}
