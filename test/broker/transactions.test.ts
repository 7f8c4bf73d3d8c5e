import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { fetch } from "../../src/broker/apis/01-fetch.ts";
import { listOffsets } from "../../src/broker/apis/02-list-offsets.ts";
import { offsetFetch } from "../../src/broker/apis/09-offset-fetch.ts";
import { addOffsetsToTxn } from "../../src/broker/apis/25-add-offsets-to-txn.ts";
import { txnOffsetCommit } from "../../src/broker/apis/28-txn-offset-commit.ts";
import { ErrorCode } from "../../src/broker/protocol/errors.ts";
import { type BrokerUnderTest, createTopic, onBothBrokers } from "../support/brokers.ts";
import { uniqueName } from "../support/parts.ts";
import { startBroker, temporaryDirectory } from "./fixtures/brokers.ts";
import { RawClient } from "./fixtures/raw-client.ts";
import { fetchRaw, RawProducer, readCommitted, untilCoordinated } from "./fixtures/raw-producer.ts";

interface Given {
  readonly client: RawClient;
  readonly topic: string;
  /** Transactional ids that nobody else has. */
  readonly id: string;
  readonly otherId: string;
}

/** Declares a test with a topic of two partitions, for both brokers. */
function onBoth(name: string, body: (given: Given, broker: BrokerUnderTest, t: TestContext) => Promise<void>): void {
  onBothBrokers(name, async (broker, t) => {
    const topic = uniqueName("transacted");
    await createTopic(broker, topic, { partitions: 2 });
    const client = await RawClient.connect(t, broker.bootstrapServers);
    await body({ client, topic, id: uniqueName("one"), otherId: uniqueName("two") }, broker, t);
  });
}

onBoth(
  "committed records are read, aborted ones are not, whatever order they come in",
  async ({ client, topic, id, otherId }) => {
    const one = new RawProducer(client, id);
    const two = new RawProducer(client, otherId);
    await one.init();
    await two.init();
    await one.add(topic, 0);
    await two.add(topic, 0);
    await one.write(topic, 0, "a1", "a2");
    await two.write(topic, 0, "b1");
    await one.write(topic, 0, "a3");
    assert.equal(await one.end(false), 0);
    await two.write(topic, 0, "b2");
    assert.equal(await two.end(true), 0);
    await one.add(topic, 0);
    await one.write(topic, 0, "a4");
    assert.equal(await one.end(false), 0);
    await one.add(topic, 0);
    await one.write(topic, 0, "a5");
    assert.equal(await one.end(true), 0);
    assert.deepEqual(await readCommitted(client, topic), ["b1", "b2", "a5"]);
    const { abortedTransactions } = await fetchRaw(client, topic, 1);
    assert.deepEqual(abortedTransactions, [
      { producerId: one.producerId, firstOffset: 0 },
      { producerId: one.producerId, firstOffset: 7 },
    ]);
    assert.deepEqual((await fetchRaw(client, topic, 0)).abortedTransactions, null);
    assert.deepEqual(
      (await fetchRaw(client, topic, 1, 7)).abortedTransactions,
      [{ producerId: one.producerId, firstOffset: 7 }],
      "a reader that begins later isn't told of what ended before",
    );
  },
);

onBoth("readers of committed data stop at the first open transaction", async ({ client, topic, id }) => {
  const producer = new RawProducer(client, id);
  await producer.init();
  await producer.add(topic, 0);
  await producer.write(topic, 0, "x", "y");
  const fetched = await fetchRaw(client, topic, 1);
  assert.equal(fetched.lastStableOffset, 0);
  assert.equal(fetched.highWatermark, 2);
  assert.equal(fetched.records!.length, 0);
  const end = async (isolationLevel: number) => {
    const partitions = [{ partitionIndex: 0, timestamp: -1 }];
    const request = { replicaId: -1, isolationLevel, topics: [{ name: topic, partitions }] };
    return (await client.call(listOffsets, 5, request)).topics[0].partitions[0].offset;
  };
  assert.equal(await end(0), 2);
  assert.equal(await end(1), 0);
  await producer.end(true);
  assert.equal(await end(1), 3);
});

