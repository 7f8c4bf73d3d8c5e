/** Sends finished record batches to the partitions' leaders, in order, each exactly once for as long as the producer lives. */

import { SluiceError } from "../../errors/error.ts";
import { BatchBuilder, type CompressionName, type ProducerState } from "./batch-builder.ts";
import { BrokerError, canRetry, ErrorCode, isStaleMetadata, isTransient } from "./broker-errors.ts";
import { createAPI, produceV9, Writer } from "./client.ts";
import type { KafkaCluster } from "./cluster.ts";
import { nameOf, type TopicPartition } from "./offsets.ts";
import { isFencing } from "./transactions.ts";

interface Outgoing extends TopicPartition {
  readonly records: Buffer;
}

type ProduceArguments = [transactionalId: string | null, acks: number, timeoutMs: number, batches: readonly Outgoing[]];
type ProduceResponse = ReturnType<typeof produceV9.parseResponse>;

const produceApi = createAPI<ProduceArguments, ProduceResponse>(
  0,
  9,
  (transactionalId: string | null, acks: number, timeoutMs: number, batches: readonly Outgoing[]) => {
    const topics = [...Map.groupBy(batches, (b) => b.topic)];
    return Writer.create()
      .appendString(transactionalId)
      .appendInt16(acks)
      .appendInt32(timeoutMs)
      .appendArray(topics, (w, [topic, own]) => {
        w.appendString(topic).appendArray(own, (x, { partition, records }) => {
          x.appendInt32(partition)
            .appendUnsignedVarInt(records.length + 1)
            .append(records);
        });
      })
      .appendTaggedFields();
  },
  produceV9.parseResponse,
);

export interface ProducerSettings {
  readonly acks: -1 | 1;
  readonly compression: CompressionName;
  readonly batchBytes: number;
}

/** What identifies the producer to brokers; undefined for a plain one. */
export interface Identity {
  readonly transactionalId: string | null;
  current(): ProducerState;
}

interface Slot extends TopicPartition {
  readonly builder: BatchBuilder;
  sequence: number;
}

/** Bytes that wait in builders, at most. */
const BUFFERED_BYTES_MAX = 32 << 20;
const SEQUENCE_MAX = 0x7fffffff;

export class Producer {
  private readonly cluster: KafkaCluster;
  private readonly settings: ProducerSettings;
  private readonly identity: Identity;
  private readonly slots = new Map<string, Slot[]>();
  private readonly full = new Set<Slot>();
  private bufferedBytes = 0;
  private epochKey = "";
  private sending: Promise<void> | undefined;

  constructor(cluster: KafkaCluster, settings: ProducerSettings, identity: Identity) {
    this.cluster = cluster;
    this.settings = settings;
    this.identity = identity;
  }

  /** The builder of a partition; `added` must be called after appending to it. */
  slot(topic: string, partition: number): Slot {
    let partitions = this.slots.get(topic);
    if (partitions === undefined) {
      partitions = [];
      this.slots.set(topic, partitions);
    }
    let slot = partitions[partition];
    if (slot === undefined) {
      slot = { topic, partition, builder: new BatchBuilder(4096), sequence: 0 };
      partitions[partition] = slot;
    }
    return slot;
  }

  /** Takes note of bytes appended to a slot; true when it is full. */
  added(slot: Slot, bytes: number): boolean {
    this.bufferedBytes += bytes;
    if (slot.builder.bytes < this.settings.batchBytes) return false;
    this.full.add(slot);
    return true;
  }

  /** True when `flush` should be called before more is appended. */
  get wantsFlush(): boolean {
    return this.full.size > 0 || this.bufferedBytes > BUFFERED_BYTES_MAX;
  }

  /** Partitions with records that weren't sent yet. */
  pending(): Slot[] {
    const found: Slot[] = [];
    for (const partitions of this.slots.values()) {
      for (const slot of partitions) if (slot !== undefined && slot.builder.count > 0) found.push(slot);
    }
    return found;
  }

  /**
   * Sends what was appended; waits for what was sent before. `prepare` is told the partitions first, also those whose builders
   * have rows but aren't full: to hear of each as it fills would take a request each.
   *
   * @param all false: only the builders that are full, when there are any
   */
  async flush(all: boolean, prepare: (partitions: readonly TopicPartition[]) => Promise<void>): Promise<void> {
    await this.settled();
    const pending = this.pending();
    const chosen = all || this.full.size === 0 ? pending : [...this.full];
    this.full.clear();
    if (chosen.length === 0) return;
    await prepare(pending);
    const outgoing = chosen.map((slot) => this.finish(slot));
    const work = this.deliver(outgoing).then(() => {
      for (const { builder } of chosen) builder.reuse();
    });
    this.sending = work;
    // Whoever waits in `settled` gets the failure; nobody may be waiting yet.
    work.catch(() => {});
  }

