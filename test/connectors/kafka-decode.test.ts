/** Chunks decoded by other threads give what they give here, in the same order, and fail as they fail here. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { buildBatch } from "../../src/broker/protocol/batch.ts";
import { type Batch, valueAt } from "../../src/columns/vector.ts";
import type { JsonFields, ReadRequest } from "../../src/connectors/contract.ts";
import { BatchBuilder } from "../../src/connectors/kafka/batch-builder.ts";
import { canTravel } from "../../src/connectors/kafka/decode/chunk.ts";
import { DecodePipeline } from "../../src/connectors/kafka/decode/pipeline.ts";
import { DecodeThreads } from "../../src/connectors/kafka/decode/threads.ts";
import { type DecodeLease, leaseThreads, type PendingChunk } from "../../src/connectors/kafka/decode/workers.ts";
import { type FetchedRecords, nextOffsetOf, type RecordRange } from "../../src/connectors/kafka/records.ts";
import { SluiceError } from "../../src/errors/error.ts";
import { jsonOptions } from "../../src/formats/json/options.ts";
import { createJsonScanner } from "../../src/formats/json/scanner.ts";
import { array, BOOLEAN, DOUBLE, field, INT, LONG, STRING, struct, TIMESTAMP } from "../../src/types/types.ts";
import { type Value, WideRequired } from "../../src/types/values.ts";

const TIME = 1_767_225_600_000;
const schema = struct(
  field("device", STRING),
  field("ts", TIMESTAMP),
  field("temperature", DOUBLE),
  field("battery", INT),
  field("ok", BOOLEAN),
  field("serial", LONG),
  field("tags", array(STRING)),
);
const FIELDS = [0, 1, 2, 3, 4, 5, -1];

function fieldsOf(options: Record<string, string> = {}, changes: Partial<JsonFields> = {}): JsonFields {
  const json = jsonOptions(new Map(Object.entries(options)), "UTC");
  return { column: 1, schema, fields: FIELDS, options: json, keepsTexts: true, nowMs: TIME, ...changes };
}

function requestOf(json: JsonFields | undefined, wide = false): ReadRequest {
  return { columns: [0, 1, 3, 4, 5], batchRowsMax: 1000, wide, json };
}

/** A reading; some are malformed, some miss fields, have escapes, or are null. */
function reading(n: number): string | null {
  if (n % 97 === 0) return null;
  const device = n % 5 === 0 ? `de\\u0076ice \\"${n}\\"` : n % 7 === 0 ? `gerät-${n}` : `device-${n}`;
  const text = `{"device":"${device}","ts":"2026-01-01T00:00:${String(n % 60).padStart(2, "0")}.${n % 1000}Z","temperature":${n / 8},"battery":${n % 101},"ok":${n % 2 === 0},"serial":${n * 1000}}`;
  if (n % 31 === 0) return text.slice(0, 40);
  return n % 11 === 0 ? `{"battery":"${n}","device":null}` : text;
}

interface Load {
  readonly count: number;
  readonly compression: "lz4" | "none";
  readonly value?: (n: number) => string | null;
}

function chunkOf({ count, compression, value = reading }: Load, fetchOffset = 0): FetchedRecords {
  const batches: Buffer[] = [];
  for (let from = 0; from < count; from += 700) {
    const records = Array.from({ length: Math.min(700, count - from) }, (_, i) => {
      const text = value(fetchOffset + from + i);
      const key = i % 3 === 0 ? null : Buffer.from(`k${i}`);
      return { key, value: text === null ? null : Buffer.from(text), timestampMs: TIME + i };
    });
    batches.push(
      compression === "none"
        ? buildBatch(records, { baseOffset: fetchOffset + from })
        : lz4(records, fetchOffset + from),
    );
  }
  const bytes = Buffer.concat(batches);
  const nextOffset = nextOffsetOf("t", 3, bytes, fetchOffset);
  return { topic: "t", partition: 3, bytes, fetchOffset, nextOffset, aborted: undefined };
}

interface TestRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestampMs: number;
}