onBoth("a commit wakes a reader that waits for committed data", async ({ client, topic, id }, broker, t) => {
  const producer = new RawProducer(client, id);
  await producer.init();
  await producer.add(topic, 0);
  await producer.write(topic, 0, "x");
  const reader = await RawClient.connect(t, broker.bootstrapServers);
  const waiting = reader.call(fetch, 11, {
    maxWaitMs: 60_000,
    minBytes: 1,
    isolationLevel: 1,
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
  });
  await producer.write(topic, 0, "y");
  await producer.end(true);
  assert.ok((await waiting).responses[0].partitions[0].records!.length > 0);
});

onBoth("a producer that comes back fences the one before and aborts what it left", async ({ client, topic, id }) => {
  const zombie = new RawProducer(client, id);
  await zombie.init();
  await zombie.add(topic, 0);
  await zombie.write(topic, 0, "left behind");
  const successor = new RawProducer(client, id);
  assert.equal(await successor.init(), 0);
  assert.equal(successor.producerId, zombie.producerId);
  assert.ok(successor.producerEpoch > zombie.producerEpoch);
  assert.equal(await zombie.write(topic, 0, "late"), ErrorCode.INVALID_PRODUCER_EPOCH);
  assert.equal(await zombie.add(topic, 1), ErrorCode.PRODUCER_FENCED);
  assert.equal(await zombie.end(true), ErrorCode.PRODUCER_FENCED);
  await successor.add(topic, 0);
  assert.equal(await successor.write(topic, 0, "new"), 0);
  await successor.end(true);
  assert.deepEqual(await readCommitted(client, topic), ["new"]);
});

onBoth("what is out of order is refused", async ({ client, topic, id, otherId }) => {
  const producer = new RawProducer(client, id);
  await producer.init();
  assert.equal(await producer.end(true), ErrorCode.INVALID_TXN_STATE);
  assert.equal(await producer.write(topic, 0, "x"), ErrorCode.INVALID_TXN_STATE);
  assert.equal(await producer.add(topic, 0), 0);
  assert.equal(await producer.write(topic, 1, "x"), ErrorCode.INVALID_TXN_STATE);
  assert.equal(await producer.add("nowhere", 0), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  await producer.write(topic, 0, "x");
  assert.equal(await producer.end(true), 0);
  assert.equal(await producer.end(true), 0, "a commit that is said again has no effect");
  assert.equal(await producer.end(false), ErrorCode.INVALID_TXN_STATE);
  const stranger = new RawProducer(client, uniqueName("unknown"));
  stranger.producerId = 77;
  stranger.producerEpoch = 0;
  assert.equal(await stranger.add(topic, 0), ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  const patient = new RawProducer(client, otherId);
  assert.equal(await patient.init(900_001), ErrorCode.INVALID_TRANSACTION_TIMEOUT);
});

onBoth(
  "offsets are committed with the transaction, and not with one that is aborted",
  async ({ client, topic, id }) => {
    const producer = new RawProducer(client, id);
    await producer.init();
    await untilCoordinated(client, id, 0);
    const committed = async (requireStable: boolean) => {
      const topics = [{ name: topic, partitionIndexes: [0] }];
      const { groups } = await client.call(offsetFetch, 8, { groups: [{ groupId: id, topics }], requireStable });
      return groups[0].topics[0].partitions[0];
    };
    const commit = async (committedOffset: number, committedMetadata: string) => {
      await client.call(addOffsetsToTxn, 3, { ...producer.claim, groupId: id });
      const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata }];
      const request = { ...producer.claim, groupId: id, topics: [{ name: topic, partitions }] };
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
  },
);

onBoth("a transaction that takes too long is aborted and its producer fenced", async ({ client, topic, id }) => {
  const producer = new RawProducer(client, id);
  await producer.init(50);
  await producer.add(topic, 0);
  await producer.write(topic, 0, "x");
  const fetched = await client.call(fetch, 11, {
    maxWaitMs: 60_000,
    minBytes: 1,
    isolationLevel: 1,
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }],
  });
  assert.equal(fetched.responses[0].partitions[0].abortedTransactions?.length, 1);
  assert.equal(await producer.end(true), ErrorCode.PRODUCER_FENCED);
});

test("an open transaction and the list of aborted ones outlive a restart", async (t) => {
  const dataDir = temporaryDirectory(t);
  const first = await startBroker(t, { dataDir });
  first.createTopic("kept");
  const producer = new RawProducer(await RawClient.connect(t, first.bootstrapServers), "one");
  await producer.init();
  await producer.add("kept", 0);
  await producer.write("kept", 0, "aborted");
  await producer.end(false);
  await producer.add("kept", 0);
  await producer.write("kept", 0, "open");
  await first.close();
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
