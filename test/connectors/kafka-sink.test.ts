import assert from "node:assert/strict";
import { test } from "node:test";
import { DevBroker, type Fault } from "../../src/broker/index.ts";
import { batchFromRows } from "../../src/columns/rows.ts";
import { murmur2 } from "../../src/connectors/kafka/partitioner.ts";
import { recordLayout } from "../../src/connectors/kafka/rows.ts";
import { SluiceError } from "../../src/errors/error.ts";
import { array, BINARY, field, INT, LONG, STRING, struct } from "../../src/types/types.ts";
import { uniqueName } from "../support/parts.ts";
import { keylessRows, onBothBrokers, TestBroker, writeBatch } from "./kafka-brokers.ts";

const committed = { "kafka.isolation.level": "read_committed" };
const many = (prefix: string, n: number): string[] => Array.from({ length: n }, (_, i) => `${prefix}-${i}`);

function condition(name: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SluiceError, String(error));
    assert.equal(error.condition, name, error.message);
    return true;
  };
}

onBothBrokers("all columns of a row arrive", async (broker) => {
  const topic = await broker.topic(3);
  const header = struct(field("key", STRING), field("value", BINARY));
  const schema = struct(
    field("topic", STRING),
    field("partition", INT),
    field("key", BINARY),
    field("value", STRING),
    field("headers", array(header)),
  );
  const sink = await broker.sink({}, { schema });
  await sink.open();
  const rows = batchFromRows(
    schema.fields.map((f) => f.type),
    [
      [
        topic,
        2,
        Buffer.from("k"),
        "é",
        [
          ["h", Buffer.from("x")],
          ["n", null],
        ],
      ],
      [topic, 0, null, null, null],
      [topic, 1, Buffer.from(""), "", []],
    ],
  );
  const batch = await sink.begin(0);
  await batch.write(rows);
  await batch.commit();
  const found = await broker.rows({ subscribe: topic, includeHeaders: "true" }, [3, 0, 1, 7]);
  found.sort((a, b) => Number(a[0]) - Number(b[0]));
  assert.deepEqual(found.slice(0, 2), [
    [0, null, null, null],
    [1, "", "", null],
  ]);
  const [partition, key, value, headers] = found[2] as [number, string, string, [string, Uint8Array | null][]];
  assert.deepEqual([partition, key, value], [2, "k", "é"]);
  assert.deepEqual(
    headers.map(([name, v]) => [name, v === null ? null : Buffer.from(v).toString()]),
    [
      ["h", "x"],
      ["n", null],
    ],
  );
});

onBothBrokers("the last committed batch is told when the sink is opened again", async (broker) => {
  const topic = await broker.topic(2);
  const queryId = uniqueName("query");
  const first = await broker.sink({ topic }, { queryId });
  assert.equal(first.guarantee, "exactly-once");
  assert.equal(await first.open(), -1);
  for (let id = 0; id < 3; id++) await writeBatch(first, id, many(`b${id}`, 10));
  await first.close();
  const second = await broker.sink({ topic }, { queryId });
  assert.equal(await second.open(), 2);
  await writeBatch(second, 3, many("b3", 10));
  const third = await broker.sink({ topic }, { queryId });
  assert.equal(await third.open(), 3);
  const other = await broker.sink({ topic }, { queryId: uniqueName("query") });
  assert.equal(await other.open(), -1);
  const expected = [0, 1, 2, 3].flatMap((id) => many(`b${id}`, 10)).sort();
  assert.deepEqual(await broker.committed(topic, expected.length), expected);
});

onBothBrokers("an aborted batch leaves nothing, and the next one is whole", async (broker) => {
  const topic = await broker.topic(2);
  const sink = await broker.sink({ topic });
  await sink.open();
  await writeBatch(sink, 0, ["a"]);
  for (const rows of [1, 30_000]) {
    const batch = await sink.begin(1);
    await batch.write(keylessRows(many("aborted", rows)));
    await batch.abort();
  }
  await writeBatch(sink, 1, ["b"]);
  await writeBatch(sink, 2, []);
  await writeBatch(sink, 3, ["c"]);
  assert.deepEqual(await broker.committed(topic, 3), ["a", "b", "c"]);
});

onBothBrokers("a writer that was replaced can't commit", async (broker) => {
  const topic = await broker.topic(1);
  const queryId = uniqueName("query");
  const zombie = await broker.sink({ topic }, { queryId });
  await zombie.open();
  await writeBatch(zombie, 0, ["a"]);
  const open = await zombie.begin(1);
  await open.write(keylessRows(many("zombie", 30_000)));
  const heir = await broker.sink({ topic }, { queryId });
  assert.equal(await heir.open(), 0);
  await assert.rejects(async () => {
    await open.write(keylessRows(many("zombie", 30_000)));
    await open.commit();
  }, condition("KAFKA_PRODUCER_FENCED"));
  await writeBatch(heir, 1, ["b"]);
  assert.deepEqual(await broker.committed(topic, 2), ["a", "b"]);
});

