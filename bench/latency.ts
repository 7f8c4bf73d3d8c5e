/**
 * The latency workload: readings are sent at a steady rate into one topic of an Apache Kafka, a query takes them to another,
 * and a consumer there times each. Producer, query and consumer are processes of their own.
 *
 * `node bench/latency.ts [--seconds 60] [--warm-up 10] [--rate 10000] [--rounds 1] [--only "sluice stateless"]`
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Admin } from "@platformatic/kafka";
import { kafka, kafkaServerJava, startKafka } from "../scripts/parts/kafka.ts";
import { spark, sparkEnvironment, sparkKafkaJars, sparkPython } from "../scripts/parts/spark.ts";

export interface LatencyVariant {
  /** "none": the consumer reads the readings themselves, which shows what all of it takes without a query. */
  readonly engine: "none" | "sluice" | "spark" | "spark-real-time";
  readonly form: "no query" | "stateless" | "windowed";
  readonly delivery: "at-least-once" | "exactly-once";
  /** The producer sends so often, in milliseconds: 5 is what Kafka's producers do unless told otherwise (linger.ms). */
  readonly lingerMs: 5 | 1;
}

export interface LatencyLoad {
  readonly bootstrapServers: string;
  /** Messages a second. */
  readonly rate: number;
  /** How long messages are sent, and for how long of it, from the beginning, they don't count. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly devices: number;
}

/** Times are in milliseconds, from the sending of a message to the receipt of what became of it. */
export interface LatencyResult extends LatencyVariant {
  readonly counted: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** CPU seconds of the query's process for each second of the load; undefined where it doesn't tell. */
  readonly cores: number | undefined;
  readonly query: unknown;
}

/**
 * Every variant that an engine has: Spark's sink for Kafka is at least once, and its real-time mode is for stateless queries. What
 * is quick and stateless also with a producer that sends five times as often.
 */
export const latencyVariants: readonly LatencyVariant[] = [
  { engine: "none", form: "no query", delivery: "at-least-once", lingerMs: 5 },
  { engine: "sluice", form: "stateless", delivery: "at-least-once", lingerMs: 5 },
  { engine: "sluice", form: "stateless", delivery: "exactly-once", lingerMs: 5 },
  { engine: "sluice", form: "windowed", delivery: "at-least-once", lingerMs: 5 },
  { engine: "sluice", form: "windowed", delivery: "exactly-once", lingerMs: 5 },
  { engine: "spark", form: "stateless", delivery: "at-least-once", lingerMs: 5 },
  { engine: "spark-real-time", form: "stateless", delivery: "at-least-once", lingerMs: 5 },
  { engine: "spark", form: "windowed", delivery: "at-least-once", lingerMs: 5 },
  { engine: "none", form: "no query", delivery: "at-least-once", lingerMs: 1 },
  { engine: "sluice", form: "stateless", delivery: "at-least-once", lingerMs: 1 },
  { engine: "sluice", form: "stateless", delivery: "exactly-once", lingerMs: 1 },
  { engine: "spark-real-time", form: "stateless", delivery: "at-least-once", lingerMs: 1 },
];

export const nameOfVariant = (v: LatencyVariant): string => `${v.engine} ${v.form} ${v.delivery} ${v.lingerMs} ms`;

const here = fileURLToPath(new URL(".", import.meta.url));

/**
 * For producer and consumer, which are to rest as seldom and as shortly as they can. The producer makes objects; the consumer
 * little but buffers, for which V8 collects everything it has where they aren't found in a small young generation before.
 */
const PRODUCER_MEMORY = ["--min-semi-space-size=64", "--max-semi-space-size=64"];
const CONSUMER_MEMORY = ["--min-semi-space-size=4", "--max-semi-space-size=4"];
let topics = 0;

/** Runs one variant. Fails when rows are missing. */
export async function runLatency(variant: LatencyVariant, load: LatencyLoad): Promise<LatencyResult> {
  const scratch = await mkdtemp(join(tmpdir(), "sluice-latency-"));
  const servers = load.bootstrapServers;
  const [input, output] = await newTopics(servers, [`${variant.engine}-in`, `${variant.engine}-out`]);
  const started: Child[] = [];
  const start = (program: string, args: readonly string[], env = process.env): Child => {
    const child = new Child(program, args, env);
    started.push(child);
    return child;
  };
  const script = (name: string) => join(here, "latency", name);
  try {
    const isQueried = variant.engine !== "none";
    const consumer = start(process.execPath, [
      ...CONSUMER_MEMORY,
      script("consumer.ts"),
      servers,
      isQueried ? output : input,
    ]);
    await consumer.until("ready");
    const query = isQueried
      ? start(...queryCommand(variant, servers, input, output, join(scratch, "checkpoint")))
      : undefined;
    // A first message shows that the query runs.
    await start(process.execPath, [script("producer.ts"), servers, input, "100", "1", "10", "1"]).result();
    await query?.until("ready");
    const numbers = [load.rate, load.seconds, load.devices, variant.lingerMs].map(String);
    const producer = start(process.execPath, [...PRODUCER_MEMORY, script("producer.ts"), servers, input, ...numbers]);
    const { begunUs } = (await producer.result()) as { begunUs: number };
    await wait(variant.engine === "sluice" ? 500 : 3000);
    consumer.write(`${begunUs + load.warmUpSeconds * 1e6}\n`);
    const timed = (await consumer.result()) as Omit<LatencyResult, keyof LatencyVariant | "cores" | "query">;
    query?.signal("SIGTERM");
    const told = ((await query?.result()) ?? {}) as { cpuSeconds?: number };
    checkComplete(variant, load, timed.counted);
    const cores = told.cpuSeconds === undefined ? undefined : told.cpuSeconds / (load.seconds + 1);
    return { ...variant, ...timed, cores, query: told };
  } finally {
    for (const child of started) child.signal("SIGKILL");
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Lets a broker that was just started compile its hot paths: of these cores that takes a good part for most of a minute. */
export async function warmUpBroker(bootstrapServers: string, seconds = 40): Promise<void> {
  const variant = { engine: "sluice", form: "stateless", delivery: "exactly-once", lingerMs: 1 } as const;
  await runLatency(variant, { bootstrapServers, rate: 10_000, seconds, warmUpSeconds: seconds - 1, devices: 100 });
}

/** Of a stateless query every reading that isn't a warning must have come; a windowed one sends fewer rows. */
function checkComplete({ form }: LatencyVariant, load: LatencyLoad, counted: number): void {
  const expected = load.rate * (load.seconds - load.warmUpSeconds) * 0.95;
  const least = form === "windowed" ? 1 : expected * 0.98;
  if (counted < least) throw new Error(`only ${counted} rows of about ${Math.round(expected)} came`);
}

function queryCommand(
  { engine, form, delivery }: LatencyVariant,
  ...places: [servers: string, input: string, output: string, checkpoint: string]
): [program: string, args: string[], env: NodeJS.ProcessEnv] {
  if (engine === "sluice") {
    const options = process.env["LATENCY_NODE_OPTIONS"]?.split(" ") ?? [];
    return [process.execPath, [...options, join(here, "latency/query.ts"), form, delivery, ...places], process.env];
  }
  const env = { ...sparkEnvironment(), SPARK_KAFKA_JARS: sparkKafkaJars() };
  const mode = engine === "spark" ? "micro-batch" : "real-time";
  return [sparkPython(), [join(here, "spark/latency.py"), form, mode, ...places], env];
}

async function newTopics(servers: string, names: readonly string[]): Promise<[string, string]> {
  const admin = new Admin({ clientId: "bench", bootstrapBrokers: [servers] });
  const made = names.map((name) => `latency-${name}-${++topics}`);
  await admin.createTopics({ topics: made, partitions: 4, replicas: 1 });
  await admin.close();
  return made as [string, string];
}

/** A process that talks by lines, JSON for its result. */
class Child {
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #reader: Interface;
  readonly #ended: Promise<unknown>;
  readonly #name: string;
  #over = false;

  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#name = args[0] ?? program;
    this.#process = spawn(program, [...args], { env, stdio: ["pipe", "pipe", "inherit"] });
    this.#reader = createInterface({ input: this.#process.stdout as NonNullable<ChildProcess["stdout"]> });
    this.#reader.on("line", (line) => this.#lines.push(line));
    this.#ended = Promise.all([once(this.#process, "exit"), once(this.#reader, "close")]).finally(() => {
      this.#over = true;
    });
  }

