/**
 * PySpark's client on `sluice connect` and on Spark's own Connect server, in turns, each on a server that has just been started:
 * how long the client waits, and how much memory the server takes. `node bench/client.ts [--rounds 5] [--write]`
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { spark, sparkEnvironment, sparkPython, startSparkConnect } from "../scripts/parts/spark.ts";
import { build, installInto } from "./installed.ts";
import { conditions, median, spread, table, writeToPage } from "./tables.ts";

/** Seconds, but for the memory. */
interface Waits {
  readonly session: number;
  readonly firstCollect: number;
  readonly collects: readonly number[];
  readonly firstStream: number;
  readonly secondStream: number;
  readonly idleMiB: number;
  readonly peakMiB: number;
}

interface RunningServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<unknown>;
}

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, write: { type: "boolean", default: false } },
});
const rounds = Number(values.rounds);
const scratch = await mkdtemp(join(tmpdir(), "sluice-client-"));

const servers = {
  Sluice: async (): Promise<RunningServer> => {
    const args = [join(scratch, "sluice/bin/sluice.js"), "connect", "--port", "0"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
    const ended = once(child, "exit");
    const url = (await lineOf(child)).replace("connect: ", "");
    const stop = async () => {
      child.kill("SIGTERM");
      await ended;
    };
    return { url, pid: child.pid as number, stop };
  },
  Spark: (): Promise<RunningServer> => startSparkConnect(),
} as const;
type ServerName = keyof typeof servers;

async function lineOf(child: ChildProcess): Promise<string> {
  const reader = createInterface({ input: child.stdout as NonNullable<ChildProcess["stdout"]> });
  const died = once(child, "exit").then(([code]) => Promise.reject(new Error(`it ended with ${code}`)));
  died.catch(() => {});
  const [line] = (await Promise.race([once(reader, "line"), died])) as [string];
  return line;
}

/** Resident memory of a process in MiB: now, or at most since it began. */
function memory(pid: number, field: "VmRSS" | "VmHWM"): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found?.[1]) / 1024;
}

let runs = 0;

async function run(name: ServerName): Promise<Waits> {
  const script = fileURLToPath(new URL("spark/client.py", import.meta.url));
  const client = spawn(sparkPython(), [script, join(scratch, `readings-${++runs}`)], {
    env: sparkEnvironment(),
    stdio: ["pipe", "pipe", "inherit"],
  });
  let server: RunningServer | undefined;
  try {
    await lineOf(client);
    const startedSeconds = Number(process.hrtime.bigint()) / 1e9;
    server = await servers[name]();
    const idleMiB = memory(server.pid, "VmRSS");
    const told = lineOf(client);
    client.stdin.write(`${server.url} ${startedSeconds}\n`);
    const waits = JSON.parse(await told) as Omit<Waits, "idleMiB" | "peakMiB">;
    return { ...waits, idleMiB, peakMiB: memory(server.pid, "VmHWM") };
  } finally {
    client.kill("SIGKILL");
    await server?.stop();
  }
}

const rows: readonly [label: string, of: (w: Waits) => number, digits: number, unit: string][] = [
  ["start of the server to the first session", (w) => w.session, 2, "s"],
  ["first collect()", (w) => w.firstCollect * 1000, 0, "ms"],
  ["later collect(), median", (w) => median(w.collects) * 1000, 1, "ms"],
  ["first streaming query: start() to the end of its first batch", (w) => w.firstStream * 1000, 0, "ms"],
  ["second streaming query", (w) => w.secondStream * 1000, 0, "ms"],
  ["memory before the first session", (w) => w.idleMiB, 0, "MiB"],
  ["peak memory", (w) => w.peakMiB, 0, "MiB"],
];

await spark.install();
build();
installInto(join(scratch, "sluice"));
const all: Record<ServerName, Waits[]> = { Sluice: [], Spark: [] };
try {
  for (let round = 1; round <= rounds; round++) {
    for (const name of ["Sluice", "Spark"] as const) {
      const waits = await run(name);
      all[name].push(waits);
      const said = rows.map(([label, of, digits, unit]) => `${label} ${of(waits).toFixed(digits)} ${unit}`);
      process.stderr.write(`round ${round}, ${name}: ${said.join("; ")}\n`);
    }
  }
} finally {
  await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
}
const lines = rows.map(([label, of, digits, unit]) => {
  const ratios = all.Spark.map((theirs, i) => of(theirs) / of(all.Sluice[i] as Waits));
  const cells = [all.Sluice.map(of), all.Spark.map(of)].map((figures) => spread(figures, digits, unit));
  return [label, ...cells, spread(ratios, 1, "×")];
});
const text = `${table(["PySpark 4.2", "Sluice", "Spark", "Sluice is"], lines)}\n\n${conditions(`median (least–most) of ${rounds} rounds, each on new servers`)}`;
console.log(text);
if (values.write) writeToPage("client", text);
