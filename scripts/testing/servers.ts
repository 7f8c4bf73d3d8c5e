// Real parts for a run of the tests: what the files ask for, brought where allowed, one server of each kind for all.
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isPartName, type PartName, parts } from "../parts/index.ts";
import { startKafka } from "../parts/kafka.ts";
import { startMosquitto } from "../parts/mosquitto.ts";
import { root } from "../parts/part.ts";
import { startPostgres } from "../parts/postgres.ts";
import { startSparkConnect } from "../parts/spark.ts";

/** The real parts that these files, or files of test/ that they import, name in their `requireParts("…")`. */
export function partsAskedFor(paths: readonly string[]): Map<PartName, string[]> {
  const asked = new Map<PartName, string[]>();
  for (const path of paths) {
    const names = new Set([...filesOf(path)].flatMap(partsNamedIn));
    for (const name of names) asked.set(name, [...(asked.get(name) ?? []), path]);
  }
  return asked;
}

function partsNamedIn(path: string): PartName[] {
  // Only a call at the start of a statement counts, not one in a comment or a string.
  const calls = readFileSync(path, "utf8").matchAll(/^(?:const [\w{}, ]+ = )?requireParts\(([^)]*)\)/gm);
  return [...calls].flatMap(([, list]) =>
    [...(list as string).matchAll(/"([^"]+)"/g)].map(([, name]) => name as string).filter(isPartName),
  );
}

/** A test's file, and those of test/ that it imports, directly or by another. */
function filesOf(path: string, known = new Set<string>()): Set<string> {
  if (known.has(path)) return known;
  known.add(path);
  const imports = readFileSync(path, "utf8").matchAll(/^(?:import|\} from) .*?"(\.{1,2}\/[^"]+\.ts)";$/gm);
  for (const [, name] of imports) {
    const file = resolve(dirname(path), name as string);
    if (file.startsWith(join(root, "test/"))) filesOf(file, known);
  }
  return known;
}

/** Brings the parts that are missing. Gives, per part that couldn't be brought, why. */
export async function bring(names: Iterable<PartName>): Promise<Map<PartName, string>> {
  const failed = new Map<PartName, string>();
  for (const name of names) {
    if (parts[name].available() === undefined) continue;
    try {
      await parts[name].install();
    } catch (error) {
      failed.set(name, error instanceof Error ? error.message : String(error));
    }
  }
  return failed;
}

interface Shared {
  stop(): Promise<void>;
}

const starters: Partial<Record<PartName, () => Promise<{ variable: string; value: string; server: Shared }>>> = {
  kafka: async () => {
    const server = await startKafka();
    return { variable: "SLUICE_TEST_KAFKA", value: server.bootstrapServers, server };
  },
  spark: async () => {
    const server = await startSparkConnect();
    return { variable: "SLUICE_TEST_SPARK", value: server.url, server };
  },
  postgres: async () => {
    const server = await startPostgres();
    return { variable: "SLUICE_TEST_POSTGRES", value: server.url, server };
  },
  mosquitto: async () => {
    const server = await startMosquitto();
    return { variable: "SLUICE_TEST_MOSQUITTO", value: server.url, server };
  },
};

/** Servers that test files share, started when the first file that needs one runs, stopped together. */
export class SharedServers {
  readonly #started = new Map<PartName, Promise<Shared | undefined>>();

  /** Starts what is not there yet and puts its address into the environment that test files inherit. */
  async start(names: Iterable<PartName>): Promise<void> {
    await Promise.all(
      [...names].map((name) => {
        const starter = starters[name];
        if (starter === undefined || parts[name].available() !== undefined) return undefined;
        let started = this.#started.get(name);
        if (started === undefined) {
          started = starter().then(({ variable, value, server }) => {
            process.env[variable] = value;
            return server;
          });
          this.#started.set(name, started);
        }
        return started;
      }),
    );
  }

  async stop(): Promise<void> {
    await Promise.allSettled([...this.#started.values()].map(async (server) => (await server)?.stop()));
    this.#started.clear();
  }
}
