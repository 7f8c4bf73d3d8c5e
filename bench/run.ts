/**
 * The benchmark page: `npm run bench -- [options]`. Sluice, Spark local[2] and code written by hand run the same workloads over
 * the same topics of one Apache Kafka, in turns, each in a process of its own, and the answers are compared.
 *
 *   --messages N      readings in a topic (10000000)
 *   --rounds N        times that every engine gets its turn (3)
 *   --only TEXT       workloads with TEXT in their name; "first row" and "latency" are workloads too
 *   --engines A,B     of sluice, spark, by hand (all)
 *   --first N         readings in the topic of "first row" (20000)
 *   --seconds N       length of each run of "latency" (60)
 *   --sources         runs Sluice's sources; else dist/ is built and run, which starts faster
 *   --no-check        leaves the comparison of answers out
 *   --write           puts the tables into bench/README.md
 */
import { parseArgs } from "node:util";
import { kafka, kafkaServerJava, startKafka } from "../scripts/parts/kafka.ts";
import { spark } from "../scripts/parts/spark.ts";
import { build } from "./installed.ts";
import { latencyHeader, latencyRow, latencyVariants, runLatency, warmUpBroker } from "./latency.ts";
import { conditions, spread, table, writeToPage } from "./tables.ts";
import type { RunResult } from "./workloads/query.ts";
import { Bench, type EngineName, type Workload, workloads } from "./workloads.ts";

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "10000000" },
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "" },
    engines: { type: "string", default: "sluice,spark,by hand" },
    first: { type: "string", default: "20000" },
    seconds: { type: "string", default: "60" },
    sources: { type: "boolean", default: false },
    check: { type: "boolean", default: true },
    write: { type: "boolean", default: false },
  },
  allowNegative: true,
});
const messages = Number(values.messages);
const rounds = Number(values.rounds);
const ofRounds = (which: string): string => (rounds === 1 ? "one round" : `${which} of ${rounds} rounds`);
const engines = values.engines.split(",").map((name) => name.trim());
const isChosen = (name: string): boolean => name.includes(values.only);
const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** One engine in one state, round by round. */
interface Measured {
  readonly label: string;
  readonly results: RunResult[];
}

/** What Sluice's process did as often before is what the other's is compared with. */
const LABELS: Readonly<Record<EngineName, readonly [fresh: string, warm: string]>> = {
  sluice: ["Sluice", "Sluice, warm"],
  spark: ["Spark, fresh JVM", "Spark, warm"],
  "by hand": ["by hand", "by hand, warm"],
};

function enginesOf(workload: Workload): EngineName[] {
  const all: EngineName[] = workload.byHand ? ["sluice", "spark", "by hand"] : ["sluice", "spark"];
  return all.filter((engine) => engines.includes(engine));
}

async function measure(bench: Bench, workload: Workload): Promise<string[][]> {
  const measured = new Map<EngineName, [Measured, Measured]>();
  for (let round = 0; round < rounds; round++) {
    for (const engine of enginesOf(workload)) {
      const shows = values.check && round === 0;
      const run = await bench.run(engine, workload, engine === "by hand" ? 1 : 2, { digest: shows });
      const states = measured.get(engine) ?? statesOf(engine);
      measured.set(engine, states);
      run.runs.forEach((result, i) => {
        const state = states[i] as Measured;
        state.results.push(result);
        const rate = (messages / result.seconds / 1e6).toFixed(2);
        say(`${workload.name}, round ${round + 1}, ${state.label}: ${rate} M/s, ${result.peakMiB.toFixed(0)} MiB`);
      });
      const digest = shows && run.outputs[0] !== null ? await bench.digestOf(run, workload.query) : run.digest;
      if (digest !== undefined) digestsOf(workload).set(engine, digest);
      await bench.drop(...run.outputs);
    }
  }
  return rowsOf(workload, measured);
}

function statesOf(engine: EngineName): [Measured, Measured] {
  const [fresh, warm] = LABELS[engine];
  return [
    { label: fresh, results: [] },
    { label: warm, results: [] },
  ];
}

function rowsOf(workload: Workload, measured: ReadonlyMap<EngineName, readonly [Measured, Measured]>): string[][] {
  const ours = measured.get("sluice");
  return [...measured].flatMap(([engine, states]) =>
    states.flatMap(({ label, results }, i) => {
      if (results.length === 0) return [];
      const base = engine === "sluice" ? undefined : ours?.[i]?.results;
      const ratios = base === undefined ? [] : results.map((r, k) => r.seconds / (base[k] as RunResult).seconds);
      const rates = results.map((r) => messages / r.seconds / 1e6);
      const peaks = results.map((r) => r.peakMiB);
      return [[workload.name, label, spread(rates, 2, "M"), spread(ratios, 1, "×"), spread(peaks, 0, "MiB")]];
    }),
  );
}

/** What each engine's rows come to, by query and number of devices. */
const digests = new Map<string, Map<EngineName, string>>();
const digestsOf = ({ query, devices }: Workload): Map<EngineName, string> => {
  const key = `${query} of ${devices} devices`;
  const found = digests.get(key) ?? new Map<EngineName, string>();
  digests.set(key, found);
  return found;
};

