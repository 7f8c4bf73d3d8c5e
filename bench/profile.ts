/**
 * Where the rollup's CPU time goes: each step's share, from CPU profiles of the main thread and of every worker, and the distance
 * of the engine's own steps from a loop written by hand over the same bytes (handwritten.ts).
 *
 * `node bench/profile.ts [--messages 3000000] [--rounds 3] [--write] [--keep FOLDER]`
 */
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { kafka, startKafka } from "../scripts/parts/kafka.ts";
import type { Generated } from "./generated.ts";
import { type CpuProfile, OTHER, secondsByStep, steps } from "./steps.ts";
import { conditions, median, spread, table, writeToPage } from "./tables.ts";
import { Bench, type Workload, workloads } from "./workloads.ts";

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "3000000" },
    rounds: { type: "string", default: "3" },
    write: { type: "boolean", default: false },
    /** Keeps the profiles there, for a browser's developer tools. */
    keep: { type: "string" },
  },
});
const messages = Number(values.messages);
const rounds = Number(values.rounds);
const [rollup] = workloads;
const preload = new URL("generated.ts", import.meta.url).href;

/** Seconds of each step in a run of the rollup, over all threads. */
async function profiled(bench: Bench, round: number): Promise<Map<string, number>> {
  const kept = values.keep === undefined ? undefined : join(values.keep, String(round));
  if (kept !== undefined) await mkdir(kept, { recursive: true });
  const folder = kept ?? (await mkdtemp(join(tmpdir(), "sluice-profile-")));
  try {
    const options = ["--cpu-prof", `--cpu-prof-dir=${folder}`, "--cpu-prof-interval=500", "--import", preload];
    await bench.run("sluice", rollup as Workload, 1, { options, env: { SLUICE_BENCH_GENERATED: folder } });
    const files = await readdir(folder);
    const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(folder, name), "utf8"));
    const generated: Generated = {};
    for (const name of files.filter((f) => f.startsWith("generated-"))) Object.assign(generated, await read(name));
    const total = new Map<string, number>();
    for (const name of files.filter((f) => f.endsWith(".cpuprofile"))) {
      const profile = (await read(name)) as CpuProfile;
      for (const [step, s] of secondsByStep(profile, generated)) total.set(step, (total.get(step) ?? 0) + s);
    }
    return total;
  } finally {
    if (kept === undefined) await rm(folder, { recursive: true, force: true });
  }
}

await kafka.install();
const broker = await startKafka();
try {
  await using bench = await Bench.open(broker.bootstrapServers, messages, { fromSource: true });
  const runs: Map<string, number>[] = [];
  const byHand: number[] = [];
  for (let round = 0; round < rounds; round++) {
    runs.push(await profiled(bench, round));
    // The first pass of each round warms the code up.
    byHand.push(median((await bench.handwritten(rollup as Workload, 6)).seconds.slice(1)));
  }
  const of = (run: Map<string, number>, step: string): number => run.get(step) ?? 0;
  const busy = runs.map((run) => steps.filter((s) => s.counts).reduce((n, s) => n + of(run, s.name), 0));
  const nanoseconds = (seconds: number): number => (seconds / messages) * 1e9;
  const rows = steps.map(({ name, what, counts }) => {
    const each = runs.map((run) => nanoseconds(of(run, name)));
    const shares = runs.map((run, i) => (100 * of(run, name)) / (busy[i] as number));
    return [name, what, spread(each, 0, "ns"), counts ? spread(shares, 1, "%") : ""];
  });
  const rest = runs.map((run) => nanoseconds(of(run, OTHER)));
  rows.push([OTHER, "garbage collection and the runtime", spread(rest, 0, "ns"), ""]);
  const own = runs.map((run) => steps.filter((s) => s.byHandToo).reduce((n, s) => n + of(run, s.name), 0));
  const distances = own.map((seconds, i) => seconds / (byHand[i] as number));
  const rate = (seconds: readonly number[]): string =>
    spread(
      seconds.map((s) => messages / s / 1e6),
      2,
      "M messages/s",
    );
  const compared = steps.filter((s) => s.byHandToo).map((s) => s.name);
  const text = [
    table(["step", "what", "CPU a message", "share"], rows),
    "",
    `${compared.join(" + ")}: ${rate(own)} of one core's time; the loop written by hand over the same bytes: ${rate(byHand)};`,
    `the engine takes ${spread(distances, 2)} times as long.`,
    "",
    conditions(`${messages} messages`, `median (least–most) of ${rounds} rounds`, "with the profiler on"),
  ].join("\n");
  console.log(text);
  if (values.write) writeToPage("profile", text);
} finally {
  await broker.stop();
}
