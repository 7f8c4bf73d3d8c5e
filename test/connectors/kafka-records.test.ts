import assert from "node:assert/strict";
import { test } from "node:test";
import { buildBatch, buildMarker, place, seal, TRANSACTIONAL_BIT } from "../../src/broker/protocol/batch.ts";
import { BatchBuilder, type CompressionName } from "../../src/connectors/kafka/batch-builder.ts";
import type { AbortedTransaction } from "../../src/connectors/kafka/fetch.ts";
import {
  headersAt,
  nextOffsetOf,
  type RecordBlock,
  type RecordRange,
  recordBlocks,
} from "../../src/connectors/kafka/records.ts";
import { SluiceError } from "../../src/errors/error.ts";

const TOPIC = "t";
const TIME = 1_700_000_000_000;

interface Row {
  readonly offset: number;
  readonly time: number;
  readonly key: string | null;
  readonly value: string | null;
}

function textOf(block: RecordBlock, start: number, end: number): string | null {
  return start < 0 ? null : Buffer.from(block.bytes.subarray(start, end)).toString();
}

function read(
  bytes: Buffer,
  options: {
    start?: number;
    end?: number;
    fetchOffset?: number;
    aborted?: AbortedTransaction[];
    rowsMax?: number;
  } = {},
): Row[] {
  const fetchOffset = options.fetchOffset ?? 0;
  const nextOffset = nextOffsetOf(TOPIC, 0, bytes, fetchOffset);
  const records = { topic: TOPIC, partition: 0, bytes, fetchOffset, nextOffset, aborted: options.aborted };
  const rows: Row[] = [];
  const end = options.end ?? Number.MAX_SAFE_INTEGER;
  const range = { records, from: options.start ?? fetchOffset, to: end };
  for (const block of recordBlocks([range], options.rowsMax ?? 8192)) {
    assert.ok(block.rows <= (options.rowsMax ?? 8192));
    for (let i = 0; i < block.rows; i++) {
      rows.push({
        offset: block.offsets[i] as number,
        time: block.timestamps[i] as number,
        key: textOf(block, block.keyStarts[i] as number, block.keyEnds[i] as number),
        value: textOf(block, block.valueStarts[i] as number, block.valueEnds[i] as number),
      });
    }
  }
  return rows;
}

/** A batch of `values`, as another program would write it. */
function batch(baseOffset: number, values: readonly (string | null)[], options: Parameters<typeof buildBatch>[1] = {}) {
  const records = values.map((value, i) => ({
    key: i % 2 === 0 ? null : Buffer.from(`k${baseOffset + i}`),
    value: value === null ? null : Buffer.from(value),
    timestampMs: TIME + baseOffset + i,
  }));
  return buildBatch(records, { baseOffset, ...options });
}

function marker(offset: number, producerId: number, commit: boolean): Buffer {
  const bytes = buildMarker(producerId, 0, commit, TIME);
  place(bytes, offset, 0);
  return bytes;
}

const transactional = (producerId: number) => ({ attributes: TRANSACTIONAL_BIT, producerId, producerEpoch: 0 });
const valuesOf = (rows: readonly Row[]): (string | null)[] => rows.map((r) => r.value);

test("batches become rows, with nulls, times and offsets", () => {
  const bytes = Buffer.concat([batch(10, ["a", null, ""]), batch(13, ["d"])]);
  assert.deepEqual(read(bytes, { fetchOffset: 10 }), [
    { offset: 10, time: TIME + 10, key: null, value: "a" },
    { offset: 11, time: TIME + 11, key: "k11", value: null },
    { offset: 12, time: TIME + 12, key: null, value: "" },
    { offset: 13, time: TIME + 13, key: null, value: "d" },
  ]);
});

test("a fetch that begins or ends inside a batch gives only what was asked for", () => {
  const bytes = Buffer.concat([batch(0, ["a", "b", "c", "d"]), batch(4, ["e", "f"])]);
  assert.deepEqual(valuesOf(read(bytes, { start: 2, end: 5 })), ["c", "d", "e"]);
});

