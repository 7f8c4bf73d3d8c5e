/** Which partitions a source reads, and where they begin and end. */
import { nearest, SluiceError } from "../../errors/error.ts";
import { EARLIEST, type KafkaCluster, LATEST, type OffsetQuery, type TopicInfo } from "./cluster.ts";
import { entriesOf, nameOf, type PartitionMap, partitionMap, type TopicPartition, valueIn } from "./offsets.ts";
import type { KafkaSourceOptions, Limit } from "./source-options.ts";

/** The partitions there are now. Topics by name must exist; a pattern may match none. */
export async function partitionsOf(
  cluster: KafkaCluster,
  options: KafkaSourceOptions,
  mustExist: boolean,
): Promise<TopicPartition[]> {
  const { subscription } = options;
  switch (subscription.kind) {
    case "pattern": {
      const all = await cluster.refresh(null);
      return [...all.values()].filter((t) => !t.internal && subscription.pattern.test(t.topic)).flatMap(partitionsIn);
    }
    case "subscribe": {
      const found = await cluster.refresh(subscription.topics);
      const missing = subscription.topics.find((topic) => !found.has(topic));
      if (missing !== undefined && mustExist) throw await unknownTopic(cluster, missing);
      return [...found.values()].flatMap(partitionsIn);
    }
    case "assign": {
      const found = await cluster.refresh([...new Set(subscription.partitions.map((p) => p.topic))]);
      const exists = ({ topic, partition }: TopicPartition): boolean =>
        found.get(topic)?.partitions.has(partition) === true;
      const missing = subscription.partitions.find((p) => !exists(p));
      if (missing !== undefined && mustExist) throw await unknownTopic(cluster, missing.topic);
      return subscription.partitions.filter(exists);
    }
  }
}

function partitionsIn(info: TopicInfo): TopicPartition[] {
  return [...info.partitions.keys()].map((partition) => ({ topic: info.topic, partition }));
}

async function unknownTopic(cluster: KafkaCluster, topic: string): Promise<SluiceError> {
  const all = await cluster.refresh(null);
  const near = nearest(
    topic,
    [...all.values()].filter((t) => !t.internal).map((t) => t.topic),
  );
  const suggestion = near === undefined || near === topic ? "" : ` Did you mean ${near}?`;
  return new SluiceError("KAFKA_UNKNOWN_TOPIC", { topic, brokers: cluster.name, suggestion });
}

/** The offset `at` (EARLIEST, LATEST, or a time) of each partition; partitions that are gone are absent. */
export async function offsetsAt(
  cluster: KafkaCluster,
  options: KafkaSourceOptions,
  partitions: readonly TopicPartition[],
  at: number,
): Promise<PartitionMap> {
  const queries = partitions.map(({ topic, partition }) => ({ topic, partition, at }));
  return answers(cluster, options, queries);
}

async function answers(
  cluster: KafkaCluster,
  options: KafkaSourceOptions,
  queries: readonly OffsetQuery[],
): Promise<PartitionMap> {
  const found = await cluster.listOffsets(queries, options.readCommitted);
  return partitionMap(found.map(({ topic, partition, offset }) => ({ topic, partition, value: offset })));
}

/**
 * Offsets for a starting or an ending option.
 *
 * @throws SluiceError KAFKA_START_OFFSET_DOES_NOT_MATCH_ASSIGNED, KAFKA_NO_OFFSET_FOR_TIMESTAMP
 */
export async function resolveLimit(
  cluster: KafkaCluster,
  options: KafkaSourceOptions,
  limit: Limit,
  partitions: readonly TopicPartition[],
  side: "start" | "end",
): Promise<PartitionMap> {
  switch (limit.kind) {
    case "earliest":
      return offsetsAt(cluster, options, partitions, EARLIEST);
    case "latest":
      return offsetsAt(cluster, options, partitions, LATEST);
    case "offsets": {
      checkSamePartitions(limit.offsets, partitions);
      const symbolic = entriesOf(limit.offsets).filter((e) => e.value < 0);
      const queries = symbolic.map(({ topic, partition, value }) => ({ topic, partition, at: value }));
      const resolved = await answers(cluster, options, queries);
      return partitionMap(
        entriesOf(limit.offsets).map((e) => ({ ...e, value: valueIn(resolved, e.topic, e.partition) ?? e.value })),
      );
    }
    case "timestamp":
    case "timestamps":
      return byTime(cluster, options, limit, partitions, side);
  }
}

async function byTime(
  cluster: KafkaCluster,
  options: KafkaSourceOptions,
  limit: Extract<Limit, { kind: "timestamp" | "timestamps" }>,
  partitions: readonly TopicPartition[],
  side: "start" | "end",
): Promise<PartitionMap> {
  if (limit.kind === "timestamps") checkSamePartitions(limit.times, partitions);
  const queries = partitions.map(({ topic, partition }) => ({
    topic,
    partition,
    at: limit.kind === "timestamp" ? limit.ms : (valueIn(limit.times, topic, partition) as number),
  }));
  const found = await cluster.listOffsets(queries, options.readCommitted);
  const none = found.filter((a) => a.offset < 0);
  const first = none[0];
  if (first !== undefined && side === "start" && !options.latestWhenNoMatch) {
    throw new SluiceError("KAFKA_NO_OFFSET_FOR_TIMESTAMP", { topicPartition: nameOf(first), timestamp: first.at });
  }
  const latest = await offsetsAt(cluster, options, none, LATEST);
  return partitionMap(
    found.map(({ topic, partition, offset }) => {
      const value = offset >= 0 ? offset : (valueIn(latest, topic, partition) ?? 0);
      return { topic, partition, value };
    }),
  );
}

function checkSamePartitions(given: PartitionMap, partitions: readonly TopicPartition[]): void {
  const specified = entriesOf(given).map(nameOf).sort();
  const assigned = partitions.map(nameOf).sort();
  if (specified.join() === assigned.join()) return;
  throw new SluiceError("KAFKA_START_OFFSET_DOES_NOT_MATCH_ASSIGNED", {
    specifiedPartitions: specified.join(", ") || "none",
    assignedPartitions: assigned.join(", ") || "none",
  });
}
