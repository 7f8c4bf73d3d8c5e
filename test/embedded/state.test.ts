import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { diskFileSystem } from "../../src/embedded/checkpoint/file-system.ts";
import { ByteWriter } from "../../src/embedded/state/codec.ts";
import { decodeRows, encodeRows, StateFiles } from "../../src/embedded/state/files.ts";
import { KeyIndex } from "../../src/embedded/state/keyindex.ts";
import { type SlotColumnSpec, SlotTable } from "../../src/embedded/state/slots.ts";
import { TimeIndex } from "../../src/embedded/state/timeindex.ts";
import { SluiceError } from "../../src/errors/error.ts";
import { array, BOOLEAN, DOUBLE, decimal, INT, LONG, STRING } from "../../src/types/types.ts";
import { type Value, WideRequired } from "../../src/types/values.ts";

const column = (name: string, type: SlotColumnSpec["type"], interned = false): SlotColumnSpec => ({
  name,
  type,
  interned,
  nullable: true,
  initial: null,
});

const specs = [
  column("device", STRING, true),
  column("n", LONG),
  column("mean", DOUBLE),
  column("count", INT),
  column("ok", BOOLEAN),
  column("names", array(STRING)),
  column("total", decimal(20, 2)),
];

const rowOf = fc.tuple(
  fc.option(fc.string()),
  fc.option(fc.maxSafeInteger()),
  fc.option(fc.double()),
  fc.option(fc.integer()),
  fc.option(fc.boolean()),
  fc.option(fc.array(fc.option(fc.string()))),
  fc.option(fc.maxSafeInteger()),
) as fc.Arbitrary<Value[]>;

function fill(table: SlotTable, rows: readonly Value[][]): number[] {
  return rows.map((row) => {
    const slot = table.add();
    row.forEach((v, c) => {
      table.columns[c].set(slot, v);
    });
    return slot;
  });
}

const read = (table: SlotTable, slot: number) => table.columns.map((c) => c.get(slot));

test("a key index finds every slot that is in, after any inserts and removals", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40), fc.boolean()), { maxLength: 300 }), (steps) => {
      const index = new KeyIndex();
      const present = new Set<number>();
      const hashOf = (slot: number) => (slot * 7) & 15; // many collisions
      for (const [slot, insert] of steps) {
        if (insert && !present.has(slot)) {
          index.insert(slot, hashOf(slot));
          present.add(slot);
        } else if (!insert && present.delete(slot)) index.remove(slot);
        for (let s = 0; s <= 40; s++) {
          let at = hashOf(s) & index.mask;
          while (index.table[at] >= 0 && index.table[at] !== s) at = (at + 1) & index.mask;
          assert.equal(index.table[at] === s, present.has(s));
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("a key index in parts finds every slot in its own part, also when whole parts go", () => {
  const timeOf = (slot: number) => Math.floor(slot / 12) * 10_000_000 - 10_000_000;
  const hashOf = (slot: number) => (slot * 7) & 15;
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.array(fc.nat(47)), fc.boolean()), { maxLength: 30 }), (steps) => {
      const index = new KeyIndex();
      const present = new Set<number>();
      for (const [slots, insert] of steps) {
        const chosen = [...new Set(slots)].filter((slot) => present.has(slot) !== insert);
        if (insert) {
          for (const slot of chosen) {
            index.turnTo(timeOf(slot));
            index.insert(slot, hashOf(slot));
            present.add(slot);
          }
        } else {
          index.removeAll(Int32Array.from(chosen), timeOf);
          for (const slot of chosen) present.delete(slot);
        }
        for (let s = 0; s < 48; s++) {
          index.turnTo(timeOf(s));
          let at = hashOf(s) & index.mask;
          while (index.table[at] >= 0 && index.table[at] !== s) at = (at + 1) & index.mask;
          assert.equal(index.table[at] === s, present.has(s));
          assert.ok(index.table.every((slot) => slot < 0 || timeOf(slot) === timeOf(s)));
        }
      }
    }),
    { numRuns: 100 },
  );
});

test("a key index keeps nothing of parts that are gone", () => {
  const index = new KeyIndex();
  const bytes: number[] = [];
  for (let time = 1; time <= 100; time++) {
    index.turnTo(time);
    index.insert(0, 7);
    index.removeAll(Int32Array.of(0), () => time);
    bytes.push(index.memoryBytes);
  }
  assert.equal(bytes.at(-1), bytes[0]);
  index.insert(0, 7); // without parts, after all of it was removed
  assert.equal(index.table[7 & index.mask], 0);
});

