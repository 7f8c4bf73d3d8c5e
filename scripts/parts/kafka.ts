// Apache Kafka 4.3.1: the broker and its Java tools.
// `node scripts/parts/kafka.ts` brings it; `startKafka()` starts one node, or three, on free ports.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command, isComplete, javaMissing, mavenJars, once, type Part, partDir, runAsProgram } from "./part.ts";
import { accepts, freePorts, type Server, startServer, untilReady } from "./process.ts";

const version = "4.3.1";
const folder = `kafka-${version}`;

export const kafka: Part = {
  name: "kafka",
  command: "node scripts/parts/kafka.ts",
  available: () => javaMissing() ?? (isComplete(folder) ? undefined : `Apache Kafka ${version} is not installed`),
  install: () =>
    once(folder, (dir) =>
      mavenJars(dir, [
        `org.apache.kafka:kafka_2.13:${version}`,
        `org.apache.kafka:kafka-tools:${version}`,
        "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
        "org.apache.logging.log4j:log4j-core:2.25.4",
      ]),
    ),
};

const classPath = (): string => join(partDir(folder), "jars/*");

/** Runs one of Kafka's Java tools to its end and gives its stdout, e.g. `kafkaTool("org.apache.kafka.tools.TopicCommand", "--list", …)`. */
export function kafkaTool(mainClass: string, ...args: string[]): string {
  return command("java", ["-Xmx256m", "-cp", classPath(), mainClass, ...args]);
}

/** How to start one of Kafka's Java tools as a process of one's own. */
export function kafkaToolCommand(mainClass: string, ...args: string[]): [program: string, ...args: string[]] {
  return ["java", "-Xmx256m", "-cp", classPath(), mainClass, ...args];
}

export interface KafkaOptions {
  /** Nodes of the cluster, each broker and controller at once. 1 unless told. */
  nodes?: 1 | 3;
  /** Keeps data here, also after `stop`: starting again with the same folder and ports continues. A temporary folder unless told. */
  dataDir?: string;
  /** The broker's ports, one a node; free ones unless told. */
  ports?: readonly number[];
  /** More lines for server.properties; they win over the ones set here. */
  properties?: Record<string, string>;
  /** Levels of Kafka's features at the start, e.g. `{ "transaction.version": 1 }`; the newest unless told. */
  features?: Readonly<Record<string, number>>;
  /** More options for Java, e.g. `-Xms1g`; they win over the ones set here. */
  java?: readonly string[];
  /** Clients must say who they are (SASL_PLAINTEXT). PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 are all switched on. */
  sasl?: { username: string; password: string };
}

export interface Kafka {
  /** `127.0.0.1:PORT`, with a comma between nodes. */
  readonly bootstrapServers: string;
  readonly ports: readonly number[];
  /** The process of the first node. */
  readonly pid: number;
  /** Every node's process, to stop or kill one alone. */
  readonly nodes: readonly Server[];
  readonly dataDir: string;
  /** Starts a node, counted from 0, again after it was stopped or killed; resolves when it takes connections. */
  restart(node: number): Promise<void>;
  /** Stops every node in an orderly way; removes the data unless `dataDir` was given. */
  stop(): Promise<void>;
  /** Kills every node at once; keeps nothing but a `dataDir` that was given. */
  kill(): Promise<void>;
}

/**
 * Starts Apache Kafka in KRaft mode on 127.0.0.1. Nothing is ever deleted by age, and consumer groups start without
 * delay. Ready after about 4 s.
 *
 * @example
 * const kafka = await startKafka();
 * kafkaTool("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", kafka.bootstrapServers, "--list");
 * await kafka.stop();
 */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const count = options.nodes ?? 1;
  const free = await freePorts(2 * count);
  const ports = options.ports ?? free.slice(0, count);
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "sluice-kafka-"));
  const cluster: Cluster = { ports, controllerPorts: free.slice(count), dataDir, options };
  const nodes: Server[] = [];
  const cleanUp = (): void => {
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  };
  process.once("exit", cleanUp);
  const end = async (how: "stop" | "kill"): Promise<void> => {
    await Promise.all(nodes.map((node) => node[how]()));
    cleanUp();
    process.removeListener("exit", cleanUp);
  };
  const ready = (i: number): Promise<void> =>
    untilReady(`Kafka node ${i + 1}`, nodes[i] as Server, logFile(cluster, i + 1), () => accepts(ports[i] as number));
  try {
    // All of them first: a node doesn't wait long for the others.
    for (let node = 1; node <= count; node++) prepareNode(cluster, node);
    for (let node = 1; node <= count; node++) nodes.push(startNode(cluster, node));
    await Promise.all(nodes.map((_, i) => ready(i)));
  } catch (error) {
    await end("kill");
    throw error;
  }
  return {
    bootstrapServers: ports.map((port) => `127.0.0.1:${port}`).join(","),
    ports,
    pid: (nodes[0] as Server).pid,
    nodes,
    dataDir,
    restart: async (node) => {
      nodes[node] = startNode(cluster, node + 1);
      await ready(node);
    },
    stop: () => end("stop"),
    kill: () => end("kill"),
  };
}

