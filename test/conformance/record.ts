/** What Spark gave, kept in the repository: one line for each row, so that a change reads well in a diff. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Outcome } from "./case.ts";

export interface Recorded {
  readonly sparkVersion: string;
  readonly cases: Readonly<Record<string, Outcome>>;
}

function pathOf(file: string): URL {
  return new URL(`./recorded/${file}.json`, import.meta.url);
}

export function readRecord(file: string): Recorded | undefined {
  return existsSync(pathOf(file)) ? (JSON.parse(readFileSync(pathOf(file), "utf8")) as Recorded) : undefined;
}

export function writeRecord(file: string, recorded: Recorded): void {
  const cases = Object.entries(recorded.cases).map(([name, outcome]) => `${JSON.stringify(name)}: ${lines(outcome)}`);
  const text = `{"sparkVersion": ${JSON.stringify(recorded.sparkVersion)}, "cases": {\n${cases.join(",\n")}\n}}\n`;
  writeFileSync(pathOf(file), text);
}

function lines(outcome: Outcome): string {
  if ("error" in outcome) return JSON.stringify(outcome);
  const list = (values: readonly unknown[]) => `[${values.map((v) => `\n  ${JSON.stringify(v)}`).join(",")}]`;
  const progress = outcome.progress === undefined ? "" : `,\n "progress": ${list(outcome.progress)}`;
  return `{\n "columns": ${JSON.stringify(outcome.columns)},\n "rows": ${list(outcome.rows)}${progress}}`;
}
