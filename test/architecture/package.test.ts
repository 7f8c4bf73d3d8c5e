// The package as users get it: packed, installed into an empty project, imported and type-checked there.
import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { DevBroker } from "../../src/broker/index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

interface Packed {
  filename: string;
  files: { path: string }[];
}

describe("the packed package", () => {
  const dir = mkdtempSync(join(tmpdir(), "sluice-package-"));
  const project = join(dir, "project");
  let packed: Packed;

  /** Runs npm as a user would: nothing of the npm that runs the tests may reach it, but whom the machine trusts. */
  const npm = (cwd: string, ...args: string[]): string => {
    const isOfTheTests = (name: string): boolean => /^npm_|^NODE_(?!EXTRA_CA_CERTS$)/i.test(name);
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOfTheTests(name)));
    return execFileSync("npm", args, { cwd, encoding: "utf8", env, stdio: ["ignore", "pipe", "pipe"] });
  };

  before(() => {
    [packed] = JSON.parse(npm(root, "pack", "--json", "--silent", "--pack-destination", dir)) as [Packed];
    mkdirSync(project);
    writeFileSync(join(project, "package.json"), `{"private": true, "type": "module"}\n`);
    const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--silent"];
    npm(project, "install", ...quiet, join(dir, packed.filename));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  test("holds every file that its export map and its command name", () => {
    const files = new Set(packed.files.map((file) => `./${file.path}`));
    const targets = Object.values<string | Record<string, string>>(manifest.exports).flatMap((target) =>
      typeof target === "string" ? [target] : [target["types"], target["default"]],
    );
    for (const target of [...targets, `./${manifest.bin.sluice}`, "./dist/cli/main.js"]) {
      assert.ok(target !== undefined && files.has(target), `${target} is not in the package`);
    }
  });

  test("holds nothing that users don't need", () => {
    const needed = /^(dist\/|bin\/|package\.json$|[A-Z]+(\.md)?$)/;
    assert.deepEqual(
      packed.files.map((file) => file.path).filter((path) => !needed.test(path) || /\.test\.|\.map$/.test(path)),
      [],
    );
  });

  test("imports in an empty project, each entry with its main names", () => {
    const program = `
import { SparkSession } from "sluice";
import { col, from_json, window } from "sluice/functions";
import * as testing from "sluice/testing";
console.log(JSON.stringify([SparkSession, col, from_json, window].map((x) => typeof x)), Object.keys(testing).length > 0);
`;
    writeFileSync(join(project, "program.js"), program);
    const out = execFileSync(process.execPath, ["program.js"], { cwd: project, encoding: "utf8", env: cleanEnv() });
    assert.equal(out, `["function","function","function","function"] true\n`);
  });

  test("type-checks in an empty project", () => {
    const program = `
import { SparkSession, type StreamingQuery } from "sluice";
import { col } from "sluice/functions";
export async function start(): Promise<StreamingQuery> {
  const spark = await SparkSession.builder.getOrCreate();
  const numbers = spark.readStream.format("rate").load();
  return await numbers.select(col("value")).writeStream.format("memory").queryName("numbers").start();
}
`;
    writeFileSync(join(project, "program.ts"), program);
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--skipLibCheck"];
    const types = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
    execFileSync(join(root, "node_modules/.bin/tsc"), [...options, ...types, "program.ts"], { cwd: project });
  });

  test("installs a command that runs", () => {
    const out = execFileSync(join(project, "node_modules/.bin/sluice"), ["--version"], {
      cwd: project,
      encoding: "utf8",
      env: cleanEnv(),
    });
    assert.ok(out.includes(manifest.version), out);
  });

  test("runs the README's program over Kafka", async () => {
    const text = /<!-- ten lines -->\n```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1];
    assert.ok(text, "the README has the program");
    const broker = await DevBroker.start();
    broker.createTopic("readings");
    const fromStart = text.replace('"subscribe"', '"startingOffsets", "earliest").option("subscribe"');
    writeFileSync(join(project, "hot.ts"), fromStart.replace("127.0.0.1:9092", broker.bootstrapServers));
    const command = join(project, "node_modules/.bin/sluice");
    const child = spawn(command, ["run", "hot.ts"], {
      cwd: project,
      env: cleanEnv(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const shown = new Promise<string>((resolve, reject) => {
      let out = "";
      child.stdout.on("data", (data: Buffer) => {
        out += data.toString();
        if (/\|1 +\|21\.5 +\|/.test(out)) resolve(out);
      });
      child.once("exit", (code) => reject(new Error(`it ended with ${code}: ${out}`)));
    });
    const message = JSON.stringify({ device: "d1", ts: "2026-01-01T00:00:05Z", temperature: 21.5 });
    const args = ["topic", "produce", "readings", "--broker", broker.bootstrapServers];
    // The broker is in this process: nothing here may block.
    const produced = promisify(execFile)(command, args, { cwd: project, env: cleanEnv() });
    produced.child.stdin?.end(`${message}\n`);
    await produced;
    assert.match(await shown, /2026-01-01 00:00:00/);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    assert.equal(await ended, 0);
    await broker.close();
  });
});

/** Without the flags that the test runner gives its children. */
function cleanEnv(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...rest } = process.env;
  return rest;
}
