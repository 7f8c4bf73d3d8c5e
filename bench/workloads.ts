/** The workloads over a topic of readings, and how each engine runs one: in a process of its own. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Admin } from "@platformatic/kafka";
import { sparkEnvironment, sparkKafkaJars, sparkPython } from "../scripts/parts/spark.ts";
import { digestOf } from "./answers.ts";
import { firstArrival } from "./arrival.ts";
import type { HandwrittenResult } from "./handwritten.ts";
import { topicOf } from "./latency/wire.ts";
import { publish } from "./messages.ts";
import type { QueryName, RunResult, WorkloadRequest } from "./workloads/query.ts";

export interface Workload {
  readonly name: string;
  readonly query: QueryName;
  readonly devices: number;
  readonly toKafka: boolean;
  /** It is also run as it would be written by hand. */
  readonly byHand: boolean;
}

export const workloads: readonly Workload[] = [
  { name: "device rollup", query: "rollup", devices: 1000, toKafka: false, byHand: true },
  { name: "device rollup to Kafka", query: "rollup", devices: 1000, toKafka: true, byHand: false },
  { name: "rollup of a million devices", query: "rollup", devices: 1_000_000, toKafka: false, byHand: false },
  { name: "clean and forward", query: "forward", devices: 1000, toKafka: true, byHand: false },
];

export type EngineName = "sluice" | "spark" | "by hand";

export interface RunOptions {
  /** A run by hand tells its digest. */
  readonly digest?: boolean;
  /** Of the program that runs it, and what it finds in its environment. */
  readonly options?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export interface EngineRun {
  readonly engine: EngineName;
  /** One for each output: the first in a fresh process, the second when it is warm. */
  readonly runs: readonly RunResult[];
  readonly outputs: readonly (string | null)[];
  /** Of a run by hand that was asked for it. */
  readonly digest: string | undefined;
}

const PARTITIONS = 4;
/** How long a first row may take. */
const FIRST_ROW_MS = 120_000;
const here = fileURLToPath(new URL(".", import.meta.url));
const execute = promisify(execFile);

/** Topics and folders of one benchmark on one Kafka. */
export class Bench implements AsyncDisposable {
  readonly servers: string;
  readonly messages: number;
  readonly #fromSource: boolean;
  readonly #scratch: string;
  readonly #inputs = new Map<string, Promise<string>>();
  readonly #prefix = `bench-${process.pid}-${Date.now()}`;
  #made = 0;

  private constructor(servers: string, messages: number, fromSource: boolean, scratch: string) {
    this.servers = servers;
    this.messages = messages;
    this.#fromSource = fromSource;
    this.#scratch = scratch;
  }

