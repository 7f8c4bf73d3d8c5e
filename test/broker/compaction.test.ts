import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { produce } from "../../src/broker/apis/00-produce.ts";
import { metadata } from "../../src/broker/apis/03-metadata.ts";
import { createTopics } from "../../src/broker/apis/19-create-topics.ts";
import { DiskStorage } from "../../src/broker/log/disk.ts";
import { type LogOptions, PartitionLog } from "../../src/broker/log/partition-log.ts";
import { type LogStorage, MemoryStorage } from "../../src/broker/log/storage.ts";
import {
  buildBatch,
  buildMarker,
  checkBatch,
  isControl,
  lastOffsetOf,
  readHeader,
  TRANSACTIONAL_BIT,
  withRecords,
} from "../../src/broker/protocol/batch.ts";
import { type RecordView, readRecords } from "../../src/broker/protocol/records.ts";
import { serve, startBroker, temporaryDirectory } from "./fixtures/brokers.ts";
import { RawClient } from "./fixtures/raw-client.ts";
import { committedRecords } from "./fixtures/raw-producer.ts";
import { produceRequest } from "./fixtures/scenarios.ts";

const START_MS = 1_700_000_000_000;
const DAY_MS = 86_400_000;
const OPTIONS: LogOptions = {
  segmentBytes: 1500,
  retentionMs: -1,
  retentionBytes: -1,
  compaction: { deleteRetentionMs: DAY_MS, minLagMs: 0, maxLagMs: DAY_MS, dirtyRatio: 0 },
};

const kinds: [string, (directory: string) => LogStorage][] = [
  ["in memory", () => new MemoryStorage()],
  ["on disk", (directory) => new DiskStorage(directory)],
];

interface Step {
  /** Null keys are none of a compacted topic; a null value is a tombstone. */
  readonly records: readonly { readonly key: string; readonly value: string | null }[];
  readonly producer: number;
  readonly end: "commit" | "abort" | "none";
  readonly compression: number;
}

