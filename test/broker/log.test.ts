import assert from "node:assert/strict";
import { test } from "node:test";
import { DiskStorage } from "../../src/broker/log/disk.ts";
import { PartitionLog } from "../../src/broker/log/partition-log.ts";
import { type LogStorage, MemoryStorage } from "../../src/broker/log/storage.ts";
import { buildBatch, checkBatch, readHeader } from "../../src/broker/protocol/batch.ts";
import { temporaryDirectory } from "./fixtures/brokers.ts";

const OPTIONS = { segmentBytes: 20_000, retentionMs: -1, retentionBytes: -1 };
const START_MS = 1_700_000_000_000;

/** Appends `count` batches of one to seven records, a second of event time each. */
function fill(log: PartitionLog, count: number): number {
  for (let i = 0; i < count; i++) {
    const records = Array.from({ length: 1 + (i % 7) }, (_, n) => ({
      key: null,
      value: Buffer.alloc(50 + ((i * 31) % 300), n),
      timestampMs: START_MS + i * 1000 + n,
    }));
    const batch = buildBatch(records);
    log.append(batch, checkBatch(batch));
    log.publish();
  }
  return log.endOffset;
}

function offsetsOf({ chunks }: { chunks: Buffer[] }): [base: number, last: number][] {
  return chunks.flatMap((chunk) => {
    const result: [number, number][] = [];
    for (let at = 0; at < chunk.length; ) {
      const header = readHeader(chunk, at);
      result.push([header.baseOffset, header.baseOffset + header.lastOffsetDelta]);
      at += header.sizeInBytes;
    }
    return result;
  });
}

const kinds: [string, (directory: string) => LogStorage][] = [
  ["in memory", () => new MemoryStorage()],
  ["on disk", (directory) => new DiskStorage(directory)],
];

for (const [where, storageIn] of kinds) {
  test(`a read at any offset begins with the whole batch that holds it, ${where}`, (t) => {
    const log = PartitionLog.open(storageIn(temporaryDirectory(t)), OPTIONS);
    const end = fill(log, 400);
    for (let offset = 0; offset < end; offset++) {
      for (const maxBytes of [0, 1, 700, 5000]) {
        const read = offsetsOf(log.read(offset, maxBytes, log.highWatermark, true));
        assert.ok(read[0][0] <= offset && read[0][1] >= offset, `offset ${offset} with ${maxBytes} bytes: ${read[0]}`);
        for (let i = 1; i < read.length; i++) assert.equal(read[i][0], read[i - 1][1] + 1);
      }
    }
    assert.deepEqual(log.read(end, 1000, log.highWatermark, true).chunks, []);
    assert.throws(() => log.read(end + 1, 1000, log.highWatermark, true), { errorName: "OFFSET_OUT_OF_RANGE" });
    log.close();
  });

  test(`reading on from where one read ended gives every record once, ${where}`, (t) => {
    const log = PartitionLog.open(storageIn(temporaryDirectory(t)), OPTIONS);
    const end = fill(log, 1000);
    let next = 0;
    while (next < end) {
      for (const [base, last] of offsetsOf(log.read(next, 4096, log.highWatermark, true))) {
        assert.equal(base, next);
        next = last + 1;
      }
    }
    log.close();
  });

  test(`nothing at or after the limit is read, and no more bytes than allowed, ${where}`, (t) => {
    const log = PartitionLog.open(storageIn(temporaryDirectory(t)), OPTIONS);
    const end = fill(log, 100);
    for (let upTo = 0; upTo <= end; upTo++) {
      for (const [base] of offsetsOf(log.read(0, 1 << 20, upTo, true))) assert.ok(base < upTo);
    }
    for (const maxBytes of [0, 100, 1000, 10_000]) {
      const size = log.read(0, maxBytes, end, false).chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      assert.ok(size <= maxBytes);
    }
    log.close();
  });

  test(`the first record at or after a time is found, across segments, ${where}`, (t) => {
    const log = PartitionLog.open(storageIn(temporaryDirectory(t)), OPTIONS);
    const end = fill(log, 300);
    assert.deepEqual(log.offsetForTime(0, end), { offset: 0, timestampMs: START_MS });
    let offset = 0;
    for (let i = 0; i < 300; i++) {
      const at = START_MS + i * 1000;
      assert.deepEqual(log.offsetForTime(at - 1, end), { offset, timestampMs: at });
      assert.equal(log.offsetForTime(at, end)!.offset, offset);
      offset += 1 + (i % 7);
    }
    assert.equal(log.offsetForTime(START_MS + 300_000, end), null);
    assert.deepEqual(log.offsetOfMaxTime(), { offset: end - 1, timestampMs: START_MS + 299_000 + (299 % 7) });
    log.close();
  });

  test(`records before a deleted offset are gone, and their segments too, ${where}`, (t) => {
    const log = PartitionLog.open(storageIn(temporaryDirectory(t)), OPTIONS);
    const end = fill(log, 500);
    const before = log.sizeBytes;
    log.deleteBefore(end - 100);
    assert.equal(log.startOffset, end - 100);
    assert.ok(log.sizeBytes < before / 2);
    assert.throws(() => log.read(end - 101, 1000, end, true), { errorName: "OFFSET_OUT_OF_RANGE" });
    assert.ok(log.offsetForTime(0, end)!.offset >= end - 100);
    log.deleteBefore(end);
    assert.equal(log.startOffset, end);
    assert.equal(log.endOffset, end);
    assert.equal(fill(log, 1), end + 1);
    log.close();
  });

  test(`retention by size and by time drops whole old segments, ${where}`, (t) => {
    const log = PartitionLog.open(storageIn(temporaryDirectory(t)), { ...OPTIONS, retentionBytes: 50_000 });
    fill(log, 500);
    assert.ok(log.startOffset > 0, "a log that grows is kept to its size at once");
    log.retain(START_MS);
    assert.ok(log.sizeBytes >= 50_000 && log.sizeBytes < 50_000 + 2 * OPTIONS.segmentBytes);
    log.options = { ...OPTIONS, retentionMs: 1000 };
    assert.ok(log.retain(START_MS + 10_000_000));
    assert.equal(log.startOffset, log.endOffset);
    assert.equal(log.sizeBytes, 0);
    log.close();
  });
}

