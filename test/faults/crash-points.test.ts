// A2: the process dies at a point of what it does to the disk: any open, write, fsync, rename or removal under the
// checkpoint, the sink's files and its manifest. A restart gives the rows of a run that nothing befell.
// SLUICE_TORTURE=full tries every point.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { tracingRefused } from "../../scripts/parts/strace.ts";
import { requireParts } from "../support/parts.ts";
import { dieInProcess, killAt, type Point, pointsOf, Sweep, stepsOf } from "./crash-points.ts";
import { stateForms } from "./workload.ts";

const parts = requireParts("strace");
const full = process.env["SLUICE_TORTURE"] === "full";
const KILLS_A_FORM = 75;
const DEATHS_A_FORM = 40;

let sweep: Sweep;
before(async () => {
  sweep = await Sweep.create();
});
after(() => sweep.remove());

/** So many of `all`, evenly spread, from a place that differs from run to run; all of them in a full run. */
function sample<T>(all: readonly T[], count: number): T[] {
  if (full || all.length <= count) return [...all];
  const step = all.length / count;
  const offset = Math.random() * step;
  return Array.from({ length: count }, (_, i) => all[Math.floor(offset + i * step)]);
}

async function twoAtATime<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all([worker(), worker()]);
}

describe("dead at a step, in this process", () => {
  for (const state of stateForms) {
    test(`state as ${state}`, { timeout: 3_600_000 }, async (t) => {
      const { steps } = await stepsOf(sweep, state);
      assert.ok(steps > 300, `the run takes ${steps} steps`);
      const chosen = sample(
        Array.from({ length: steps - 8 }, (_, i) => i + 1),
        DEATHS_A_FORM,
      );
      for (const at of chosen) await dieInProcess(sweep, state, at);
      t.diagnostic(`${chosen.length} of ${steps} steps`);
    });
  }
});

describe("killed at a system call", () => {
  for (const state of stateForms) {
    test(`state as ${state}`, { ...parts.options, timeout: 3_600_000 }, async (t) => {
      const refused = tracingRefused();
      if (refused !== undefined) {
        t.diagnostic(`${refused}; dying in this process instead`);
        for (let i = 1; i <= KILLS_A_FORM; i++) await dieInProcess(sweep, state, i * 4 + 1);
        return;
      }
      const points = await pointsOf(sweep, state);
      const names = new Set(points.map(({ call }) => call));
      for (const call of ["openat", "write", "fsync", "rename"]) assert.ok(names.has(call), `${call} of ${[...names]}`);
      const chosen = sample<Point>(points, KILLS_A_FORM);
      let killed = 0;
      await twoAtATime(chosen, async (point) => {
        if (await killAt(sweep, state, point)) killed++;
      });
      t.diagnostic(`${killed} of ${chosen.length} runs were killed; there are ${points.length} points`);
      assert.ok(killed > chosen.length * 0.8, `${killed} of ${chosen.length} runs were killed`);
    });
  }
});
