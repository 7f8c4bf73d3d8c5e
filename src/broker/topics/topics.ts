import { randomBytes } from "node:crypto";
import { type LogOptions, PartitionLog } from "../log/partition-log.ts";
import type { LogStorage } from "../log/storage.ts";
import { KafkaError } from "../protocol/errors.ts";
import { TopicConfigs } from "./configs.ts";

const PARTITIONS_MAX = 10_000;
const NAME_LENGTH_MAX = 249;

export interface Topic {
  readonly name: string;
  /** 32 hexadecimal digits. A topic that is deleted and created again gets another one. */
  readonly id: string;
  readonly partitions: PartitionLog[];
  configs: TopicConfigs;
}

/** A change of the topics, as the journal keeps it. */
export type TopicEvent =
  | { type: "create"; name: string; id: string; partitions: number; configs: [string, string][] }
  | { type: "delete"; name: string }
  | { type: "partitions"; name: string; count: number }
  | { type: "configs"; name: string; configs: [string, string][] }
  | { type: "start"; name: string; partition: number; offset: number };

/** Where topics keep their logs and write down what changed. */
export interface TopicStore {
  storage(topic: string, id: string, partition: number): LogStorage;
  readonly segmentBytesMax: number;
  write(event: TopicEvent): void;
  /** A compacted log has closed a segment. */
  grown(): void;
}

export function newTopicId(): string {
  return randomBytes(16).toString("hex");
}

export function checkTopicName(name: string): void {
  const refuse = (why: string): never => {
    throw new KafkaError("INVALID_TOPIC_EXCEPTION", `Topic name is invalid: ${why}`);
  };
  if (name === "") refuse("the empty string is not allowed");
  if (name === "." || name === "..") refuse("'.' or '..' is not allowed");
  if (name.length > NAME_LENGTH_MAX)
    refuse(`the length of '${name}' is longer than the max allowed length ${NAME_LENGTH_MAX}`);
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    refuse(`'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`);
  }
}

/** All topics of the broker. */
export class Topics {
  readonly #byName = new Map<string, Topic>();
  readonly #byId = new Map<string, Topic>();
  readonly #store: TopicStore;
  /** Logs with a segment more than at the last compaction. */
  readonly #rolled = new Set<PartitionLog>();

  constructor(store: TopicStore) {
    this.#store = store;
  }