onBothBrokers("transactions that are begun ahead hold nothing up, and end when no batch comes", async (broker) => {
  const topic = await broker.topic(3);
  const queryId = uniqueName("query");
  // A quarter of it is waited for the next batch.
  const sink = await broker.sink({ topic, "kafka.transaction.timeout.ms": "4000" }, { queryId });
  await sink.open();
  const written: string[] = [];
  const write = async (id: number) => {
    const rows = many(`b${id}`, 5);
    await writeBatch(sink, id, rows);
    written.push(...rows);
  };
  for (let id = 0; id < 12; id++) await write(id);
  // The next two have begun.
  assert.deepEqual(await broker.committed(topic, written.length), written.toSorted());
  await new Promise((resolve) => setTimeout(resolve, 1500));
  for (let id = 12; id < 18; id++) await write(id);
  const heir = await broker.sink({ topic }, { queryId });
  assert.equal(await heir.open(), 17);
  await writeBatch(heir, 18, ["last"]);
  await assert.rejects(writeBatch(sink, 18, ["zombie"]), condition("KAFKA_PRODUCER_FENCED"));
  await assert.rejects(writeBatch(sink, 19, ["zombie"]), condition("KAFKA_PRODUCER_FENCED"));
  assert.deepEqual(await broker.committed(topic, written.length + 1), [...written, "last"].sort());
});

onBothBrokers("the last batch is found also when the transactional id is chosen, or isn't any more", async (broker) => {
  const topic = await broker.topic(1);
  const queryId = uniqueName("query");
  const chosen = { "kafka.transactional.id": uniqueName("chosen") };
  let next = 0;
  for (const options of [{}, chosen, {}, chosen]) {
    for (const batches of [1, 2]) {
      const sink = await broker.sink({ topic, ...options }, { queryId });
      assert.equal(await sink.open(), next - 1);
      for (let i = 0; i < batches; i++) await writeBatch(sink, next++, [`b${next}`]);
      await sink.close();
    }
  }
  assert.equal((await broker.committed(topic, next)).length, next);
});

onBothBrokers("rows with a key go where Java's producer puts them", async (broker) => {
  const topic = await broker.topic(5);
  const sink = await broker.sink({ topic });
  await sink.open();
  const keys = many("device", 200);
  const batch = await sink.begin(0);
  await batch.write(
    batchFromRows(
      [STRING, STRING],
      keys.map((key) => [key, key]),
    ),
  );
  await batch.commit();
  for (const [partition, key] of await broker.rows({ subscribe: topic }, [3, 0])) {
    const bytes = Buffer.from(key as string);
    assert.equal(partition, murmur2(bytes, 0, bytes.length) % 5);
  }
});

onBothBrokers("many rows, several requests, one transaction", async (broker) => {
  const topic = await broker.topic(4);
  for (const delivery of ["exactly-once", "at-least-once"]) {
    const sink = await broker.sink({ topic, delivery, "kafka.compression.type": "lz4" });
    await sink.open();
    const batch = await sink.begin(0);
    for (let i = 0; i < 10; i++) await batch.write(keylessRows(many(`${delivery} ${i}`, 8192)));
    await batch.commit();
    await sink.close();
  }
  const values = await broker.committed(topic, 2 * 10 * 8192);
  assert.equal(values.length, 2 * 10 * 8192);
  assert.equal(new Set(values).size, values.length);
});

onBothBrokers("a null topic, an unknown topic and a wrong partition are errors", async (broker) => {
  const topic = await broker.topic(1);
  const schema = struct(field("topic", STRING), field("partition", INT), field("value", STRING));
  const write = async (row: [string | null, number | null, string]) => {
    const sink = await broker.sink({}, { schema });
    await sink.open();
    const batch = await sink.begin(0);
    try {
      await batch.write(batchFromRows([STRING, INT, STRING], [row]));
      await batch.commit();
    } finally {
      await batch.abort();
    }
  };
  await assert.rejects(write([null, null, "x"]), condition("KAFKA_NULL_TOPIC_IN_DATA"));
  await assert.rejects(write([topic, 7, "x"]), condition("KAFKA_UNKNOWN_PARTITION"));
  await assert.rejects(write([topic, null, "x".repeat(2 << 20)]), condition("KAFKA_RECORD_TOO_LARGE"));
});