  /** Resolves when everything that was sent is acknowledged. */
  async settled(): Promise<void> {
    const { sending } = this;
    this.sending = undefined;
    await sending;
  }

  /** Forgets what wasn't sent, after the transaction it belonged to ended. */
  async discard(): Promise<void> {
    try {
      await this.settled();
    } catch {
      // It belonged to what is discarded.
    }
    this.slots.clear();
    this.full.clear();
    this.bufferedBytes = 0;
  }

  private finish(slot: Slot): Outgoing {
    const producer = this.identity.current();
    const key = `${producer.producerId}/${producer.epoch}`;
    if (key !== this.epochKey) {
      this.epochKey = key;
      for (const partitions of this.slots.values()) for (const s of partitions) if (s !== undefined) s.sequence = 0;
    }
    const { topic, partition, builder } = slot;
    const { count } = builder;
    this.bufferedBytes -= Math.min(this.bufferedBytes, builder.bytes);
    const { transactionalId } = this.identity;
    const idempotent = producer.producerId >= 0;
    const sequence = idempotent ? slot.sequence : -1;
    const records = builder.finish(this.settings.compression, producer, sequence, transactionalId !== null);
    slot.sequence = (slot.sequence + count) % (SEQUENCE_MAX + 1);
    return { topic, partition, records };
  }

  private async deliver(batches: readonly Outgoing[]): Promise<void> {
    let rest = batches;
    await this.cluster.retrying("write records", async () => {
      const failures: unknown[] = [];
      const left: Outgoing[] = [];
      const groups = [...Map.groupBy(rest, (b) => this.leaderOf(b))];
      const results = await Promise.allSettled(groups.map(([leader, own]) => this.send(leader, own)));
      results.forEach((result, i) => {
        const own = (groups[i] as [number, Outgoing[]])[1];
        if (result.status === "rejected") {
          failures.push(result.reason);
          left.push(...own);
        } else {
          left.push(...result.value.left);
          if (result.value.failure !== undefined) failures.push(result.value.failure);
        }
      });
      rest = left;
      if (failures.length === 0) return;
      // A leader that is gone says nothing; somebody else may lead by now.
      if (failures.some(isTransient)) {
        await this.cluster.refresh([...new Set(left.map((b) => b.topic))]);
      }
      throw failures[0];
    });
  }

  private leaderOf({ topic, partition }: TopicPartition): number {
    return this.cluster.known(topic)?.partitions.get(partition)?.leader ?? -1;
  }

  private async send(
    leader: number,
    batches: readonly Outgoing[],
  ): Promise<{ left: Outgoing[]; failure: Error | undefined }> {
    const connection = await this.cluster.broker(leader, "produce");
    const { transactionalId } = this.identity;
    const { requestTimeoutMs } = this.cluster.settings;
    const { acks } = this.settings;
    const answer = await this.cluster.call(connection, produceApi, transactionalId, acks, requestTimeoutMs, batches);
    const left: Outgoing[] = [];
    let failure: Error | undefined;
    for (const topic of answer.responses) {
      for (const p of topic.partitionResponses) {
        // The broker has the batch already: an earlier request arrived whose answer was lost.
        if (p.errorCode === ErrorCode.NONE || p.errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) continue;
        const batch = batches.find((b) => b.topic === topic.name && b.partition === p.index);
        if (batch === undefined) continue;
        failure = this.failureOf(p.errorCode, p.errorMessage, batch);
        left.push(batch);
        if (!canRetry(p.errorCode) && !isStaleMetadata(p.errorCode)) throw failure;
      }
    }
    return { left, failure };
  }

  private failureOf(code: number, message: string | null | undefined, batch: Outgoing): Error {
    const error = new BrokerError(code, `writing to ${nameOf(batch)}${message ? ` (${message})` : ""}`);
    if (isFencing(error)) {
      const transactionalId = this.identity.transactionalId ?? "none";
      return new SluiceError("KAFKA_PRODUCER_FENCED", { transactionalId }, { cause: error });
    }
    return error;
  }
}