function lz4(records: readonly TestRecord[], baseOffset: number): Buffer {
  const builder = new BatchBuilder(1 << 16);
  for (const { key, value, timestampMs } of records) {
    const part = (b: Buffer | null): [Uint8Array, number, number] => [
      b ?? Buffer.alloc(0),
      b === null ? -1 : 0,
      b?.length ?? -1,
    ];
    builder.append(timestampMs, ...part(key), ...part(value), undefined);
  }
  const batch = builder.finish("lz4", undefined, -1, false);
  batch.writeBigInt64BE(BigInt(baseOffset), 0);
  return batch;
}

/** Rows of what a pipeline gives, JSON fields behind the columns, whoever read them. */
async function rowsOf(pipeline: DecodePipeline, request: ReadRequest): Promise<Value[][]> {
  const { json, wide } = request;
  const scanner = json && createJsonScanner(schema, json.fields, { json: json.options, wide, nowMs: () => TIME });
  const rows: Value[][] = [];
  while (!pipeline.isEmpty) {
    for await (const batch of pipeline.next()) {
      assert.ok(batch.rows <= request.batchRowsMax);
      const fields = batch.decoded ?? scanner?.scanVector(batch.columns[1], batch.rows);
      const columns = [...batch.columns, ...(fields?.columns ?? [])];
      for (let i = 0; i < batch.rows; i++) rows.push([...columns.map((c) => valueAt(c, i)), fields?.corrupt?.[i] ?? 0]);
      batch.release?.();
    }
  }
  return rows;
}

async function here(chunks: readonly FetchedRecords[], request: ReadRequest): Promise<Value[][]> {
  const pipeline = new DecodePipeline(undefined, request);
  const rows: Value[][] = [];
  for (const chunk of chunks) {
    pipeline.add(chunk, chunk.fetchOffset, chunk.nextOffset);
    rows.push(...(await rowsOf(pipeline, request)));
  }
  return rows;
}

const leases: DecodeLease[] = [];
function lease(request: ReadRequest): DecodeLease {
  const made = leaseThreads(request, 1) as DecodeLease;
  leases.push(made);
  return made;
}
after(() => {
  for (const l of leases) l.release();
});

for (const compression of ["lz4", "none"] as const) {
  for (const wide of [false, true]) {
    test(`${compression}, ${wide ? "wide" : "narrow"}: threads give the same rows`, async () => {
      const request = requestOf(fieldsOf(), wide);
      const chunks = [0, 5000, 10_000, 15_000, 20_000].map((at) => chunkOf({ count: 5000, compression }, at));
      const expected = await here(chunks, request);
      assert.equal(expected.length, 25_000);
      const threads = lease(request);
      for (const part of [chunks, chunks.slice(1, 3)]) {
        const pipeline = new DecodePipeline(threads, request);
        for (const chunk of part) pipeline.add(chunk, chunk.fetchOffset, chunk.nextOffset);
        const offsets = part.map((c) => c.fetchOffset);
        const from = Math.min(...offsets);
        assert.deepEqual(await rowsOf(pipeline, request), expected.slice(from, from + part.length * 5000));
      }
    });
  }
}

test("a part of a chunk is read, and its memory is kept for the rest", async () => {
  const request = requestOf(fieldsOf());
  const chunk = { ...chunkOf({ count: 5000, compression: "lz4" }), free: () => assert.fail("more is to be read") };
  const pipeline = new DecodePipeline(lease(request), request);
  pipeline.add(chunk, 100, 4321);
  const rows = await rowsOf(pipeline, request);
  assert.deepEqual(
    rows.map((r) => r[3]),
    Array.from({ length: 4221 }, (_, i) => 100 + i),
  );
});

