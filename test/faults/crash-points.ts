/** A2's sweep: the fixed run of workload.ts, ended at one point of what it does to the disk, and started again. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, constants, cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Syscalls } from "./syscalls.ts";
import {
  BATCHES,
  leftovers,
  queryNames,
  rowsIn,
  runQuery,
  type StateForm,
  sessionFor,
  writeInput,
} from "./workload.ts";

/** Two batches after the recovery, which show that nothing is left of the crash. */
const MORE = 2;

export type Rows = Readonly<Record<string, readonly string[]>>;

/** Folders for runs, and what runs without faults have given. */
export class Sweep {
  private readonly root: string;
  private runs = 0;
  readonly expected: readonly [first: Rows, later: Rows];

  private constructor(root: string, expected: readonly [Rows, Rows]) {
    this.root = root;
    this.expected = expected;
  }

  static async create(): Promise<Sweep> {
    const root = await mkdtemp(join(await memoryFolder(), "sluice-crash-"));
    await writeInput(join(root, "input"));
    const folder = join(root, "expected");
    await cp(join(root, "input"), folder, { recursive: true, preserveTimestamps: true });
    const first = await runAll(folder, "deltas");
    await writeInput(folder, BATCHES, BATCHES + MORE);
    const later = await runAll(folder, "deltas");
    assert.deepEqual(await leftovers(folder), []);
    return new Sweep(root, [first, later]);
  }

  /** A folder with the input of the first batches. */
  async folder(): Promise<string> {
    const folder = join(this.root, `run-${this.runs++}`);
    await mkdir(folder);
    await cp(join(this.root, "input"), folder, { recursive: true, preserveTimestamps: true });
    return folder;
  }

  /** Starts the queries again: no hand is laid on anything, and every row is there once. Removes the folder. */
  async verify(folder: string, state: StateForm, what: string, options: { keep?: boolean } = {}): Promise<void> {
    try {
      assert.deepEqual(await runAll(folder, state), this.expected[0], what);
      await writeInput(folder, BATCHES, BATCHES + MORE);
      assert.deepEqual(await runAll(folder, state), this.expected[1], `${what}, two batches later`);
      assert.deepEqual(await leftovers(folder), [], what);
    } catch (error) {
      throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
    }
    if (options.keep !== true) await rm(folder, { recursive: true, force: true });
  }

  async remove(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}

/** A folder in memory where there is one: a kill loses nothing that the system has been given, on whatever it is kept. */
async function memoryFolder(): Promise<string> {
  try {
    await access("/dev/shm", constants.W_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}

async function runAll(folder: string, state: StateForm): Promise<Rows> {
  const spark = sessionFor(state);
  try {
    for (const name of queryNames) await runQuery(spark, folder, name);
  } finally {
    await spark.stop();
  }
  const rows: Record<string, string[]> = {};
  for (const name of queryNames) rows[name] = await rowsIn(folder, name);
  return rows;
}

/** How many steps the run takes in this process. */
export async function stepsOf(sweep: Sweep, state: StateForm): Promise<{ steps: number; fsyncs: number }> {
  const folder = await sweep.folder();
  const calls = new Syscalls(folder);
  try {
    await runAll(folder, state);
  } finally {
    calls.remove();
  }
  await sweep.verify(folder, state, "counting");
  return calls;
}

/** Ends the run at this step, as a kill would: nothing after it reaches the disk. */
export async function dieInProcess(sweep: Sweep, state: StateForm, at: number): Promise<void> {
  const folder = await sweep.folder();
  const calls = new Syscalls(folder, { kind: "death", at });
  try {
    await runAll(folder, state).catch((error: Error) => assert.match(String(error.message), /after death/));
  } finally {
    calls.remove();
  }
  assert.ok(calls.struck, `step ${at} was reached`);
  await sweep.verify(folder, state, `${state}, dead at step ${at}`);
}

/** A system call of the run's process: the `n`-th of its name in one thread. */
export interface Point {
  readonly call: string;
  readonly n: number;
}

const CALLS = ["openat", "write", "pwrite64", "fsync", "fdatasync", "rename", "unlink", "mkdir", "ftruncate"];

/** The system calls that the run makes below its folder, from a run that strace writes down. */
export async function pointsOf(sweep: Sweep, state: StateForm): Promise<Point[]> {
  const folder = await sweep.folder();
  const log = `${folder}.strace`;
  assert.equal(await traced(folder, state, ["-y", "-s", "0", "-o", log, "-e", `trace=${CALLS}`]), null);
  const counts = new Map<string, number>();
  const points: Point[] = [];
  for (const line of (await readFile(log, "utf8")).split("\n")) {
    const [, thread, call] = /^(\d+) +([a-z0-9]+)\(/.exec(line) ?? [];
    if (call === undefined) continue;
    const n = (counts.get(`${thread} ${call}`) ?? 0) + 1;
    counts.set(`${thread} ${call}`, n);
    if (line.includes(folder) && !line.includes("/readings/") && !line.includes("/alarms/")) points.push({ call, n });
  }
  await sweep.verify(folder, state, "traced");
  await rm(log);
  return points;
}

/** Kills the run's process at this system call. Resolves to false when it came to its end before. */
export async function killAt(sweep: Sweep, state: StateForm, point: Point): Promise<boolean> {
  const folder = await sweep.folder();
  const { call, n } = point;
  const inject = ["-o", "/dev/null", "-e", `trace=${call}`, "-e", `inject=${call}:signal=KILL:when=${n}`];
  const signal = await traced(folder, state, inject);
  await sweep.verify(folder, state, `${state}, killed at ${call} number ${n}`);
  return signal === "SIGKILL";
}

/** Runs the workload's program under strace from the moment that it is loaded. Resolves to the signal that ended it. */
async function traced(folder: string, state: StateForm, options: readonly string[]): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "workload.ts"), folder, state], {
    stdio: ["pipe", "pipe", "inherit"],
    // One thread does what the disk is asked to do, since strace counts for each thread by itself.
    env: { ...process.env, UV_THREADPOOL_SIZE: "1", NODE_COMPILE_CACHE: join(tmpdir(), "sluice-compile-cache") },
  });
  const exit = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  await once(createInterface({ input: child.stdout }), "line");
  const strace = spawn("strace", ["-f", "-p", String(child.pid), ...options], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(strace, "exit");
  const [attached] = (await once(createInterface({ input: strace.stderr }), "line")) as [string];
  strace.stderr.resume();
  if (!/attached/.test(attached)) {
    child.kill("SIGKILL");
    throw new Error(`strace: ${attached}`);
  }
  child.stdin.write("go\n");
  const [code, signal] = await exit;
  await ended;
  assert.ok(signal === "SIGKILL" || code === 0, `the run ended with ${code ?? signal}`);
  return signal;
}
