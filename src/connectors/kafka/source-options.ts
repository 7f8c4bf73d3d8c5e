/** The options of a read from Kafka, with Spark's names, defaults and refusals. */
import { SluiceError } from "../../errors/error.ts";
import type { Logger, OptionSpec, Options } from "../contract.ts";
import { booleanOption, choiceOption, integerOption, invalidOption } from "../options.ts";
import { type ClientSettings, clientSettings, KAFKA_PREFIX_SPEC, numberSetting } from "./client-options.ts";
import { type PartitionMap, parsePartitions, type TopicPartition, tryParseOffsets } from "./offsets.ts";

export const kafkaSourceOptions: readonly OptionSpec[] = [
  { name: "subscribe", doc: "Topics, separated by commas." },
  { name: "subscribePattern", doc: "Regular expression that whole topic names match." },
  { name: "assign", doc: 'Partitions, as {"topic":[0,1]}.' },
  {
    name: "startingOffsets",
    doc: 'earliest, latest or {"topic":{"0":23,"1":-1}}; only for a new query. -2 is earliest, -1 latest.',
  },
  {
    name: "startingTimestamp",
    doc: "Milliseconds; the first records at or after it. Wins over the other starting options.",
  },
  { name: "startingOffsetsByTimestamp", doc: 'Milliseconds for each partition, as {"topic":{"0":1000}}.' },
  {
    name: "startingOffsetsByTimestampStrategy",
    doc: "error or latest: what to do where no record is that new.",
    default: "error",
  },
  { name: "endingOffsets", doc: 'latest or {"topic":{"0":50,"1":-1}}; batch queries only.', default: "latest" },
  { name: "endingTimestamp", doc: "Milliseconds; batch queries only." },
  { name: "endingOffsetsByTimestamp", doc: "Milliseconds for each partition; batch queries only." },
  { name: "failOnDataLoss", doc: "Whether a query fails when records it should read are gone.", default: "true" },
  { name: "maxOffsetsPerTrigger", doc: "Offsets in a batch, at most; split over the partitions by volume." },
  { name: "minOffsetsPerTrigger", doc: "Offsets in a batch, at least; a batch waits for them." },
  { name: "maxTriggerDelay", doc: "How long a batch waits for minOffsetsPerTrigger.", default: "15m" },
  { name: "includeHeaders", doc: "Adds the column headers.", default: "false" },
  { name: "minPartitions", doc: "Taken for compatibility; partitions aren't split here." },
  { name: "maxRecordsPerPartition", doc: "Taken for compatibility; partitions aren't split here." },
  {
    name: "groupIdPrefix",
    doc: "Taken for compatibility; reading needs no consumer group here.",
    default: "spark-kafka-source",
  },
  { name: "kafkaConsumer.pollTimeoutMs", doc: "How long records that must exist are waited for.", default: "120000" },
  {
    name: "fetchOffset.numRetries",
    doc: "Taken for compatibility; requests are tried again until the query stops.",
    default: "3",
  },
  { name: "fetchOffset.retryIntervalMs", doc: "Taken for compatibility; see kafka.retry.backoff.ms.", default: "10" },
  {
    name: "commitGroupOffsets",
    doc: "Whether committed batches' offsets are also committed to a consumer group, for lag tools.",
    default: "true",
  },
  { name: "consumerGroup", doc: "The group for that; default is kafka.group.id, else the query's name, else none." },
  {
    name: "badRecords",
    doc: "What becomes of records that from_json can't read: null (its result is null), fail, drop, or deadletter.",
    default: "null",
  },
  { name: "badRecordsTopic", doc: "Topic that deadletter writes to, exactly once." },
  { name: "lateRowsTopic", doc: "Topic that rows dropped by a watermark are written to, exactly once; default none." },
  KAFKA_PREFIX_SPEC,
];

/** Which topics and partitions are read. */
export type Subscription =
  | { readonly kind: "subscribe"; readonly topics: readonly string[] }
  | { readonly kind: "pattern"; readonly text: string; readonly pattern: RegExp }
  | { readonly kind: "assign"; readonly partitions: readonly TopicPartition[] };