test("memory is given back once: the chunk's when it was read, a batch's when it was released", async () => {
  const request = requestOf(fieldsOf());
  let freed = 0;
  const chunk = { ...chunkOf({ count: 5000, compression: "lz4" }), free: () => void freed++ };
  const pipeline = new DecodePipeline(lease(request), request);
  pipeline.add(chunk, 0, chunk.nextOffset);
  const batches: Batch[] = [];
  for await (const batch of pipeline.next()) batches.push(batch);
  assert.equal(freed, 1);
  for (const batch of batches) {
    const offsets = batch.columns[3];
    assert.ok(offsets.repr === "f64" && offsets.values.length === batch.rows);
  }
  for (const batch of batches) batch.release?.();
  for (const batch of batches) assert.ok("values" in batch.columns[3] && batch.columns[3].values.length === 0);
});

test("texts that nobody reads stay where they are", async () => {
  const request = requestOf(fieldsOf({}, { keepsTexts: false }));
  const pipeline = new DecodePipeline(lease(request), request);
  const chunk = chunkOf({ count: 5000, compression: "lz4" });
  pipeline.add(chunk, 0, chunk.nextOffset);
  let rows = 0;
  for await (const batch of pipeline.next()) {
    const texts = batch.columns[1];
    assert.ok(texts.repr === "utf8" && texts.bytes.length === 0);
    assert.equal(batch.decoded?.columns.length, FIELDS.length);
    rows += batch.rows;
  }
  assert.equal(rows, 5000);
});

for (const threads of [false, true]) {
  test(`small chunks of several partitions are one batch, ${threads ? "with" : "without"} threads`, async () => {
    const request = { ...requestOf(undefined), columns: [1, 2, 3, 4] };
    let freed = 0;
    const chunks = [0, 1, 2, 3].map((partition) => {
      const chunk = chunkOf({ count: 5, compression: partition === 2 ? "lz4" : "none" }, 100 * partition);
      return { ...chunk, topic: partition === 3 ? "other" : "t", partition, free: () => void freed++ };
    });
    const pipeline = new DecodePipeline(threads ? lease(request) : undefined, request);
    for (const chunk of chunks) {
      assert.ok(pipeline.hasRoom);
      pipeline.add(chunk, chunk.fetchOffset, chunk.nextOffset);
    }
    const batches: Batch[] = [];
    for await (const batch of pipeline.next()) batches.push(batch);
    assert.ok(pipeline.isEmpty);
    assert.equal(freed, 4);
    const rows = batches.map((batch) =>
      Array.from({ length: batch.rows }, (_, i) => [
        batch.origin?.(i),
        ...batch.columns.slice(1).map((c) => valueAt(c, i)),
      ]),
    );
    const expected = chunks.flatMap(({ topic, partition, fetchOffset }) =>
      Array.from({ length: 5 }, (_, i) => {
        const offset = fetchOffset + i;
        return [`topic ${topic}, partition ${partition}, offset ${offset}`, topic, partition, offset];
      }),
    );
    assert.deepEqual(rows, [expected]);
    const [batch] = batches as [Batch];
    const text = (i: number) => Buffer.from(valueAt(batch.columns[0], i) as Uint8Array).toString();
    assert.deepEqual([1, 6, 11, 16].map(text), [1, 101, 201, 301].map(reading));
  });
}

test("a record that is taken out of a shared batch is its partition's", async () => {
  const record = 8;
  const request = { ...requestOf(undefined), columns: [1, record] };
  const chunks = [1, 2].map((partition) => ({
    ...chunkOf({ count: 3, compression: "none" }, 10 * partition),
    partition,
  }));
  const pipeline = new DecodePipeline(undefined, request);
  for (const chunk of chunks) pipeline.add(chunk, chunk.fetchOffset, chunk.nextOffset);
  const batches: Batch[] = [];
  for await (const batch of pipeline.next()) batches.push(batch);
  const [batch] = batches as [Batch];
  assert.equal(batch.rows, 6);
  const told = [0, 3, 5].map((row) => batch.record?.(row));
  assert.deepEqual(
    told.map((r) => [r?.partition, r?.offset, Buffer.from(r?.value ?? "").toString()]),
    [10, 20, 22].map((offset) => [Math.floor(offset / 10), offset, reading(offset)]),
  );
});

