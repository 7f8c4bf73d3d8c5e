// A server that lives no longer than the process that started it.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { onPath } from "./part.ts";

/** A running server process. */
export interface Server {
  readonly pid: number;
  /** Resolves with the exit code or the signal once the process has ended. */
  readonly ended: Promise<number | string>;
  /** Asks it to stop and waits; kills it after 10 s. Safe to call more than once. */
  stop(): Promise<void>;
  /** Kills it at once (SIGKILL) and waits for its end. */
  kill(): Promise<void>;
}

interface ServerOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** The file that takes its stdout and stderr. */
  log: string;
  /** What asks the server to stop. SIGTERM unless told. */
  stopSignal?: NodeJS.Signals;
  /** Runs it as this user; only root can. */
  user?: string;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Starts a server whose life is tied to ours: on Linux the kernel kills it when this process dies, however that
 * happens; elsewhere it ends when this process exits in an orderly way.
 */
export function startServer(program: string, args: readonly string[], options: ServerOptions): Server {
  const log = openSync(options.log, "a");
  const tied = tieToParent(program, args, options.user);
  const child = spawn(tied.program, tied.args, {
    stdio: ["ignore", log, log],
    ...(options.env ? { env: options.env } : {}),
    ...(options.cwd ? { cwd: options.cwd } : {}),
  });
  closeSync(log);
  running.add(child);
  // It must not keep a finished test alive by itself.
  child.unref();
  const ended = new Promise<number | string>((done) => {
    child.once("exit", (code, signal) => {
      running.delete(child);
      done(code ?? signal ?? "unknown");
    });
    child.once("error", (error) => {
      running.delete(child);
      done(error.message);
    });
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!running.has(child)) return;
    child.ref();
    child.kill(signal);
    const killer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(killer);
  };
  return {
    pid: child.pid ?? -1,
    ended,
    stop: () => end(options.stopSignal ?? "SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}

function tieToParent(program: string, args: readonly string[], user: string | undefined) {
  const setpriv = process.platform === "linux" ? onPath("setpriv") : undefined;
  if (!setpriv) {
    if (user !== undefined) throw new Error("setpriv (util-linux) is needed to run a server as another user");
    return { program, args: [...args] };
  }
  const identity = user === undefined ? [] : [`--reuid=${user}`, `--regid=${user}`, "--init-groups"];
  return { program: setpriv, args: [...identity, "--pdeathsig", "KILL", "--", program, ...args] };
}

/** Waits until `ready` answers true. Fails with the end of the log when the process ends or time runs out. */
export async function untilReady(
  name: string,
  server: Server,
  log: string,
  ready: () => Promise<boolean>,
  timeoutMs = 90_000,
): Promise<void> {
  let end: number | string | undefined;
  void server.ended.then((code) => {
    end = code;
  });
  const deadline = performance.now() + timeoutMs;
  while (!(await ready())) {
    const late = performance.now() > deadline;
    if (end !== undefined || late) {
      await server.kill();
      const tail = readFileSync(log, "utf8").trimEnd().split("\n").slice(-20).join("\n");
      throw new Error(`${name} ${late ? `was not ready in ${timeoutMs / 1000} s` : `ended with ${end}`}:\n${tail}`);
    }
    await wait(50);
  }
}

/** Whether something accepts connections on this port of the loopback address. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}

/** Ports of the loopback address that are free now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((done, fail) => {
          const server = createServer();
          server.once("error", fail);
          server.listen(0, "127.0.0.1", () => done(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