test("a last batch that is cut off is left for the next fetch", () => {
  const whole = Buffer.concat([batch(0, ["a"]), batch(1, ["b", "c"])]);
  for (let cut = batch(0, ["a"]).length; cut < whole.length; cut++) {
    const bytes = whole.subarray(0, cut);
    assert.deepEqual(valuesOf(read(bytes)), ["a"]);
    assert.equal(nextOffsetOf(TOPIC, 0, bytes, 0), 1);
  }
});

test("a builder writes over a batch that is done with, and over no other", () => {
  const builder = new BatchBuilder(16);
  const write = (text: string, rows: number): Buffer => {
    const value = Buffer.from(text);
    for (let i = 0; i < rows; i++) builder.append(TIME, value, -1, -1, value, 0, value.length, undefined);
    return builder.finish("none", { producerId: 7, epoch: 1 }, 0, false);
  };
  const first = write("a".repeat(60), 20);
  const second = write("b".repeat(60), 20);
  assert.notEqual(second.buffer, first.buffer);
  builder.reuse();
  const third = write("c".repeat(50), 20);
  assert.equal(third.buffer, second.buffer);
  builder.reuse();
  const larger = write("d".repeat(60), 300);
  assert.deepEqual(valuesOf(read(first)), Array(20).fill("a".repeat(60)));
  assert.deepEqual(valuesOf(read(larger)), Array(300).fill("d".repeat(60)));
  assert.notEqual(larger.buffer, third.buffer);
});

test("large batches come in blocks of at most rowsMax rows", () => {
  const values = Array.from({ length: 1000 }, (_, i) => `v${i}`);
  assert.deepEqual(valuesOf(read(batch(0, values), { rowsMax: 64 })), values);
});

for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"] as readonly CompressionName[]) {
  test(`what the sink's builder writes is read back, ${compression}`, () => {
    const builder = new BatchBuilder(16);
    const headers = [
      { name: Buffer.from("h"), value: Buffer.from("x") },
      { name: Buffer.from("n"), value: null },
    ];
    const expected: Row[] = [];
    for (let i = 0; i < 500; i++) {
      const key = i % 3 === 0 ? null : `k${i}`;
      const value = i % 7 === 0 ? null : "v".repeat(i);
      const [k, v] = [Buffer.from(key ?? ""), Buffer.from(value ?? "")];
      builder.append(
        TIME,
        k,
        key === null ? -1 : 0,
        k.length,
        v,
        value === null ? -1 : 0,
        v.length,
        i === 5 ? headers : undefined,
      );
      expected.push({ offset: i, time: TIME, key, value });
    }
    const bytes = builder.finish(compression, { producerId: 7, epoch: 1 }, 0, false);
    assert.deepEqual(read(bytes), expected);
    const records = { topic: TOPIC, partition: 0, bytes, fetchOffset: 0, nextOffset: 500, aborted: undefined };
    const [block] = [...recordBlocks([{ records, from: 5, to: 6 }], 10)];
    const found = headersAt(block?.bytes as Uint8Array, block?.headerStarts[0] as number);
    assert.deepEqual(
      found?.map((h) => [h.name, h.value === null ? null : Buffer.from(h.value).toString()]),
      [
        ["h", "x"],
        ["n", null],
      ],
    );
  });
}

/** Chunks of several partitions: compressed and not, one of them read in part, one with nothing but the end of a transaction. */
function chunksOfSeveral(): RecordRange[] {
  const compressed = new BatchBuilder(16);
  const value = Buffer.from("lz4");
  for (let i = 0; i < 3; i++) compressed.append(TIME, value, -1, 0, value, 0, value.length, undefined);
  const chunks: [topic: string, bytes: Buffer, from: number, to: number][] = [
    ["t", Buffer.concat([batch(0, ["a", "b", "c"]), batch(3, ["d"])]), 1, 4],
    ["t", marker(0, 7, true), 0, 1],
    ["t", compressed.finish("lz4", undefined, -1, false), 0, 2],
    ["other", batch(0, ["x", null]), 0, 2],
  ];
  return chunks.map(([topic, bytes, from, to], partition) => {
    const nextOffset = nextOffsetOf(topic, partition, bytes, 0);
    return { records: { topic, partition, bytes, fetchOffset: 0, nextOffset, aborted: undefined }, from, to };
  });
}

