/**
 * Sends readings at a steady rate, all that are due every LINGER milliseconds:
 * `node bench/latency/producer.ts BOOTSTRAP TOPIC RATE SECONDS DEVICES LINGER`. Prints one line of JSON at the end. Each reading
 * holds the time it was sent at; no sending waits for another, so that a slow broker shows as latency and not as a lower rate.
 */
import { setTimeout as wait } from "node:timers/promises";
import { BatchBuilder } from "../../src/connectors/kafka/batch-builder.ts";
import { nowUs, Readings } from "./load.ts";
import { connected, produceApi, type Records, topicOf } from "./wire.ts";

const [servers, name, ...numbers] = process.argv.slice(2) as [string, string, ...string[]];
const [rate, seconds, devices, lingerMs] = numbers.map(Number) as [number, number, number, number];

const topic = await topicOf(servers, name);
const partitions = [...topic.leaders.keys()].sort((a, b) => a - b);
const brokers = new Set(topic.leaders.values());
const connections = new Map(
  await Promise.all(
    [...brokers].map(async (id) => {
      const address = topic.brokers.get(id);
      if (address === undefined) throw new Error(`broker ${id} is not known`);
      return [id, await connected(address.host, address.port)] as const;
    }),
  ),
);
const builders = partitions.map(() => new BatchBuilder(1 << 14));
const readings = new Readings(rate, devices);
const total = rate * seconds;
const plain = { producerId: -1, epoch: -1 };
let sent = 0;
let sendings = 0;
let slowestUs = 0;
const underWay = new Set<Promise<void>>();

async function send(broker: number, batches: readonly Records[]): Promise<void> {
  const connection = connections.get(broker);
  if (connection === undefined) throw new Error(`no connection to broker ${broker}`);
  const begun = nowUs();
  const answer = await produceApi.async(connection, name, batches);
  slowestUs = Math.max(slowestUs, nowUs() - begun);
  for (const t of answer.responses) {
    for (const p of t.partitionResponses)
      if (p.errorCode !== 0) throw new Error(`partition ${p.index}: ${p.errorCode}`);
  }
}

const begunUs = nowUs();
while (sent < total) {
  const due = Math.min(total, Math.floor(((nowUs() - begunUs) / 1e6) * rate));
  const nowMs = Date.now();
  for (; sent < due; sent++) {
    const length = readings.write(sent, nowUs());
    const builder = builders[sent % partitions.length] as BatchBuilder;
    builder.append(nowMs, readings.bytes, -1, -1, readings.bytes, 0, length, undefined);
  }
  for (const broker of brokers) {
    const batches = partitions.flatMap((partition, i) => {
      const builder = builders[i] as BatchBuilder;
      if (builder.count === 0 || topic.leaders.get(partition) !== broker) return [];
      return [{ partition, bytes: builder.finish("none", plain, -1, false) }];
    });
    if (batches.length === 0) continue;
    const work: Promise<void> = send(broker, batches).finally(() => underWay.delete(work));
    underWay.add(work);
  }
  sendings++;
  await wait(lingerMs);
}
await Promise.all(underWay);
const usage = process.cpuUsage();
console.log(
  JSON.stringify({
    sent,
    begunUs,
    rate: sent / ((nowUs() - begunUs) / 1e6),
    sendings,
    slowestMs: slowestUs / 1000,
    cpuSeconds: (usage.user + usage.system) / 1e6,
  }),
);
for (const connection of connections.values()) await connection.close();
