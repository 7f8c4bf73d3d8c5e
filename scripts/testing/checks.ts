// What must hold of the whole tree before any test runs.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../parts/part.ts";

export interface Check {
  readonly name: string;
  readonly args: readonly [program: string, ...args: string[]];
}

const bin = (name: string): string => join(root, "node_modules/.bin", name);
const node = process.execPath;

/** In the order in which they run. */
export const checks: readonly Check[] = [
  { name: "errors", args: [node, "scripts/generate-errors.ts", "--check"] },
  { name: "proto", args: [node, "scripts/generate-proto.ts", "--check"] },
  { name: "tsc", args: [bin("tsc"), "-p", "."] },
  ...(existsSync(join(root, "src/console/ui/tsconfig.json"))
    ? [{ name: "tsc (console)", args: [bin("tsc"), "-p", "src/console/ui", "--noEmit"] as const }]
    : []),
  { name: "biome", args: [bin("biome"), "check", "--diagnostic-level=error", "--max-diagnostics=10", "."] },
];

/** Runs a check. Gives what it said when it failed, undefined when it passed. */
export function runCheck(check: Check, signal: AbortSignal): Promise<string | undefined> {
  const [program, ...args] = check.args;
  return new Promise((done) => {
    const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], signal });
    let output = "";
    const keep = (chunk: Buffer): void => {
      if (output.length < 100_000) output += chunk.toString();
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", (error) => done(error.message));
    child.once("close", (code) => done(code === 0 ? undefined : excerpt(output) || `ended with ${code}`));
  });
}

/** The first lines, which is where compilers name what to mend first. */
function excerpt(output: string): string {
  const lines = output.trimEnd().split("\n");
  const linesMax = 60;
  const rest = lines.length - linesMax;
  const shown = lines.slice(0, linesMax).map((line) => line.slice(0, 300));
  return [...shown, ...(rest > 0 ? [`… ${rest} more lines`] : [])].join("\n");
}
