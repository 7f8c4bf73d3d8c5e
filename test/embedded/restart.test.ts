// A query stopped, and one killed, twenty times each at random gives the same as one never stopped.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { rowsOf } from "../../src/columns/rows.ts";
import { parquetFileSchema, readParquet } from "../../src/formats/parquet/read.ts";
import { testSession } from "../../src/testing/index.ts";
import { type SinkName, startQuery } from "./restart-query.ts";

const FILES = 120;
const ROWS_A_FILE = 5;
const TIMES = 20;

/** A generator that the seed repeats. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Reading {
  readonly id: number;
  readonly device: string;
  readonly value: number;
  readonly second: number;
}

/** Event time moves on by 2 seconds a file and is never late by more than the watermark's 10. */
function readings(random: () => number): Reading[][] {
  return Array.from({ length: FILES }, (_, file) =>
    Array.from({ length: ROWS_A_FILE }, (_, i) => ({
      id: file * ROWS_A_FILE + i,
      device: `d${Math.floor(random() * 4)}`,
      value: Math.floor(random() * 100),
      second: Math.max(0, file * 2 - Math.floor(random() * 8)),
    })),
  );
}

async function withInput(
  run: (folder: string, files: Reading[][], random: () => number) => Promise<void>,
): Promise<void> {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = generator(seed);
  const folder = await mkdtemp(join(tmpdir(), "sluice-restart-"));
  try {
    const files = readings(random);
    await mkdir(join(folder, "in"));
    for (const [n, rows] of files.entries()) {
      const lines = rows.map((r) => JSON.stringify({ ...r, time: new Date(r.second * 1000).toISOString() }));
      await writeFile(join(folder, "in", `${String(n).padStart(4, "0")}.json`), lines.join("\n"));
    }
    await run(folder, files, random);
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function totals(rows: readonly Reading[], keyOf: (r: Reading) => string): string[] {
  const sums = new Map<string, [number, number]>();
  for (const r of rows) {
    const [n, total] = sums.get(keyOf(r)) ?? [0, 0];
    sums.set(keyOf(r), [n + 1, total + r.value]);
  }
  return [...sums].map(([key, [n, total]]) => `${key} ${n} ${total}`).sort();
}

/** The sink's rows are what a batch over all the input gives. Windows count once closed: 10 s behind the last time. */
async function checkResult(folder: string, sink: SinkName, files: Reading[][]): Promise<void> {
  const all = files.flat();
  if (sink === "sqlite") {
    const database = new DatabaseSync(join(folder, "out.db"));
    const rows = database.prepare("SELECT device, n, total FROM totals").all();
    database.close();
    assert.deepEqual(
      rows.map((r) => Object.values(r).join(" ")).sort(),
      totals(all, (r) => r.device),
    );
    return;
  }
  const watermark = Math.max(...all.map((r) => r.second)) - 10;
  const windowOf = (r: Reading) => Math.floor(r.second / 10) * 10;
  const closed = all.filter((r) => windowOf(r) + 10 <= watermark);
  const expected = totals(closed, (r) => `${windowOf(r)} ${r.device}`);
  // By the files themselves, as a reader sees them that doesn't know the manifest; then by the manifest.
  const names = (await readdir(join(folder, "out"))).filter((n) => n.endsWith(".parquet"));
  const found: string[] = [];
  for (const name of names) {
    const path = join(folder, "out", name);
    const schema = await parquetFileSchema(path);
    for await (const batch of readParquet(path, schema, { columns: [0, 1, 2, 3], batchRowsMax: 1000, wide: false })) {
      found.push(...rowsOf(batch).map(([start, ...rest]) => [Number(start) / 1e6, ...rest].join(" ")));
    }
  }
  assert.deepEqual(found.sort(), expected);
  await using spark = testSession();
  assert.equal(await spark.read.parquet(join(folder, "out")).count(), expected.length);
}

function program(folder: string, sink: SinkName): ChildProcess {
  const file = join(import.meta.dirname, "restart-query.ts");
  return spawn(process.execPath, [file, folder, sink], { stdio: ["ignore", "pipe", "inherit"] });
}

for (const sink of ["sqlite", "parquet"] as const) {
  test(`stopped ${TIMES} times at random, into ${sink}`, async () => {
    await withInput(async (folder, files, random) => {
      for (let i = 0; i < TIMES; i++) {
        await using spark = testSession();
        const query = await startQuery(spark, folder, sink);
        await sleep(random() * 60);
        await query.stop();
      }
      await using spark = testSession();
      await (await startQuery(spark, folder, sink)).awaitTermination();
      await checkResult(folder, sink, files);
    });
  });

  test(`killed ${TIMES} times at random, into ${sink}`, { timeout: 240_000 }, async () => {
    await withInput(async (folder, files, random) => {
      let killed = 0;
      for (let i = 0; i < TIMES; i++) {
        const child = program(folder, sink);
        const exit = once(child, "exit");
        await Promise.race([once(child.stdout as NonNullable<ChildProcess["stdout"]>, "data"), exit]);
        await Promise.race([sleep(random() * 120), exit]);
        child.kill("SIGKILL");
        const [, signal] = (await exit) as [number | null, string | null];
        if (signal === "SIGKILL") killed++;
      }
      const [code] = (await once(program(folder, sink), "exit")) as [number];
      assert.equal(code, 0);
      await checkResult(folder, sink, files);
      assert.ok(killed >= TIMES / 2, `only ${killed} runs were killed while they ran`);
    });
  });
}
