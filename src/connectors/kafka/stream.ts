/** The Kafka source of a streaming query. */
import type { Batch } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import type { Environment, Offset, ReadRequest, SourceCheckpoint, StreamSource } from "../contract.ts";
import { EARLIEST, type KafkaCluster, LATEST } from "./cluster.ts";
import { DecodeThreads } from "./decode/threads.ts";
import { offsetsAt, partitionsOf, resolveLimit } from "./discovery.ts";
import { Fetcher } from "./fetcher.ts";
import { GroupOffsets } from "./group-offsets.ts";
import {
  entriesOf,
  formatOffsets,
  limitOffsets,
  nameOf,
  offsetsBetween,
  type PartitionMap,
  parseOffsets,
  partitionMap,
  type TopicPartition,
  tryParseOffsets,
  valueIn,
  writeOffsets,
} from "./offsets.ts";
import { type OffsetRange, readRanges } from "./reader.ts";
import type { KafkaSourceOptions } from "./source-options.ts";

/** Bytes that are fetched ahead, at most. */
const BUFFER_BYTES_MAX = 8 << 20;
/** Why a wait is over, where nobody asks. */
const OVER = "over";
/** How long marks that end transactions wait for records to come with; then a batch without rows passes over them. */
const MARKS_WAIT_MS = 1000;
/** Spark writes a zero byte and a version before the JSON. */
const INITIAL_OFFSETS_HEADER = "\u0000v1\n";

export class KafkaStream implements StreamSource {
  readonly description: string;
  private readonly cluster: KafkaCluster;
  private readonly options: KafkaSourceOptions;
  private readonly environment: Environment;
  private readonly checkpoint: SourceCheckpoint;
  private readonly fetcher: Fetcher;
  private readonly threads = new DecodeThreads();
  private readonly group: GroupOffsets | undefined;
  /** Where partitions begin that were found while running. */
  private readonly firstOffsets = new Map<string, number>();
  private partitions: readonly TopicPartition[] = [];
  private topicIds = new Map<string, string>();
  /** Topics whose id has changed, until it was told. */
  private readonly createdAgain = new Set<string>();
  private newest: PartitionMap | undefined;
  private frozen: PartitionMap | undefined;
  private refreshedAt = Number.NEGATIVE_INFINITY;
  private looking = false;
  private failure: SluiceError | undefined;
  private batchPlannedAt: number;
  /** Since when there is nothing but marks; undefined: since no time. */
  private waitingSince: number | undefined;

  constructor(
    cluster: KafkaCluster,
    options: KafkaSourceOptions,
    environment: Environment,
    checkpoint: SourceCheckpoint,
  ) {
    this.cluster = cluster;
    this.options = options;
    this.environment = environment;
    this.checkpoint = checkpoint;
    this.description = `KafkaV2[${describe(options)}]`;
    this.batchPlannedAt = environment.clock.now();
    this.fetcher = new Fetcher(cluster, {
      maxWaitMs: options.fetchMaxWaitMs,
      minBytes: options.fetchMinBytes,
      maxBytes: options.fetchMaxBytes,
      partitionMaxBytes: options.partitionMaxBytes,
      readCommitted: options.readCommitted,
      bufferBytesMax: BUFFER_BYTES_MAX,
    });
    const { consumerGroup, client } = options;
    this.group = consumerGroup === undefined ? undefined : new GroupOffsets(client, environment, consumerGroup);
  }

  async initialOffset(): Promise<Offset> {
    const kept = await this.checkpoint.read("0");
    const text = kept?.slice(kept.indexOf("{"));
    if (text !== undefined && tryParseOffsets(text) !== undefined) return text;
    const offsets = await this.cluster.retrying("find where to start", async () => {
      const partitions = await this.discover(true);
      return resolveLimit(this.cluster, this.options, this.options.starting, partitions, "start");
    });
    const initial = formatOffsets(offsets);
    await this.checkpoint.write("0", INITIAL_OFFSETS_HEADER + initial);
    return initial;
  }

  async latestOffset(start: Offset, unlimited: boolean, isFresh = true): Promise<Offset> {
    const from = parseOffsets(start);
    const known = this.knownEnds(from);
    if (known === undefined && !isFresh && this.isFollowed(from)) return start;
    const ends = known ?? (await this.askEnds());
    const begins = await this.withNewPartitions(from, ends);
    this.newest = ends;
    const available = this.frozen === undefined ? ends : earlier(ends, this.frozen);
    const until = this.afterLosses(begins, available);
    if (unlimited) return this.planned(until);
    if (this.frozen === undefined && !this.isEnough(begins, until)) return start;
    const { maxOffsetsPerTrigger } = this.options;
    if (maxOffsetsPerTrigger === undefined) return this.planned(until);
    return this.planned(limitOffsets(maxOffsetsPerTrigger, begins, until));
  }

