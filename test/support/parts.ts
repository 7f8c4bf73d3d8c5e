/**
 * Real parts (Apache Kafka, Apache Spark, PostgreSQL, Chromium, …) for tests.
 *
 * A test file says at its top what it needs, with the names as plain string literals, since the runner reads them
 * from the source. Each test takes `parts.options`, which skips it, with the reason and the command that brings the part,
 * where a part is absent. In CI (CI=true) an absent part fails the test instead.
 *
 * ```ts
 * import { test } from "node:test";
 * import { requireParts, uniqueName } from "../support/parts.ts";
 *
 * const parts = requireParts("kafka", "spark");
 *
 * test("Spark reads what we wrote", parts.options, async () => {
 *   const { bootstrapServers } = await parts.kafka();
 *   const { url, python, environment } = await parts.spark(); // SparkSession.builder.remote(url)
 *   const topic = uniqueName("orders");
 * });
 * ```
 *
 * Under `npm test` one server of each kind serves all files, so topics, tables and groups need a `uniqueName`, and
 * nobody may stop it. A file that runs alone (`node --test FILE`) starts its own, which ends with it. A test that stops
 * or kills a server, or needs one set up in its own way, starts it by `startKafka`, `startSparkConnect`, … of
 * `scripts/parts/` and stops it; `requireParts` is then only for the skipping.
 */
import { randomBytes } from "node:crypto";
import { after } from "node:test";
import { chromiumArgs, chromiumPath } from "../../scripts/parts/chromium.ts";
import { confluentKafkaPython } from "../../scripts/parts/confluent-kafka.ts";
import { franzGoTests } from "../../scripts/parts/franz-go.ts";
import { parts as allParts, type PartName } from "../../scripts/parts/index.ts";
import { startKafka } from "../../scripts/parts/kafka.ts";
import { kafkaStreamsCommand } from "../../scripts/parts/kafka-streams.ts";
import { requireKafkajs } from "../../scripts/parts/kafkajs.ts";
import { startMosquitto } from "../../scripts/parts/mosquitto.ts";
import { startPostgres } from "../../scripts/parts/postgres.ts";
import { pyarrowPython } from "../../scripts/parts/pyarrow.ts";
import {
  type PysparkClientVersion,
  pysparkClientEnvironment,
  pysparkClientVersions,
} from "../../scripts/parts/pyspark-clients.ts";
import { sparkEnvironment, sparkPython, startSparkConnect } from "../../scripts/parts/spark.ts";

/** Runs `start` for a server that nobody shares with us; its `stop` runs after this file's tests. */
async function own<S extends { stop(): Promise<void> }>(start: () => Promise<S>): Promise<S> {
  const server = await start();
  toStop.push(server);
  return server;
}
const toStop: { stop(): Promise<void> }[] = [];

const env = (name: string): string | undefined => process.env[name] || undefined;

const handles = {
  /** Apache Kafka, one node. */
  async kafka(): Promise<{ bootstrapServers: string }> {
    return { bootstrapServers: env("SLUICE_TEST_KAFKA") ?? (await own(startKafka)).bootstrapServers };
  },
  /** A Spark Connect server, and the Python with a PySpark to talk to it. */
  async spark(): Promise<{ url: string; python: string; environment: NodeJS.ProcessEnv }> {
    const url = env("SLUICE_TEST_SPARK") ?? (await own(startSparkConnect)).url;
    return { url, python: sparkPython(), environment: sparkEnvironment() };
  },
  /** PostgreSQL with an empty database; its user may do everything. */
  async postgres(): Promise<{ url: string }> {
    return { url: env("SLUICE_TEST_POSTGRES") ?? (await own(startPostgres)).url };
  },
  /** An MQTT broker. */
  async mosquitto(): Promise<{ url: string }> {
    return { url: env("SLUICE_TEST_MOSQUITTO") ?? (await own(startMosquitto)).url };
  },
  /** For playwright-core's `chromium.launch({ executablePath, args })`. */
  async chromium(): Promise<{ executablePath: string; args: string[] }> {
    return { executablePath: chromiumPath(), args: [...chromiumArgs] };
  },
  /** The program `kcat`. */
  async kcat(): Promise<{ program: string }> {
    return { program: "kcat" };
  },
  /** A Python that can `import confluent_kafka`. */
  async "confluent-kafka"(): Promise<{ python: string }> {
    return { python: confluentKafkaPython() };
  },
  /** A Python that can `import pyarrow`. */
  async pyarrow(): Promise<{ python: string }> {
    return { python: pyarrowPython() };
  },
  /** The module `kafkajs`. */
  async kafkajs(): Promise<{ module: unknown }> {
    return { module: requireKafkajs() };
  },
  /** PySpark's clients of the versions before ours: the environment in which Spark's Python has that one. */
  async "pyspark-clients"(): Promise<{
    versions: readonly PysparkClientVersion[];
    environment: (version: PysparkClientVersion) => NodeJS.ProcessEnv;
  }> {
    return { versions: pysparkClientVersions, environment: pysparkClientEnvironment };
  },
  /** The program that holds the tests of the Go client franz-go. */
  async "franz-go"(): Promise<{ program: string }> {
    return { program: franzGoTests() };
  },
  /** How to run a Java source file that uses Kafka Streams: program and arguments. */
  async "kafka-streams"(): Promise<{ command: typeof kafkaStreamsCommand }> {
    return { command: kafkaStreamsCommand };
  },
  /** The program `strace`; whether it may trace is another question (`tracingRefused`). */
  async strace(): Promise<{ program: string }> {
    return { program: "strace" };
  },
} satisfies Record<PartName, () => Promise<unknown>>;

type Handles = typeof handles;

export type RequiredParts<N extends PartName> = Pick<Handles, N> & {
  /** The second argument of `test`, `it` or `describe`. */
  readonly options: { readonly skip: string | false };
};

/** Declares the real parts that this file's tests need. See the top of this file. */
export function requireParts<N extends PartName>(...names: N[]): RequiredParts<N> {
  const missing = names.flatMap((name) => {
    const reason = allParts[name].available();
    return reason === undefined ? [] : [`${reason}; bring it by: ${allParts[name].command}`];
  });
  const inCi = process.env["CI"] === "true";
  const reason = missing.join("; ");
  const given: Partial<Record<PartName, () => Promise<unknown>>> = {};
  for (const name of names) {
    let started: Promise<unknown> | undefined;
    given[name] = () => {
      if (reason !== "") return Promise.reject(new Error(reason));
      started ??= handles[name]();
      return started;
    };
  }
  after(async () => {
    await Promise.all(toStop.splice(0).map((server) => server.stop()));
  });
  const options = { skip: reason !== "" && !inCi ? reason : false };
  return { ...given, options } as RequiredParts<N>;
}

/** `prefix` with an end that no other test has, fit for topics, groups and (in lower case) tables. */
export function uniqueName(prefix: string): string {
  return `${prefix}_${randomBytes(6).toString("hex")}`;
}
