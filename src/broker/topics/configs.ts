import { KafkaError } from "../protocol/errors.ts";

/** Kafka's numbers for a setting's type. */
const ConfigType = { BOOLEAN: 1, STRING: 2, INT: 3, LONG: 5, DOUBLE: 6, LIST: 7 } as const;
type ConfigTypeName = keyof typeof ConfigType;

/** One setting of topics: its type, what it is when nobody sets it, and what it means. */
export interface ConfigDefinition {
  readonly name: string;
  readonly type: number;
  readonly value: string;
  readonly doc: string;
  readonly check: (value: string) => boolean;
}

type Row = readonly [
  name: string,
  type: ConfigTypeName,
  value: string,
  doc: string,
  check?: (value: string) => boolean,
];

const LONG_MAX = "9223372036854775807";
const within = (min: number, max = Number.POSITIVE_INFINITY) => {
  return (value: string) => Number(value) >= min && Number(value) <= max;
};
const oneOf = (...values: string[]) => {
  return (value: string) => value.split(",").every((each) => values.includes(each.trim()));
};

const ROWS: readonly Row[] = [
  [
    "cleanup.policy",
    "LIST",
    "delete",
    "What happens to old segments: delete, compact, or both.",
    oneOf("delete", "compact", ""),
  ],
  ["compression.gzip.level", "INT", "-1", "Level for gzip when the broker compresses.", within(-1, 9)],
  ["compression.lz4.level", "INT", "9", "Level for lz4 when the broker compresses.", within(1, 17)],
  [
    "compression.type",
    "STRING",
    "producer",
    "How the topic's batches are compressed; producer keeps what was sent.",
    oneOf("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"),
  ],
  ["compression.zstd.level", "INT", "3", "Level for zstd when the broker compresses.", within(-131072, 22)],
  ["delete.retention.ms", "LONG", "86400000", "How long compaction keeps tombstones.", within(0)],
  ["file.delete.delay.ms", "LONG", "60000", "Wait before a removed file is deleted.", within(0)],
  ["flush.messages", "LONG", LONG_MAX, "Messages between two flushes to the device.", within(1)],
  ["flush.ms", "LONG", LONG_MAX, "Time between two flushes to the device.", within(0)],
  ["follower.replication.throttled.replicas", "LIST", "", "Replicas throttled on the follower's side."],
  ["index.interval.bytes", "INT", "4096", "Log bytes between two index entries.", within(0)],
  ["leader.replication.throttled.replicas", "LIST", "", "Replicas throttled on the leader's side."],
  ["local.retention.bytes", "LONG", "-2", "Size kept locally in a tiered topic.", within(-2)],
  ["local.retention.ms", "LONG", "-2", "Time kept locally in a tiered topic.", within(-2)],
  ["max.compaction.lag.ms", "LONG", LONG_MAX, "Longest time that a record stays uncompacted.", within(1)],
  ["max.message.bytes", "INT", "1048588", "Largest record batch that is accepted, in bytes.", within(0)],
  [
    "message.timestamp.after.max.ms",
    "LONG",
    "3600000",
    "How far a record's time may be ahead of the broker's.",
    within(0),
  ],
  [
    "message.timestamp.before.max.ms",
    "LONG",
    LONG_MAX,
    "How far a record's time may be behind the broker's.",
    within(0),
  ],
  [
    "message.timestamp.type",
    "STRING",
    "CreateTime",
    "Whose time a record carries: the producer's (CreateTime) or the broker's (LogAppendTime).",
    oneOf("CreateTime", "LogAppendTime"),
  ],
  [
    "min.cleanable.dirty.ratio",
    "DOUBLE",
    "0.5",
    "Share of uncompacted bytes from which compaction starts.",
    within(0, 1),
  ],
  ["min.compaction.lag.ms", "LONG", "0", "Shortest time that a record stays uncompacted.", within(0)],
  ["min.insync.replicas", "INT", "1", "Replicas that must have a record before acks=all is answered.", within(1)],
  ["preallocate", "BOOLEAN", "false", "Whether segment files are created in full size."],
  ["remote.log.copy.disable", "BOOLEAN", "false", "Whether a tiered topic stops copying."],
  ["remote.log.delete.on.disable", "BOOLEAN", "false", "Whether remote data goes when tiering is turned off."],
  ["remote.storage.enable", "BOOLEAN", "false", "Whether the topic is tiered."],
  ["retention.bytes", "LONG", "-1", "Size from which old segments of a partition are deleted; -1 keeps all."],
  ["retention.ms", "LONG", "-1", "Age from which segments are deleted; -1 keeps all.", within(-1)],
  ["segment.bytes", "INT", "134217728", "Largest segment file.", within(1048576)],
  ["segment.index.bytes", "INT", "10485760", "Largest index file.", within(4)],
  ["segment.jitter.ms", "LONG", "0", "Random part taken off segment.ms.", within(0)],
  ["segment.ms", "LONG", "604800000", "Age from which a new segment is begun.", within(1)],
  ["unclean.leader.election.enable", "BOOLEAN", "false", "Whether a replica that is behind may lead."],
];

const INTEGER = /^\s*[+-]?\d+\s*$/;

function wellFormed(type: ConfigTypeName, value: string): boolean {
  switch (type) {
    case "BOOLEAN":
      return /^\s*(true|false)\s*$/i.test(value);
    case "INT":
      return INTEGER.test(value) && Math.abs(Number(value)) <= 2147483648 && Number(value) <= 2147483647;
    case "LONG":
      return INTEGER.test(value) && Math.abs(Number(value)) <= 2 ** 63;
    case "DOUBLE":
      return value.trim() !== "" && Number.isFinite(Number(value));
    default:
      return true;
  }
}

/** Every topic setting by name, in Kafka's order. */
export const TOPIC_CONFIGS: ReadonlyMap<string, ConfigDefinition> = new Map(
  ROWS.map(([name, type, value, doc, check]) => [
    name,
    { name, type: ConfigType[type], value, doc, check: (text) => wellFormed(type, text) && (check?.(text) ?? true) },
  ]),
);

/** The settings of one topic: those that were set, and the defaults behind them. */
export class TopicConfigs {
  readonly overrides: ReadonlyMap<string, string>;

  constructor(overrides: ReadonlyMap<string, string> = new Map()) {
    this.overrides = overrides;
  }

  /**
   * Checks settings as they come in a request.
   *
   * @throws KafkaError INVALID_CONFIG naming the setting
   */
  static checked(entries: Iterable<readonly [string, string | null]>): TopicConfigs {
    const overrides = new Map<string, string>();
    for (const [name, value] of entries) {
      const definition = TOPIC_CONFIGS.get(name);
      if (definition === undefined) throw new KafkaError("INVALID_CONFIG", `Unknown topic config name: ${name}`);
      if (value === null) throw new KafkaError("INVALID_CONFIG", `Null value not supported for topic configs: ${name}`);
      if (!definition.check(value)) {
        throw new KafkaError("INVALID_CONFIG", `Invalid value ${value} for configuration ${name}`);
      }
      overrides.set(name, value);
    }
    return new TopicConfigs(overrides);
  }

  get(name: string): string {
    return this.overrides.get(name) ?? TOPIC_CONFIGS.get(name)!.value;
  }

  number(name: string): number {
    return Number(this.get(name));
  }

  /** True for topics that keep the last record of each key; these take no records without a key. */
  get compacted(): boolean {
    return this.get("cleanup.policy").includes("compact");
  }

  get appendTime(): boolean {
    return this.get("message.timestamp.type") === "LogAppendTime";
  }
}
