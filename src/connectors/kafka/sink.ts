/** `format("kafka")` of a write. */

import type { Batch, Vector } from "../../columns/vector.ts";
import { textAt } from "../../columns/vector.ts";
import { nearest, SluiceError } from "../../errors/error.ts";
import type { Environment, Guarantee, SideRecord, Sink, SinkBatch, SinkProvider, SinkRequest } from "../contract.ts";
import type { ProducerState } from "./batch-builder.ts";
import { BrokerError } from "./broker-errors.ts";
import { apiVersionsV3, initProducerIdV4 } from "./client.ts";
import { KafkaCluster } from "./cluster.ts";
import { Partitioner } from "./partitioner.ts";
import { Producer } from "./producer.ts";
import { ByteColumn, headersOf, type RecordLayout, recordLayout } from "./rows.ts";
import { fitted, messageBytesMax, sameClients } from "./side-records.ts";
import { type KafkaSinkOptions, kafkaSinkOptions, kafkaSinkSettings } from "./sink-options.ts";
import { MEMO_MAX, NO_BATCH, Transactions } from "./transactions.ts";
import { type BatchWriter, BatchWriters } from "./writer.ts";

/** InitProducerId, AddPartitionsToTxn, AddOffsetsToTxn, EndTxn, TxnOffsetCommit, with the versions that are used. */
const TRANSACTION_APIS: readonly (readonly [key: number, version: number])[] = [
  [22, 4],
  [24, 3],
  [25, 3],
  [26, 3],
  [28, 3],
];

/**
 * Writes rows as records. Columns: value (needed), key, topic, partition, headers. Each batch is one transaction that
 * also holds the batch's number, so that a batch that is repeated after a failure is known to be in already.
 */
export const kafkaSink: SinkProvider = {
  format: "kafka",
  options: kafkaSinkOptions,
  outputModes: ["append", "update", "complete"],
  batch: true,
  async create(request, environment): Promise<Sink> {
    const options = kafkaSinkSettings(request.options, environment.log);
    if (request.saveMode === "overwrite" || request.saveMode === "ignore") {
      const hint = `records can only be appended; use append or errorIfExists.`;
      throw new SluiceError("KAFKA_OPTION_NOT_SUPPORTED", { option: `mode ${request.saveMode}`, hint });
    }
    const layout = recordLayout(request.schema, options.topic);
    const cluster = new KafkaCluster(options.client, environment, true);
    const { guarantee, note } = await guaranteeOf(cluster, options, request.streaming);
    return new KafkaSink(cluster, options, layout, request, environment, guarantee, note);
  },
};

export async function guaranteeOf(
  cluster: KafkaCluster,
  options: KafkaSinkOptions,
  streaming: boolean,
): Promise<{ guarantee: Guarantee; note: string | undefined }> {
  if (!streaming && options.delivery === undefined) {
    return {
      guarantee: "at-least-once",
      note: "a batch write isn't one transaction unless delivery is set to exactly-once",
    };
  }
  if (options.delivery === "at-least-once") {
    return { guarantee: "at-least-once", note: "delivery is set to at-least-once, or acks to 1" };
  }
  const supported = await cluster.retrying("ask for the broker's versions", async () => {
    const connection = await cluster.anyBroker();
    const answer = await cluster.call(connection, apiVersionsV3.api, "sluice", "1");
    return TRANSACTION_APIS.every(([key, version]) =>
      answer.apiKeys.some((a) => a.apiKey === key && a.minVersion <= version && version <= a.maxVersion),
    );
  });
  if (supported) return { guarantee: "exactly-once", note: undefined };
  if (options.delivery === "exactly-once") {
    const hint = "this broker has no transactions; use at-least-once.";
    throw new SluiceError("KAFKA_OPTION_NOT_SUPPORTED", { option: "delivery=exactly-once", hint });
  }
  return { guarantee: "at-least-once", note: "the broker has no transactions" };
}

/**
 * Transactions of one query that take turns. A transaction takes some three small batches' time to begin, after the one before
 * it is marked.
 */
const WRITERS = 4;
/** Beyond this a value begins a batch of its own. */
const LARGE_BYTES = 64 << 10;
const NEW_TOPIC_TRIES = 10;
const NEW_TOPIC_WAIT_MS = 100;
const NO_BYTES = new Uint8Array(0);
const PLAIN: ProducerState = { producerId: -1, epoch: -1 };