/**
 * What Kafka's documentation gives as typical arguments of a broker (kafka.apache.org, operations, Java version). With the 1 GiB of
 * `kafka-server-start.sh` the young generation is so small that a busy broker stops about once a second. And the heap's memory is
 * there from the start, as it is in a broker that has run for long: the first touch of a page can take 10 µs in a virtual machine.
 */
export const kafkaServerJava: readonly string[] = [
  "-Xmx6g",
  "-Xms6g",
  "-XX:MetaspaceSize=96m",
  "-XX:+UseG1GC",
  "-XX:MaxGCPauseMillis=20",
  "-XX:InitiatingHeapOccupancyPercent=35",
  "-XX:G1HeapRegionSize=16M",
  "-XX:MinMetaspaceFreeRatio=50",
  "-XX:MaxMetaspaceFreeRatio=80",
  "-XX:+ExplicitGCInvokesConcurrent",
  "-XX:+AlwaysPreTouch",
];

interface Cluster {
  ports: readonly number[];
  controllerPorts: readonly number[];
  dataDir: string;
  options: KafkaOptions;
}

const nodeDir = (cluster: Cluster, node: number): string => join(cluster.dataDir, `node-${node}`);
const logFile = (cluster: Cluster, node: number): string => join(nodeDir(cluster, node), "server.log");

const propertiesFile = (cluster: Cluster, node: number): string => join(nodeDir(cluster, node), "server.properties");

function prepareNode(cluster: Cluster, node: number): void {
  const dir = nodeDir(cluster, node);
  mkdirSync(dir, { recursive: true });
  const properties = propertiesFile(cluster, node);
  writeFileSync(properties, propertiesText(nodeProperties(cluster, node)));
  writeFileSync(join(dir, "log4j2.properties"), log4j);
  format(cluster, properties);
}

function startNode(cluster: Cluster, node: number): Server {
  const dir = nodeDir(cluster, node);
  const log4jFile = `-Dlog4j2.configurationFile=${join(dir, "log4j2.properties")}`;
  const java = ["-Xmx1g", ...(cluster.options.java ?? []), log4jFile, "-cp", classPath()];
  return startServer("java", [...java, "kafka.Kafka", propertiesFile(cluster, node)], {
    cwd: dir,
    log: logFile(cluster, node),
  });
}

function format(cluster: Cluster, properties: string): void {
  const { sasl } = cluster.options;
  const users = sasl
    ? ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((m) => [
        "--add-scram",
        `${m}=[name=${sasl.username},password=${sasl.password}]`,
      ])
    : [];
  const features = Object.entries(cluster.options.features ?? {}).flatMap(([name, level]) => [
    "--feature",
    `${name}=${level}`,
  ]);
  // The same id in every node, and in a folder that is started again.
  const id = ["-t", "MkU3OEVBNTcwNTJENDM2Qk", "--ignore-formatted"];
  kafkaTool("kafka.tools.StorageTool", "format", ...id, "-c", properties, ...features, ...users);
}

function nodeProperties(cluster: Cluster, node: number): Record<string, string> {
  const { ports, controllerPorts, options } = cluster;
  const copies = String(ports.length);
  const port = ports[node - 1] as number;
  const protocol = options.sasl ? "SASL_PLAINTEXT" : "PLAINTEXT";
  return {
    "process.roles": "broker,controller",
    "node.id": String(node),
    "controller.quorum.voters": controllerPorts.map((p, i) => `${i + 1}@127.0.0.1:${p}`).join(","),
    "controller.listener.names": "CONTROLLER",
    listeners: `CLIENTS://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPorts[node - 1]}`,
    "advertised.listeners": `CLIENTS://127.0.0.1:${port}`,
    "listener.security.protocol.map": `CLIENTS:${protocol},CONTROLLER:PLAINTEXT`,
    "inter.broker.listener.name": "CLIENTS",
    "log.dirs": join(nodeDir(cluster, node), "data"),
    "log.retention.ms": "-1",
    "default.replication.factor": copies,
    "offsets.topic.replication.factor": copies,
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": copies,
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": copies,
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "4",
    "min.insync.replicas": "1",
    "group.initial.rebalance.delay.ms": "0",
    ...(options.sasl ? saslProperties(options.sasl) : {}),
    ...options.properties,
  };
}

function saslProperties(user: { username: string; password: string }): Record<string, string> {
  const listener = "listener.name.clients";
  const login = `username="${user.username}" password="${user.password}"`;
  const scram = `org.apache.kafka.common.security.scram.ScramLoginModule required ${login};`;
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required ${login} user_${user.username}="${user.password}";`;
  return {
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    "sasl.mechanism.inter.broker.protocol": "PLAIN",
    [`${listener}.plain.sasl.jaas.config`]: plain,
    [`${listener}.scram-sha-256.sasl.jaas.config`]: scram,
    [`${listener}.scram-sha-512.sasl.jaas.config`]: scram,
  };
}

function propertiesText(properties: Record<string, string>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n`)
    .join("");
}

const log4j = `rootLogger.level=INFO
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %-5p %c{1} %m%n
`;

await runAsProgram(import.meta.url, kafka);
