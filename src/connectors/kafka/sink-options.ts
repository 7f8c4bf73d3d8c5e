/** The options of a write to Kafka. */
import { SluiceError } from "../../errors/error.ts";
import type { Logger, OptionSpec, Options } from "../contract.ts";
import { booleanOption, choiceOption, invalidOption } from "../options.ts";
import type { CompressionName } from "./batch-builder.ts";
import { type ClientSettings, clientSettings, KAFKA_PREFIX_SPEC, numberSetting } from "./client-options.ts";
import type { PartitionerName } from "./partitioner.ts";

export const kafkaSinkOptions: readonly OptionSpec[] = [
  { name: "topic", doc: "Topic of all rows; wins over the column topic." },
  { name: "includeHeaders", doc: "Taken for compatibility; a column headers is always written.", default: "false" },
  {
    name: "delivery",
    doc: "exactly-once (one transaction a batch) or at-least-once.",
    default: "exactly-once, where the broker has transactions",
  },
  KAFKA_PREFIX_SPEC,
];

export type Delivery = "exactly-once" | "at-least-once";

export interface KafkaSinkOptions {
  readonly client: ClientSettings;
  readonly topic: string | undefined;
  /** Undefined: exactly-once where the broker can. */
  readonly delivery: Delivery | undefined;
  readonly acks: -1 | 1;
  readonly compression: CompressionName;
  readonly partitioner: PartitionerName;
  readonly transactionTimeoutMs: number;
  /** Bytes of a partition at which they are sent. */
  readonly batchBytes: number;
  /** A record beyond this is refused. */
  readonly recordBytesMax: number;
  /** Replaces the id made of the query's. */
  readonly transactionalId: string | undefined;
}

const OWN_CLIENT_SETTINGS = [
  "acks",
  "enable.idempotence",
  "compression.type",
  "partitioner.class",
  "transaction.timeout.ms",
  "transactional.id",
  "batch.size",
  "max.request.size",
  "delivery.timeout.ms",
];

const REFUSED: Readonly<Record<string, string>> = {
  "kafka.key.serializer": "keys are written as bytes; give the column key as STRING or BINARY.",
  "kafka.value.serializer": "values are written as bytes; give the column value as STRING or BINARY, e.g. by to_json.",
  "kafka.interceptor.classes": "Java classes can't be loaded here.",
};

const COMPRESSIONS: readonly CompressionName[] = ["none", "gzip", "snappy", "lz4", "zstd"];
const PARTITIONERS: Readonly<Record<string, PartitionerName>> = {
  DefaultPartitioner: "default",
  RoundRobinPartitioner: "roundRobin",
  UniformStickyPartitioner: "uniformSticky",
};
const BATCH_BYTES = 512 << 10;

/** @throws MISSING_OPTION, UNKNOWN_OPTION, INVALID_OPTION_VALUE, KAFKA_OPTION_NOT_SUPPORTED */
export function kafkaSinkSettings(options: Options, log: Logger): KafkaSinkOptions {
  for (const name of options.keys()) {
    const hint = REFUSED[name.toLowerCase()];
    if (hint !== undefined) throw new SluiceError("KAFKA_OPTION_NOT_SUPPORTED", { option: name, hint });
  }
  const client = clientSettings(options, OWN_CLIENT_SETTINGS, log);
  const { all } = client;
  booleanOption("kafka", options, "includeHeaders", false);
  const topic = options.get("topic");
  if (topic !== undefined && topic.trim() === "") throw invalidOption("kafka", "topic", topic, "it is empty");
  const delivery = options.has("delivery")
    ? choiceOption<Delivery>("kafka", options, "delivery", ["exactly-once", "at-least-once"], "exactly-once")
    : undefined;
  const compression = (all.get("compression.type") ?? "none").toLowerCase() as CompressionName;
  if (!COMPRESSIONS.includes(compression)) {
    throw invalidOption("kafka", "kafka.compression.type", compression, `it must be one of ${COMPRESSIONS.join(", ")}`);
  }
  const acks = acksOf(all.get("acks"));
  if (acks === 1 && delivery === "exactly-once") {
    throw invalidOption("kafka", "kafka.acks", "1", "exactly-once needs acks=all");
  }
  return {
    client,
    topic,
    delivery: acks === 1 ? "at-least-once" : delivery,
    acks,
    compression,
    partitioner: partitionerOf(all.get("partitioner.class")),
    transactionTimeoutMs: numberSetting(all, "transaction.timeout.ms", 300_000),
    batchBytes: Math.max(numberSetting(all, "batch.size", BATCH_BYTES), 16 << 10),
    recordBytesMax: numberSetting(all, "max.request.size", 1 << 20),
    transactionalId: all.get("transactional.id"),
  };
}

function acksOf(text: string | undefined): -1 | 1 {
  if (text === undefined || text === "all" || text === "-1") return -1;
  if (text === "1") return 1;
  throw invalidOption("kafka", "kafka.acks", text, "it must be all or 1: with 0 losses would go unnoticed");
}

function partitionerOf(className: string | undefined): PartitionerName {
  if (className === undefined) return "default";
  const found = PARTITIONERS[className.slice(className.lastIndexOf(".") + 1)];
  if (found !== undefined) return found;
  throw invalidOption(
    "kafka",
    "kafka.partitioner.class",
    className,
    `Java classes can't be loaded here; known are ${Object.keys(PARTITIONERS).join(", ")}`,
  );
}