/** Where a query starts, or a batch query ends. */
export type Limit =
  | { readonly kind: "earliest" }
  | { readonly kind: "latest" }
  | { readonly kind: "offsets"; readonly offsets: PartitionMap }
  | { readonly kind: "timestamp"; readonly ms: number }
  | { readonly kind: "timestamps"; readonly times: PartitionMap };

export interface KafkaSourceOptions {
  readonly client: ClientSettings;
  readonly subscription: Subscription;
  readonly starting: Limit;
  readonly ending: Limit;
  readonly latestWhenNoMatch: boolean;
  readonly failOnDataLoss: boolean;
  readonly maxOffsetsPerTrigger: number | undefined;
  readonly minOffsetsPerTrigger: number | undefined;
  readonly maxTriggerDelayMs: number;
  readonly includeHeaders: boolean;
  readonly pollTimeoutMs: number;
  readonly readCommitted: boolean;
  readonly fetchMaxWaitMs: number;
  readonly fetchMinBytes: number;
  readonly fetchMaxBytes: number;
  readonly partitionMaxBytes: number;
  /** Whether committed offsets are told to a consumer group, and to which; without one, to the query's name. */
  readonly commitsOffsets: boolean;
  readonly consumerGroup: string | undefined;
  readonly badRecords: "null" | "fail" | "drop" | "deadletter";
  readonly badRecordsTopic: string | undefined;
  readonly lateRowsTopic: string | undefined;
}

const OWN_CLIENT_SETTINGS = [
  "isolation.level",
  "group.id",
  "fetch.min.bytes",
  "fetch.max.bytes",
  "fetch.max.wait.ms",
  "max.partition.fetch.bytes",
];

const REFUSED: Readonly<Record<string, string>> = {
  "kafka.auto.offset.reset": "set startingOffsets to earliest or latest instead. Offsets are kept by the query itself.",
  "kafka.key.deserializer": "keys are read as bytes; convert them with expressions such as CAST(key AS STRING).",
  "kafka.value.deserializer": "values are read as bytes; convert them with CAST(value AS STRING) or from_json.",
  "kafka.enable.auto.commit": "the query commits its offsets itself; see commitGroupOffsets.",
  "kafka.interceptor.classes": "Java classes can't be loaded here.",
};

/**
 * @throws MISSING_OPTION, UNKNOWN_OPTION, INVALID_OPTION_VALUE, KAFKA_OPTION_NOT_SUPPORTED, KAFKA_SUBSCRIPTION_INVALID
 */