  /** Resolves when it has printed such a line. */
  async until(line: string): Promise<void> {
    while (!this.#lines.includes(line)) {
      if (this.#over) throw new Error(`${this.#name} ended before it was ${line}`);
      await Promise.race([once(this.#reader, "line"), this.#ended]);
    }
  }

  /** What it printed last, once it has ended. */
  async result(): Promise<unknown> {
    await this.#ended;
    const last = this.#lines.findLast((line) => line.startsWith("{"));
    if (last === undefined) throw new Error(`${this.#name} ended (${this.#process.exitCode}) without a result`);
    return JSON.parse(last);
  }

  write(text: string): void {
    this.#process.stdin?.write(text);
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#over) this.#process.kill(signal);
  }
}

/**
 * A row of the page's table.
 *
 * @param rounds of which `r` is one, for the least and the most p99
 */
export function latencyRow(r: LatencyResult, rounds: readonly LatencyResult[] = [r]): string {
  const [p50, p95, middle, max] = [r.p50, r.p95, r.p99, r.max].map((ms) => ms.toFixed(1));
  const all = rounds.map((round) => round.p99);
  const range = ` (${Math.min(...all).toFixed(1)}–${Math.max(...all).toFixed(1)})`;
  const p99 = `${middle}${rounds.length > 1 ? range : ""}`;
  const engine = r.engine === "none" ? "" : `${r.engine}, ${r.delivery}`;
  const cores = r.cores?.toFixed(2) ?? "";
  return `| ${r.form} | ${engine} | ${r.lingerMs} ms | ${p50} | ${p95} | ${p99} | ${max} | ${cores} |`;
}

export const latencyHeader =
  "| query | engine | sent every | p50 ms | p95 ms | p99 ms | max ms | cores |\n|---|---|--:|--:|--:|--:|--:|--:|";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "60" },
      "warm-up": { type: "string", default: "10" },
      rate: { type: "string", default: "10000" },
      devices: { type: "string", default: "1000" },
      rounds: { type: "string", default: "1" },
      only: { type: "string", default: "" },
    },
  });
  const chosen = latencyVariants.filter((v) => nameOfVariant(v).includes(values.only));
  await kafka.install();
  if (chosen.some((v) => v.engine.startsWith("spark"))) await spark.install();
  const broker = await startKafka({ java: kafkaServerJava });
  try {
    await warmUpBroker(broker.bootstrapServers);
    console.log(latencyHeader);
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const variant of chosen) {
        const result = await runLatency(variant, {
          bootstrapServers: broker.bootstrapServers,
          rate: Number(values.rate),
          seconds: Number(values.seconds),
          warmUpSeconds: Number(values["warm-up"]),
          devices: Number(values.devices),
        });
        console.log(latencyRow(result));
        process.stderr.write(`${JSON.stringify(result.query)}\n`);
      }
    }
  } finally {
    await broker.stop();
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