test("rows come back from a state file as they were, in both forms", () => {
  const writer = new ByteWriter(0);
  fc.assert(
    fc.property(fc.array(rowOf, { maxLength: 30 }), fc.boolean(), (rows, wide) => {
      const table = new SlotTable(specs, false);
      const slots = fill(table, rows);
      const bytes = encodeRows(table, table.liveSlots(), new Int32Array(), writer);
      assert.deepEqual(bytes, encodeRows(table, table.liveSlots(), new Int32Array()));
      const back = new SlotTable(specs, wide);
      decodeRows(back, bytes, "test");
      assert.equal(back.count, rows.length);
      rows.forEach((row, k) => {
        const widened = (v: Value, c: number) => (wide && (c === 1 || c === 6) && v !== null ? BigInt(v as number) : v);
        assert.deepEqual(read(back, slots[k]), row.map(widened));
      });
    }),
  );
});

test("a value that needs the wide form is not read in the narrow one", () => {
  const wide = new SlotTable([column("n", LONG)], true);
  wide.columns[0].set(wide.add(), 2n ** 60n);
  const bytes = encodeRows(wide, wide.liveSlots(), new Int32Array());
  assert.throws(() => decodeRows(new SlotTable([column("n", LONG)], false), bytes, "test"), WideRequired);
});

test("every changed bit and every cut of a state file is noticed", () => {
  const table = new SlotTable(specs, false);
  fill(table, [
    ["d1", 1, 1.5, 2, true, ["a", null], 7],
    ["d2", null, Number.NaN, null, false, null, null],
  ]);
  const good = encodeRows(table, table.liveSlots(), Int32Array.of(9)).slice();
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bad = good.slice();
    bad[bit >> 3] ^= 1 << (bit & 7);
    assert.throws(() => decodeRows(new SlotTable(specs, false), bad, "test"), SluiceError, `bit ${bit}`);
  }
  for (let length = 0; length < good.length; length++) {
    assert.throws(() => decodeRows(new SlotTable(specs, false), good.subarray(0, length), "test"), SluiceError);
  }
});

test("a table loads as of any version from its deltas and snapshots; a damaged snapshot is passed over", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sluice-state-"));
  try {
    const files = new StateFiles(directory, diskFileSystem, false);
    await files.prepare();
    const table = new SlotTable([column("k", STRING, true), column("n", LONG)], false);
    const versions: string[] = [""];
    for (let version = 1; version <= 8; version++) {
      const [slot] = fill(table, [[`key${version}`, version]]);
      table.columns[1].set(slot, version * 10);
      if (version > 2) {
        const gone = table.liveSlots()[0];
        table.remove(gone);
      }
      await files.write(version, "delta", encodeRows(table, table.changedSlots(), table.removed.view()));
      if (version % 3 === 0)
        await files.write(version, "snapshot", encodeRows(table, table.liveSlots(), new Int32Array()));
      table.endRound();
      versions.push(JSON.stringify([...table.liveSlots()].map((s) => [s, ...read(table, s)])));
    }
    const loaded = async (version: number) => {
      const back = new SlotTable([column("k", STRING, true), column("n", LONG)], false);
      await files.load(back, version);
      return JSON.stringify([...back.liveSlots()].map((s) => [s, ...read(back, s)]));
    };
    for (let version = 1; version <= 8; version++) assert.equal(await loaded(version), versions[version]);
    await diskFileSystem.write(join(directory, "6.snapshot"), new Uint8Array(40), false);
    assert.equal(await loaded(7), versions[7]);
    await files.forgetAfter(7);
    await assert.rejects(loaded(8), { condition: "STATE_STORE_VERSION_MISSING" });
    assert.equal(await loaded(7), versions[7]);
    await files.purge(4);
    assert.equal(await loaded(7), versions[7]);
    await diskFileSystem.remove(join(directory, "7.delta"));
    await assert.rejects(loaded(7), { condition: "STATE_STORE_VERSION_MISSING" });
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("a time index gives out exactly the slots at or before a time", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 10_000_000 })), fc.array(fc.nat(10_000_000)), (times, limits) => {
      const index = new TimeIndex();
      times.forEach((t, slot) => {
        index.add(slot, t);
      });
      const left = new Set(times.keys());
      for (const limit of limits) {
        const expected = [...left].filter((s) => times[s] <= limit);
        const taken = [...index.takeUpTo(limit, (s) => times[s])].sort((a, b) => a - b);
        assert.deepEqual(taken, expected);
        for (const s of expected) left.delete(s);
      }
    }),
  );
});
