/**
 * The workloads as a Node developer would write them by hand: a consumer, JSON.parse, a Map. Nothing survives a crash.
 * `node bench/workloads/byhand.ts REQUEST MESSAGES [--digest]`. Prints one line of JSON; with `--digest` it has the digest of
 * what the query gives (see answers.ts).
 */
import { Consumer, MessagesStreamModes, stringDeserializers } from "@platformatic/kafka";
import { Digest, forwardRow, rollupRow } from "../answers.ts";
import type { RunResult, WorkloadRequest } from "./query.ts";

const request = JSON.parse(process.argv[2] ?? "") as WorkloadRequest;
const messages = Number(process.argv[3]);
const wantsDigest = process.argv.includes("--digest");
const WINDOW_MS = 10_000;
const DELAY_MS = 10_000;

interface Reading {
  readonly device: string;
  readonly ts: string;
  readonly temperature: number;
  readonly status: string;
}

interface Group {
  n: number;
  sum: number;
  low: number;
  high: number;
}

const groups = new Map<string, Group>();
const forwarded = new Digest();
let latestMs = 0;

function rollUp({ device, ts, temperature }: Reading): void {
  const atMs = Date.parse(ts);
  if (atMs > latestMs) latestMs = atMs;
  const key = `${device} ${Math.floor(atMs / WINDOW_MS)}`;
  const g = groups.get(key);
  if (g === undefined) groups.set(key, { n: 1, sum: temperature, low: temperature, high: temperature });
  else {
    g.n++;
    g.sum += temperature;
    if (temperature < g.low) g.low = temperature;
    if (temperature > g.high) g.high = temperature;
  }
}

/** What the windows that the watermark has closed add up to. */
function rollupDigest(): string {
  const digest = new Digest();
  for (const [key, { n, sum, low, high }] of groups) {
    const [device, window] = key.split(" ") as [string, string];
    const startMs = Number(window) * WINDOW_MS;
    if (startMs + WINDOW_MS > latestMs - DELAY_MS) continue;
    digest.add(rollupRow({ device, startMs, n, mean: sum / n, low, high }));
  }
  return digest.text();
}

const consumer = new Consumer({
  clientId: "byhand",
  groupId: `byhand-${process.pid}`,
  bootstrapBrokers: [request.bootstrapServers],
  deserializers: stringDeserializers,
  maxBytes: 8 << 20,
});
const started = performance.now();
const stream = await consumer.consume({
  topics: [request.input],
  mode: MessagesStreamModes.EARLIEST,
  autocommit: false,
});
let seen = 0;
for await (const { value } of stream) {
  seen++;
  let reading: Reading | undefined;
  try {
    reading = JSON.parse(value as string);
  } catch {
    // Malformed: dropped, as in the query.
  }
  if (reading !== undefined && reading.temperature > -50) {
    if (request.query === "rollup") rollUp(reading);
    else if (reading.status === "OK") {
      const { device, ts, temperature, status } = reading;
      forwarded.add(forwardRow({ device, ms: Date.parse(ts), fahrenheit: temperature * 1.8 + 32, status }));
    }
  }
  if (seen === messages) break;
}
const seconds = (performance.now() - started) / 1000;
const usage = process.cpuUsage();
const result: RunResult & { digest?: string } = {
  seconds,
  rows: seen,
  cpuSeconds: (usage.user + usage.system) / 1e6,
  peakMiB: process.resourceUsage().maxRSS / 1024,
};
if (wantsDigest) result.digest = request.query === "rollup" ? rollupDigest() : forwarded.text();
console.log(JSON.stringify(result));
process.exit(0);