/** Runs once more, unmeasured and to a topic, what has shown its rows in no other workload. */
async function showUnseen(bench: Bench, workload: Workload): Promise<void> {
  const seen = digestsOf(workload);
  for (const engine of enginesOf(workload)) {
    if (seen.has(engine)) continue;
    const run = await bench.run(engine, { ...workload, toKafka: true }, 1, { digest: true });
    seen.set(engine, await bench.digestOf(run, workload.query));
    await bench.drop(...run.outputs);
  }
}

/** Throws when engines have given different rows. */
function equalAnswers(): string[] {
  return [...digests].map(([what, seen]) => {
    const different = [...new Set(seen.values())];
    if (different.length > 1) {
      const said = [...seen].map(([engine, text]) => `${engine} ${text}`).join("; ");
      throw new Error(`the answers of ${what} differ: ${said}`);
    }
    return `- ${what}, ${[...seen.keys()].join(" and ")}: ${different[0]}`;
  });
}

async function throughput(bench: Bench): Promise<void> {
  const chosen = workloads.filter((w) => isChosen(w.name));
  if (chosen.length === 0) return;
  const rows: string[][] = [];
  for (const workload of chosen) rows.push(...(await measure(bench, workload)));
  if (values.check) for (const workload of chosen) await showUnseen(bench, workload);
  const head = ["workload", "engine", "messages/s", "Sluice is", "peak memory"];
  const how = conditions(`${messages} messages`, ofRounds("median (least–most)"));
  const equal = values.check ? `\n\nThe engines gave equal rows:\n\n${equalAnswers().join("\n")}` : "";
  publish("throughput", `${table(head, rows)}\n\n${how}${equal}`);
}

async function firstRows(bench: Bench): Promise<void> {
  if (!isChosen("first row")) return;
  const count = Number(values.first);
  const chosen = (["sluice", "spark"] as const).filter((engine) => engines.includes(engine));
  const rows: string[][] = [];
  const [any] = workloads.filter((w) => w.toKafka);
  // A new broker makes the topic of its transactions with the first one, and has never run any of this.
  if (any !== undefined) for (let i = 0; i < 2; i++) await bench.firstRow("sluice", any, count);
  for (const workload of workloads.filter((w) => w.toKafka)) {
    const seconds = new Map(chosen.map((engine) => [engine, [] as number[]]));
    for (let round = 0; round < rounds; round++) {
      for (const engine of chosen) {
        const ms = await bench.firstRow(engine, workload, count);
        seconds.get(engine)?.push(ms / 1000);
        say(`first row of ${workload.name}, round ${round + 1}, ${engine}: ${(ms / 1000).toFixed(2)} s`);
      }
    }
    const ours = seconds.get("sluice");
    for (const [engine, took] of seconds) {
      const ratios = engine === "sluice" || ours === undefined ? [] : took.map((s, i) => s / (ours[i] as number));
      rows.push([workload.name, LABELS[engine][0], spread(took, 2, "s"), spread(ratios, 1, "×")]);
    }
  }
  const how = conditions(`${count} messages in the topic`, ofRounds("median (least–most)"));
  publish("first-row", `${table(["workload", "engine", "first row after", "Sluice is"], rows)}\n\n${how}`);
}

async function latency(): Promise<void> {
  const chosen = latencyVariants.filter(
    ({ engine }) => engine === "none" || engines.some((name) => engine.startsWith(name)),
  );
  if (!isChosen("latency") || chosen.length === 0) return;
  // A Kafka of its own: one that has just been given millions of messages is still busy with them.
  const broker = await startKafka({ java: kafkaServerJava });
  try {
    await warmUpBroker(broker.bootstrapServers);
    const results = new Map(chosen.map((variant) => [variant, [] as Awaited<ReturnType<typeof runLatency>>[]]));
    const seconds = Number(values.seconds);
    const load = { bootstrapServers: broker.bootstrapServers, rate: 10_000, seconds, devices: 1000 };
    for (let round = 0; round < rounds; round++) {
      for (const variant of chosen) {
        // A JVM compiles for about as long.
        const result = await runLatency(variant, { ...load, warmUpSeconds: seconds / 2 });
        results.get(variant)?.push(result);
        say(latencyRow(result));
      }
    }
    // The round whose p99 is the median.
    const rows = [...results.values()].map((of) => {
      const ordered = of.toSorted((a, b) => a.p99 - b.p99);
      return latencyRow(ordered[(ordered.length - 1) >> 1] as (typeof ordered)[number], ordered);
    });
    const how = conditions(`10000 messages/s for ${seconds} s`, ofRounds("the middle one by p99 (least–most)"));
    publish("latency", `${[latencyHeader, ...rows].join("\n")}\n\n${how}`);
  } finally {
    await broker.stop();
  }
}

function publish(name: string, text: string): void {
  console.log(`\n${text}`);
  if (values.write) writeToPage(name, text);
}

await kafka.install();
if (engines.includes("spark")) await spark.install();
if (engines.includes("sluice") && !values.sources) build();
if (workloads.some((w) => isChosen(w.name)) || isChosen("first row")) {
  const broker = await startKafka();
  try {
    await using bench = await Bench.open(broker.bootstrapServers, messages, { fromSource: values.sources });
    await firstRows(bench);
    await throughput(bench);
  } finally {
    await broker.stop();
  }
}
await latency();