  /** minOffsetsPerTrigger: whether there are so many, or the wait for them is over. */
  private isEnough(from: PartitionMap, until: PartitionMap): boolean {
    const { minOffsetsPerTrigger } = this.options;
    return (
      minOffsetsPerTrigger === undefined ||
      this.delayLeftMs() <= 0 ||
      offsetsBetween(from, until) >= minOffsetsPerTrigger
    );
  }

  private delayLeftMs(): number {
    return this.batchPlannedAt + this.options.maxTriggerDelayMs - this.environment.clock.now();
  }

  private planned(until: PartitionMap): Offset {
    this.waitingSince = undefined;
    this.batchPlannedAt = this.environment.clock.now();
    return writeOffsets(until);
  }

  /** The ends that fetch responses told, when they show something new; saves asking. */
  private knownEnds(from: PartitionMap): PartitionMap | undefined {
    this.lookAgainInTime();
    if (this.createdAgain.size > 0) return undefined;
    let isNew = false;
    const ends: (TopicPartition & { value: number })[] = [];
    for (const { topic, partition } of this.partitions) {
      const value = this.fetcher.endOf(topic, partition);
      if (value === undefined) return undefined;
      const begin = valueIn(from, topic, partition);
      // A new leader's fetches tell an old end until it knows how far the others are; asked, it says that it has to wait.
      if (begin !== undefined && value < begin) return undefined;
      isNew ||= begin !== undefined && this.hasMore(topic, partition, begin);
      ends.push({ topic, partition, value });
    }
    return isNew ? partitionMap(ends) : undefined;
  }

  private hasMore(topic: string, partition: number, from: number): boolean {
    if (this.fetcher.hasRecords(topic, partition, from)) return true;
    return this.marksLeftMs() <= 0 && (this.fetcher.endOf(topic, partition) ?? from) > from;
  }

  private marksLeftMs(): number {
    if (this.waitingSince === undefined) return Number.POSITIVE_INFINITY;
    return this.waitingSince + MARKS_WAIT_MS - this.environment.clock.monotonic();
  }

  /** Whether fetches are under way that will tell of whatever comes after `from`. */
  private isFollowed(from: PartitionMap): boolean {
    return (
      this.frozen === undefined &&
      this.createdAgain.size === 0 &&
      this.partitions.length > 0 &&
      this.partitions.every(({ topic, partition }) => {
        const isRead = valueIn(from, topic, partition) !== undefined;
        return isRead && this.fetcher.endOf(topic, partition) !== undefined;
      })
    );
  }

  private async askEnds(): Promise<PartitionMap> {
    return this.cluster.retrying("find the newest offsets", async () => {
      const partitions = await this.discover(false);
      return offsetsAt(this.cluster, this.options, partitions, LATEST);
    });
  }

  /** Asks which partitions there are. A topic that was created again has a new id. */
  private async discover(mustExist: boolean): Promise<readonly TopicPartition[]> {
    this.partitions = await partitionsOf(this.cluster, this.options, mustExist);
    this.refreshedAt = this.environment.clock.monotonic();
    for (const { topic } of this.partitions) {
      const id = this.cluster.known(topic)?.id ?? "";
      const before = this.topicIds.get(topic);
      if (before !== undefined && before !== id) this.createdAgain.add(topic);
      this.topicIds.set(topic, id);
    }
    this.fetcher.retain(new Set(this.partitions.map(nameOf)));
    return this.partitions;
  }

  /** `from`, with the beginnings of partitions that it doesn't have. */
  private async withNewPartitions(from: PartitionMap, ends: PartitionMap): Promise<PartitionMap> {
    const fresh = entriesOf(ends).filter((e) => valueIn(from, e.topic, e.partition) === undefined);
    if (fresh.length === 0) return from;
    const unknown = fresh.filter((e) => !this.firstOffsets.has(nameOf(e)));
    if (unknown.length > 0) {
      const found = await this.cluster.retrying("find where new partitions begin", () =>
        offsetsAt(this.cluster, this.options, unknown, EARLIEST),
      );
      for (const e of unknown) this.noteNew(e, valueIn(found, e.topic, e.partition));
    }
    const added = fresh.map((e) => ({ ...e, value: this.firstOffsets.get(nameOf(e)) ?? 0 }));
    return partitionMap([...entriesOf(from), ...added]);
  }