  /** @param fromSource runs Sluice's sources rather than what is built in dist/ */
  static async open(servers: string, messages: number, { fromSource = false } = {}): Promise<Bench> {
    return new Bench(servers, messages, fromSource, await mkdtemp(join(tmpdir(), "sluice-bench-")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#scratch, { recursive: true, force: true, maxRetries: 3 });
  }

  async topic(): Promise<string> {
    const name = `${this.#prefix}-${++this.#made}`;
    await this.#admin((admin) => admin.createTopics({ topics: [name], partitions: PARTITIONS, replicas: 1 }));
    // The broker tells of a topic a moment after it has said that it made it.
    for (let tries = 1; !(await hasLeaders(this.servers, name)); tries++) {
      if (tries > 600) throw new Error(`the topic ${name} doesn't come`);
      await wait(50);
    }
    return name;
  }

  async drop(...topics: readonly (string | null)[]): Promise<void> {
    const names = topics.filter((name) => name !== null);
    if (names.length > 0) await this.#admin((admin) => admin.deleteTopics({ topics: names }));
  }

  /** The readings of so many devices, published once. */
  input(devices: number, messages = this.messages): Promise<string> {
    const key = `${devices} ${messages}`;
    let input = this.#inputs.get(key);
    if (input === undefined) {
      input = this.topic().then(async (topic) => {
        await publish({ bootstrapServers: this.servers, topic, messages, devices });
        return topic;
      });
      this.#inputs.set(key, input);
    }
    return input;
  }

  /** Runs the workload `times` times in one process of the engine. */
  async run(engine: EngineName, workload: Workload, times: number, how: RunOptions = {}): Promise<EngineRun> {
    const outputs: (string | null)[] = [];
    for (let i = 0; i < times; i++) outputs.push(workload.toKafka && engine !== "by hand" ? await this.topic() : null);
    const request = await this.#request(workload, outputs, false);
    const command = this.#command(engine, request);
    if (engine === "by hand") command.args.push(String(this.messages), ...(how.digest ? ["--digest"] : []));
    const args = [...(how.options ?? []), ...command.args];
    const { stdout } = await execute(command.program, args, {
      env: { ...command.env, ...how.env },
      maxBuffer: 64 << 20,
    });
    const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
    const runs = lines.map((line) => JSON.parse(line) as RunResult & { digest?: string });
    for (const { rows } of runs) {
      if (rows !== this.messages) throw new Error(`${engine} read ${rows} of ${this.messages} messages`);
    }
    if (runs.length !== times) throw new Error(`${engine} ended after ${runs.length} of ${times} runs:\n${stdout}`);
    return { engine, runs, outputs, digest: runs[0]?.digest };
  }

  /** Milliseconds from the start of the engine's process to the arrival of the first row in its output topic. */
  async firstRow(engine: "sluice" | "spark", workload: Workload, messages: number): Promise<number> {
    const output = await this.topic();
    const request = await this.#request(workload, [output], true, messages);
    const { program, args, env } = this.#command(engine, request);
    const over = new AbortController();
    const fromMs = performance.now();
    const child = spawn(program, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    let complaints = "";
    child.stderr.on("data", (text: Buffer) => {
      complaints = (complaints + text).slice(-4000);
    });
    const ended = once(child, "exit");
    const died = ended.then(() => Promise.reject(new Error(`${engine} ended before its first row:\n${complaints}`)));
    try {
      const limit = AbortSignal.any([over.signal, AbortSignal.timeout(FIRST_ROW_MS)]);
      return await Promise.race([firstArrival(this.servers, output, fromMs, limit), died]);
    } finally {
      over.abort();
      died.catch(() => {});
      child.kill(engine === "spark" ? "SIGTERM" : "SIGKILL"); // Python takes its JVM along
      await ended;
      await this.drop(output);
    }
  }

  /** The rollup's loop over typed arrays, so many times over the same messages. */
  async handwritten({ devices }: Workload, passes: number): Promise<HandwrittenResult> {
    const args = [this.servers, await this.input(devices), String(this.messages), String(passes)];
    const { stdout } = await execute(process.execPath, [join(here, "handwritten.ts"), ...args]);
    return JSON.parse(stdout) as HandwrittenResult;
  }

  digestOf(run: EngineRun, query: QueryName): Promise<string> {
    if (run.digest !== undefined) return Promise.resolve(run.digest);
    const [output] = run.outputs;
    if (typeof output !== "string") throw new Error(`${run.engine} has written nothing that could be compared`);
    return digestOf(this.servers, output, query);
  }

  async #request(
    { query, devices }: Workload,
    outputs: readonly (string | null)[],
    continuous: boolean,
    messages = this.messages,
  ): Promise<WorkloadRequest> {
    const scratch = join(this.#scratch, String(++this.#made));
    await mkdir(scratch);
    const input = await this.input(devices, messages);
    return { query, bootstrapServers: this.servers, input, outputs, scratch, continuous };
  }

  #command(engine: EngineName, request: WorkloadRequest) {
    const text = JSON.stringify(request);
    if (engine === "spark") {
      const env = { ...sparkEnvironment(), SPARK_KAFKA_JARS: sparkKafkaJars() };
      return { program: sparkPython(), args: [join(here, "spark/workload.py"), text], env };
    }
    const options = this.#fromSource ? ["--conditions=sluice-source"] : [];
    // V8 lets its young generation grow to three times 16 MiB by itself; Spark, too, is told how much memory to take.
    if (engine === "sluice") options.push("--max-semi-space-size=4");
    const script = engine === "sluice" ? "workloads/sluice.ts" : "workloads/byhand.ts";
    return { program: process.execPath, args: [...options, join(here, script), text], env: process.env };
  }

  async #admin(task: (admin: Admin) => Promise<unknown>): Promise<void> {
    const admin = new Admin({ clientId: "bench", bootstrapBrokers: [this.servers] });
    try {
      await task(admin);
    } finally {
      await admin.close();
    }
  }
}

async function hasLeaders(servers: string, name: string): Promise<boolean> {
  try {
    const leaders = [...(await topicOf(servers, name)).leaders.values()];
    return leaders.length === PARTITIONS && leaders.every((broker) => broker >= 0);
  } catch {
    return false;
  }
}
