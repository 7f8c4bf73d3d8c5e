/** Parts of the page that need no browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AveragePoint, Snapshot, Tick } from "../../src/console/events.ts";
import { count, decimal, duration, durationParts, isTime, none, rate, utc } from "../../src/console/ui/format.ts";
import { Model } from "../../src/console/ui/model.ts";
import { Ring } from "../../src/console/ui/ring.ts";
import { SiteModel } from "../../src/console/ui/site-model.ts";
import { averageColumns, bandColumns, chartRange } from "../../src/console/ui/site-series.ts";
import { sparklinePath } from "../../src/console/ui/sparkline-path.ts";
import { steps, temperatureStep } from "../../src/console/ui/temperature-scale.ts";

const nowMs = 1_800_000_000_000;

test("a ring keeps the newest points in order", () => {
  const ring = new Ring(3);
  assert.deepEqual([...ring.values()], []);
  ring.push(1, 10);
  ring.push(2, 20);
  assert.deepEqual([...ring.values()], [10, 20]);
  for (let i = 3; i <= 7; i++) ring.push(i, i * 10);
  assert.deepEqual([...ring.values()], [50, 60, 70]);
  assert.deepEqual([...ring.times()], [5, 6, 7]);
  assert.deepEqual(ring.at(0), { timeMs: 7, value: 70 });
  assert.deepEqual(ring.at(2), { timeMs: 5, value: 50 });
  assert.equal(ring.at(3), undefined);
  ring.clear();
  assert.equal(ring.length, 0);
});

test("a sparkline fills its box from the right, with gaps where a value is missing", () => {
  const box = { width: 30, height: 12, capacity: 4 };
  assert.equal(sparklinePath(Float64Array.of(), box), "");
  assert.equal(sparklinePath(Float64Array.of(1), box), "");
  assert.equal(sparklinePath(Float64Array.of(0, 10), box), "M20.0 11.0L30.0 1.0");
  assert.equal(sparklinePath(Float64Array.of(5, 5), box), "M20.0 6.0L30.0 6.0");
  assert.equal(sparklinePath(Float64Array.of(0, Number.NaN, 10, 5), box), "M0.0 11.0M20.0 1.0L30.0 6.0");
  assert.equal(sparklinePath(Float64Array.of(5, 10), { ...box, min: 0 }), "M20.0 6.0L30.0 1.0");
});

test("numbers and times are formatted, and what is unknown is a dash", () => {
  for (const format of [count, rate, decimal, duration]) {
    for (const unknown of [null, undefined, Number.NaN]) assert.equal(format(unknown), none);
  }
  assert.equal(rate(0), count(0));
  assert.equal(rate(1.25), decimal(1.25));
  assert.equal(rate(199.7), count(200));
  assert.deepEqual(durationParts(12.4), [count(12), "ms"]);
  assert.deepEqual(durationParts(1250), [decimal(1.25), "s"]);
  assert.deepEqual(durationParts(180_000), [count(3), "min"]);
  assert.equal(utc(0), "1970-01-01 00:00:00.000 UTC");
  assert.deepEqual([isTime(0), isTime(null), isTime(Number.NaN), isTime(nowMs)], [false, false, false, true]);
});

test("every temperature has a step of the scale", () => {
  assert.deepEqual([-50, 13.9, 14, 22.9, 23, 31.9, 32, 99, Number.NaN].map(temperatureStep), [
    0,
    0,
    0,
    4,
    5,
    steps - 1,
    steps - 1,
    steps - 1,
    0,
  ]);
});

const point = (site: string, back: number, average: number, counted = 400): AveragePoint => ({
  site,
  startMs: nowMs - (back + 1) * 10_000 + 5000,
  endMs: nowMs - back * 10_000 + 5000,
  count: counted,
  average,
  min: average - 1,
  max: average + 1,
});

test("charts' columns: one place for each window of any site, gaps where a site has none, the last at the present", () => {
  const oslo = new SiteModel("Oslo", 0);
  const lima = new SiteModel("Lima", 1);
  for (const back of [2, 1, 0]) oslo.average(point("Oslo", back, 20 + back));
  lima.average(point("Lima", 1, 30));
  const at = (back: number) => (back === 0 ? nowMs : nowMs - back * 10_000 + 5000) / 1000;
  assert.deepEqual(averageColumns([oslo, lima], nowMs), [
    [at(2), at(1), at(0)],
    [22, 21, 20],
    [null, 30, null],
  ]);
  assert.deepEqual(bandColumns(lima, nowMs), [[at(1)], [30], [29], [31]]);
  assert.deepEqual(chartRange([oslo, lima], nowMs), { fromMs: nowMs - 120_000, toMs: nowMs });
});

test("a window with few readings yet is not drawn", () => {
  const site = new SiteModel("Oslo", 0);
  site.average(point("Oslo", 1, 20, 400));
  site.average(point("Oslo", 0, 25, 12));
  assert.equal(site.drawn().length, 1);
  site.average(point("Oslo", 0, 21, 300));
  assert.equal(site.drawn().at(-1)?.average, 21);
  assert.equal(site.points.length, 2);
});

const tick: Tick = {
  nowMs,
  latest: [{ device: "a", timeMs: nowMs, temperature: 20, humidity: 50, battery: 90, status: "OK" }],
  averages: [],
  flags: [{ device: "a", site: "Oslo", timeMs: nowMs, value: 35, mean: 20, z: 6 }],
  injected: [],
  queries: [],
  totals: {
    produced: 1,
    delivered: 1,
    lost: 0,
    malformed: 0,
    lateDropped: 0,
    duplicatesDropped: 0,
    messagesPerSecond: 1,
    injected: { spike: 0, late: 0, duplicate: 0, malformed: 0 },
    flagged: 1,
    spikesFound: 0,
    spikesDue: 0,
  },
  latency: { p50: 1, p99: 2 },
};
const snapshot: Snapshot = {
  ...tick,
  startedMs: nowMs - 1000,
  bootstrapServers: "127.0.0.1:9092",
  database: "x.db",
  devices: [{ device: "a", site: "Oslo", model: "TX-7" }],
  pulses: [],
};

test("the model shows what came when it is published, not before, and takes repeated events once", () => {
  const model = new Model();
  model.snapshot(snapshot);
  assert.equal(model.source.value, undefined);
  model.tick(tick);
  model.tick(tick);
  model.publish();
  const device = model.devices.get("a");
  assert.equal(model.flags.value.length, 1);
  assert.equal(model.flags.value[0].injected, "no");
  assert.equal(device?.temperatures.length, 1);
  assert.match(device?.label.value ?? "", /^a, 20.0 °C, flagged high$/);
  // What was injected may be known later than what was flagged.
  model.tick({ ...tick, injected: [{ device: "a", timeMs: nowMs, kind: "spike" }] });
  model.publish();
  assert.equal(model.flags.value[0].injected, "yes");
  const timeMs = snapshot.startedMs - 1;
  model.tick({ ...tick, flags: [{ device: "a", site: "Oslo", timeMs, value: 35, mean: 20, z: 6 }] });
  model.publish();
  assert.equal(model.flags.value[1].injected, "unknown");
});

test("a device without readings is silent after a while, and unmarked a minute after its flag", () => {
  const model = new Model();
  model.snapshot(snapshot);
  model.publish();
  assert.match(model.devices.get("a")?.className.value ?? "", /mark-high/);
  model.tick({ ...tick, nowMs: nowMs + 16_000, latest: [] });
  model.publish();
  assert.match(model.devices.get("a")?.className.value ?? "", /mark-high silent/);
  model.tick({ ...tick, nowMs: nowMs + 61_000, latest: [] });
  model.publish();
  assert.doesNotMatch(model.devices.get("a")?.className.value ?? "", /mark/);
});

test("after a restart of the server nothing of before is left", () => {
  const model = new Model();
  model.snapshot(snapshot);
  model.publish();
  const devices = [{ device: "b", site: "Lima", model: "TX-7" }];
  model.snapshot({ ...snapshot, startedMs: nowMs, devices, latest: [], flags: [] });
  model.publish();
  assert.deepEqual([...model.devices.keys()], ["b"]);
  assert.deepEqual(
    model.sites.value.map((s) => s.name),
    ["Lima"],
  );
  assert.deepEqual(model.flags.value, []);
});

test("what the model keeps is bounded", () => {
  const model = new Model();
  model.snapshot(snapshot);
  for (let n = 0; n < 2000; n++) {
    const timeMs = nowMs + n * 10_000;
    model.tick({
      ...tick,
      nowMs: timeMs,
      latest: [{ device: "a", timeMs, temperature: n, humidity: 1, battery: 1, status: "OK" }],
      averages: [{ ...point("Oslo", 0, n), startMs: timeMs, endMs: timeMs + 10_000 }],
      flags: [{ device: "a", site: "Oslo", timeMs, value: 35, mean: 20, z: 6 }],
      injected: [{ device: "a", timeMs, kind: "spike" }],
    });
  }
  model.publish();
  assert.equal(model.flags.value.length, 200);
  assert.ok(model.flags.value.every((f) => f.injected === "yes"));
  assert.equal(model.sites.value[0].points.length, 90);
  assert.equal(model.devices.get("a")?.temperatures.length, 180);
  assert.equal(model.rates.length, 240);
});