onBothBrokers(
  "a large record after many small ones is a batch of its own, not one that is too large",
  async (broker) => {
    const topic = await broker.topic(1);
    for (const delivery of ["exactly-once", "at-least-once"]) {
      const sink = await broker.sink({ topic, delivery });
      await sink.open();
      const batch = await sink.begin(0);
      // 400 kB that don't fill a batch; with 900 kB more it would be larger than brokers take.
      await batch.write(keylessRows([...many(`${"s".repeat(8_000)}`, 50), "l".repeat(900_000), "after"]));
      await batch.commit();
      await sink.close();
    }
    const values = await broker.committed(topic, 104);
    assert.deepEqual(
      [...new Set(values.map((v) => String(v).length))].sort((a, b) => a - b),
      [5, 8002, 8003, 900_000],
    );
  },
);

for (const [kind, ending] of [
  ["drop", "the commit took effect and its answer is lost"],
  ["close", "the commit never arrived"],
] as const) {
  test(`an unknown outcome is asked for: ${ending}`, async () => {
    const server = await DevBroker.start();
    const broker = new TestBroker(server.bootstrapServers);
    try {
      const topic = await broker.topic(1);
      const sink = await broker.sink({ topic });
      await sink.open();
      await writeBatch(sink, 0, ["a"]);
      server.inject({ api: "EndTxn", action: { kind } });
      const written = writeBatch(sink, 1, ["b"]);
      await written;
      assert.deepEqual(await broker.values(topic, committed), ["a", "b"]);
      await writeBatch(sink, 2, ["c"]);
      assert.equal((await broker.values(topic, committed)).at(-1), "c");
    } finally {
      await broker.close();
      await server.close();
    }
  });
}

test("a transaction that brokers don't know any more isn't taken for committed", async () => {
  const server = await DevBroker.start();
  const broker = new TestBroker(server.bootstrapServers);
  try {
    const topic = await broker.topic(1);
    const queryId = uniqueName("query");
    const sink = await broker.sink({ topic }, { queryId });
    await sink.open();
    await writeBatch(sink, 0, ["a"]);
    server.inject({ api: "EndTxn", action: { kind: "error", error: "INVALID_TXN_STATE" } });
    await assert.rejects(writeBatch(sink, 1, ["b"]), condition("KAFKA_TRANSACTION_LOST"));
    const heir = await broker.sink({ topic }, { queryId });
    assert.equal(await heir.open(), 0);
    await writeBatch(heir, 1, ["b"]);
    assert.deepEqual(await broker.values(topic, committed), ["a", "b"]);
  } finally {
    await broker.close();
    await server.close();
  }
});

onBothBrokers("a batch's memo is there when the batch is, and only then", async (broker) => {
  const topic = await broker.topic(3);
  const queryId = uniqueName("query");
  const sink = await broker.sink({ topic }, { queryId });
  assert.equal(await sink.open(), -1);
  assert.equal(sink.lastMemo?.(), "");
  const longest = "m".repeat(sink.memoMax ?? 0);
  const write = async (id: number, memo: string, ends: boolean) => {
    const batch = await sink.begin(id);
    await batch.write(keylessRows(many(`b${id}`, 5)));
    assert.equal(await batch.prepare?.(() => memo), true);
    await (ends ? batch.commit() : batch.abort());
  };
  // The later ones in transactions that were begun, with their numbers, before there was a memo.
  for (let id = 0; id < 12; id++) await write(id, id === 11 ? longest : `memo of\n${id}`, true);
  await write(12, "never", false);
  const heir = await broker.sink({ topic }, { queryId });
  assert.equal(await heir.open(), 11);
  assert.equal(heir.lastMemo?.(), longest);
});

test("an unknown outcome is asked for again and again", async () => {
  const server = await DevBroker.start();
  const broker = new TestBroker(server.bootstrapServers);
  try {
    const topic = await broker.topic(1);
    const sink = await broker.sink({ topic, "kafka.retry.backoff.ms": "1" });
    await sink.open();
    await writeBatch(sink, 0, ["a"]);
    // The commit, then what raises the epoch, and the question itself.
    server.inject({ api: "EndTxn", action: { kind: "close" } });
    for (const api of ["EndTxn", "InitProducerId", "OffsetFetch"]) {
      server.inject({ api, times: 2, action: { kind: "drop" } });
    }
    await writeBatch(sink, 1, ["b"]);
    // And what ends a transaction without its records.
    const open = await sink.begin(2);
    await open.write(keylessRows(many("aborted", 30_000)));
    for (const api of ["EndTxn", "InitProducerId"]) server.inject({ api, times: 2, action: { kind: "drop" } });
    await open.abort();
    await writeBatch(sink, 2, ["c"]);
    assert.deepEqual(await broker.values(topic, committed), ["a", "b", "c"]);
  } finally {
    await broker.close();
    await server.close();
  }
});