export class KafkaSink implements Sink {
  readonly description = "KafkaTable";
  readonly guarantee: Guarantee;
  readonly guaranteeNote?: string;
  readonly mayPrecedeLog: boolean;
  private readonly cluster: KafkaCluster;
  private readonly options: KafkaSinkOptions;
  private readonly layout: RecordLayout;
  private readonly environment: Environment;
  readonly memoMax: number;
  private readonly writers: BatchWriters;
  private committed = NO_BATCH;
  private readonly partitioners = new Map<string, Partitioner>();
  /** Topics of side outputs, and the bytes that each takes in one record. */
  private readonly sideTopics = new Map<string, number>();
  private readonly topicsFirst: readonly string[];
  private plain: ProducerState = PLAIN;

  constructor(
    cluster: KafkaCluster,
    options: KafkaSinkOptions,
    layout: RecordLayout,
    request: SinkRequest,
    environment: Environment,
    guarantee: Guarantee,
    note: string | undefined,
    topicsFirst: readonly string[] = options.topic === undefined ? [] : [options.topic],
  ) {
    this.topicsFirst = topicsFirst;
    this.cluster = cluster;
    this.options = options;
    this.layout = layout;
    this.environment = environment;
    this.guarantee = guarantee;
    if (note !== undefined) this.guaranteeNote = note;
    // Nobody sees the batches, and rows may come twice anyway.
    this.mayPrecedeLog = guarantee === "at-least-once";
    this.memoMax = guarantee === "exactly-once" ? MEMO_MAX : 0;
    this.writers = this.writersOf(request.queryId);
  }

  private writersOf(queryId: string): BatchWriters {
    const { cluster, options, environment } = this;
    if (this.guarantee !== "exactly-once") {
      const producer = new Producer(cluster, options, { transactionalId: null, current: () => this.plain });
      return new BatchWriters([producer], [], [], environment.clock);
    }
    const chosen = options.transactionalId;
    const all = Array.from({ length: WRITERS }, (_, i) => {
      const name = i === 0 ? `sluice-${queryId}` : `sluice-${queryId}-${i + 1}`;
      return new Transactions(cluster, chosen ?? name, name, options.transactionTimeoutMs);
    });
    // Brokers may allow only the id that the user has chosen.
    const own = chosen === undefined ? all : all.slice(0, 1);
    const producers = own.map(
      (transactions) =>
        new Producer(cluster, options, { transactionalId: transactions.id, current: () => transactions.producer }),
    );
    return new BatchWriters(producers, own, all.slice(own.length), environment.clock);
  }

  async open(): Promise<number> {
    for (const topic of this.topicsFirst) await this.partitionerOf(topic);
    if (this.guarantee !== "exactly-once" && this.options.acks === -1) this.plain = await this.plainIdentity();
    this.committed = await this.writers.open();
    return this.committed.batchId;
  }

  lastMemo(): string {
    return this.committed.memo;
  }

  /** A producer id without transactions: brokers then drop batches that are sent twice. */
  private plainIdentity(): Promise<ProducerState> {
    return this.cluster.retrying("get a producer id", async () => {
      const connection = await this.cluster.anyBroker();
      const { api } = initProducerIdV4;
      const answer = await this.cluster.call(connection, api, null, 60_000, -1n, -1);
      if (answer.errorCode !== 0) throw new BrokerError(answer.errorCode, "a producer id");
      return { producerId: Number(answer.producerId), epoch: answer.producerEpoch };
    });
  }

  async begin(batchId: number): Promise<SinkBatch> {
    const { writers } = this;
    const writer = await writers.begin(batchId);
    return {
      write: (batch) => this.write(batch, writer),
      writeSide: (records) => this.writeSide(records, writer),
      // Without transactions what is sent is seen.
      ...(this.guarantee === "exactly-once" && { prepare: (memo) => writer.prepare(memo) }),
      commit: async () => {
        await writers.commit(writer, batchId);
        return undefined;
      },
      abort: async () => {
        await writer.abort();
        // Sequence numbers were given to batches that may never have arrived.
        if (this.plain !== PLAIN) this.plain = await this.plainIdentity();
      },
    };
  }

  private async write(batch: Batch, writer: BatchWriter): Promise<void> {
    const { producer } = writer;
    const fixed = this.options.topic === undefined ? undefined : await this.partitionerOf(this.options.topic);
    const now = this.environment.clock.now();
    const key = new ByteColumn(batch, this.layout.key);
    const value = new ByteColumn(batch, this.layout.value);
    const partitions = this.layout.partition < 0 ? undefined : batch.columns[this.layout.partition];
    for (let i = 0; i < batch.rows; i++) {
      const topic = this.options.topic ?? this.topicOf(batch, i);
      const partitioner = fixed ?? this.partitioners.get(topic) ?? (await this.partitionerOf(topic));
      key.row(i);
      value.row(i);
      const partition = choose(partitions, i, topic, partitioner, key);
      const slot = producer.slot(topic, partition);
      // With what is there already, a large record would make a batch larger than brokers take.
      const large = value.start >= 0 && value.end - value.start > LARGE_BYTES && slot.builder.count > 0;
      if (large) await writer.flush(true);
      const before = slot.builder.bytes;
      const headers = this.layout.headers < 0 ? undefined : headersOf(batch, this.layout.headers, i);
      slot.builder.append(now, key.bytes, key.start, key.end, value.bytes, value.start, value.end, headers);
      const size = slot.builder.bytes - before;
      if (size > this.options.recordBytesMax) this.refuseSize(topic, size);
      if (producer.added(slot, size)) partitioner.turn();
      if (producer.wantsFlush) await writer.flush(false);
    }
    batch.release?.();
  }

