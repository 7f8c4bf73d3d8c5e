/** Positions in topics, and the JSON text in which Spark keeps them: `{"topic":{"0":42,"1":7}}`. */
import { SluiceError } from "../../errors/error.ts";

/** Topic, then partition, to a number: an offset, or a time in milliseconds. */
export type PartitionMap = ReadonlyMap<string, ReadonlyMap<number, number>>;

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

export function entriesOf(map: PartitionMap): (TopicPartition & { readonly value: number })[] {
  const entries: (TopicPartition & { readonly value: number })[] = [];
  for (const [topic, partitions] of map) {
    for (const [partition, value] of partitions) entries.push({ topic, partition, value });
  }
  return entries;
}

export function valueIn(map: PartitionMap, topic: string, partition: number): number | undefined {
  return map.get(topic)?.get(partition);
}

export function partitionMap(entries: Iterable<TopicPartition & { readonly value: number }>): PartitionMap {
  const map = new Map<string, Map<number, number>>();
  for (const { topic, partition, value } of entries) {
    let partitions = map.get(topic);
    if (partitions === undefined) {
      partitions = new Map();
      map.set(topic, partitions);
    }
    partitions.set(partition, value);
  }
  return map;
}

/** Topics and partitions in order, so that equal positions are equal texts. */
export function formatOffsets(map: PartitionMap): string {
  const topics = [...map.keys()].sort().map((topic) => {
    const partitions = [...(map.get(topic) as ReadonlyMap<number, number>)].sort((a, b) => a[0] - b[0]);
    return `${JSON.stringify(topic)}:{${partitions.map(([p, offset]) => `"${p}":${offset}`).join(",")}}`;
  });
  return `{${topics.join(",")}}`;
}

/** As `formatOffsets`; the next `parseOffsets` of it costs nothing. */
export function writeOffsets(map: PartitionMap): string {
  const text = formatOffsets(map);
  remember(text, map);
  return text;
}

/** Undefined when the text isn't such JSON. */
export function tryParseOffsets(text: string): PartitionMap | undefined {
  const topics = objectOf(text);
  if (topics === undefined) return undefined;
  const map = new Map<string, Map<number, number>>();
  for (const [topic, given] of Object.entries(topics)) {
    if (typeof given !== "object" || given === null || Array.isArray(given)) return undefined;
    const partitions = new Map<number, number>();
    for (const [partition, value] of Object.entries(given)) {
      if (!/^\d{1,9}$/.test(partition) || !Number.isSafeInteger(value)) return undefined;
      partitions.set(Number(partition), value as number);
    }
    map.set(topic, partitions);
  }
  return map;
}

/**
 * Offsets that were written or read last: a batch reads its start and its end several times. In an array, in turn: a Map whose
 * entries come and go leaves garbage that lives long, since a table that was replaced holds on to the next one.
 */
const known: { readonly text: string; readonly map: PartitionMap }[] = [];
const KNOWN_MAX = 8;
let knownNext = 0;

function remember(text: string, map: PartitionMap): void {
  known[knownNext] = { text, map };
  knownNext = (knownNext + 1) % KNOWN_MAX;
}

/** An offset as this source once wrote it. */
export function parseOffsets(text: string): PartitionMap {
  const found = known.find((offsets) => offsets.text === text);
  if (found !== undefined) return found.map;
  const map = tryParseOffsets(text);
  if (map === undefined) throw new SluiceError("INTERNAL_ERROR", { message: `Not a Kafka offset: ${text}` });
  remember(text, map);
  return map;
}

/** `{"topic":[0,1]}`; undefined when the text isn't such JSON. */
export function parsePartitions(text: string): TopicPartition[] | undefined {
  const topics = objectOf(text);
  if (topics === undefined) return undefined;
  const result: TopicPartition[] = [];
  for (const [topic, partitions] of Object.entries(topics)) {
    if (!Array.isArray(partitions)) return undefined;
    for (const partition of partitions) {
      if (!Number.isSafeInteger(partition) || partition < 0) return undefined;
      result.push({ topic, partition });
    }
  }
  return result;
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Cuts `until` so that at most about `limit` offsets lie between: each partition gets its share by volume, at least one.
 * Partitions that `from` doesn't have stay as they are.
 */
export function limitOffsets(limit: number, from: PartitionMap, until: PartitionMap): PartitionMap {
  let total = 0;
  for (const { topic, partition, value } of entriesOf(until)) {
    total += Math.max(0, value - (valueIn(from, topic, partition) ?? value));
  }
  if (total <= limit) return until;
  return partitionMap(
    entriesOf(until).map(({ topic, partition, value }) => {
      const begin = valueIn(from, topic, partition) ?? value;
      const size = value - begin;
      if (size <= 0) return { topic, partition, value };
      const share = limit * (size / total);
      return { topic, partition, value: Math.min(value, begin + (share < 1 ? Math.ceil(share) : Math.floor(share))) };
    }),
  );
}

/** How many offsets lie between, over all partitions of `until`; new ones count from 0. */
export function offsetsBetween(from: PartitionMap, until: PartitionMap): number {
  let total = 0;
  for (const { topic, partition, value } of entriesOf(until)) {
    total += Math.max(0, value - (valueIn(from, topic, partition) ?? 0));
  }
  return total;
}
