import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { Admin, Producer, stringSerializers } from "@platformatic/kafka";
import { SparkSession } from "../../index.ts";
import { type Command, UsageError } from "../main.ts";
import { stopSignal } from "../serve.ts";

const options = {
  broker: { type: "string", default: "127.0.0.1:9092" },
  partitions: { type: "string", default: "1" },
  replicas: { type: "string", default: "1" },
  config: { type: "string", multiple: true, default: [] as string[] },
  "key-delimiter": { type: "string" },
  "from-beginning": { type: "boolean", default: false },
  follow: { type: "boolean", default: false },
  max: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

type Values = ReturnType<typeof parse>["values"];

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], allowPositionals: true, options });
}

const actions: Record<string, (values: Values, topic: string | undefined) => Promise<void>> = {
  list,
  create,
  describe,
  delete: remove,
  produce,
  consume,
};

export const topic: Command = {
  summary: "lists, creates, describes, deletes topics; produces to and consumes from them",
  usage: `Usage: sluice topic ACTION [TOPIC] [--broker HOST:PORT] …

  list                            names, one a line
  create TOPIC [--partitions N] [--replicas N] [--config key=value]…
  describe TOPIC                  partitions with their offsets
  delete TOPIC
  produce TOPIC [--key-delimiter D]
                                  one message for each line of stdin; with a delimiter, key and value
  consume TOPIC [--from-beginning] [--follow] [--max N] [--json]
                                  values, one a line; --json adds key, partition, offset and timestamp.
                                  Ends at the end of the topic unless --follow is given

  --broker HOST:PORT              default 127.0.0.1:9092`,
  async run(args) {
    const { values, positionals } = parse(args);
    const [action, name] = positionals;
    if (action === undefined || !Object.hasOwn(actions, action)) {
      throw new UsageError(`say what to do: ${Object.keys(actions).join(", ")}`);
    }
    await (actions[action] as (values: Values, topic: string | undefined) => Promise<void>)(values, name);
    return 0;
  },
};

function named(topic: string | undefined): string {
  if (topic === undefined) throw new UsageError("which topic?");
  return topic;
}

function positive(name: string, text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new UsageError(`--${name} ${text}: a whole number from 1`);
  return n;
}

async function withAdmin<T>(values: Values, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ clientId: "sluice", bootstrapBrokers: [values.broker], retries: 2 });
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}

async function list(values: Values): Promise<void> {
  const topics = await withAdmin(values, (admin) => admin.listTopics());
  for (const name of topics.sort()) process.stdout.write(`${name}\n`);
}

async function create(values: Values, topic: string | undefined): Promise<void> {
  const configs = values.config.map((pair) => {
    const at = pair.indexOf("=");
    if (at < 1) throw new UsageError(`--config ${pair}: write key=value`);
    return { name: pair.slice(0, at), value: pair.slice(at + 1) };
  });
  await withAdmin(values, (admin) =>
    admin.createTopics({
      topics: [named(topic)],
      partitions: positive("partitions", values.partitions),
      replicas: positive("replicas", values.replicas),
      configs,
    }),
  );
  process.stderr.write(`created ${topic}\n`);
}

async function describe(values: Values, topic: string | undefined): Promise<void> {
  const name = named(topic);
  await withAdmin(values, async (admin) => {
    const metadata = await admin.metadata({ topics: [name], autocreateTopics: false });
    const count = metadata.topics.get(name)?.partitionsCount ?? 0;
    const at = async (timestamp: bigint) => {
      const partitions = Array.from({ length: count }, (_, partitionIndex) => ({ partitionIndex, timestamp }));
      const listed = await admin.listOffsets({ topics: [{ name, partitions }] });
      return new Map(listed[0]?.partitions.map((p) => [p.partitionIndex, p.offset]));
    };
    const [first, last] = [await at(-2n), await at(-1n)];
    process.stdout.write("partition\tstart\tend\tmessages\n");
    for (let p = 0; p < count; p++) {
      const from = first.get(p) ?? 0n;
      const to = last.get(p) ?? 0n;
      process.stdout.write(`${p}\t${from}\t${to}\t${to - from}\n`);
    }
  });
}

async function remove(values: Values, topic: string | undefined): Promise<void> {
  await withAdmin(values, (admin) => admin.deleteTopics({ topics: [named(topic)] }));
  process.stderr.write(`deleted ${topic}\n`);
}

const LINES_AT_ONCE = 1000;

async function produce(values: Values, topic: string | undefined): Promise<void> {
  const name = named(topic);
  const delimiter = values["key-delimiter"];
  const producer = new Producer({
    clientId: "sluice",
    bootstrapBrokers: [values.broker],
    serializers: stringSerializers,
    autocreateTopics: true,
    retries: 2,
  });
  try {
    let lines: string[] = [];
    const send = async () => {
      const messages = lines.map((line) => {
        const at = delimiter === undefined ? -1 : line.indexOf(delimiter);
        return at < 0
          ? { topic: name, value: line }
          : { topic: name, key: line.slice(0, at), value: line.slice(at + (delimiter as string).length) };
      });
      lines = [];
      if (messages.length > 0) await producer.send({ messages, acks: -1 });
    };
    for await (const line of createInterface({ input: process.stdin })) {
      lines.push(line);
      if (lines.length === LINES_AT_ONCE) await send();
    }
    await send();
  } finally {
    await producer.close();
  }
}

async function consume(values: Values, topic: string | undefined): Promise<void> {
  const name = named(topic);
  let left = values.max === undefined ? Number.POSITIVE_INFINITY : positive("max", values.max);
  const spark = SparkSession.builder.appName("sluice topic consume").getOrCreate();
  const stop = stopSignal();
  const columns = ["CAST(key AS STRING) AS key", "CAST(value AS STRING) AS value", "partition", "offset", "timestamp"];
  try {
    const query = await spark.readStream
      .format("kafka")
      .option("kafka.bootstrap.servers", values.broker)
      .option("subscribe", name)
      .option("startingOffsets", values["from-beginning"] || !values.follow ? "earliest" : "latest")
      .load()
      .selectExpr(...columns)
      .writeStream.queryName(`consume ${name}`)
      .trigger(values.follow ? { processingTime: "0 seconds" } : { availableNow: true })
      .foreachBatch(async (df) => {
        for await (const row of df.toLocalIterator()) {
          if (left-- <= 0) return;
          process.stdout.write(`${values.json ? JSON.stringify(row) : (row.get("value") ?? "")}\n`);
        }
      })
      .start();
    const enough = async () => {
      while (left > 0 && !(await query.awaitTermination(50)));
      await query.stop();
    };
    await Promise.race([enough(), stop.then(() => query.stop())]);
  } finally {
    await spark.stop();
  }
}