  takesSide(side: Sink): boolean {
    if (!(side instanceof KafkaSink) || this.guarantee !== "exactly-once") return false;
    return sameClients(this.options.client, side.options.client);
  }

  private async writeSide(records: readonly SideRecord[], writer: BatchWriter): Promise<void> {
    const { producer } = writer;
    const now = this.environment.clock.now();
    for (const record of records) {
      const { topic, key } = record;
      const partitioner = await this.partitionerOf(topic);
      let bytesMax = this.sideTopics.get(topic);
      if (bytesMax === undefined) {
        bytesMax = await messageBytesMax(this.cluster, topic);
        this.sideTopics.set(topic, bytesMax);
      }
      const { value, headers, bytes } = fitted(record, bytesMax);
      const partition = key === null ? partitioner.keyless() : partitioner.keyed(key, 0, key.length);
      const slot = producer.slot(topic, partition);
      // A batch of several records must be no larger than a record may be.
      if (slot.builder.count > 0 && slot.builder.bytes + bytes > Math.min(bytesMax, this.options.batchBytes)) {
        await writer.flush(true);
      }
      const parts = [key ?? NO_BYTES, key === null ? -1 : 0, key?.length ?? -1] as const;
      slot.builder.append(now, ...parts, value ?? NO_BYTES, value === null ? -1 : 0, value?.length ?? -1, headers);
      if (producer.added(slot, bytes)) partitioner.turn();
      if (producer.wantsFlush) await writer.flush(false);
    }
  }

  private refuseSize(topic: string, bytes: number): never {
    throw new SluiceError("KAFKA_RECORD_TOO_LARGE", { topic, bytes, bytesMax: this.options.recordBytesMax });
  }

  private topicOf(batch: Batch, i: number): string {
    const column = batch.columns[this.layout.topic] as Vector;
    const isNull = column.nulls !== null && column.nulls[i] === 1;
    const text = isNull
      ? null
      : column.repr === "utf8"
        ? textAt(column, i)
        : column.repr === "obj"
          ? column.values[i]
          : null;
    if (typeof text !== "string") throw new SluiceError("KAFKA_NULL_TOPIC_IN_DATA");
    return text;
  }

  /** Looks a topic up, which creates it where the broker does that. */
  private async partitionerOf(topic: string): Promise<Partitioner> {
    const existing = this.partitioners.get(topic);
    if (existing !== undefined) return existing;
    const { cluster } = this;
    const find = async () => (await cluster.refresh([topic], true)).get(topic);
    let found = await cluster.retrying(`find topic ${topic}`, find);
    // A topic that was just created, here or by somebody else, isn't known to every broker at once.
    for (let i = 0; i < NEW_TOPIC_TRIES && found === undefined && !cluster.closed; i++) {
      await this.environment.clock.sleep(NEW_TOPIC_WAIT_MS, cluster.signal);
      found = await cluster.retrying(`find topic ${topic}`, find);
    }
    if (found === undefined || found.partitions.size === 0) {
      const all = await cluster.retrying("list topics", () => cluster.refresh(null));
      const near = nearest(topic, all.keys());
      const suggestion = near === undefined || near === topic ? "" : ` Did you mean ${near}?`;
      throw new SluiceError("KAFKA_UNKNOWN_TOPIC", { topic, brokers: cluster.name, suggestion });
    }
    const partitioner = new Partitioner(this.options.partitioner, found.partitions.size, this.partitioners.size);
    this.partitioners.set(topic, partitioner);
    return partitioner;
  }

  async close(): Promise<void> {
    await this.writers.close();
    await this.cluster.close();
  }
}

function choose(
  column: Vector | undefined,
  i: number,
  topic: string,
  partitioner: Partitioner,
  key: ByteColumn,
): number {
  if (column?.repr === "i32" && (column.nulls === null || column.nulls[i] === 0)) {
    const partition = column.values[i];
    if (partition >= 0 && partition < partitioner.count) return partition;
    throw new SluiceError("KAFKA_UNKNOWN_PARTITION", { topic, partition, count: partitioner.count });
  }
  return key.start < 0 ? partitioner.keyless() : partitioner.keyed(key.bytes, key.start, key.end);
}
