import assert from "node:assert/strict";
import { test } from "node:test";
import type { AveragePoint, Flag, LatestReading } from "../../src/console/events.ts";
import { Feed } from "../../src/console/feed.ts";
import { SlidingQuantiles } from "../../src/console/quantiles.ts";

const startMs = 1_800_000_000_000;

function newFeed() {
  const clock = { ms: startMs };
  const feed = new Feed({
    bootstrapServers: "127.0.0.1:9092",
    database: "x.db",
    devices: [{ device: "a", site: "Oslo", model: "TX-7" }],
    now: () => clock.ms,
  });
  return { feed, clock };
}

const reading = (device: string, timeMs: number, temperature = 20): LatestReading => ({
  device,
  timeMs,
  temperature,
  humidity: 50,
  battery: 90,
  status: "OK",
});
const flag = (device: string, timeMs: number): Flag => ({ device, site: "Oslo", timeMs, value: 35, mean: 20, z: 6 });
const window = (site: string, n: number, average = 20): AveragePoint => ({
  site,
  startMs: startMs + n * 10_000,
  endMs: startMs + (n + 1) * 10_000,
  count: 400,
  average,
  min: average - 1,
  max: average + 1,
});

test("a message counts as lost when it was sent ten seconds ago and has not come out", () => {
  const { feed, clock } = newFeed();
  const lost = () => feed.snapshot().totals.lost;
  feed.produced(5, startMs);
  clock.ms += 2000;
  feed.produced(3, clock.ms);
  feed.reading(reading("a", startMs), startMs);
  feed.malformed(1, startMs);
  feed.duplicates(1, startMs);
  feed.late(1, startMs);
  clock.ms = startMs + 10_000;
  assert.equal(lost(), 0);
  clock.ms = startMs + 10_100;
  assert.equal(lost(), 1);
  clock.ms = startMs + 12_100;
  assert.equal(lost(), 4);
  for (let i = 0; i < 3; i++) feed.reading(reading("a", startMs + i), startMs + 2000);
  assert.equal(lost(), 1);
  feed.reading(reading("a", startMs + 9), startMs);
  const { injected, ...totals } = feed.snapshot().totals;
  assert.deepEqual(injected, { spike: 0, late: 0, duplicate: 0, malformed: 0 });
  assert.deepEqual(totals, {
    produced: 8,
    delivered: 8,
    lost: 0,
    malformed: 1,
    lateDropped: 0,
    duplicatesDropped: 1,
    messagesPerSecond: 0,
    flagged: 0,
    spikesFound: 0,
    spikesDue: 0,
  });
});

test("messages that flow do not hide a missing one, nor does it come back by itself", () => {
  const { feed, clock } = newFeed();
  for (let s = 0; s <= 60; s++) {
    clock.ms = startMs + s * 1000;
    feed.produced(200, clock.ms);
    const arrived = s === 20 ? 199 : 200;
    for (let i = 0; i < arrived; i++) feed.reading(reading("a", clock.ms + i), clock.ms);
    assert.equal(feed.snapshot().totals.lost, s > 30 ? 1 : 0, `second ${s}`);
  }
});

test("delivery may be known before the acknowledgement", () => {
  const { feed, clock } = newFeed();
  feed.reading(reading("a", startMs), startMs);
  clock.ms = startMs + 11_000;
  assert.equal(feed.snapshot().totals.lost, 0);
  feed.produced(1, startMs);
  assert.equal(feed.snapshot().totals.lost, 0);
});

test("a reading of before the start is shown and not counted", () => {
  const { feed } = newFeed();
  feed.reading(reading("a", startMs - 60_000, 17), startMs - 60_000);
  const { latest, totals, latency } = feed.snapshot();
  assert.equal(latest[0].temperature, 17);
  assert.equal(totals.delivered, 0);
  assert.deepEqual(latency, { p50: null, p99: null });
});

test("an older reading does not replace a newer one, and still counts", () => {
  const { feed } = newFeed();
  feed.reading(reading("a", startMs + 2000, 22), startMs);
  feed.reading(reading("a", startMs + 1000, 21), startMs);
  assert.deepEqual(
    feed.snapshot().latest.map((r) => r.temperature),
    [22],
  );
  assert.equal(feed.snapshot().totals.delivered, 2);
});

