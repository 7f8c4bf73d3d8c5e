import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DevBroker } from "../../broker/index.ts";
import { Feed } from "../../console/feed.ts";
import { ConsoleServer } from "../../console/server.ts";
import { defaultFleet, Fleet } from "../../devices/fleet.ts";
import { SparkSession } from "../../index.ts";
import { packageRoot } from "../../package-files.ts";
import { followProgress, startLive } from "../dev/live.ts";
import { startPipeline } from "../dev/pipeline.ts";
import { Publisher } from "../dev/publisher.ts";
import { partitions, topics } from "../dev/topics.ts";
import { type Command, UsageError } from "../main.ts";
import { exitSoon, portOption, progress, progressDone, stopSignal, within } from "../serve.ts";

const STOP_WITHIN_MS = 4000;

export const dev: Command = {
  summary: "runs the demonstration: broker, devices, queries and a live page",
  usage: `Usage: sluice dev [--port N] [--broker-port N] [--data DIR] [--devices N] [--seed N]

Runs a broker, a fleet of simulated devices, the queries over their readings, and a live page, until it is stopped.

  --port N         port of the page (default 4040; 0 picks a free one)
  --broker-port N  port of the broker (default 9092; 0 picks a free one)
  --data DIR       keeps topics, checkpoints and the database there; without it they go with the command
  --devices N      devices in the fleet (default 200)
  --seed N         the fleet's seed (default 42): the same seed sends the same readings`,
  async run(args) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: "string" },
        "broker-port": { type: "string" },
        data: { type: "string" },
        devices: { type: "string" },
        seed: { type: "string" },
      },
    });
    const stop = stopSignal();
    const fleet = new Fleet({
      ...defaultFleet,
      devices: count("devices", values.devices, defaultFleet.devices),
      seed: count("seed", values.seed, defaultFleet.seed),
    });
    const demo = new Demonstration(fleet, values.data);
    try {
      await demo.start(portOption(values["broker-port"], 9092), portOption(values.port, 4040));
      await stop;
    } finally {
      await within(STOP_WITHIN_MS, demo.stop());
      exitSoon();
    }
    return 0;
  },
};

function count(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new UsageError(`--${name} ${text}: a whole number from 1`);
  return n;
}

/** Everything that `sluice dev` runs. Parts are stopped in the reverse order of their start. */
class Demonstration {
  readonly #fleet: Fleet;
  readonly #dataDir: string | undefined;
  readonly #parts: (() => Promise<unknown>)[] = [];

  constructor(fleet: Fleet, dataDir: string | undefined) {
    this.#fleet = fleet;
    this.#dataDir = dataDir;
  }

  async start(brokerPort: number, consolePort: number): Promise<void> {
    const data = await this.#folder();
    progress("starting the broker …");
    const broker = await DevBroker.start({ port: brokerPort, dataDir: join(data, "broker") });
    this.#parts.push(() => broker.close());
    for (const topic of Object.values(topics)) {
      if (broker.describeTopic(topic) === undefined) broker.createTopic(topic, { partitions });
    }
    const { bootstrapServers } = broker;
    const database = join(data, "sluice.db");
    const feed = new Feed({ bootstrapServers, database, devices: this.#fleet.devices, now: Date.now });

    const spark = SparkSession.builder
      .appName("sluice dev")
      // What goes with the command needn't be on the disk.
      .config("sluice.checkpoint.durable", this.#dataDir !== undefined)
      .getOrCreate();
    this.#parts.push(() => spark.stop());
    const page = await ConsoleServer.start({
      host: "127.0.0.1",
      port: consolePort,
      pages: fileURLToPath(new URL("dist/console-ui", packageRoot)),
      snapshot: () => feed.snapshot(),
      tick: () => feed.tick(),
      queries: () => activeQueries(spark),
    });
    this.#parts.push(() => page.close());

    progress("starting the queries …");
    followProgress(spark, feed);
    const options = {
      spark,
      bootstrapServers,
      checkpoints: join(data, "checkpoints"),
      database,
      devices: this.#fleet.devices,
    };
    await startPipeline(options);
    await startLive(options, feed);
    this.#publish(bootstrapServers, feed);
    progressDone();
    process.stdout.write(`broker: ${bootstrapServers}\nconsole: ${page.url}\n`);
  }

  async stop(): Promise<void> {
    for (const part of this.#parts.splice(0).reverse()) {
      await part().catch((error: unknown) => process.stderr.write(`while stopping: ${String(error)}\n`));
    }
  }

  #publish(bootstrapServers: string, feed: Feed): void {
    let warned = false;
    const publisher = new Publisher({
      fleet: this.#fleet,
      bootstrapServers,
      now: Date.now,
      onSent: (readings, sentMs) => {
        warned = false;
        feed.produced(readings.length, sentMs);
        for (const r of readings) {
          if (r.injected) feed.injected({ device: r.device, timeMs: r.timeMs, kind: r.injected });
        }
      },
      onError: (error) => {
        if (!warned) process.stderr.write(`devices: the broker did not take messages: ${error.message}\n`);
        warned = true;
      },
    });
    publisher.start();
    this.#parts.push(() => publisher.stop());
  }

  async #folder(): Promise<string> {
    if (this.#dataDir !== undefined) {
      const kept = resolve(this.#dataDir);
      await mkdir(kept, { recursive: true });
      return kept;
    }
    const data = await mkdtemp(join(tmpdir(), "sluice-dev-"));
    this.#parts.push(() => rm(data, { recursive: true, force: true }));
    return data;
  }
}

/** The active queries, each with its last progress in Spark's JSON form. */
async function activeQueries(spark: SparkSession): Promise<unknown> {
  const queries = await spark.streams.active();
  return Promise.all(
    queries.map(async (q) => ({
      id: q.id,
      runId: q.runId,
      name: q.name,
      status: await q.status(),
      lastProgress: await q.lastProgress(),
    })),
  );
}
