/**
 * The device rollup as a Node developer would write it by hand: a consumer, JSON.parse, a Map. Nothing survives a crash.
 * `node bench/workloads/byhand.ts BOOTSTRAP INPUT MESSAGES`. Prints one line of JSON.
 */
import { Consumer, MessagesStreamModes, stringDeserializers } from "@platformatic/kafka";

const [servers, input, messages] = process.argv.slice(2) as [string, string, string];

interface Group {
  n: number;
  sum: number;
  low: number;
  high: number;
}

const consumer = new Consumer({
  clientId: "byhand",
  groupId: `byhand-${process.pid}`,
  bootstrapBrokers: [servers],
  deserializers: stringDeserializers,
  maxBytes: 8 << 20,
});
const started = performance.now();
const stream = await consumer.consume({ topics: [input], mode: MessagesStreamModes.EARLIEST, autocommit: false });
const groups = new Map<string, Group>();
let seen = 0;
for await (const { value } of stream) {
  seen++;
  let r: { device: string; ts: string; temperature: number } | undefined;
  try {
    r = JSON.parse(value as string);
  } catch {
    // Malformed: dropped, as in the query.
  }
  if (r !== undefined && r.temperature > -50) {
    const window = Math.floor(Date.parse(r.ts) / 10_000);
    const key = `${r.device} ${window}`;
    const g = groups.get(key);
    if (g === undefined) groups.set(key, { n: 1, sum: r.temperature, low: r.temperature, high: r.temperature });
    else {
      g.n++;
      g.sum += r.temperature;
      if (r.temperature < g.low) g.low = r.temperature;
      if (r.temperature > g.high) g.high = r.temperature;
    }
  }
  if (seen === Number(messages)) break;
}
const seconds = (performance.now() - started) / 1000;
const usage = process.cpuUsage();
console.log(
  JSON.stringify({
    engine: "by hand",
    workload: "rollup",
    seconds,
    rows: seen,
    groups: groups.size,
    cpuSeconds: (usage.user + usage.system) / 1e6,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    startMs: started,
  }),
);
process.exit(0);