test("a spike is found when its reading is flagged, missed after fifteen seconds, and open in between", () => {
  const { feed, clock } = newFeed();
  feed.injected({ device: "a", timeMs: startMs, kind: "spike" });
  feed.injected({ device: "b", timeMs: startMs + 1, kind: "spike" });
  feed.injected({ device: "c", timeMs: startMs, kind: "late" });
  const judged = () => {
    const { spikesFound, spikesDue } = feed.snapshot().totals;
    return [spikesFound, spikesDue];
  };
  assert.deepEqual(judged(), [0, 0]);
  feed.flag(flag("b", startMs));
  feed.flag(flag("a", startMs + 1000));
  assert.deepEqual(judged(), [1, 1]);
  clock.ms = startMs + 14_999;
  assert.deepEqual(judged(), [1, 1]);
  clock.ms = startMs + 15_000;
  assert.deepEqual(judged(), [1, 2]);
  feed.flag(flag("a", startMs));
  assert.deepEqual(judged(), [1, 2]);
  assert.deepEqual(feed.snapshot().totals.injected, { spike: 2, late: 1, duplicate: 0, malformed: 0 });
});

test("the same reading flagged in several windows is one flag", () => {
  const { feed } = newFeed();
  feed.flag(flag("a", startMs));
  feed.flag({ ...flag("a", startMs), z: 7 });
  assert.equal(feed.tick().flags.length, 1);
  assert.equal(feed.snapshot().totals.flagged, 1);
  feed.flag(flag("a", startMs - 1));
  assert.equal(feed.snapshot().flags.length, 2);
  assert.equal(feed.snapshot().totals.flagged, 1);
});

test("averages are in the order of time, and a later point of a window replaces the earlier", () => {
  const { feed } = newFeed();
  for (const n of [2, 0, 1]) feed.average(window("Oslo", n));
  feed.average(window("Oslo", 1, 25));
  feed.average(window("Lima", 1, 30));
  const oslo = feed.snapshot().averages.filter((p) => p.site === "Oslo");
  assert.deepEqual(
    oslo.map((p) => [(p.startMs - startMs) / 10_000, p.average]),
    [
      [0, 20],
      [1, 25],
      [2, 20],
    ],
  );
});

test("a tick holds what changed since the last one, a snapshot takes nothing from it", () => {
  const { feed } = newFeed();
  feed.reading(reading("a", startMs), startMs);
  feed.average(window("Oslo", 0));
  feed.snapshot();
  const first = feed.tick();
  assert.deepEqual([first.latest.length, first.averages.length], [1, 1]);
  const second = feed.tick();
  assert.deepEqual([second.latest.length, second.averages.length, second.flags.length], [0, 0, 0]);
  assert.equal(feed.snapshot().pulses.length, 2);
});

test("latency is of the last ten seconds, the rate of the last five", () => {
  const { feed, clock } = newFeed();
  for (let s = 0; s < 20; s++) {
    clock.ms = startMs + s * 1000;
    feed.produced(200, clock.ms);
    feed.reading(reading("a", clock.ms), clock.ms - (s < 5 ? 5000 : s));
  }
  const { latency, totals } = feed.snapshot();
  assert.deepEqual(latency, { p50: 15, p99: 19 });
  assert.equal(totals.messagesPerSecond, 200);
});

test("names that mean something to JavaScript are names like any other", () => {
  const { feed } = newFeed();
  for (const name of ["__proto__", "constructor", "toString"]) {
    feed.reading(reading(name, startMs), startMs);
    feed.average(window(name, 0));
    feed.flag(flag(name, startMs));
  }
  const { latest, averages, flags } = JSON.parse(JSON.stringify(feed.snapshot()));
  assert.deepEqual([latest.length, averages.length, flags.length], [3, 3, 3]);
});

test("whatever comes, and however long nobody asks, what is kept is bounded", () => {
  const { feed, clock } = newFeed();
  const sizes = () => {
    const s = feed.snapshot();
    return [s.averages.length, s.flags.length, s.injected.length, s.pulses.length];
  };
  const run = (from: number, to: number, ask: boolean) => {
    for (let n = from; n < to; n++) {
      clock.ms = startMs + n * 1000;
      feed.produced(1, clock.ms);
      feed.injected({ device: `d${n}`, timeMs: clock.ms, kind: n % 2 ? "spike" : "late" });
      feed.flag(flag(`d${n}`, clock.ms));
      feed.average(window("Oslo", n));
      if (ask) feed.tick();
    }
  };
  run(0, 3000, true);
  assert.deepEqual(sizes(), [90, 200, 800, 240]);
  run(3000, 6000, false);
  assert.deepEqual(sizes(), [90, 200, 800, 240]);
  const tick = feed.tick();
  assert.deepEqual([tick.flags.length, tick.injected.length], [200, 400]);
});

test("sliding quantiles keep the newest values", () => {
  const q = new SlidingQuantiles(4);
  assert.deepEqual(q.since(0, [0.5]), []);
  for (let i = 1; i <= 6; i++) q.add(i, i * 10);
  assert.deepEqual(q.since(0, [0, 0.5, 1]), [30, 50, 60]);
  assert.deepEqual(q.since(4, [0, 1]), [50, 60]);
  assert.deepEqual(q.since(6, [0.5]), []);
});
