// Apache Spark 4.2 with PySpark, its Connect server and its Kafka connector.
// `node scripts/parts/spark.ts` brings it; `startSparkConnect()` starts a server on a free port.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  command,
  isComplete,
  javaMissing,
  mavenJars,
  once,
  onPath,
  type Part,
  partDir,
  pythonEnvironment,
  runAsProgram,
} from "./part.ts";
import { accepts, freePorts, startServer, untilReady } from "./process.ts";

const version = "4.2.0";
const folder = `spark-${version}`;

export const spark: Part = {
  name: "spark",
  command: "node scripts/parts/spark.ts",
  available() {
    const java = javaMissing();
    if (java !== undefined) return java;
    return isComplete(folder) ? undefined : `Apache Spark ${version} is not installed`;
  },
  install: () =>
    once(folder, async (dir) => {
      await pythonEnvironment(join(dir, "venv"), `pyspark[connect]==${version}`, "pandas<3");
      // Named one by one: the parent POM of Spark's jars lists a repository of its own for what they need, and that
      // one can't be reached from everywhere. The rest of what they need is among Spark's own jars.
      // The token provider (delegation tokens, which no test uses) can't be had from everywhere at this version.
      const jars = [
        `org.apache.spark:spark-sql-kafka-0-10_2.13:${version}`,
        "org.apache.spark:spark-token-provider-kafka-0-10_2.13:4.0.0",
        "org.apache.kafka:kafka-clients:3.9.2",
        "org.apache.commons:commons-pool2:2.13.1",
      ];
      mavenJars(dir, jars, true);
    }),
};

/** The Python that has `pyspark` and what its Connect client needs (pandas, pyarrow, grpcio). */
export function sparkPython(): string {
  return join(partDir(folder), "venv/bin/python");
}

/** Jars of Spark's Kafka connector, as `spark.jars` wants them. */
export function sparkKafkaJars(): string {
  const jars = join(partDir(folder), "jars");
  return readdirSync(jars)
    .filter((name) => name.endsWith(".jar"))
    .map((name) => join(jars, name))
    .join(",");
}

/** The folder of Spark itself (SPARK_HOME). */
export function sparkHome(): string {
  const lib = join(partDir(folder), "venv/lib");
  const python = readdirSync(lib).find((name) => existsSync(join(lib, name, "site-packages/pyspark")));
  if (python === undefined) throw new Error(`no pyspark under ${lib}: ${spark.command}`);
  return join(lib, python, "site-packages/pyspark");
}

/** What a PySpark program needs in its environment to run on this Spark, besides our own. */
export function sparkEnvironment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    SPARK_HOME: sparkHome(),
    SPARK_LOCAL_IP: "127.0.0.1",
    PYSPARK_PYTHON: sparkPython(),
    PYSPARK_DRIVER_PYTHON: sparkPython(),
    JAVA_HOME: javaHome(),
    TZ: "UTC",
  };
}

function javaHome(): string {
  const set = process.env["JAVA_HOME"];
  if (set !== undefined && existsSync(join(set, "bin/java"))) return set;
  const java = onPath("java");
  if (java === undefined) throw new Error("Java 17 is not installed");
  return join(command("readlink", ["-f", java]).trim(), "../..");
}

export interface SparkConnect {
  /** `sc://127.0.0.1:PORT`, as `SparkSession.builder.remote` wants it. */
  readonly url: string;
  readonly pid: number;
  /** The server's log file, gone after `stop`. */
  readonly log: string;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/**
 * Starts a Spark Connect server with two cores on a free port: time zone UTC, Kafka connector loaded, warehouse and
 * metastore in a temporary folder that `stop` removes. Ready after 5 to 15 s.
 *
 * @example
 * const spark = await startSparkConnect();
 * // SparkSession.builder.remote(spark.url)
 * await spark.stop();
 */
export async function startSparkConnect(options: { conf?: Record<string, string> } = {}): Promise<SparkConnect> {
  const dir = mkdtempSync(join(tmpdir(), "sluice-spark-"));
  const [port] = (await freePorts(1)) as [number];
  const log = join(dir, "spark.log");
  mkdirSync(join(dir, "tmp"));
  const conf: Record<string, string> = {
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.connect.grpc.binding.port": String(port),
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.warehouse.dir": join(dir, "warehouse"),
    "spark.local.dir": join(dir, "tmp"),
    "spark.driver.extraJavaOptions": `-Dderby.system.home=${dir} -Djava.io.tmpdir=${join(dir, "tmp")} -Duser.timezone=UTC`,
    "spark.jars": sparkKafkaJars(),
    ...options.conf,
  };
  writeFileSync(
    join(dir, "spark.conf"),
    Object.entries(conf)
      .map(([key, value]) => `${key} ${value}\n`)
      .join(""),
  );
  const connect = ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"];
  const server = startServer(
    join(sparkHome(), "bin/spark-submit"),
    ["--master", "local[2]", "--driver-memory", "1g", "--properties-file", join(dir, "spark.conf"), ...connect],
    { cwd: dir, log, env: sparkEnvironment() },
  );
  const cleanUp = (): void => rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  process.once("exit", cleanUp);
  await untilReady("Spark Connect", server, log, () => accepts(port));
  const end = async (how: "stop" | "kill"): Promise<void> => {
    await server[how]();
    cleanUp();
    process.removeListener("exit", cleanUp);
  };
  return { url: `sc://127.0.0.1:${port}`, pid: server.pid, log, stop: () => end("stop"), kill: () => end("kill") };
}

await runAsProgram(import.meta.url, spark);
