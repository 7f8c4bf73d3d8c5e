import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { produce } from "../../src/broker/apis/00-produce.ts";
import { fetch } from "../../src/broker/apis/01-fetch.ts";
import { listOffsets } from "../../src/broker/apis/02-list-offsets.ts";
import { offsetFetch } from "../../src/broker/apis/09-offset-fetch.ts";
import { initProducerId } from "../../src/broker/apis/22-init-producer-id.ts";
import { addPartitionsToTxn } from "../../src/broker/apis/24-add-partitions-to-txn.ts";
import { addOffsetsToTxn } from "../../src/broker/apis/25-add-offsets-to-txn.ts";
import { endTxn } from "../../src/broker/apis/26-end-txn.ts";
import { txnOffsetCommit } from "../../src/broker/apis/28-txn-offset-commit.ts";
import type { DevBroker } from "../../src/broker/index.ts";
import { buildBatch, isControl, readHeader, TRANSACTIONAL_BIT } from "../../src/broker/protocol/batch.ts";
import { ErrorCode } from "../../src/broker/protocol/errors.ts";
import { readRecords } from "../../src/broker/protocol/records.ts";
import { startBroker, temporaryDirectory } from "./fixtures/brokers.ts";
import { RawClient } from "./fixtures/raw-client.ts";

/** A transactional producer, step by step. */
class RawProducer {
  readonly client: RawClient;
  readonly transactionalId: string;
  producerId = -1;
  producerEpoch = -1;
  #sequences = new Map<string, number>();

  constructor(client: RawClient, transactionalId: string) {
    this.client = client;
    this.transactionalId = transactionalId;
  }

  get claim() {
    const { transactionalId, producerId, producerEpoch } = this;
    return { transactionalId, producerId, producerEpoch };
  }

  async init(transactionTimeoutMs = 60_000): Promise<number> {
    const { transactionalId } = this;
    const given = await this.client.call(initProducerId, 4, {
      transactionalId,
      transactionTimeoutMs,
      producerId: -1,
      producerEpoch: -1,
    });
    this.producerId = given.producerId;
    this.producerEpoch = given.producerEpoch;
    this.#sequences.clear();
    return given.errorCode;
  }

  async add(topic: string, ...partitions: number[]): Promise<number> {
    const topics = [{ name: topic, partitions }];
    const { results } = await this.client.call(addPartitionsToTxn, 3, { ...this.claim, topics });
    return results[0].resultsByPartition[0].partitionErrorCode;
  }

  async write(topic: string, partition: number, ...values: string[]): Promise<number> {
    const key = `${topic}-${partition}`;
    const baseSequence = this.#sequences.get(key) ?? 0;
    const { producerId, producerEpoch, transactionalId } = this;
    const batch = buildBatch(
      values.map((value) => ({ key: null, value: Buffer.from(value), timestampMs: Date.now() })),
      { attributes: TRANSACTIONAL_BIT, producerId, producerEpoch, baseSequence },
    );
    const { responses } = await this.client.call(produce, 9, {
      transactionalId,
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: topic, partitionData: [{ index: partition, records: [batch] }] }],
    });
    const { errorCode } = responses[0].partitionResponses[0];
    if (errorCode === 0) this.#sequences.set(key, baseSequence + values.length);
    return errorCode;
  }

  async end(committed: boolean): Promise<number> {
    return (await this.client.call(endTxn, 3, { ...this.claim, committed })).errorCode;
  }
}

async function fetchRaw(client: RawClient, topic: string, isolationLevel: number, fetchOffset = 0) {
  const { responses } = await client.call(fetch, 11, {
    maxWaitMs: 0,
    minBytes: 1,
    isolationLevel,
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 << 20 }] }],
  });
  return responses[0].partitions[0];
}

/** What a reader of committed data sees, filtered as the protocol says: by the aborted list and the markers. */
async function readCommitted(client: RawClient, topic: string): Promise<string[]> {
  const { records, abortedTransactions } = await fetchRaw(client, topic, 1);
  const aborted = [...abortedTransactions!].sort((a, b) => a.firstOffset - b.firstOffset);
  const aborting = new Set<number>();
  const values: string[] = [];
  for (let at = 0; at < records!.length; ) {
    const header = readHeader(records!, at);
    while (aborted.length > 0 && aborted[0].firstOffset <= header.baseOffset + header.lastOffsetDelta) {
      aborting.add(aborted.shift()!.producerId);
    }
    const decoded = readRecords(records!, header);
    if (isControl(header)) {
      if (decoded[0].key!.readInt16BE(2) === 0) aborting.delete(header.producerId);
    } else if (!aborting.has(header.producerId)) values.push(...decoded.map(({ value }) => value!.toString()));
    at += header.sizeInBytes;
  }
  return values;
}