  private noteNew(partition: TopicPartition, first: number | undefined): void {
    const topicPartition = nameOf(partition);
    if (first === undefined) {
      this.dataLoss("KAFKA_DATA_LOSS.INITIAL_OFFSET_NOT_FOUND_FOR_PARTITIONS", { partitions: topicPartition });
      return;
    }
    this.firstOffsets.set(topicPartition, first);
    if (first > 0) {
      const condition = "KAFKA_DATA_LOSS.ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO";
      this.dataLoss(condition, { topicPartition, startOffset: first });
    } else {
      this.environment.log.info(`Reading the new partition ${topicPartition} from its beginning.`);
    }
  }

  /** Compares what was read with what there is. */
  private afterLosses(from: PartitionMap, until: PartitionMap): PartitionMap {
    for (const { topic, partition } of this.partitions) {
      const problem = this.fetcher.problemOf(topic, partition);
      if (problem?.kind === "failed") throw problem.error;
    }
    const gone = entriesOf(from).filter(
      (e) => valueIn(until, e.topic, e.partition) === undefined || this.createdAgain.has(e.topic),
    );
    if (gone.length > 0) {
      const partitions = gone.map((e) => `${nameOf(e)} (read up to offset ${e.value})`).join(", ");
      this.dataLoss("KAFKA_DATA_LOSS.PARTITIONS_DELETED", { partitions });
    }
    const stale = new Set(gone.map(nameOf));
    this.createdAgain.clear();
    for (const e of entriesOf(until)) {
      const before = valueIn(from, e.topic, e.partition) ?? 0;
      if (this.frozen !== undefined || e.value >= before) continue;
      stale.add(nameOf(e));
      const parameters = { topicPartition: nameOf(e), prevOffset: before, newOffset: e.value };
      this.dataLoss("KAFKA_DATA_LOSS.PARTITION_OFFSET_CHANGED", parameters);
    }
    // What was fetched, and the ends that were told, are of records that are gone.
    if (stale.size > 0) this.fetcher.retain(new Set(this.partitions.map(nameOf).filter((key) => !stale.has(key))));
    return this.frozen === undefined ? until : later(until, from);
  }

  private dataLoss(
    condition: ConstructorParameters<typeof SluiceError>[0],
    parameters: Record<string, string | number>,
  ) {
    const error = new SluiceError(condition, parameters);
    if (this.options.failOnDataLoss) throw error;
    this.environment.log.warn(error.message);
  }

  async freeze(): Promise<void> {
    this.frozen = await this.askEnds();
  }

  async waitForData(offset: Offset, signal: AbortSignal): Promise<void> {
    const from = parseOffsets(offset);
    const { clock } = this.environment;
    this.positionAt(from);
    this.waitingSince ??= clock.monotonic();
    let turn = new AbortController();
    // By hand, and with a reason that costs nothing: this runs for every batch.
    const stops = [signal, this.cluster.signal];
    const stop = (): void => turn.abort(OVER);
    for (const s of stops) s.addEventListener("abort", stop);
    try {
      while (!stops.some((s) => s.aborted) && !this.hasNews(from)) {
        turn = new AbortController();
        await Promise.race([this.fetcher.changed(turn.signal), clock.sleep(this.lookAgainMs(), turn.signal)]);
        turn.abort(OVER);
        this.lookAgainInTime();
      }
    } finally {
      for (const s of stops) s.removeEventListener("abort", stop);
    }
  }

  /** How long there is nothing to do unless something arrives. */
  private lookAgainMs(): number {
    const marksMs = this.marksLeftMs();
    const enoughMs = this.options.minOffsetsPerTrigger === undefined ? Number.POSITIVE_INFINITY : this.delayLeftMs();
    return Math.max(1, Math.min(this.refreshDueMs(), enoughMs, marksMs > 0 ? marksMs : Number.POSITIVE_INFINITY));
  }

  private refreshDueMs(): number {
    return this.refreshedAt + this.cluster.settings.metadataMaxAgeMs - this.environment.clock.monotonic();
  }