test("a transaction's partitions are told in one request, although they fill one after the other", async () => {
  const server = await DevBroker.start();
  const broker = new TestBroker(server.bootstrapServers);
  try {
    const topic = await broker.topic(4);
    const sink = await broker.sink({ topic, "kafka.batch.size": "16384" });
    await sink.open();
    const rows = many("device", 20_000).map((key) => [key, key]);
    const batch = await sink.begin(0);
    const refused = { kind: "error", error: "TRANSACTIONAL_ID_AUTHORIZATION_FAILED" } as const;
    const disarm = server.inject({ api: "AddPartitionsToTxn", after: 1, action: refused });
    await batch.write(batchFromRows([STRING, STRING], rows));
    await batch.commit();
    disarm();
    assert.equal((await broker.committed(topic, rows.length)).length, rows.length);
  } finally {
    await broker.close();
    await server.close();
  }
});

test("lost connections and passing errors while a batch is written leave each row once", async () => {
  const server = await DevBroker.start();
  const broker = new TestBroker(server.bootstrapServers);
  try {
    const topic = await broker.topic(3);
    const given = { topic, "kafka.retry.backoff.ms": "1", "kafka.retry.backoff.max.ms": "5" };
    const sink = await broker.sink(given);
    await sink.open();
    const expected: string[] = [];
    const faults: Fault[] = [
      { api: "Produce", action: { kind: "drop" } },
      { api: "Produce", action: { kind: "close" } },
      { api: "Produce", action: { kind: "error", error: "NOT_LEADER_OR_FOLLOWER" } },
      { api: "AddPartitionsToTxn", action: { kind: "drop" } },
      { api: "AddPartitionsToTxn", action: { kind: "error", error: "CONCURRENT_TRANSACTIONS" }, times: 3 },
      { api: "AddOffsetsToTxn", action: { kind: "close" } },
      { api: "TxnOffsetCommit", action: { kind: "drop" } },
      { api: "EndTxn", action: { kind: "error", error: "COORDINATOR_LOAD_IN_PROGRESS" } },
      { api: "FindCoordinator", action: { kind: "close" } },
    ];
    for (const [id, fault] of faults.entries()) {
      const values = many(`batch ${id}`, 100);
      const disarm = server.inject(fault);
      await writeBatch(sink, id, values);
      disarm();
      expected.push(...values);
    }
    assert.deepEqual(await broker.committed(topic, expected.length), expected.sort());
  } finally {
    await broker.close();
    await server.close();
  }
});

onBothBrokers("the rows of a batch are the sink's once it gives the batch's memory back", async (broker) => {
  const topic = await broker.topic(2);
  const sink = await broker.sink({ topic });
  await sink.open();
  const batch = await sink.begin(0);
  const value = Buffer.from("0123456789".repeat(8));
  const column = {
    repr: "utf8",
    type: STRING,
    bytes: value,
    starts: Int32Array.of(0, 5),
    ends: Int32Array.of(80, 10),
    nulls: null,
  } as const;
  let released = 0;
  const release = (): void => {
    released++;
    value.fill(0);
  };
  await batch.write({ rows: 2, columns: [column, column], release });
  assert.equal(released, 1);
  await batch.commit();
  const values = await broker.committed(topic, 2);
  assert.deepEqual(values.toSorted(), ["0123456789".repeat(8), "56789"]);
});

test("columns are checked before anything is written", () => {
  const value = field("value", STRING);
  assert.deepEqual(recordLayout(struct(value), "t"), { value: 0, key: -1, topic: -1, partition: -1, headers: -1 });
  const wrong = [
    struct(field("key", STRING)),
    struct(field("value", INT)),
    struct(value, field("key", LONG)),
    struct(value, field("partition", LONG)),
    struct(value, field("headers", array(STRING))),
  ];
  for (const schema of wrong) {
    assert.throws(() => recordLayout(schema, "t"), condition("KAFKA_WRITE_SCHEMA_INVALID"));
  }
  assert.throws(() => recordLayout(struct(value), undefined), condition("KAFKA_WRITE_SCHEMA_INVALID"));
});

test("murmur2 is Kafka's", () => {
  // The values of the Java client's own tests, made positive.
  const known: readonly (readonly [string, number])[] = [
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ];
  for (const [text, hash] of known) {
    const bytes = Buffer.from(text);
    assert.equal(murmur2(bytes, 0, bytes.length), hash & 0x7fffffff, text);
  }
});