async function setUp(
  t: TestContext,
  topic: string,
  dataDir?: string,
): Promise<{ broker: DevBroker; client: RawClient }> {
  const broker = await startBroker(t, dataDir === undefined ? {} : { dataDir });
  broker.createTopic(topic, { partitions: 2 });
  return { broker, client: await RawClient.connect(t, broker.bootstrapServers) };
}

test("committed records are read, aborted ones are not, whatever order they come in", async (t) => {
  const { client } = await setUp(t, "mixed");
  const one = new RawProducer(client, "one");
  const two = new RawProducer(client, "two");
  await one.init();
  await two.init();
  await one.add("mixed", 0);
  await two.add("mixed", 0);
  await one.write("mixed", 0, "a1", "a2");
  await two.write("mixed", 0, "b1");
  await one.write("mixed", 0, "a3");
  assert.equal(await one.end(false), 0);
  await two.write("mixed", 0, "b2");
  assert.equal(await two.end(true), 0);
  await one.add("mixed", 0);
  await one.write("mixed", 0, "a4");
  assert.equal(await one.end(false), 0);
  await one.add("mixed", 0);
  await one.write("mixed", 0, "a5");
  assert.equal(await one.end(true), 0);
  assert.deepEqual(await readCommitted(client, "mixed"), ["b1", "b2", "a5"]);
  const { abortedTransactions } = await fetchRaw(client, "mixed", 1);
  assert.deepEqual(abortedTransactions, [
    { producerId: one.producerId, firstOffset: 0 },
    { producerId: one.producerId, firstOffset: 7 },
  ]);
  assert.deepEqual((await fetchRaw(client, "mixed", 0)).abortedTransactions, null);
  assert.deepEqual(
    (await fetchRaw(client, "mixed", 1, 7)).abortedTransactions,
    [{ producerId: one.producerId, firstOffset: 7 }],
    "a reader that begins later isn't told of what ended before",
  );
});

test("readers of committed data stop at the first open transaction", async (t) => {
  const { client } = await setUp(t, "open");
  const producer = new RawProducer(client, "one");
  await producer.init();
  await producer.add("open", 0);
  await producer.write("open", 0, "x", "y");
  const fetched = await fetchRaw(client, "open", 1);
  assert.equal(fetched.lastStableOffset, 0);
  assert.equal(fetched.highWatermark, 2);
  assert.equal(fetched.records!.length, 0);
  const end = async (isolationLevel: number) => {
    const partitions = [{ partitionIndex: 0, timestamp: -1 }];
    const request = { replicaId: -1, isolationLevel, topics: [{ name: "open", partitions }] };
    return (await client.call(listOffsets, 5, request)).topics[0].partitions[0].offset;
  };
  assert.equal(await end(0), 2);
  assert.equal(await end(1), 0);
  await producer.end(true);
  assert.equal(await end(1), 3);
});