test("a log on disk is the same after a clean stop and after none", (t) => {
  const directory = temporaryDirectory(t);
  const first = PartitionLog.open(new DiskStorage(directory), OPTIONS);
  const end = fill(first, 500);
  const abandoned = PartitionLog.open(new DiskStorage(directory), OPTIONS);
  assert.equal(abandoned.endOffset, end);
  assert.equal(abandoned.tornBytes, 0);
  assert.deepEqual(abandoned.offsetForTime(START_MS + 77_000, end), first.offsetForTime(START_MS + 77_000, end));
  abandoned.close();
  first.close();
  const reopened = PartitionLog.open(new DiskStorage(directory), OPTIONS);
  assert.equal(reopened.endOffset, end);
  assert.equal(reopened.highWatermark, end);
  for (const offset of [0, 1, 500, end - 1]) {
    assert.deepEqual(offsetsOf(reopened.read(offset, 2000, end, true))[0][0] <= offset, true);
  }
  assert.ok(fill(reopened, 1) > end);
  reopened.close();
});

test("a producer's retries are recognised after a restart, with and without a clean stop", (t) => {
  for (const clean of [true, false]) {
    const directory = temporaryDirectory(t);
    const write = (log: PartitionLog, baseSequence: number) => {
      const options = { producerId: 7, producerEpoch: 0, baseSequence };
      const batch = buildBatch([{ key: null, value: Buffer.alloc(3000), timestampMs: START_MS }], options);
      const { baseOffset, duplicate } = log.append(batch, checkBatch(batch));
      return { baseOffset, duplicate };
    };
    const first = PartitionLog.open(new DiskStorage(directory), OPTIONS);
    for (let i = 0; i < 40; i++) assert.deepEqual(write(first, i), { baseOffset: i, duplicate: false });
    if (clean) first.close();
    const second = PartitionLog.open(new DiskStorage(directory), OPTIONS);
    assert.deepEqual(write(second, 39), { baseOffset: 39, duplicate: true });
    assert.deepEqual(write(second, 36), { baseOffset: 36, duplicate: true });
    assert.throws(() => write(second, 41), { errorName: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
    assert.deepEqual(write(second, 40), { baseOffset: 40, duplicate: false });
    second.close();
  }
});

test("a flush lets readers see what was appended before it began", async (t) => {
  const log = PartitionLog.open(new DiskStorage(temporaryDirectory(t)), OPTIONS);
  const batch = buildBatch([{ key: null, value: null, timestampMs: START_MS }]);
  log.append(batch, checkBatch(batch));
  assert.equal(log.highWatermark, 0);
  assert.deepEqual(log.read(0, 1000, log.highWatermark, true).chunks, []);
  await log.flush();
  assert.equal(log.highWatermark, 1);
  log.close();
});