  /** Asks, beside the work, which partitions there are, when the last answer is old. A failure is met by the next call. */
  private lookAgainInTime(): void {
    if (this.failure !== undefined) throw this.failure;
    if (this.looking || this.refreshDueMs() > 0 || this.cluster.closed) return;
    this.looking = true;
    this.refreshedAt = this.environment.clock.monotonic();
    void this.discover(false)
      .catch((error: unknown) => {
        // While brokers are away the fetches go on trying, and tell.
        if (error instanceof SluiceError) this.failure = error;
      })
      .finally(() => {
        this.looking = false;
        this.fetcher.wake();
      });
  }

  private hasNews(from: PartitionMap): boolean {
    const ends: (TopicPartition & { value: number })[] = [];
    let isNew = false;
    if (this.createdAgain.size > 0) return true;
    for (const { topic, partition } of this.partitions) {
      const known = valueIn(from, topic, partition);
      if (known === undefined) return true;
      if (this.fetcher.problemOf(topic, partition) !== undefined) return true;
      const value = this.fetcher.endOf(topic, partition) ?? known;
      isNew ||= this.hasMore(topic, partition, known);
      ends.push({ topic, partition, value });
    }
    for (const { topic, partition } of entriesOf(from)) {
      if (this.fetcher.problemOf(topic, partition) !== undefined) return true;
    }
    return isNew && this.isEnough(from, partitionMap(ends));
  }

  private positionAt(from: PartitionMap): void {
    for (const { topic, partition, value } of entriesOf(from)) this.fetcher.position(topic, partition, value);
    this.fetcher.pump();
  }

  async *read(start: Offset, end: Offset, request: ReadRequest): AsyncGenerator<Batch> {
    const until = parseOffsets(end);
    const from = await this.withNewPartitions(parseOffsets(start), until);
    const ranges = entriesOf(until).map(
      ({ topic, partition, value }): OffsetRange => ({
        topic,
        partition,
        start: valueIn(from, topic, partition) ?? value,
        end: value,
      }),
    );
    if (this.partitions.length === 0) {
      await this.cluster.retrying("find the partitions", () => this.discover(false));
    }
    yield* readRanges(this.cluster, this.fetcher, this.options, ranges, request, this.threads);
    this.positionAt(until);
  }

  async commit(end: Offset): Promise<void> {
    await this.group?.commit(parseOffsets(end));
  }

  newestOffset(): Offset | undefined {
    return this.newest === undefined ? undefined : formatOffsets(this.newest);
  }

  metrics(end: Offset): Readonly<Record<string, string>> {
    if (this.newest === undefined) return {};
    const until = parseOffsets(end);
    const behind = entriesOf(this.newest).map((e) =>
      Math.max(0, (this.fetcher.endOf(e.topic, e.partition) ?? e.value) - (valueIn(until, e.topic, e.partition) ?? 0)),
    );
    if (behind.length === 0) return {};
    const sum = behind.reduce((a, b) => a + b, 0);
    return {
      minOffsetsBehindLatest: String(Math.min(...behind)),
      maxOffsetsBehindLatest: String(Math.max(...behind)),
      avgOffsetsBehindLatest: (sum / behind.length).toFixed(1),
    };
  }

  async stop(): Promise<void> {
    this.threads.close();
    await this.group?.close();
    await this.cluster.close();
    this.fetcher.wake();
  }
}

/** The smaller offset of each partition that both have. */
function earlier(a: PartitionMap, b: PartitionMap): PartitionMap {
  return partitionMap(
    entriesOf(a).flatMap((e) => {
      const other = valueIn(b, e.topic, e.partition);
      return other === undefined ? [] : [{ ...e, value: Math.min(e.value, other) }];
    }),
  );
}

/** `a`, nowhere before `b`. */
function later(a: PartitionMap, b: PartitionMap): PartitionMap {
  return partitionMap(
    entriesOf(a).map((e) => ({ ...e, value: Math.max(e.value, valueIn(b, e.topic, e.partition) ?? e.value) })),
  );
}

/** As Spark describes the subscription, e.g. `Subscribe[a, b]`. */
export function describe({ subscription }: KafkaSourceOptions): string {
  switch (subscription.kind) {
    case "subscribe":
      return `Subscribe[${subscription.topics.join(", ")}]`;
    case "pattern":
      return `SubscribePattern[${subscription.text}]`;
    case "assign":
      return `Assign[${subscription.partitions.map(nameOf).join(", ")}]`;
  }
}