for (const rowsMax of [100, 4, 1]) {
  test(`chunks of several partitions share blocks of ${rowsMax} rows`, () => {
    const found: string[] = [];
    let blocks = 0;
    for (const block of recordBlocks(chunksOfSeveral(), rowsMax)) {
      blocks++;
      assert.equal(block.sources[0]?.firstRow, 0);
      for (let i = 0; i < block.rows; i++) {
        const source = block.sources.findLast((s) => s.firstRow <= i);
        const value = textOf(block, block.valueStarts[i] as number, block.valueEnds[i] as number);
        found.push(`${source?.topic}-${source?.partition}@${block.offsets[i]}=${value}`);
      }
    }
    const expected = ["t-0@1=b", "t-0@2=c", "t-0@3=d", "t-2@0=lz4", "t-2@1=lz4", "other-3@0=x", "other-3@1=null"];
    assert.deepEqual(found, expected);
    // Batches aren't cut before they are read: a block is closed by the one that fills it.
    assert.equal(blocks, { 100: 1, 4: 2, 1: 7 }[rowsMax]);
  });
}

test("of several chunks the damaged one is named", () => {
  const ranges = chunksOfSeveral();
  const damaged = (ranges[2] as RecordRange).records.bytes;
  damaged[damaged.length - 1] ^= 1;
  const read = () => [...recordBlocks(ranges, 100)];
  assert.throws(read, (error) => error instanceof SluiceError && /offset 0 of partition t-2/.test(error.message));
});

test("the limit of decompressed bytes is one batch's, and a bomb is refused", () => {
  const value = Buffer.alloc(100_000, 120);
  const batches = Array.from({ length: 20 }, (_, i) => {
    const builder = new BatchBuilder(16);
    builder.append(TIME, value, -1, 0, value, 0, value.length, undefined);
    const bytes = builder.finish("zstd", undefined, -1, false);
    place(bytes, i, 0);
    return bytes;
  });
  const bytes = Buffer.concat(batches);
  const records = { topic: TOPIC, partition: 0, bytes, fetchOffset: 0, nextOffset: 20, aborted: undefined };
  const rowsWith = (limit: number) => {
    const range = { records, from: 0, to: 20 };
    return [...recordBlocks([range], 8192, undefined, limit)].reduce((n, b) => n + b.rows, 0);
  };
  assert.equal(rowsWith(150_000), 20);
  assert.throws(() => rowsWith(90_000), condition("KAFKA_CORRUPT_RECORD_BATCH"));
});

test("records of aborted transactions are left out: two aborts of one producer in one fetch", () => {
  const bytes = Buffer.concat([
    batch(0, ["aborted 1"], transactional(7)),
    marker(1, 7, false),
    batch(2, ["committed"], transactional(7)),
    marker(3, 7, true),
    batch(4, ["aborted 2"], transactional(7)),
    batch(5, ["of another"], transactional(8)),
    marker(6, 7, false),
    batch(7, ["plain"]),
    marker(8, 8, true),
  ]);
  const aborted = [
    { producerId: 7, firstOffset: 4 },
    { producerId: 7, firstOffset: 0 },
  ];
  assert.deepEqual(valuesOf(read(bytes, { aborted })), ["committed", "of another", "plain"]);
  assert.equal(valuesOf(read(bytes)).length, 5);
});

test("records of aborted transactions are left out: the marker lies beyond the response", () => {
  const bytes = Buffer.concat([
    batch(0, ["committed before"]),
    batch(1, ["aborted 1"], transactional(7)),
    batch(2, ["aborted 2"], transactional(7)),
  ]);
  assert.deepEqual(valuesOf(read(bytes, { aborted: [{ producerId: 7, firstOffset: 1 }] })), ["committed before"]);
});

test("a fetch that begins at an abort marker", () => {
  const bytes = Buffer.concat([marker(3, 7, false), batch(4, ["x"], transactional(7)), marker(5, 7, true)]);
  const aborted = [{ producerId: 7, firstOffset: 1 }];
  assert.deepEqual(valuesOf(read(bytes, { fetchOffset: 3, aborted })), ["x"]);
});

