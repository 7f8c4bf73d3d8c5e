import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultFleet, Fleet } from "../../src/devices/fleet.ts";

const start = Date.UTC(2026, 0, 1, 12);

function run(fleet: Fleet, seconds: number) {
  const sent = [];
  for (let s = 0; s <= seconds; s++) sent.push(...fleet.due(start + s * 1000));
  return sent;
}

test("the same seed gives the same messages, another seed gives others", () => {
  const a = run(new Fleet(), 20);
  const b = run(new Fleet(), 20);
  assert.deepEqual(a, b);
  assert.notDeepEqual(a, run(new Fleet({ ...defaultFleet, seed: 7 }), 20));
});

test("every device reports once an interval; faults come at about their rates and are labelled", () => {
  const sent = run(new Fleet(), 300);
  const first = new Set(sent.filter((r) => r.injected !== "duplicate").map((r) => `${r.device} ${r.timeMs}`));
  assert.ok(first.size >= 200 * 290, `${first.size} readings`);
  const count = (kind: string) => sent.filter((r) => r.injected === kind).length / sent.length;
  for (const kind of ["spike", "late", "duplicate", "malformed"] as const) {
    const rate = defaultFleet.faults[kind];
    assert.ok(count(kind) > rate / 2 && count(kind) < rate * 2, `${kind}: ${count(kind)}`);
  }
});

test("a late message is sent after its time, a malformed one is no JSON, and all others parse", () => {
  for (const r of run(new Fleet(), 120)) {
    if (r.injected === "late") assert.ok(r.sendAtMs >= r.timeMs + defaultFleet.faults.lateMs);
    if (r.injected === "malformed") assert.throws(() => JSON.parse(r.value));
    else assert.equal(JSON.parse(r.value).device, r.device);
  }
});

test("the device table names each device once, spread over the sites", () => {
  const { devices } = new Fleet();
  assert.equal(new Set(devices.map((d) => d.device)).size, 200);
  assert.equal(new Set(devices.map((d) => d.site)).size, 5);
});
