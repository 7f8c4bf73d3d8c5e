/** Runs a program to its end, line by line. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onExit } from "./left-behind.ts";

/** Rejects, with the end of its stderr, when the program ends with another code than 0. */
export async function programLines(
  program: string,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<void> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const stillThere = onExit(() => child.kill("SIGKILL"));
  createInterface({ input: child.stdout }).on("line", onLine);
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => {
    stderr = (stderr + data.toString()).slice(-4000);
  });
  const [code] = (await once(child, "close")) as [number | null];
  stillThere();
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr}`);
}