export function kafkaSourceSettings(options: Options, streaming: boolean, log: Logger): KafkaSourceOptions {
  for (const name of options.keys()) {
    const hint = REFUSED[name.toLowerCase()];
    if (hint !== undefined) throw new SluiceError("KAFKA_OPTION_NOT_SUPPORTED", { option: name, hint });
  }
  const client = clientSettings(options, OWN_CLIENT_SETTINGS, log);
  const { all } = client;
  const count = (name: string): number | undefined => integerOption("kafka", options, name, undefined);
  count("minPartitions");
  count("maxRecordsPerPartition");
  const most = count("maxOffsetsPerTrigger");
  const least = count("minOffsetsPerTrigger");
  if (most !== undefined && least !== undefined && least > most) {
    const reason = `it is higher than maxOffsetsPerTrigger, ${most}`;
    throw invalidOption("kafka", "minOffsetsPerTrigger", String(least), reason);
  }
  const subscription = subscriptionOf(options);
  if (!streaming) {
    refuse(options, ["badRecords", "badRecordsTopic", "lateRowsTopic"], "it is for streams; use readStream.");
  }
  if (streaming)
    refuse(options, ["endingOffsets", "endingTimestamp", "endingOffsetsByTimestamp"], "a stream has no end.");
  if (all.has("group.id")) {
    log.warn(
      "kafka.group.id is used to commit offsets for lag tools only; reading needs no group. Give each query its own.",
    );
  }
  const isolation = (all.get("isolation.level") ?? "read_uncommitted").toLowerCase();
  if (isolation !== "read_uncommitted" && isolation !== "read_committed") {
    throw invalidOption("kafka", "kafka.isolation.level", isolation, "it must be read_uncommitted or read_committed");
  }
  return {
    client,
    subscription,
    starting: startingLimit(options, streaming),
    ending: endingLimit(options),
    latestWhenNoMatch:
      choiceOption("kafka", options, "startingOffsetsByTimestampStrategy", ["error", "latest"], "error") === "latest",
    failOnDataLoss: booleanOption("kafka", options, "failOnDataLoss", true),
    maxOffsetsPerTrigger: most,
    minOffsetsPerTrigger: least,
    maxTriggerDelayMs: duration("maxTriggerDelay", options.get("maxTriggerDelay") ?? "15m"),
    includeHeaders: booleanOption("kafka", options, "includeHeaders", false),
    pollTimeoutMs: integerOption("kafka", options, "kafkaConsumer.pollTimeoutMs", 120_000),
    readCommitted: isolation === "read_committed",
    fetchMaxWaitMs: Math.min(numberSetting(all, "fetch.max.wait.ms", 500), client.requestTimeoutMs / 2),
    fetchMinBytes: numberSetting(all, "fetch.min.bytes", 1),
    fetchMaxBytes: numberSetting(all, "fetch.max.bytes", 16 << 20),
    partitionMaxBytes: numberSetting(all, "max.partition.fetch.bytes", 1 << 20),
    commitsOffsets: booleanOption("kafka", options, "commitGroupOffsets", true),
    consumerGroup: options.get("consumerGroup") ?? all.get("group.id"),
    ...badRecordsOf(options, subscription),
    lateRowsTopic: sideTopic(options, "lateRowsTopic", subscription),
  };
}

function badRecordsOf(
  options: Options,
  subscription: Subscription,
): Pick<KafkaSourceOptions, "badRecords" | "badRecordsTopic"> {
  const badRecords = choiceOption("kafka", options, "badRecords", ["null", "fail", "drop", "deadletter"], "null");
  const badRecordsTopic = sideTopic(options, "badRecordsTopic", subscription);
  if (badRecords === "deadletter" && badRecordsTopic === undefined) {
    const hint = "badRecords is deadletter: name the topic to write to.";
    throw new SluiceError("MISSING_OPTION", { provider: "kafka", option: "badRecordsTopic", hint });
  }
  if (badRecords !== "deadletter" && badRecordsTopic !== undefined) {
    throw invalidOption("kafka", "badRecordsTopic", badRecordsTopic, "it needs badRecords set to deadletter");
  }
  return { badRecords, badRecordsTopic };
}

/** A topic to write to. The query must not read what it writes there: one bad record would come round for ever. */
function sideTopic(options: Options, name: string, subscription: Subscription): string | undefined {
  const topic = options.get(name)?.trim();
  if (topic === undefined) return undefined;
  if (topic === "") throw invalidOption("kafka", name, topic, "it is empty");
  const isRead =
    subscription.kind === "subscribe"
      ? subscription.topics.includes(topic)
      : subscription.kind === "pattern"
        ? subscription.pattern.test(topic)
        : subscription.partitions.some((p) => p.topic === topic);
  if (isRead) throw invalidOption("kafka", name, topic, "the query reads this topic itself");
  return topic;
}

function refuse(options: Options, names: readonly string[], hint: string): void {
  for (const option of names) {
    if (options.has(option)) throw new SluiceError("KAFKA_OPTION_NOT_SUPPORTED", { option, hint });
  }
}

