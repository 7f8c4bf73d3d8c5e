/** Runs a program to its end, line by line. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onExit } from "./left-behind.ts";

/**
 * Resolves at its end, also when that came by `stop`; rejects, with the end of its stderr, when it ends by itself with
 * another code than 0.
 */
export async function programLines(
  program: string,
  args: readonly string[],
  onLine: (line: string) => void,
  stop?: AbortSignal,
): Promise<void> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const stillThere = onExit(() => child.kill("SIGKILL"));
  createInterface({ input: child.stdout }).on("line", onLine);
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => {
    stderr = (stderr + data.toString()).slice(-4000);
  });
  stop?.addEventListener("abort", () => child.kill("SIGTERM"), { once: true });
  const [code] = (await once(child, "close")) as [number | null];
  stillThere();
  if (code !== 0 && stop?.aborted !== true) throw new Error(`${program} ended with ${code}: ${stderr}`);
}
