// The package as users get it: packed, installed into an empty project, imported and type-checked there.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

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

  /** Runs npm as a user would: nothing of the npm that runs the tests may reach it. */
  const npm = (cwd: string, ...args: string[]): string => {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_/i.test(name)));
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
});

/** Without the flags that the test runner gives its children. */
function cleanEnv(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...rest } = process.env;
  return rest;
}
