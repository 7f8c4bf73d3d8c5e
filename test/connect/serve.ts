/** A `sluice connect` of its own, and PySpark programs on it. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const sluice = fileURLToPath(new URL("../../bin/sluice.js", import.meta.url));
const run = promisify(execFile);

export interface Served extends AsyncDisposable {
  readonly url: string;
  /** Resolves to the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Ready when it has printed where it listens. */
export async function serveConnect(environment: NodeJS.ProcessEnv = process.env): Promise<Served> {
  const server = spawn(process.execPath, [sluice, "connect", "--port", "0"], {
    env: environment,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exit = once(server, "exit") as Promise<[number | null]>;
  const lines = createInterface({ input: server.stdout });
  const [line] = (await Promise.race([
    once(lines, "line"),
    exit.then(([code]) => Promise.reject(new Error(`sluice connect ended with ${code}`))),
  ])) as [string];
  const url = /^connect: (sc:\/\/\S+)$/.exec(line)?.[1];
  if (url === undefined) throw new Error(`sluice connect printed ${line}`);
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    if (server.exitCode === null) server.kill(signal);
    return (await exit)[0];
  };
  return { url, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}

/** The lines that a program of programs/ prints. */
export async function runProgram(
  python: string,
  name: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string[]> {
  const program = fileURLToPath(new URL(`programs/${name}`, import.meta.url));
  const { stdout } = await run(python, [program, ...args], { env: environment, maxBuffer: 16 << 20 });
  return stdout.trimEnd().split("\n");
}
