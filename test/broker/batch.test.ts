import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  buildBatch,
  buildMarker,
  checkBatch,
  isControl,
  place,
  stampAppendTime,
} from "../../src/broker/protocol/batch.ts";
import { crc32c } from "../../src/broker/protocol/crc32c.ts";
import { KafkaError } from "../../src/broker/protocol/errors.ts";
import { readRecords } from "../../src/broker/protocol/records.ts";

const bytes = fc.option(fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)));
const record = fc.record({
  key: bytes,
  value: bytes,
  timestampMs: fc.integer({ min: 0, max: 2 ** 45 }),
  headers: fc.array(fc.tuple(fc.string({ maxLength: 20 }), bytes), { maxLength: 4 }),
});

test("CRC-32C gives the published check values", () => {
  assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
  assert.equal(crc32c(Buffer.from(Array.from({ length: 32 }, (_, i) => i))), 0x46dd794e);
  assert.equal(crc32c(Buffer.alloc(0)), 0);
});

test("a part of a buffer has the checksum of its copy, at every alignment", () => {
  const data = Buffer.from(Array.from({ length: 64 }, (_, i) => (i * 37) & 0xff));
  for (let start = 0; start < 17; start++) {
    for (let end = start; end < 64; end++) {
      let bitwise = 0xffffffff;
      for (let i = start; i < end; i++) {
        bitwise ^= data[i];
        for (let bit = 0; bit < 8; bit++) bitwise = bitwise & 1 ? (bitwise >>> 1) ^ 0x82f63b78 : bitwise >>> 1;
      }
      assert.equal(crc32c(data, start, end), ~bitwise >>> 0);
    }
  }
});

test("what a batch is built from is what is read from it", () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), fc.nat(2 ** 50), (records, baseOffset) => {
      const batch = buildBatch(records);
      place(batch, baseOffset, 3);
      const header = checkBatch(batch);
      assert.equal(header.recordCount, records.length);
      assert.equal(header.baseOffset, baseOffset);
      assert.equal(header.leaderEpoch, 3);
      assert.equal(header.maxTimestamp, Math.max(...records.map(({ timestampMs }) => timestampMs)));
      const expected = records.map((each, i) => ({ offset: baseOffset + i, ...each }));
      assert.deepEqual(readRecords(batch, header), expected);
    }),
  );
});

test("every single flipped bit under the checksum is detected", () => {
  const batch = buildBatch(
    Array.from({ length: 5 }, (_, i) => ({
      key: Buffer.from(`k${i}`),
      value: Buffer.from(`value ${i}`),
      timestampMs: i,
    })),
  );
  // The offset and the leader epoch are the broker's to write, so they are outside of it.
  for (let at = 8; at < batch.length; at++) {
    if (at >= 12 && at < 16) continue;
    for (let bit = 0; bit < 8; bit++) {
      const damaged = Buffer.from(batch);
      damaged[at] ^= 1 << bit;
      assert.throws(() => checkBatch(damaged), KafkaError, `bit ${bit} of byte ${at}`);
    }
  }
});

test("twenty thousand ways of damage are all detected, as a refusal", () => {
  const batch = buildBatch(
    Array.from({ length: 50 }, (_, i) => ({ key: null, value: Buffer.from(`{"n":${i}}`), timestampMs: i })),
  );
  const position = fc.integer({ min: 16, max: batch.length - 1 });
  const damage = fc.oneof(
    fc.tuple(position, fc.integer({ min: 1, max: 255 })).map(([at, mask]) => {
      const copy = Buffer.from(batch);
      copy[at] ^= mask;
      return copy;
    }),
    fc.nat(batch.length - 1).map((length) => batch.subarray(0, length)),
    fc.integer().map((length) => {
      const copy = Buffer.from(batch);
      copy.writeInt32BE(length === batch.length - 12 ? length + 1 : length, 8);
      return copy;
    }),
    fc
      .tuple(position, position)
      .filter(([a, b]) => batch[a] !== batch[b])
      .map(([a, b]) => {
        const copy = Buffer.from(batch);
        [copy[a], copy[b]] = [copy[b], copy[a]];
        return copy;
      }),
  );
  fc.assert(
    fc.property(damage, (damaged) => {
      assert.throws(() => checkBatch(damaged), KafkaError);
    }),
    { numRuns: 20_000 },
  );
});

test("records that disagree with their header are refused, whatever the bytes", () => {
  const batch = buildBatch([{ key: null, value: Buffer.from("x"), timestampMs: 1 }]);
  const header = checkBatch(batch);
  assert.throws(() => readRecords(batch, { ...header, recordCount: 2 }), { errorName: "INVALID_RECORD" });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(4), fc.nat(100), (payload, compression, recordCount) => {
      const content = Buffer.concat([batch.subarray(0, 61), payload]);
      try {
        readRecords(content, { ...header, sizeInBytes: content.length, attributes: compression, recordCount });
      } catch (error) {
        assert.ok(error instanceof KafkaError);
      }
    }),
    { numRuns: 2000 },
  );
});

test("the broker's time replaces the producer's where the topic says so", () => {
  const batch = buildBatch([{ key: null, value: null, timestampMs: 5 }]);
  stampAppendTime(batch, 1_700_000_000_000);
  const header = checkBatch(batch);
  assert.equal(header.maxTimestamp, 1_700_000_000_000);
  assert.equal(readRecords(batch, header)[0].timestampMs, 1_700_000_000_000);
});

test("an end-of-transaction marker is a control batch with Kafka's key", () => {
  for (const commit of [true, false]) {
    const marker = buildMarker(9, 4, commit, 17);
    const header = checkBatch(marker);
    assert.ok(isControl(header));
    assert.equal(header.producerId, 9);
    assert.equal(header.producerEpoch, 4);
    const [{ key, value }] = readRecords(marker, header);
    assert.deepEqual([...key!], [0, 0, 0, commit ? 1 : 0]);
    assert.equal(value!.length, 6);
  }
});