test("old formats and damage are named errors with the place", () => {
  const old = batch(5, ["x"]);
  old.writeInt8(1, 16);
  assert.throws(() => read(old, { fetchOffset: 5 }), condition("KAFKA_UNSUPPORTED_RECORD_FORMAT"));
  const damaged = batch(5, ["x"]);
  damaged[damaged.length - 2]! ^= 1;
  assert.throws(() => read(damaged, { fetchOffset: 5 }), /\[KAFKA_CORRUPT_RECORD_BATCH\].*offset 5 of partition t-0/);
  assert.throws(
    () => read(batch(5, ["x"]).subarray(0, -1), { fetchOffset: 5 }),
    condition("KAFKA_CORRUPT_RECORD_BATCH"),
  );
});

test("a batch that lies about its records is refused even when its checksum is right", () => {
  const lies: ((b: Buffer) => void)[] = [
    (b) => b.writeInt32BE(2_000_000_000, 57),
    (b) => b.writeInt32BE(-1, 57),
    (b) => b.writeInt32BE(1, 57),
    (b) => b.writeInt32BE(0x7fffffff, 23),
    (b) => b.writeUInt8(0xff, 61),
    (b) => b.writeUInt8(0x7f, 65),
    (b) => b.writeInt16BE(7, 21),
    (b) => b.writeInt16BE(3, 21),
  ];
  for (const [i, lie] of lies.entries()) {
    const bytes = batch(0, ["a", "b", "c"]);
    lie(bytes);
    seal(bytes);
    try {
      const rows = read(bytes);
      // A larger last offset delta is what compaction leaves; nothing is wrong with the rows.
      assert.deepEqual(valuesOf(rows), ["a", "b", "c"], `lie ${i}`);
      assert.equal(i, 3);
    } catch (error) {
      assert.ok(error instanceof SluiceError && error.condition === "KAFKA_CORRUPT_RECORD_BATCH", String(error));
    }
  }
});

function condition(name: string): (error: unknown) => boolean {
  return (error) => error instanceof SluiceError && error.condition === name;
}

/** A small generator with a seed, so that a failure can be repeated. */
function random(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

test("20,000 damaged fetches: each is refused, or gives a beginning of the right rows", () => {
  const next = random(20_261_121);
  const builder = new BatchBuilder(16);
  const value = Buffer.from('{"device":"d-17","temperature":21.5}');
  for (let i = 0; i < 40; i++) builder.append(TIME, value, -1, 0, value, 0, value.length, undefined);
  const compressed = builder.finish("lz4", undefined, -1, false);
  place(compressed, 3, 0);
  const whole = Buffer.concat([batch(0, ["a", "b", "c"]), compressed, batch(43, ["x", "y"])]);
  const expected = read(whole);
  let refused = 0;
  let harmless = 0;
  for (let trial = 0; trial < 20_000; trial++) {
    const bytes = Buffer.from(whole);
    const changes = 1 + Math.floor(next() * 3);
    for (let c = 0; c < changes; c++) {
      const at = Math.floor(next() * bytes.length);
      bytes[at] = next() < 0.5 ? bytes[at]! ^ (1 << Math.floor(next() * 8)) : Math.floor(next() * 256);
    }
    const cut = next() < 0.2 ? bytes.subarray(0, Math.floor(next() * bytes.length)) : bytes;
    try {
      const rows = read(cut);
      // The offset of a batch isn't under its checksum, and may be larger where compaction left a hole; all else is.
      const plain = (r: Row) => [r.key, r.value, r.time];
      assert.deepEqual(rows.map(plain), expected.slice(0, rows.length).map(plain), `trial ${trial}`);
      harmless++;
    } catch (error) {
      assert.ok(error instanceof SluiceError && /^KAFKA_/.test(error.condition), `trial ${trial}: ${error}`);
      refused++;
    }
  }
  assert.equal(refused + harmless, 20_000);
  assert.ok(refused > 15_000, `${refused} refused`);
});