function subscriptionOf(options: Options): Subscription {
  const given = ["subscribe", "subscribePattern", "assign"].filter((name) => options.has(name));
  if (given.length !== 1) {
    const reason = given.length === 0 ? "none of them is given" : `${given.join(" and ")} are given`;
    throw new SluiceError("KAFKA_SUBSCRIPTION_INVALID", { reason });
  }
  const name = given[0] as string;
  const text = options.get(name) ?? "";
  if (name === "subscribe") {
    const topics = [
      ...new Set(
        text
          .split(",")
          .map((t) => t.trim())
          .filter((t) => t !== ""),
      ),
    ];
    if (topics.length === 0) throw invalidOption("kafka", name, text, "it names no topic");
    return { kind: "subscribe", topics };
  }
  if (name === "subscribePattern") {
    if (text.trim() === "") throw invalidOption("kafka", name, text, "it is empty");
    try {
      return { kind: "pattern", text, pattern: new RegExp(`^(?:${text})$`) };
    } catch (error) {
      throw invalidOption("kafka", name, text, (error as Error).message);
    }
  }
  const partitions = text.trim().startsWith("{") ? parsePartitions(text) : undefined;
  if (partitions === undefined || partitions.length === 0) {
    throw invalidOption("kafka", name, text, 'it must name partitions, e.g. {"topicA":[0,1],"topicB":[2,4]}');
  }
  return { kind: "assign", partitions };
}

function startingLimit(options: Options, streaming: boolean): Limit {
  const byTime = timeLimit(options, "startingTimestamp", "startingOffsetsByTimestamp");
  if (byTime !== undefined) return byTime;
  const name = "startingOffsets";
  const text = options.get(name)?.trim();
  const lower = text?.toLowerCase();
  if (text === undefined) return { kind: streaming ? "latest" : "earliest" };
  if (lower === "earliest") return { kind: "earliest" };
  if (lower === "latest") {
    if (!streaming) throw invalidOption("kafka", name, text, "a batch query can't start at latest");
    return { kind: "latest" };
  }
  return offsetsLimit(name, text, streaming ? undefined : { refused: -1, word: "latest" });
}

function endingLimit(options: Options): Limit {
  const byTime = timeLimit(options, "endingTimestamp", "endingOffsetsByTimestamp");
  if (byTime !== undefined) return byTime;
  const name = "endingOffsets";
  const text = options.get(name)?.trim() ?? "latest";
  if (text.toLowerCase() === "latest") return { kind: "latest" };
  if (text.toLowerCase() === "earliest") throw invalidOption("kafka", name, text, "a query can't end at earliest");
  return offsetsLimit(name, text, { refused: -2, word: "earliest" });
}

function timeLimit(options: Options, all: string, each: string): Limit | undefined {
  const ms = integerOption("kafka", options, all, undefined, 0);
  if (ms !== undefined) return { kind: "timestamp", ms };
  const text = options.get(each);
  if (text === undefined) return undefined;
  return { kind: "timestamps", times: mapOption(each, text) };
}

function offsetsLimit(name: string, text: string, not: { refused: number; word: string } | undefined): Limit {
  const offsets = mapOption(name, text);
  for (const [topic, partitions] of offsets) {
    for (const [partition, offset] of partitions) {
      if (offset < -2) throw invalidOption("kafka", name, text, `${offset} is no offset`);
      if (not !== undefined && offset === not.refused) {
        throw invalidOption("kafka", name, text, `${topic}-${partition} can't be ${not.word} here`);
      }
    }
  }
  return { kind: "offsets", offsets };
}

function mapOption(name: string, text: string): PartitionMap {
  const map = tryParseOffsets(text);
  if (map === undefined) {
    throw invalidOption("kafka", name, text, 'it must read like {"topicA":{"0":23,"1":-1},"topicB":{"0":-2}}');
  }
  return map;
}

const UNITS_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function duration(name: string, text: string): number {
  const match = /^\s*(\d{1,15})\s*([a-z]*)\s*$/i.exec(text);
  const unit = UNITS_MS[match?.[2]?.toLowerCase() || "ms"];
  if (match === null || unit === undefined) {
    throw invalidOption("kafka", name, text, "it must be a number and a unit, e.g. 500ms, 30s, 15m");
  }
  return Number(match[1]) * unit;
}
