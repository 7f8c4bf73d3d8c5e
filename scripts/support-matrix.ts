/**
 * Writes docs/support.md from the conformance cases: what is compared with Spark, and where an engine differs.
 * `node scripts/support-matrix.ts [--check]`; with `--check` it only says whether the page is up to date.
 * The page can't claim too much: the tests hold each case to Spark's recorded result, and each gap to being one.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Case } from "../test/conformance/case.ts";
import { allCases } from "../test/conformance/list.ts";
import { readRecord } from "../test/conformance/record.ts";

const page = new URL("../docs/support.md", import.meta.url);

const titles: Readonly<Record<string, string>> = {
  "functions-nested": "Arrays, maps, structs and JSON",
  "functions-numbers": "Numbers: arithmetic, mathematics, casts, ANSI errors",
  "functions-strings": "Text and bytes",
  "functions-times": "Dates, times and zones",
  files: "Files as tables",
  relations: "Relations: joins, groups, sets, order, windows of rows, SQL",
  streams: "Streaming queries over one stream",
  "stream-joins": "Streaming queries over two streams",
};

/** Case names without the way their input was cut: one line for what differs in nothing else. */
function subjectOf(test: Case): string {
  return test.kind === "stream" ? test.name.replace(/, [^,]*$/, "") : test.name;
}

function section(file: string, cases: readonly Case[]): string {
  const subjects = Map.groupBy(cases, subjectOf);
  const lines = [...subjects].map(([subject, tests]) => {
    const gaps = tests.filter((test) => test.gap !== undefined);
    const count = tests.length > 1 ? ` (${tests.length} ways to cut the input)` : "";
    const note = gaps.length === 0 ? "" : `: **differs**, ${[...new Set(gaps.map((g) => g.gap?.reason))].join("; ")}`;
    return `- ${subject}${count}${note}`;
  });
  return `## ${titles[file] ?? file}\n\n${lines.join("\n")}\n`;
}

function render(files: Readonly<Record<string, readonly Case[]>>): string {
  const rows = Object.entries(files).map(([file, cases]) => {
    const gaps = cases.filter((test) => test.gap !== undefined).length;
    return `| ${titles[file] ?? file} | ${cases.length} | ${cases.length - gaps} | ${gaps} |`;
  });
  const all = Object.values(files).flat();
  const gaps = all.filter((test) => test.gap !== undefined).length;
  const version = readRecord(Object.keys(files)[0] as string)?.sparkVersion ?? "?";
  return [
    "# What is compared with Spark",
    "",
    "<!-- Made by scripts/support-matrix.ts from test/conformance; do not edit. -->",
    "",
    `Each case is a program and its input. Spark ${version} ran them all through the cluster engine; the embedded engine has`,
    "to give the same rows, types, column names and progress counters, or the same error condition, in every test run.",
    "Where it doesn't yet, the case says why, and a difference that goes away unnoticed fails the run.",
    "",
    "| | cases | equal on the embedded engine | different |",
    "|---|---:|---:|---:|",
    ...rows,
    `| **all** | **${all.length}** | **${all.length - gaps}** | **${gaps}** |`,
    "",
    ...Object.entries(files).map(([file, cases]) => section(file, cases)),
  ].join("\n");
}

const text = render(await allCases());
if (process.argv.includes("--check")) {
  if (!existsSync(page) || readFileSync(page, "utf8") !== text) {
    console.error("docs/support.md is stale: run node scripts/support-matrix.ts");
    process.exitCode = 1;
  }
} else {
  mkdirSync(new URL("../docs/", import.meta.url), { recursive: true });
  writeFileSync(page, text);
}