test("a commit wakes a reader that waits for committed data", async (t) => {
  const { broker, client } = await setUp(t, "wake");
  const producer = new RawProducer(client, "one");
  await producer.init();
  await producer.add("wake", 0);
  await producer.write("wake", 0, "x");
  const reader = await RawClient.connect(t, broker.bootstrapServers);
  const waiting = reader.call(fetch, 11, {
    maxWaitMs: 60_000,
    minBytes: 1,
    isolationLevel: 1,
    topics: [{ topic: "wake", partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
  });
  await producer.write("wake", 0, "y");
  await producer.end(true);
  assert.ok((await waiting).responses[0].partitions[0].records!.length > 0);
});

test("a producer that comes back fences the one before and aborts what it left", async (t) => {
  const { client } = await setUp(t, "fenced");
  const zombie = new RawProducer(client, "same");
  await zombie.init();
  await zombie.add("fenced", 0);
  await zombie.write("fenced", 0, "left behind");
  const successor = new RawProducer(client, "same");
  assert.equal(await successor.init(), 0);
  assert.equal(successor.producerId, zombie.producerId);
  assert.ok(successor.producerEpoch > zombie.producerEpoch);
  assert.equal(await zombie.write("fenced", 0, "late"), ErrorCode.INVALID_PRODUCER_EPOCH);
  assert.equal(await zombie.add("fenced", 1), ErrorCode.PRODUCER_FENCED);
  assert.equal(await zombie.end(true), ErrorCode.PRODUCER_FENCED);
  await successor.add("fenced", 0);
  assert.equal(await successor.write("fenced", 0, "new"), 0);
  await successor.end(true);
  assert.deepEqual(await readCommitted(client, "fenced"), ["new"]);
});

test("what is out of order is refused", async (t) => {
  const { client } = await setUp(t, "refused");
  const producer = new RawProducer(client, "one");
  await producer.init();
  assert.equal(await producer.end(true), ErrorCode.INVALID_TXN_STATE);
  assert.equal(await producer.write("refused", 0, "x"), ErrorCode.INVALID_TXN_STATE);
  assert.equal(await producer.add("refused", 0), 0);
  assert.equal(await producer.write("refused", 1, "x"), ErrorCode.INVALID_TXN_STATE);
  assert.equal(await producer.add("nowhere", 0), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  await producer.write("refused", 0, "x");
  assert.equal(await producer.end(true), 0);
  assert.equal(await producer.end(true), 0, "a commit that is said again has no effect");
  assert.equal(await producer.end(false), ErrorCode.INVALID_TXN_STATE);
  const stranger = new RawProducer(client, "unknown");
  stranger.producerId = 77;
  stranger.producerEpoch = 0;
  assert.equal(await stranger.add("refused", 0), ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  const patient = new RawProducer(client, "patient");
  assert.equal(await patient.init(900_001), ErrorCode.INVALID_TRANSACTION_TIMEOUT);
});

test("offsets are committed with the transaction, and not with one that is aborted", async (t) => {
  const { client } = await setUp(t, "offsets");
  const producer = new RawProducer(client, "one");
  await producer.init();
  const committed = async (requireStable: boolean) => {
    const topics = [{ name: "offsets", partitionIndexes: [0] }];
    const { groups } = await client.call(offsetFetch, 8, { groups: [{ groupId: "g", topics }], requireStable });
    return groups[0].topics[0].partitions[0];
  };
  const commit = async (committedOffset: number, committedMetadata: string) => {
    await client.call(addOffsetsToTxn, 3, { ...producer.claim, groupId: "g" });
    const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata }];
    const request = { ...producer.claim, groupId: "g", topics: [{ name: "offsets", partitions }] };
    const { topics } = await client.call(txnOffsetCommit, 3, request);
    return topics[0].partitions[0].errorCode;
  };
  assert.equal(await commit(5, "batch 0"), 0);
  assert.equal((await committed(false)).committedOffset, -1);
  assert.equal((await committed(true)).errorCode, ErrorCode.UNSTABLE_OFFSET_COMMIT);
  await producer.end(true);
  assert.deepEqual(await committed(true), {
    partitionIndex: 0,
    committedOffset: 5,
    committedLeaderEpoch: -1,
    metadata: "batch 0",
    errorCode: 0,
  });
  assert.equal(await commit(9, "batch 1"), 0);
  await producer.end(false);
  assert.equal((await committed(true)).committedOffset, 5);
});

test("a transaction that takes too long is aborted and its producer fenced", async (t) => {
  const { client } = await setUp(t, "slow");
  const producer = new RawProducer(client, "slow");
  await producer.init(50);
  await producer.add("slow", 0);
  await producer.write("slow", 0, "x");
  const fetched = await client.call(fetch, 11, {
    maxWaitMs: 60_000,
    minBytes: 1,
    isolationLevel: 1,
    topics: [{ topic: "slow", partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
  });
  assert.equal(fetched.responses[0].partitions[0].abortedTransactions?.length, 1);
  assert.equal(await producer.end(true), ErrorCode.PRODUCER_FENCED);
});

test("an open transaction and the list of aborted ones outlive a restart", async (t) => {
  const dataDir = temporaryDirectory(t);
  const first = await setUp(t, "kept", dataDir);
  const producer = new RawProducer(first.client, "one");
  await producer.init();
  await producer.add("kept", 0);
  await producer.write("kept", 0, "aborted");
  await producer.end(false);
  await producer.add("kept", 0);
  await producer.write("kept", 0, "open");
  await first.broker.close();
  const broker = await startBroker(t, { dataDir });
  const client = await RawClient.connect(t, broker.bootstrapServers);
  assert.equal((await fetchRaw(client, "kept", 1)).lastStableOffset, 2);
  const again = Object.assign(new RawProducer(client, "one"), {
    producerId: producer.producerId,
    producerEpoch: producer.producerEpoch,
  });
  assert.equal(await again.end(true), 0);
  assert.deepEqual(await readCommitted(client, "kept"), ["open"]);
});
