// Eclipse Mosquitto, an MQTT broker. `node scripts/parts/mosquitto.ts` brings it; `startMosquitto()` starts one.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aptInstall, onPath, type Part, runAsProgram } from "./part.ts";
import { accepts, freePorts, startServer, untilReady } from "./process.ts";

export const mosquitto: Part = {
  name: "mosquitto",
  command: "node scripts/parts/mosquitto.ts",
  available: () => (find() === undefined ? "Mosquitto is not installed" : undefined),
  install: async () => {
    if (find() === undefined) await aptInstall("mosquitto", "mosquitto-clients");
  },
};

/** Debian keeps the server in a folder that is not on every user's PATH. */
function find(): string | undefined {
  return onPath("mosquitto") ?? (existsSync("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto" : undefined);
}

export interface Mosquitto {
  /** `mqtt://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** Starts an MQTT broker on a free port of 127.0.0.1 that lets everybody in and keeps nothing. */
export async function startMosquitto(): Promise<Mosquitto> {
  const program = find();
  if (program === undefined) throw new Error(`Mosquitto is not installed: ${mosquitto.command}`);
  const dir = mkdtempSync(join(tmpdir(), "sluice-mosquitto-"));
  const [port] = (await freePorts(1)) as [number];
  const config = join(dir, "mosquitto.conf");
  writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\n`);
  const log = join(dir, "mosquitto.log");
  const cleanUp = (): void => rmSync(dir, { recursive: true, force: true });
  process.once("exit", cleanUp);
  const server = startServer(program, ["-c", config], { cwd: dir, log });
  await untilReady("Mosquitto", server, log, () => accepts(port));
  const end = async (how: "stop" | "kill"): Promise<void> => {
    await server[how]();
    cleanUp();
    process.removeListener("exit", cleanUp);
  };
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    pid: server.pid,
    stop: () => end("stop"),
    kill: () => end("kill"),
  };
}

await runAsProgram(import.meta.url, mosquitto);
