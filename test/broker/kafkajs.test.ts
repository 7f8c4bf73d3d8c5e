import assert from "node:assert/strict";
import { onBothBrokers } from "../support/brokers.ts";
import { requireParts, uniqueName } from "../support/parts.ts";

const parts = requireParts("kafkajs");

interface KafkaMessage {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly offset: string;
}

interface Producer {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  send(batch: {
    topic: string;
    messages: { key?: string; value: string | null }[];
    compression?: number;
  }): Promise<unknown>;
  transaction(): Promise<
    Pick<Producer, "send"> & {
      commit(): Promise<void>;
      abort(): Promise<void>;
      sendOffsets(offsets: {
        consumerGroupId: string;
        topics: { topic: string; partitions: { partition: number; offset: string }[] }[];
      }): Promise<void>;
    }
  >;
}

interface Consumer {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  subscribe(subscription: { topics: string[]; fromBeginning: boolean }): Promise<void>;
  run(options: { eachMessage(payload: { message: KafkaMessage; partition: number }): Promise<void> }): Promise<void>;
}

interface Admin {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  createTopics(options: { topics: { topic: string; numPartitions: number }[] }): Promise<boolean>;
  createPartitions(options: { topicPartitions: { topic: string; count: number }[] }): Promise<boolean>;
  fetchTopicMetadata(options: { topics: string[] }): Promise<{ topics: { partitions: unknown[] }[] }>;
  fetchTopicOffsets(topic: string): Promise<{ partition: number; offset: string }[]>;
  fetchOffsets(options: { groupId: string; topics: string[] }): Promise<{ partitions: { offset: string }[] }[]>;
  describeGroups(groups: string[]): Promise<{ groups: { state: string }[] }>;
  deleteGroups(groups: string[]): Promise<unknown>;
  deleteTopics(options: { topics: string[] }): Promise<void>;
  listTopics(): Promise<string[]>;
}

interface KafkaJs {
  Kafka: new (options: {
    clientId: string;
    brokers: string[];
    logLevel: number;
  }) => {
    producer(options?: { transactionalId?: string; idempotent?: boolean; maxInFlightRequests?: number }): Producer;
    consumer(options: { groupId: string; readUncommitted?: boolean; maxWaitTimeInMs?: number }): Consumer;
    admin(): Admin;
  };
}

onBothBrokers(
  "kafkajs produces, consumes in a group, runs transactions and administers",
  async (broker) => {
    const { Kafka } = (await parts.kafkajs()).module as KafkaJs;
    const [topic, readers, offsets] = [uniqueName("js"), uniqueName("js-readers"), uniqueName("js-offsets")];
    const kafka = new Kafka({ clientId: "kafkajs", brokers: [broker.bootstrapServers], logLevel: 0 });
    const admin = kafka.admin();
    await admin.connect();
    assert.equal(await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] }), true);
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      transactionalId: uniqueName("js-writer"),
    });
    await producer.connect();
    const batch = (prefix: string) =>
      Array.from({ length: 50 }, (_, i) => ({ key: String(i), value: `${prefix}${i}` }));
    for (const [prefix, commit] of [
      ["a", true],
      ["b", false],
      ["c", true],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: batch(prefix), compression: 1 });
      const partitions = [{ partition: 0, offset: commit ? "7" : "9" }];
      await transaction.sendOffsets({ consumerGroupId: offsets, topics: [{ topic, partitions }] });
      await (commit ? transaction.commit() : transaction.abort());
    }
    await producer.disconnect();
    const consumer = kafka.consumer({ groupId: readers, readUncommitted: false, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const values: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    await consumer.run({
      async eachMessage({ message }) {
        values.push(message.value!.toString());
        if (values.length === 100) resolve();
      },
    });
    await promise;
    assert.equal(values.filter((value) => value.startsWith("b")).length, 0);
    assert.equal(new Set(values).size, 100);
    assert.equal((await admin.describeGroups([readers])).groups[0].state, "Stable");
    await consumer.disconnect();
    assert.equal((await admin.fetchOffsets({ groupId: offsets, topics: [topic] }))[0].partitions[0].offset, "7");
    await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
    while ((await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions.length !== 4);
    // Real Kafka's new partitions have a leader a little later.
    while ((await admin.fetchTopicOffsets(topic).catch(() => [])).length !== 4);
    await admin.deleteGroups([readers]);
    await admin.deleteTopics({ topics: [topic] });
    while ((await admin.listTopics()).includes(topic));
    await admin.disconnect();
  },
  parts.options,
);
