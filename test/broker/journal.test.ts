import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Journal } from "../../src/broker/log/journal.ts";
import { temporaryDirectory } from "./fixtures/brokers.ts";

interface Event {
  readonly key: string;
  readonly value: string;
}

test("events come back in order; a torn or damaged end is cut off, whatever its length", (t) => {
  const path = join(temporaryDirectory(t), "journal");
  const open = () => new Journal<Event>(path, () => []);
  const events = Array.from({ length: 5 }, (_, i) => ({ key: `k${i}`, value: "ü".repeat(i) }));
  const first = open();
  for (const event of events) first.append(event);
  first.close();
  const whole = fs.readFileSync(path);
  const check = (content: Buffer, expected: readonly Event[]) => {
    fs.writeFileSync(path, content);
    const journal = open();
    assert.deepEqual(journal.read(), expected);
    journal.append({ key: "after", value: "x" });
    journal.close();
    const again = open();
    assert.deepEqual(again.read(), [...expected, { key: "after", value: "x" }]);
    again.close();
  };
  check(whole, events);
  for (let cut = 1; cut < 20; cut++) check(whole.subarray(0, whole.length - cut), events.slice(0, 4));
  const damaged = Buffer.from(whole);
  damaged[damaged.length - 3] ^= 1;
  check(damaged, events.slice(0, 4));
});

test("a journal that grows is written anew from what holds now", (t) => {
  const path = join(temporaryDirectory(t), "journal");
  const state = new Map<string, string>();
  const journal = new Journal<Event>(path, () => [...state].map(([key, value]) => ({ key, value })));
  journal.read();
  for (let i = 0; i < 12_000; i++) {
    const event = { key: `k${i % 10}`, value: `${i}`.padStart(1000, "0") };
    state.set(event.key, event.value);
    journal.append(event);
  }
  journal.close();
  assert.ok(fs.statSync(path).size < 5 * 1024 * 1024);
  const replayed = new Map<string, string>();
  const again = new Journal<Event>(path, () => []);
  for (const { key, value } of again.read()) replayed.set(key, value);
  again.close();
  assert.deepEqual(replayed, state);
});