const STEP: fc.Arbitrary<Step> = fc.record({
  records: fc.array(
    fc.record({
      key: fc.oneof(fc.constantFrom("a", "b", "c", "d", "e"), fc.constant("long ".repeat(20))),
      value: fc.option(fc.string({ minLength: 1, maxLength: 40 }), { freq: 5 }),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  /** 0 writes without a transaction. */
  producer: fc.nat(3),
  end: fc.constantFrom("commit", "abort", "none", "none"),
  compression: fc.constantFrom(0, 0, 1, 2, 3, 4),
});

/** Appends to a log as producers would, some of them in transactions. */
class Writers {
  readonly log: PartitionLog;
  readonly #sequences = new Map<number, number>();
  readonly #open = new Set<number>();

  constructor(log: PartitionLog) {
    this.log = log;
  }

  write({ records, producer, end, compression }: Step): void {
    const baseSequence = this.#sequences.get(producer) ?? 0;
    const claim =
      producer === 0
        ? {}
        : { producerId: 100 + producer, producerEpoch: 0, baseSequence, attributes: TRANSACTIONAL_BIT };
    const bytes = (text: string | null) => (text === null ? null : Buffer.from(text));
    const plain = buildBatch(
      records.map(({ key, value }, i) => ({ key: bytes(key), value: bytes(value), timestampMs: START_MS + i })),
      claim,
    );
    this.#append(compressed(plain, compression));
    if (producer === 0) return;
    this.#sequences.set(producer, baseSequence + records.length);
    this.#open.add(producer);
    if (end !== "none") this.end(producer, end === "commit");
  }

  end(producer: number, commit: boolean): void {
    if (this.#open.delete(producer)) this.#append(buildMarker(100 + producer, 0, commit, START_MS));
  }

  endAll(): void {
    for (const producer of [...this.#open]) this.end(producer, false);
  }

  #append(batch: Buffer): void {
    this.log.append(batch, checkBatch(batch));
    this.log.publish();
  }
}

function compressed(batch: Buffer, compression: number): Buffer {
  const header = readHeader(batch, 0);
  batch.writeInt16BE(header.attributes | compression, 21);
  return withRecords(batch, readHeader(batch, 0), readRecords(batch, header));
}

/** What a reader of committed data sees from `from` on, and that it comes to the end. */
function read(log: PartitionLog, from = log.startOffset): RecordView[] {
  const found: RecordView[] = [];
  const upTo = log.lastStableOffset;
  for (let offset = from; offset < upTo; ) {
    const { chunks, nextOffset } = log.read(offset, 700, upTo, true);
    assert.ok(nextOffset > offset, `a reader stands still at ${offset} of ${upTo}`);
    const aborted = log.abortedBetween(offset, nextOffset).toSorted((a, b) => a.firstOffset - b.firstOffset);
    const aborting = new Set<number>();
    const bytes = Buffer.concat(chunks);
    for (let at = 0; at < bytes.length; ) {
      const header = checkBatch(bytes, at);
      while (aborted.length > 0 && aborted[0].firstOffset <= lastOffsetOf(header)) {
        aborting.add(aborted.shift()!.producerId);
      }
      const records = readRecords(bytes, header);
      if (isControl(header)) {
        if (records[0]?.key?.readInt16BE(2) === 0) aborting.delete(header.producerId);
      } else if (!aborting.has(header.producerId)) found.push(...records.filter((each) => each.offset >= offset));
      at += header.sizeInBytes;
    }
    offset = nextOffset;
  }
  return found;
}

function withoutSnapshots(storage: LogStorage): LogStorage {
  const copy = new MemoryStorage();
  for (const base of storage.list()) {
    const bytes = storage.open(base);
    for (const chunk of bytes.read(0, bytes.size)) copy.open(base).append(chunk);
    if (!(storage instanceof MemoryStorage)) bytes.close();
  }
  return copy;
}

/** The last record of each key, as text with its offset. */
function latest(records: readonly RecordView[]): Map<string, string> {
  return new Map(records.map(({ key, value, offset }) => [key!.toString(), `${offset}: ${value?.toString()}`]));
}

for (const [where, storageIn] of kinds) {
  test(`whatever is written, compaction keeps the last committed record of each key, ${where}`, async (t) => {
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { minLength: 1, maxLength: 60 }), fc.nat(2), async (steps, reopen) => {
        const storage = storageIn(temporaryDirectory(t));
        let log = PartitionLog.open(storage, OPTIONS);
        const writers = new Writers(log);
        let now = START_MS;
        for (const [i, step] of steps.entries()) {
          writers.write(step);
          if (i % 20 === 19) await log.compact((now += 1000));
        }
        writers.endAll();
        const before = read(log);
        const { endOffset, lastStableOffset } = log;
        await log.compact((now += 1000));
        assert.deepEqual(latest(read(log)), latest(before), "the first pass");
        if (reopen > 0) {
          if (reopen === 1) log.close();
          log = PartitionLog.open(storage, OPTIONS);
        }
        assert.deepEqual([log.endOffset, log.lastStableOffset], [endOffset, lastStableOffset]);
        assert.deepEqual(latest(read(log)), latest(before), "after a start");
        for (let offset = log.startOffset; offset < endOffset; offset++) {
          const kept = latest(before.filter((each) => each.offset >= offset));
          assert.deepEqual(latest(read(log, offset)), kept, `from ${offset}`);
        }
        // Some passes later, tombstones and markers are gone as well.
        const more = new Writers(log);
        for (let pass = 0; pass < 3; pass++) {
          more.write({ producer: 0, end: "none", compression: 0, records: [{ key: "more", value: "x" }] });
          log.rollOld((now += 2 * DAY_MS));
          await log.compact(now);
          // Where no snapshot of the producers can be read, the log itself has to say that no transaction is open.
          const again = PartitionLog.open(withoutSnapshots(storage), OPTIONS);
          assert.equal(again.lastStableOffset, log.endOffset);
        }
        const values = [...latest(before)].filter(([, text]) => !text.endsWith(": undefined"));
        const left = latest(read(log));
        assert.ok(left.delete("more"));
        assert.deepEqual(left, new Map(values), "once tombstones are gone");
        log.close();
      }),
      { numRuns: where === "on disk" ? 60 : 300 },
    );
  });

  test(`tombstones stay for delete.retention.ms, then they go, ${where}`, async (t) => {
    const log = PartitionLog.open(storageIn(temporaryDirectory(t)), OPTIONS);
    const writers = new Writers(log);
    const plain = { producer: 0, end: "none", compression: 0 } as const;
    writers.write({ ...plain, records: [{ key: "gone", value: "x" }] });
    writers.write({ ...plain, records: [{ key: "gone", value: null }] });
    for (let i = 0; i < 60; i++) writers.write({ ...plain, records: [{ key: "filler", value: `value ${i}` }] });
    const tombstones = () => read(log).filter(({ key }) => key!.toString() === "gone");
    const fillers = () => read(log).filter(({ key }) => key!.toString() === "filler").length;
    assert.equal(fillers(), 60);
    assert.equal(await log.compact(START_MS), true);
    assert.equal(tombstones().length, 1);
    assert.equal(tombstones()[0].value, null);
    assert.ok(fillers() < 30, "what a newer value has replaced is gone");
    for (let i = 0; i < 60; i++) writers.write({ ...plain, records: [{ key: "filler", value: `value ${i}` }] });
    await log.compact(START_MS + DAY_MS - 1);
    assert.equal(tombstones().length, 1);
    for (let i = 0; i < 60; i++) writers.write({ ...plain, records: [{ key: "filler", value: `value ${i}` }] });
    await log.compact(START_MS + DAY_MS);
    assert.equal(tombstones().length, 0);
    log.close();
  });
}

test("a reader comes to the end of a log whose last records went", async () => {
  const log = PartitionLog.open(new MemoryStorage(), OPTIONS);
  const batch = buildBatch([{ key: null, value: Buffer.from("from before it was compacted"), timestampMs: START_MS }]);
  for (let i = 0; i < 3; i++) log.append(Buffer.from(batch), checkBatch(batch));
  log.publish();
  log.rollOld(START_MS + 2 * DAY_MS);
  assert.equal(await log.compact(START_MS + 2 * DAY_MS), true);
  assert.deepEqual(read(log), []);
  assert.equal(log.read(1, 1000, 3, true).nextOffset, 3);
});

test("a segment spans no more event time than segment.ms", () => {
  const storage = new MemoryStorage();
  const log = PartitionLog.open(storage, { ...OPTIONS, compaction: undefined, segmentMs: 1000 });
  for (const atMs of [0, 400, 1000, 1001, 900, 2001, 2002]) {
    const batch = buildBatch([{ key: null, value: null, timestampMs: START_MS + atMs }]);
    log.append(batch, checkBatch(batch));
  }
  assert.deepEqual(storage.list(), [0, 3, 6]);
});

async function createCompacted(client: RawClient, name: string): Promise<void> {
  const configs = Object.entries({
    "cleanup.policy": "compact",
    "segment.bytes": "1048576",
    "min.cleanable.dirty.ratio": "0.1",
  }).map(([key, value]) => ({ name: key, value }));
  const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs };
  await client.call(createTopics, 5, { topics: [topic], timeoutMs: 1000 });
}

/** Writes a round of values for a hundred keys: a bit more than a quarter of a segment. */
async function writeRound(client: RawClient, topic: string, round: number): Promise<void> {
  const filling = "x".repeat(3000);
  const batch = buildBatch(
    Array.from({ length: 100 }, (_, i) => ({
      key: Buffer.from(`key ${i}`),
      value: Buffer.from(`${round} ${filling}`),
      timestampMs: START_MS + round,
    })),
  );
  await client.call(produce, 9, produceRequest(topic, 0, batch));
}

test("a topic with cleanup.policy=compact is compacted as it grows", async (t) => {
  const broker = await startBroker(t, { dataDir: temporaryDirectory(t) });
  const client = await RawClient.connect(t, broker.bootstrapServers);
  await createCompacted(client, "states");
  for (let round = 0; round < 40; round++) await writeRound(client, "states", round);
  // Forty rounds are twelve megabytes; what stays is one round and the open segment.
  while (broker.describeTopic("states")!.sizeBytes > 2 << 20) await client.call(metadata, 9, { topics: [] });
  const records = await committedRecords(client, "states");
  const states = new Map(records.map(({ key, value }) => [key!.toString(), Number.parseInt(value!.toString(), 10)]));
  assert.equal(states.size, 100);
  for (const round of states.values()) assert.equal(round, 39);
});

test("a broker that is killed while it compacts has lost no key", async (t: TestContext) => {
  const dataDir = temporaryDirectory(t);
  let round = 0;
  for (let kills = 0; kills < 4; kills++) {
    const { child, address } = await serve(t, dataDir);
    const client = await RawClient.connect(t, address);
    if (kills === 0) await createCompacted(client, "states");
    const until = round + 17 + kills;
    while (round < until) await writeRound(client, "states", round++);
    // The last round has just filled a segment, or is about to: a pass is under way, before, or over.
    child.kill("SIGKILL");
    await once(child, "exit");
    const broker = await startBroker(t, { dataDir });
    const records = await committedRecords(await RawClient.connect(t, broker.bootstrapServers), "states");
    const states = new Map(records.map(({ key, value }) => [key!.toString(), Number.parseInt(value!.toString(), 10)]));
    assert.equal(states.size, 100);
    for (const [key, last] of states) assert.equal(last, round - 1, key);
    await broker.close();
  }
});
