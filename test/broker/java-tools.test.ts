import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { kafkaToolCommand } from "../../scripts/parts/kafka.ts";
import { requireParts } from "../support/parts.ts";
import { startBroker, temporaryDirectory } from "./fixtures/brokers.ts";
import { RawClient } from "./fixtures/raw-client.ts";
import { RawProducer } from "./fixtures/raw-producer.ts";

const parts = requireParts("kafka");
const TOOLS = "org.apache.kafka.tools";

/** Runs one of Kafka's tools with `input`; gives what it wrote, and fails with what it complained of. */
function tool(mainClass: string, args: readonly string[], input = ""): Promise<string> {
  const [program, ...rest] = kafkaToolCommand(mainClass, ...args);
  return new Promise((resolve, reject) => {
    const child = execFile(program, rest, { maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${mainClass}: ${stdout}\n${stderr}`)),
    );
    child.stdin!.end(input);
  });
}

async function setUp(t: TestContext) {
  const broker = await startBroker(t, { dataDir: temporaryDirectory(t) });
  return { broker, at: ["--bootstrap-server", broker.bootstrapServers] };
}

test("kafka-topics creates, lists, describes, widens and deletes", parts.options, async (t) => {
  const { broker, at } = await setUp(t);
  const topics = (...args: string[]) => tool(`${TOOLS}.TopicCommand`, [...at, ...args]);
  await topics("--create", "--topic", "java", "--partitions", "3", "--config", "retention.ms=100000");
  assert.equal((await topics("--list")).trim(), "java");
  await topics("--alter", "--topic", "java", "--partitions", "5");
  const described = await topics("--describe", "--topic", "java");
  assert.match(described, /PartitionCount: 5\s+ReplicationFactor: 1\s+Configs: retention\.ms=100000/);
  assert.match(described, /Partition: 4\s+Leader: 1\s+Replicas: 1\s+Isr: 1/);
  await assert.rejects(topics("--create", "--topic", "java"), /already exists/);
  await topics("--delete", "--topic", "java");
  assert.deepEqual(broker.listTopics(), []);
});

test("the console producer and consumer, and kafka-consumer-groups", parts.options, async (t) => {
  const { broker, at } = await setUp(t);
  broker.createTopic("lines");
  const lines = Array.from({ length: 2000 }, (_, i) => `line ${i}\n`).join("");
  await tool(`${TOOLS}.ConsoleProducer`, [...at, "--topic", "lines", "--compression-codec", "zstd"], lines);
  const reading = [...at, "--topic", "lines", "--from-beginning", "--group", "console", "--max-messages", "2000"];
  assert.equal(await tool(`${TOOLS}.consumer.ConsoleConsumer`, reading), lines);
  const groups = (...args: string[]) => tool(`${TOOLS}.consumer.group.ConsumerGroupCommand`, [...at, ...args]);
  assert.match(await groups("--describe", "--group", "console"), /console\s+lines\s+0\s+2000\s+2000\s+0/);
  await groups("--group", "console", "--topic", "lines", "--reset-offsets", "--to-offset", "500", "--execute");
  assert.match(await groups("--describe", "--group", "console"), /console\s+lines\s+0\s+500\s+2000\s+1500/);
  assert.match(await groups("--list", "--state"), /console\s+.*Empty/);
  await groups("--delete", "--group", "console");
  assert.doesNotMatch(await groups("--list"), /console/);
});

test(
  "consumers of the newer group protocol share partitions, and the tools show the group",
  parts.options,
  async (t) => {
    const { broker, at } = await setUp(t);
    broker.createTopic("newer", { partitions: 4 });
    const lines = Array.from({ length: 400 }, (_, i) => `${i}:line ${i}\n`).join("");
    const keys = ["--reader-property", "parse.key=true", "--reader-property", "key.separator=:"];
    await tool(`${TOOLS}.ConsoleProducer`, [...at, "--topic", "newer", ...keys], lines);
    const reading = [
      ...at,
      "--topic",
      "newer",
      "--from-beginning",
      "--group",
      "newer-readers",
      "--max-messages",
      "400",
    ];
    const settings = ["--command-property", "group.protocol=consumer"];
    const read = await tool(`${TOOLS}.consumer.ConsoleConsumer`, [...reading, ...settings]);
    assert.equal(new Set(read.trim().split("\n")).size, 400);
    const groups = (...args: string[]) => tool(`${TOOLS}.consumer.group.ConsumerGroupCommand`, [...at, ...args]);
    assert.match(await groups("--list", "--type"), /newer-readers\s+Consumer/);
    const lags = [
      ...(await groups("--describe", "--group", "newer-readers")).matchAll(/newer\s+\d\s+(\d+)\s+(\d+)\s+0\s/g),
    ];
    assert.equal(lags.length, 4);
  },
);

test(
  "kafka-transactions shows a transaction, kafka-get-offsets and kafka-log-dirs the log",
  parts.options,
  async (t) => {
    const { broker, at } = await setUp(t);
    broker.createTopic("watched");
    const producer = new RawProducer(await RawClient.connect(t, broker.bootstrapServers), "watched-writer");
    await producer.init();
    await producer.add("watched", 0);
    await producer.write("watched", 0, "a", "b");
    const transactions = (...args: string[]) => tool(`${TOOLS}.TransactionsCommand`, [...at, ...args]);
    assert.match(await transactions("list"), /watched-writer\s+1\s+\d+\s+Ongoing/);
    assert.match(await transactions("describe", "--transactional-id", "watched-writer"), /watched-0/);
    await producer.end(true);
    assert.match(await tool(`${TOOLS}.GetOffsetShell`, [...at, "--topic", "watched"]), /^watched:0:3$/m);
    const { sizeBytes } = broker.describeTopic("watched")!;
    const dirs = await tool(`${TOOLS}.LogDirsCommand`, [...at, "--describe", "--topic-list", "watched"]);
    assert.match(dirs, new RegExp(`"partition":"watched-0","size":${sizeBytes},`));
  },
);

test("kafka-configs alters a topic's settings and says them again", parts.options, async (t) => {
  const { broker, at } = await setUp(t);
  broker.createTopic("tuned");
  const configs = (...args: string[]) => tool("kafka.admin.ConfigCommand", [...at, "--entity-type", "topics", ...args]);
  await configs("--entity-name", "tuned", "--alter", "--add-config", "retention.ms=123456,max.message.bytes=2000");
  const described = await configs("--entity-name", "tuned", "--describe");
  assert.match(described, /retention\.ms=123456/);
  assert.match(described, /max\.message\.bytes=2000/);
  await configs("--entity-name", "tuned", "--alter", "--delete-config", "retention.ms");
  assert.deepEqual(broker.describeTopic("tuned")!.configs, { "max.message.bytes": "2000" });
  assert.match(await configs("--entity-name", "tuned", "--describe", "--all"), /segment\.bytes=/);
  await assert.rejects(configs("--entity-name", "tuned", "--alter", "--add-config", "retention.ms=soon"));
});

test("VerifiableProducer and VerifiableConsumer agree", parts.options, async (t) => {
  const { broker, at } = await setUp(t);
  broker.createTopic("verified", { partitions: 3 });
  const produced = await tool(`${TOOLS}.VerifiableProducer`, [
    ...at,
    "--topic",
    "verified",
    "--max-messages",
    "5000",
    "--acks",
    "-1",
  ]);
  assert.match(produced, /"sent":5000,"acked":5000/);
  const consumed = await tool(`${TOOLS}.VerifiableConsumer`, [
    ...at,
    ...["--topic", "verified", "--group-id", "verifiers", "--max-messages", "5000", "--reset-policy", "earliest"],
  ]);
  const counts = [
    ...consumed.matchAll(/"name":"records_consumed".*?"count":(\d+)|"count":(\d+).*?"name":"records_consumed"/g),
  ];
  assert.equal(
    counts.reduce((sum, [, a, b]) => sum + Number(a ?? b), 0),
    5000,
  );
});

test("TransactionalMessageCopier copies each message once, though it is killed", parts.options, async (t) => {
  const { broker, at } = await setUp(t);
  broker.createTopic("original");
  broker.createTopic("copy");
  const count = 20_000;
  await tool(`${TOOLS}.VerifiableProducer`, [...at, "--topic", "original", "--max-messages", String(count)]);
  const copier = () => {
    const [program, ...args] = kafkaToolCommand(
      `${TOOLS}.TransactionalMessageCopier`,
      ...["--broker-list", broker.bootstrapServers, "--transactional-id", "copier", "--consumer-group", "copiers"],
      ...["--input-topic", "original", "--input-partition", "0", "--output-topic", "copy"],
      ...["--transaction-size", "750", "--enable-random-aborts", "--group-mode"],
    );
    return spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  };
  for (let kills = 0; kills < 2; kills++) {
    const child = copier();
    let seen = 0;
    for await (const _ of child.stdout) if (++seen === 4) break;
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  const last = copier();
  for await (const chunk of last.stdout) {
    if (/"remaining":"?0"?[,}]/.test(String(chunk))) break;
  }
  last.kill("SIGTERM");
  if (last.exitCode === null && last.signalCode === null) await once(last, "exit");
  const values = await tool(`${TOOLS}.consumer.ConsoleConsumer`, [
    ...at,
    ...["--topic", "copy", "--from-beginning", "--isolation-level", "read_committed", "--timeout-ms", "5000"],
  ]);
  // The tool also says on stdout that its time is over.
  const copied = values.split("\n").filter((line) => /^\d+$/.test(line));
  assert.equal(copied.length, count);
  assert.equal(new Set(copied).size, count);
});