  get(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  byId(id: string): Topic | undefined {
    return this.#byId.get(id);
  }

  /** All topics, by name. */
  list(): Topic[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  partition(topic: string, partition: number): PartitionLog | undefined {
    return this.#byName.get(topic)?.partitions[partition];
  }

  /**
   * Says why a topic could not be created, by throwing.
   *
   * @throws KafkaError INVALID_TOPIC_EXCEPTION, TOPIC_ALREADY_EXISTS, INVALID_PARTITIONS
   */
  checkCreate(name: string, partitions: number): void {
    checkTopicName(name);
    if (this.#byName.has(name)) throw new KafkaError("TOPIC_ALREADY_EXISTS", `Topic '${name}' already exists.`);
    const alike = this.#collision(name);
    if (alike !== undefined) {
      throw new KafkaError("INVALID_TOPIC_EXCEPTION", `Topic '${name}' collides with existing topic: ${alike}`);
    }
    if (!(partitions > 0)) {
      throw new KafkaError("INVALID_PARTITIONS", "Number of partitions must be larger than 0.");
    }
    if (partitions > PARTITIONS_MAX) {
      throw new KafkaError(
        "INVALID_PARTITIONS",
        `${partitions} partitions are more than the ${PARTITIONS_MAX} that a dev broker takes.`,
      );
    }
  }

  /** Metrics can't tell '.' from '_', so Kafka refuses a name that differs from another only there. */
  #collision(name: string): string | undefined {
    if (!/[._]/.test(name)) return undefined;
    const plain = name.replaceAll(".", "_");
    for (const other of this.#byName.keys()) if (other.replaceAll(".", "_") === plain) return other;
    return undefined;
  }

  create(name: string, partitions: number, configs = new TopicConfigs()): Topic {
    this.checkCreate(name, partitions);
    const event: TopicEvent = {
      type: "create",
      name,
      id: newTopicId(),
      partitions,
      configs: [...configs.overrides],
    };
    this.#store.write(event);
    this.#applyCreate(event, new Map());
    return this.#byName.get(name)!;
  }

  #applyCreate(event: TopicEvent & { type: "create" }, starts: ReadonlyMap<number, number>): void {
    const topic: Topic = {
      name: event.name,
      id: event.id,
      partitions: [],
      configs: new TopicConfigs(new Map(event.configs)),
    };
    this.#grow(topic, event.partitions, starts);
    this.#byName.set(topic.name, topic);
    this.#byId.set(topic.id, topic);
  }

  #grow(topic: Topic, count: number, starts: ReadonlyMap<number, number>): void {
    for (let index = topic.partitions.length; index < count; index++) {
      const storage = this.#store.storage(topic.name, topic.id, index);
      topic.partitions.push(PartitionLog.open(storage, this.#logOptions(topic.configs), starts.get(index) ?? 0));
    }
  }

  delete(name: string): void {
    const topic = this.#byName.get(name);
    if (topic === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
    this.#store.write({ type: "delete", name });
    this.#byName.delete(name);
    this.#byId.delete(topic.id);
    for (const log of topic.partitions) log.destroy();
  }

  addPartitions(topic: Topic, count: number): void {
    this.#store.write({ type: "partitions", name: topic.name, count });
    this.#grow(topic, count, new Map());
  }

  configure(topic: Topic, configs: TopicConfigs): void {
    this.#store.write({ type: "configs", name: topic.name, configs: [...configs.overrides] });
    topic.configs = configs;
    for (const log of topic.partitions) log.options = this.#logOptions(configs);
  }

  /** Forgets the records before `offset` in one partition. */
  deleteRecords(topic: Topic, partition: number, offset: number): void {
    this.#store.write({ type: "start", name: topic.name, partition, offset });
    topic.partitions[partition].deleteBefore(offset);
  }

  /** Compacts, one after the other, the logs that have a segment more than at the last time, or all. */
  async compact(now: () => number, which: "all" | "grown"): Promise<void> {
    const logs = which === "grown" ? [...this.#rolled] : this.list().flatMap(({ partitions }) => partitions);
    this.#rolled.clear();
    for (const log of logs) await log.compact(now());
  }

  /** Drops segments that are past their topics' retention limits. */
  retain(nowMs: number): void {
    for (const topic of this.#byName.values()) {
      for (const log of topic.partitions) {
        log.retain(nowMs);
        log.rollOld(nowMs);
      }
    }
  }

  /** Takes the topics over from what the journal kept, opening their logs. */
  restore(events: Iterable<TopicEvent>): void {
    const topics = new Map<string, TopicEvent & { type: "create" }>();
    const starts = new Map<string, Map<number, number>>();
    for (const event of events) {
      const known = topics.get(event.name);
      if (event.type === "create") {
        topics.set(event.name, { ...event });
        starts.set(event.name, new Map());
      } else if (event.type === "delete") topics.delete(event.name);
      else if (known === undefined) continue;
      else if (event.type === "partitions") known.partitions = event.count;
      else if (event.type === "configs") known.configs = event.configs;
      else starts.get(event.name)!.set(event.partition, event.offset);
    }
    for (const event of topics.values()) this.#applyCreate(event, starts.get(event.name)!);
  }

  /** The events that would bring the topics to where they are. */
  *snapshot(): Iterable<TopicEvent> {
    for (const topic of this.#byName.values()) {
      const { name, id } = topic;
      yield { type: "create", name, id, partitions: topic.partitions.length, configs: [...topic.configs.overrides] };
      for (const [partition, log] of topic.partitions.entries()) {
        if (log.startOffset > 0) yield { type: "start", name, partition, offset: log.startOffset };
      }
    }
  }

  #logOptions(configs: TopicConfigs): LogOptions {
    const deletes = configs.get("cleanup.policy").includes("delete");
    const compaction = {
      deleteRetentionMs: configs.number("delete.retention.ms"),
      minLagMs: configs.number("min.compaction.lag.ms"),
      maxLagMs: configs.number("max.compaction.lag.ms"),
      dirtyRatio: configs.number("min.cleanable.dirty.ratio"),
    };
    return {
      segmentMs: configs.number("segment.ms"),
      compaction: configs.compacted ? compaction : undefined,
      rolled: (log) => {
        if (!configs.compacted) return;
        this.#rolled.add(log);
        this.#store.grown();
      },
      segmentBytes: Math.min(configs.number("segment.bytes"), this.#store.segmentBytesMax),
      retentionMs: deletes ? configs.number("retention.ms") : -1,
      retentionBytes: deletes ? configs.number("retention.bytes") : -1,
    };
  }

  close(): void {
    for (const topic of this.#byName.values()) for (const log of topic.partitions) log.close();
  }
}
