/** The PySpark twins, unmodified, with `sluice connect` in Spark's place, on each of the brokers. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { sparkEnvironment, sparkPython } from "../../scripts/parts/spark.ts";
import { onBothBrokers } from "../support/brokers.ts";
import { requireParts, uniqueName } from "../support/parts.ts";
import { writeHistory } from "./input.ts";
import { produceInput } from "./produce.ts";
import { BATCH } from "./run.ts";

const parts = requireParts("spark");
const inCheckout = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const title = "PySpark's programs give on sluice connect what they give on Spark";
const body: Parameters<typeof onBothBrokers>[1] = async ({ bootstrapServers }) => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-connect-"));
  const prefix = uniqueName("twin");
  const server = spawn(process.execPath, [inCheckout("bin/sluice.js"), "connect", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const history = join(folder, "history");
    writeHistory(history);
    await produceInput(bootstrapServers, prefix);
    const url = await connectUrl(server.stdout);
    const args = [url, bootstrapServers, history, String(BATCH), join(folder, "checkpoint"), prefix];
    const recorded = JSON.parse(readFileSync(new URL("./recorded.json", import.meta.url), "utf8")) as unknown;
    assert.deepEqual(JSON.parse(await python(inCheckout("scripts/pyspark/run.py"), args)), recorded);
  } finally {
    server.kill("SIGTERM");
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
};

onBothBrokers(title, body, parts.options);

/** The address in the server's first line of that form: `connect: sc://127.0.0.1:15002`. */
async function connectUrl(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const found = /^connect: (sc:\S+)/.exec(line);
    if (found) return found[1] as string;
  }
  throw new Error("sluice connect ended without an address");
}

/** What the program prints. */
async function python(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(sparkPython(), [program, ...args], {
    env: sparkEnvironment(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  assert.equal(await ended, 0, "the program failed");
  return text;
}
