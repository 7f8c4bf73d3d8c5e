// PostgreSQL from the system's packages, with a cluster of our own on a free port.
// `node scripts/parts/postgres.ts` brings it; `startPostgres()` starts a server.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aptInstall, command, onPath, type Part, runAsProgram } from "./part.ts";
import { freePorts, startServer, untilReady } from "./process.ts";

export const postgres: Part = {
  name: "postgres",
  command: "node scripts/parts/postgres.ts",
  available: () => (binDir() === undefined ? "PostgreSQL's server is not installed" : undefined),
  install: async () => {
    if (binDir() === undefined) await aptInstall("postgresql");
  },
};

function binDir(): string | undefined {
  const debian = "/usr/lib/postgresql";
  if (existsSync(debian)) {
    const newestFirst = readdirSync(debian).sort((a, b) => Number(b) - Number(a));
    for (const version of newestFirst) {
      if (existsSync(join(debian, version, "bin/initdb"))) return join(debian, version, "bin");
    }
  }
  const initdb = onPath("initdb");
  return initdb === undefined ? undefined : join(initdb, "..");
}

export interface Postgres {
  /** `postgres://sluice@127.0.0.1:PORT/postgres`; no password is asked. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/**
 * Starts PostgreSQL with an empty database on a free port of 127.0.0.1, user `sluice`, a superuser. Its server refuses to
 * run as root: then it runs as the user `postgres`. Ready after about 2 s.
 *
 * @example
 * const postgres = await startPostgres();
 * const client = new pg.Client(postgres.url);
 */
export async function startPostgres(): Promise<Postgres> {
  const bin = binDir();
  if (bin === undefined) throw new Error(`PostgreSQL's server is not installed: ${postgres.command}`);
  const user = process.getuid?.() === 0 ? "postgres" : undefined;
  const dir = mkdtempSync(join(tmpdir(), "sluice-postgres-"));
  const data = join(dir, "data");
  mkdirSync(data, { mode: 0o700 });
  if (user !== undefined) command("chown", ["-R", user, dir]);
  else chmodSync(dir, 0o700);
  const log = join(dir, "server.log");
  const [port] = (await freePorts(1)) as [number];
  const cleanUp = (): void => rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  process.once("exit", cleanUp);
  initialise(join(bin, "initdb"), data, user);
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    timezone: "UTC",
    max_connections: "50",
  };
  const server = startServer(
    join(bin, "postgres"),
    ["-D", data, ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`])],
    { cwd: dir, log, stopSignal: "SIGINT", ...(user === undefined ? {} : { user }) },
  );
  await untilReady("PostgreSQL", server, log, async () =>
    readFileSync(log, "utf8").includes("ready to accept connections"),
  );
  const end = async (how: "stop" | "kill"): Promise<void> => {
    await server[how]();
    cleanUp();
    process.removeListener("exit", cleanUp);
  };
  const url = `postgres://sluice@127.0.0.1:${port}/postgres`;
  return { url, port, pid: server.pid, stop: () => end("stop"), kill: () => end("kill") };
}

function initialise(initdb: string, data: string, user: string | undefined): void {
  const args = [initdb, "-D", data, "-U", "sluice", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
  const as = user === undefined ? [] : ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups", "--"];
  const [program, ...rest] = [...as, ...args] as [string, ...string[]];
  const done = spawnSync(program, rest, { cwd: data, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`initdb ended with ${done.status}:\n${done.stderr}`);
}

await runAsProgram(import.meta.url, postgres);
