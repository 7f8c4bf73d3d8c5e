// The `sluice` command as a user runs it.
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { DevBroker } from "../../src/broker/index.ts";
import { onBothBrokers } from "../support/brokers.ts";
import { uniqueName } from "../support/parts.ts";

const bin = fileURLToPath(new URL("../../bin/sluice.js", import.meta.url));
const readme = fileURLToPath(new URL("../../README.md", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function sluice(args: readonly string[], input = ""): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [bin, ...args], (error, stdout, stderr) => {
      resolve({ code: error ? (child.exitCode ?? 1) : 0, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

/** Starts a command that serves; resolves once `line` matches what it prints. */
function serve(args: readonly string[], line: RegExp): Promise<{ child: ChildProcess; match: RegExpExecArray }> {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((resolve, reject) => {
    let text = "";
    const look = (data: Buffer) => {
      text += data.toString();
      const match = line.exec(text);
      if (match) resolve({ child, match });
    };
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${text}`)));
  });
}

function stopped(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const end = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  child.kill(signal);
  return end;
}

test("help and version; an unknown command names the nearest, and ends with 2", async () => {
  const help = await sluice(["--help"]);
  assert.equal(help.code, 0);
  for (const command of ["dev", "broker", "run", "sql", "topic"])
    assert.match(help.stdout, new RegExp(`^  ${command} `, "m"));
  assert.match((await sluice(["--version"])).stdout, /^\d+\.\d+\.\d+$/m);
  const wrong = await sluice(["brokr"]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /did you mean broker\?/);
  assert.equal((await sluice(["topic", "create", "--partitions", "none", "t"])).code, 2);
});

test("sql prints rows as a table, JSON or CSV, and an error with its place", async () => {
  const table = await sluice(["sql", "-e", "SELECT 1 AS a, 'x;y' AS b; SELECT 2 AS c"]);
  assert.match(table.stdout, /\|1 {2}\|x;y\|/);
  assert.match(table.stdout, /\|2 {2}\|/);
  const json = await sluice(["sql", "--format", "json", "-e", "SELECT id, id * 2 AS d FROM range(2)"]);
  assert.equal(json.stdout, '{"id":0,"d":0}\n{"id":1,"d":2}\n');
  const csv = await sluice(["sql", "--format", "csv", "-e", "SELECT 'a,b' AS t, CAST(NULL AS INT) AS n"]);
  assert.equal(csv.stdout, 't,n\n"a,b",\n');
  const wrong = await sluice(["sql", "-e", "SELECT idd FROM range(1)"]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /UNRESOLVED_COLUMN.*`id`[\s\S]*\^\^\^/);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`a broker prints where it listens and stops cleanly at ${signal}`, async () => {
    const { child, match } = await serve(["broker", "--port", "0"], /^broker: 127\.0\.0\.1:(\d+)$/m);
    assert.ok(Number(match[1]) > 0);
    assert.equal(await stopped(child, signal), 0);
  });
}

onBothBrokers("topics: create, list, produce, consume, describe, delete", async ({ bootstrapServers }) => {
  const name = uniqueName("t");
  const topic = (command: string, ...args: string[]) =>
    sluice(["topic", command, ...args, "--broker", bootstrapServers]);
  const isListed = async () => (await topic("list")).stdout.split("\n").includes(name);
  assert.equal((await topic("create", name, "--partitions", "2")).code, 0);
  assert.ok(await isListed());
  const lines = Array.from({ length: 5 }, (_, i) => `k${i}\tvalue ${i}`).join("\n");
  const args = ["topic", "produce", name, "--key-delimiter", "\t", "--broker", bootstrapServers];
  assert.equal((await sluice(args, lines)).code, 0);
  const consumed = await topic("consume", name, "--from-beginning", "--json");
  const rows = consumed.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { key: string; value: string });
  assert.deepEqual(
    rows.map((r) => `${r.key}=${r.value}`).sort(),
    [0, 1, 2, 3, 4].map((i) => `k${i}=value ${i}`),
  );
  const described = (await topic("describe", name)).stdout.trim().split("\n");
  assert.equal(described.length, 3);
  assert.equal(
    described.slice(1).reduce((n, line) => n + Number(line.split("\t")[3]), 0),
    5,
  );
  assert.equal((await topic("delete", name)).code, 0);
  while (await isListed());
});

describe("with a broker", () => {
  let broker: DevBroker;
  let dir = "";
  before(async () => {
    broker = await DevBroker.start();
    dir = await mkdtemp(join(tmpdir(), "sluice-cli-"));
  });
  after(async () => {
    await broker.close();
    await rm(dir, { recursive: true });
  });

  test("the README's program runs, and stops at SIGTERM", async () => {
    const text = /<!-- ten lines -->\n```ts\n([\s\S]*?)```/.exec(await readFile(readme, "utf8"))?.[1] ?? "";
    assert.ok(text.split("\n").length <= 11, "it is ten lines or fewer");
    const file = join(dir, "hot.ts");
    await writeFile(
      file,
      text
        .replace("127.0.0.1:9092", broker.bootstrapServers)
        .replace('"subscribe"', '"startingOffsets", "earliest").option("subscribe"'),
    );
    broker.createTopic("readings");
    const message = JSON.stringify({ device: "d1", ts: "2026-01-01T00:00:05Z", temperature: 21.5 });
    await sluice(["topic", "produce", "readings", "--broker", broker.bootstrapServers], `${message}\n`);
    const { child } = await serve(["run", file], /\|\{2026-01-01 00:00:00, 2026-01-01 00:00:10\}\|1 +\|21\.5 +\|/);
    assert.equal(await stopped(child, "SIGTERM"), 0);
  });
});

test("dev serves the page, its snapshot and the queries, delivers readings, and stops at SIGTERM", async () => {
  const { child, match } = await serve(
    ["dev", "--port", "0", "--broker-port", "0", "--devices", "20"],
    /console: (\S+)/,
  );
  const url = match[1] as string;
  const get = async (path: string) => (await fetch(url + path)).json() as Promise<never>;
  for (;;) {
    const { totals, averages } = (await get("/api/snapshot")) as { totals: { delivered: number }; averages: unknown[] };
    if (totals.delivered > 0 && averages.length > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const queries = (await get("/api/queries")) as { name: string; lastProgress: { batchId: number } }[];
  assert.deepEqual(queries.map((q) => q.name).sort(), ["alerts", "averages", "clean", "history", "live"]);
  assert.ok(queries.every((q) => q.lastProgress === null || q.lastProgress.batchId >= 0));
  assert.equal(await stopped(child, "SIGTERM"), 0);
});
