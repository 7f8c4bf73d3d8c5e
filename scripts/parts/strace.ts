// strace, which kills a program at a chosen system call. `node scripts/parts/strace.ts` brings it.
import { spawnSync } from "node:child_process";
import { aptInstall, onPath, type Part, runAsProgram } from "./part.ts";

export const strace: Part = {
  name: "strace",
  command: "node scripts/parts/strace.ts",
  available: () => (onPath("strace") === undefined ? "strace is not installed" : undefined),
  install: async () => {
    if (onPath("strace") === undefined) await aptInstall("strace");
  },
};

/** Why programs can't be traced here (containers and hardened kernels forbid it); undefined when they can. */
export function tracingRefused(): string | undefined {
  const tried = spawnSync("strace", ["-qq", "-o", "/dev/null", "-e", "trace=none", "true"], { encoding: "utf8" });
  if (tried.status === 0) return undefined;
  return `this machine lets nobody trace programs: ${(tried.stderr || String(tried.error)).trim()}`;
}

await runAsProgram(import.meta.url, strace);