test("a chunk that is no longer small begins the next batch", async () => {
  const request = requestOf(undefined);
  const [small, large, after] = [
    chunkOf({ count: 5, compression: "none" }),
    chunkOf({ count: 5000, compression: "none" }, 5),
    chunkOf({ count: 5, compression: "none" }, 5005),
  ] as const;
  const pipeline = new DecodePipeline(undefined, request);
  for (const chunk of [small, large]) pipeline.add(chunk, chunk.fetchOffset, chunk.nextOffset);
  assert.equal(pipeline.hasRoom, false);
  const all = await rowsOf(pipeline, request);
  pipeline.add(after, after.fetchOffset, after.nextOffset);
  all.push(...(await rowsOf(pipeline, request)));
  assert.deepEqual(
    all.map((row) => row[3]),
    Array.from({ length: 5010 }, (_, i) => i),
  );
});

async function failure(chunk: FetchedRecords, request: ReadRequest): Promise<unknown> {
  const pipeline = new DecodePipeline(lease(request), request);
  pipeline.add(chunk, chunk.fetchOffset, chunk.nextOffset);
  return rowsOf(pipeline, request).then(
    () => assert.fail("it was read"),
    (error: unknown) => error,
  );
}

test("a damaged batch is named as it is here", async () => {
  const chunk = chunkOf({ count: 5000, compression: "lz4" });
  chunk.bytes[chunk.bytes.length - 100] ^= 1;
  const error = await failure(chunk, requestOf(fieldsOf()));
  assert.ok(error instanceof SluiceError && error.condition === "KAFKA_CORRUPT_RECORD_BATCH", String(error));
  assert.match(error.message, /offset 4900 of partition t-3/);
});

test("a number that needs the wide form asks for it", async () => {
  const value = (n: number) => `{"serial":${n === 4000 ? "9007199254740993" : n},"device":"${"x".repeat(40)}${n * n}"}`;
  const error = await failure(chunkOf({ count: 5000, compression: "lz4", value }), requestOf(fieldsOf()));
  assert.ok(error instanceof WideRequired, String(error));
});

test("FAILFAST names the record", async () => {
  const error = await failure(chunkOf({ count: 5000, compression: "lz4" }), requestOf(fieldsOf({ mode: "FAILFAST" })));
  assert.ok(error instanceof SluiceError && error.condition.startsWith("MALFORMED_RECORD_IN_PARSING"), String(error));
  assert.match(error.message, /topic t, partition 3, offset 11\b/);
});

/** Threads under a test's control. */
class FakeLease implements DecodeLease {
  readonly isFree = true;
  readonly given: { readonly from: number; readonly settle: () => void }[] = [];
  submit({ from }: RecordRange): PendingChunk {
    let isDone = false;
    let resolve: () => void = () => {};
    const done = new Promise<void>((r) => {
      resolve = r;
    });
    const settle = (): void => {
      isDone = true;
      resolve();
    };
    this.given.push({ from, settle });
    return {
      get isDone() {
        return isDone;
      },
      done,
      take: () => undefined,
      recycle: () => {},
    };
  }
  release(): void {}
}

test("what a thread that ended had is decoded here, in its turn", async () => {
  const request = requestOf(fieldsOf());
  const chunks = [0, 5000].map((at) => chunkOf({ count: 5000, compression: "lz4" }, at));
  const threads = new FakeLease();
  const pipeline = new DecodePipeline(threads, request);
  for (const chunk of chunks) pipeline.add(chunk, chunk.fetchOffset, chunk.nextOffset);
  threads.given[1].settle();
  setImmediate(() => threads.given[0].settle());
  assert.deepEqual(await rowsOf(pipeline, request), await here(chunks, request));
});

test("threads are for large reads of plain columns", () => {
  const threads = new DecodeThreads();
  assert.equal(threads.leaseFor(requestOf(fieldsOf()), 10), undefined);
  threads.close();
  assert.equal(canTravel(requestOf(fieldsOf({}, { fields: [0, 6] }))), false);
  assert.equal(canTravel({ ...requestOf(fieldsOf()), columns: [1, 7] }), false);
  assert.equal(canTravel(requestOf(undefined)), true);
});
