// The test runner's own tests: what becomes of files that pass, fail, hang, crash or are empty.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { FileResult } from "../../scripts/testing/file.ts";

const runner = fileURLToPath(new URL("../../scripts/testing/file.ts", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "sluice-runner-"));
after(() => rmSync(dir, { recursive: true }));

/** Runs a file of this content; node:test doesn't run within its own tests, so in a process that isn't one. */
function resultOf(content: string, limits: { testMs?: number; idleMs?: number } = {}): FileResult {
  const file = join(dir, "sample.mjs");
  writeFileSync(file, `import { describe, test } from "node:test";\n${content}\n`);
  const { testMs = 60_000, idleMs = 60_000 } = limits;
  const program = `
import { runFile } from ${JSON.stringify(runner)};
const limits = { testMs: ${testMs}, idleMs: ${idleMs}, signal: new AbortController().signal };
console.log(JSON.stringify(await runFile("sample", ${JSON.stringify(file)}, limits)));
`;
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const programFile = join(dir, "program.mjs");
  writeFileSync(programFile, program);
  return JSON.parse(execFileSync(process.execPath, [programFile], { encoding: "utf8", env }));
}

const names = (result: FileResult): string[] => result.failures.map((failure) => failure.name);

test("passes, failures and skips are counted by their full names", () => {
  const result = resultOf(`
test("a", (t) => t.test("b", () => {}));
describe("c", () => { test("d", () => { throw new Error("boom"); }); });
test("e", { skip: "no kettle" }, () => {});`);
  assert.equal(result.passed, 2);
  assert.deepEqual(names(result), ["c › d"]);
  assert.match(result.failures[0]?.error ?? "", /boom/);
  assert.deepEqual(result.skips, [{ name: "e", reason: "no kettle" }]);
});

test("a test that waits for what never comes is named", () => {
  assert.equal(names(resultOf(`test("waits", () => new Promise(() => {}));`))[0], "waits");
});

test("a test that takes too long is named", () => {
  const forever = `test("never ends", () => new Promise(() => setInterval(() => {}, 1000)));`;
  const result = resultOf(forever, { testMs: 100, idleMs: 100 });
  assert.equal(names(result)[0], "never ends");
  assert.match(result.failures[0]?.error ?? "", /timed out/);
});

test("a file that leaves something open is ended and named", () => {
  const result = resultOf(`test("leaves a timer", () => { setInterval(() => {}, 1000); });`, { idleMs: 100 });
  assert.equal(result.passed, 1);
  assert.match(result.failures[0]?.error ?? "", /hung after its last test/);
});

test("a file that crashes while it loads is a failure that shows what it wrote", () => {
  const result = resultOf(`throw new Error("at load");`);
  assert.equal(result.failures.length, 1);
  assert.match(result.output, /at load/);
});

test("a file without tests is a failure", () => {
  assert.deepEqual(names(resultOf("")), ["(the file)"]);
});
