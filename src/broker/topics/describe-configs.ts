import type { Broker } from "../broker.ts";
import { TOPIC_CONFIGS, type TopicConfigs } from "./configs.ts";

/** Kafka's numbers for where a setting comes from. */
export const ConfigSource = { TOPIC: 1, DYNAMIC_BROKER: 2, STATIC_BROKER: 4, DEFAULT: 5 } as const;

export interface DescribedConfig {
  readonly name: string;
  readonly value: string | null;
  readonly source: number;
  readonly type: number;
  readonly doc: string;
  /** The setting's other values, in the order in which they would hold. */
  readonly synonyms: readonly { readonly name: string; readonly value: string; readonly source: number }[];
}

/** Every setting of a topic, set or not. */
export function describeTopicConfigs(configs: TopicConfigs): DescribedConfig[] {
  return [...TOPIC_CONFIGS.values()].map(({ name, value, type, doc }) => {
    const override = configs.overrides.get(name);
    const fallback = { name: `log.${name}`, value, source: ConfigSource.DEFAULT };
    return {
      name,
      value: override ?? value,
      source: override === undefined ? ConfigSource.DEFAULT : ConfigSource.TOPIC,
      type,
      doc,
      synonyms: override === undefined ? [fallback] : [{ name, value: override, source: ConfigSource.TOPIC }, fallback],
    };
  });
}

/** The broker's own settings: few, since it has few. */
export function describeBrokerConfigs(broker: Broker): DescribedConfig[] {
  const { options } = broker;
  const rows: readonly (readonly [name: string, value: string, type: number, doc: string])[] = [
    [
      "auto.create.topics.enable",
      String(options.autoCreateTopics),
      1,
      "Whether topics are created when they are asked about.",
    ],
    ["broker.id", String(broker.nodeId), 3, "The broker's number."],
    ["compression.type", "producer", 2, "How batches are compressed; producer keeps what was sent."],
    ["default.replication.factor", "1", 3, "Replicas of a new topic."],
    ["delete.topic.enable", "true", 1, "Whether topics can be deleted."],
    ["log.retention.bytes", "-1", 5, "Size from which old segments are deleted; -1 keeps all."],
    ["log.retention.ms", "-1", 5, "Age from which segments are deleted; -1 keeps all."],
    ["log.segment.bytes", "134217728", 3, "Largest segment file."],
    ["message.max.bytes", "1048588", 3, "Largest record batch that is accepted, in bytes."],
    ["min.insync.replicas", "1", 3, "Replicas that must have a record before acks=all is answered."],
    ["node.id", String(broker.nodeId), 3, "The broker's number."],
    ["num.partitions", String(options.defaultPartitions), 3, "Partitions of a topic that is created without a number."],
  ];
  return rows.map(([name, value, type, doc]) => ({
    name,
    value,
    source: ConfigSource.STATIC_BROKER,
    type,
    doc,
    synonyms: [{ name, value, source: ConfigSource.STATIC_BROKER }],
  }));
}
