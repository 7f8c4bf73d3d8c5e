// `npm test [-- PATTERN…]`: checks of the whole tree, then every test/**/*.test.ts in a process of its own.
//
// A pattern is a part of a test file's path, or the name of a check. Real parts (Kafka, Spark, …) that the chosen
// files ask for are brought first when we are root or in CI; elsewhere their tests are skipped, with the command that
// brings the part. In CI (CI=true) a skipped test, and a run without tests, is a failure. The last line says
// `N passed, N failed`, where a check counts as a test; .cache/test-summary.json says it for machines.
import { globSync, mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./parts/part.ts";
import { checks, runCheck } from "./testing/checks.ts";
import { type FileResult, runFile } from "./testing/file.ts";
import { bring, partsAskedFor, SharedServers } from "./testing/servers.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Seconds that one test may take. */
    timeout: { type: "string", default: "300" },
    /** Minutes that the whole run may take. */
    limit: { type: "string", default: "45" },
    /** Test files at a time. */
    concurrency: { type: "string", default: String(Math.min(2, availableParallelism())) },
  },
});

const inCi = process.env["CI"] === "true";
const mayInstall = inCi || process.getuid?.() === 0;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const indent = (text: string): string => text.replaceAll(/^/gm, "    ");

const chosen = (path: string): boolean => positionals.length === 0 || positionals.some((p) => path.includes(p));

async function runChecks(signal: AbortSignal): Promise<FileResult[]> {
  const results: FileResult[] = [];
  for (const check of checks) {
    if (positionals.length > 0 && !positionals.includes(check.name)) continue;
    const started = performance.now();
    const error = await runCheck(check, signal);
    const failures = error === undefined ? [] : [{ name: check.name, error }];
    const durationMs = Math.round(performance.now() - started);
    const result = { file: check.name, passed: 1 - failures.length, failures, skips: [], durationMs, output: "" };
    report(result);
    results.push(result);
  }
  return results;
}

/** Where nobody reads a warning, a test that did not run is one that failed. */
function countSkipsAsFailures(result: FileResult): void {
  for (const skip of result.skips.splice(0)) {
    result.failures.push({ name: skip.name, error: `was skipped, which CI does not allow: ${skip.reason}` });
  }
}

function report(result: FileResult): void {
  if (inCi) countSkipsAsFailures(result);
  const { file, passed, failures, skips } = result;
  const counts = [`${passed} passed`];
  if (failures.length > 0) counts.push(`${failures.length} failed`);
  if (skips.length > 0) counts.push(`${skips.length} skipped`);
  say(`${failures.length > 0 ? "not ok" : "ok"} ${file}: ${counts.join(", ")}, ${seconds(result.durationMs)}`);
  for (const failure of failures) say(`  ✖ ${failure.name}\n${indent(failure.error)}`);
  for (const skip of skips) say(`  skipped: ${skip.name} (${skip.reason})`);
  if (failures.length > 0 && result.output) say(`  its output:\n${indent(result.output.trimEnd())}`);
}

async function runTests(files: readonly string[], signal: AbortSignal): Promise<FileResult[]> {
  const absolute = files.map((file) => join(root, file));
  const asked = partsAskedFor(absolute);
  const notBrought = mayInstall ? await bring(asked.keys()) : new Map<string, string>();
  for (const [name, why] of notBrought) say(`${name} could not be brought: ${why}`);
  const servers = new SharedServers();
  const limits = { testMs: Number(values.timeout) * 1000, idleMs: 60_000, signal };
  const results: FileResult[] = [];
  const queue = [...files];
  const work = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const path = join(root, file);
      const needs = [...asked].filter(([, users]) => users.includes(path)).map(([name]) => name);
      let result: FileResult;
      try {
        await servers.start(needs);
        result = await runFile(file, path, limits);
      } catch (error) {
        const failure = { name: "(its real parts)", error: error instanceof Error ? error.message : String(error) };
        result = { file, passed: 0, failures: [failure], skips: [], durationMs: 0, output: "" };
      }
      report(result);
      results.push(result);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.max(1, Number(values.concurrency)) }, work));
  } finally {
    await servers.stop();
  }
  return results;
}

function total(results: readonly FileResult[]) {
  const sum = (of: (r: FileResult) => number): number => results.reduce((n, r) => n + of(r), 0);
  return { passed: sum((r) => r.passed), failed: sum((r) => r.failures.length), skipped: sum((r) => r.skips.length) };
}

function writeSummary(results: readonly FileResult[], durationMs: number): void {
  const slowest = results.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, 10);
  const summary = {
    ...total(results),
    durationMs,
    slowest: slowest.map(({ file, durationMs }) => ({ file, durationMs })),
    failures: results.flatMap((r) => r.failures.map((f) => ({ file: r.file, ...f }))),
    skips: results.flatMap((r) => r.skips.map((s) => ({ file: r.file, ...s }))),
    files: results.map(({ file, passed, durationMs }) => ({ file, passed, durationMs })),
  };
  mkdirSync(join(root, ".cache"), { recursive: true });
  writeFileSync(join(root, ".cache/test-summary.json"), `${JSON.stringify(summary, null, 2)}\n`);
  if (results.length > 5) {
    say(`\nslowest: ${slowest.map((r) => `${r.file} ${seconds(r.durationMs)}`).join(", ")}`);
  }
}

async function main(): Promise<boolean> {
  const started = performance.now();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), Number(values.limit) * 60_000);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => limit.abort());
  const files = globSync("test/**/*.test.ts", { cwd: root }).sort().filter(chosen);
  const results = await runChecks(limit.signal);
  results.push(...(await runTests(files, limit.signal)));
  clearTimeout(timer);
  if (files.length === 0 && (inCi || results.length === 0)) {
    const named = positionals.length > 0 ? ` with ${positionals.join(" or ")} in its path` : "";
    const failure = { name: "(the run)", error: `there is no test file${named}` };
    const nothing = { file: "test", passed: 0, failures: [failure], skips: [], durationMs: 0, output: "" };
    report(nothing);
    results.push(nothing);
  }
  writeSummary(results, Math.round(performance.now() - started));
  const { passed, failed, skipped } = total(results);
  say(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  return failed === 0;
}

process.exitCode = (await main()) ? 0 : 1;
