/** Every fault test of this folder at its full size, for `npm run torture`. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";

export interface FaultRun {
  readonly text: string;
  readonly problems: readonly string[];
}

/** Takes about an hour on two cores. What goes wrong is in the output of the tests, which goes to ours. */
export async function runFaultTests(): Promise<FaultRun> {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".test.ts"));
  const problems: string[] = [];
  for (const file of files) {
    const child = spawn(process.execPath, ["--test", join(import.meta.dirname, file)], {
      stdio: "inherit",
      env: { ...process.env, SLUICE_TORTURE: "full" },
    });
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    if (code !== 0) problems.push(`${file} ended with ${code ?? signal}`);
  }
  return { text: `${files.length - problems.length} of ${files.length} files of fault tests passed`, problems };
}
