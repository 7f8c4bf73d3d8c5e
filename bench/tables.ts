/** Medians with their range, tables of the page, and the page's places for them. */
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";

const page = new URL("./README.md", import.meta.url);

export function median(values: readonly number[]): number {
  const ordered = values.toSorted((a, b) => a - b);
  const middle = ordered.length >> 1;
  const upper = ordered[middle] ?? Number.NaN;
  return ordered.length % 2 === 1 ? upper : (upper + (ordered[middle - 1] ?? Number.NaN)) / 2;
}

/** E.g. "1.15 (1.10–1.21) M", or without the range where there is one value. */
export function spread(values: readonly number[], digits: number, unit = ""): string {
  if (values.length === 0) return "";
  const text = (n: number): string => n.toFixed(digits);
  const [low, high] = [text(Math.min(...values)), text(Math.max(...values))];
  const range = values.length > 1 ? ` (${low}–${high})` : "";
  return `${text(median(values))}${range}${unit === "" ? "" : ` ${unit}`}`;
}

/** Markdown; cells that begin with a digit in all rows stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, i) => {
    const isNumbers = rows.length > 0 && rows.every((row) => /^(\d|$)/.test(row[i] ?? ""));
    return isNumbers ? "--:" : "---";
  });
  return [line(head), `|${rule.join("|")}|`, ...rows.map(line)].join("\n");
}

/** What a figure must be read with: how much, how often, on what, when. */
export function conditions(...more: string[]): string {
  const [cpu] = cpus();
  const machine = `${availableParallelism()} cores of ${cpu?.model ?? "an unknown processor"}, Node ${process.versions.node}`;
  return `${[...more, machine, new Date().toISOString().slice(0, 10)].join("; ")}.`;
}

/** Puts `text` between the page's markers `<!-- name -->` and `<!-- /name -->`. Throws when it has none. */
export function writeToPage(name: string, text: string): void {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const whole = readFileSync(page, "utf8");
  const [from, to] = [whole.indexOf(begin), whole.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`bench/README.md has no place for ${name}`);
  writeFileSync(page, `${whole.slice(0, from + begin.length)}\n\n${text}\n\n${whole.slice(to)}`);
}
