/**
 * Times what arrives in a topic: `node bench/latency/consumer.ts BOOTSTRAP TOPIC`. Every record that has a `"sent":N` counts with
 * the time from N to the moment its bytes were here. Reads committed records only. When a line is written to its stdin it
 * prints one line of JSON: the line is the time in microseconds before which records were sent that don't count.
 */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fetchArguments, parseFetchResponse } from "../../src/connectors/kafka/fetch.ts";
import { nowUs } from "./load.ts";
import { connected, fetchApi, topicOf } from "./wire.ts";

const [servers, name] = process.argv.slice(2) as [string, string];
const FIELD = Buffer.from('"sent":');
const ATTRIBUTES_AT = 21;
const CONTROL = 0x20;
const COMPRESSION = 0x07;

/** When each record was sent, and how long it took; microseconds. Numbers in place, for this process to rest as much as it can. */
let sentUs = new Float64Array(1 << 20);
let tookUs = new Float64Array(1 << 20);
let received = 0;
let done = false;
let failure: unknown;

/** Notes every record of the batches; gives the offset after them. */
function take(records: Buffer, from: number, atUs: number): number {
  let next = from;
  let at = 0;
  while (at + 61 <= records.length) {
    const end = at + 12 + records.readInt32BE(at + 8);
    if (end > records.length) break;
    const base = Number(records.readBigInt64BE(at));
    const last = base + records.readInt32BE(at + 23);
    const attributes = records.readInt16BE(at + ATTRIBUTES_AT);
    if ((attributes & CONTROL) === 0 && last >= from) {
      if ((attributes & COMPRESSION) !== 0) throw new Error("the output is compressed; this consumer can't read it");
      note(records.subarray(at, end), atUs);
    }
    next = last + 1;
    at = end;
  }
  return Math.max(next, from);
}

function note(batch: Buffer, atUs: number): void {
  for (let i = batch.indexOf(FIELD); i >= 0; i = batch.indexOf(FIELD, i)) {
    i += FIELD.length;
    let sent = 0;
    for (let c = batch[i]; c >= 48 && c <= 57; c = batch[++i]) sent = sent * 10 + (c - 48);
    if (received === sentUs.length) [sentUs, tookUs] = [twice(sentUs), twice(tookUs)];
    sentUs[received] = sent;
    tookUs[received++] = atUs - sent;
  }
}

function twice(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(values.length * 2);
  grown.set(values);
  return grown;
}

async function follow(broker: number): Promise<void> {
  const address = topic.brokers.get(broker);
  if (address === undefined) throw new Error(`broker ${broker} is not known`);
  const connection = await connected(address.host, address.port);
  const offsets = new Map([...topic.leaders].filter(([, id]) => id === broker).map(([partition]) => [partition, 0]));
  while (!done) {
    const partitions = [...offsets].map(([partition, fetchOffset]) => ({ partition, fetchOffset, leaderEpoch: -1 }));
    const topics = [{ topic: name, partitions }];
    const limits = { maxWaitMs: 200, minBytes: 1, maxBytes: 8 << 20, partitionMaxBytes: 4 << 20, readCommitted: true };
    const answer = await fetchApi.async(connection, ...fetchArguments({ ...limits, topics }));
    const atUs = nowUs();
    for (const p of parseFetchResponse(answer).partitions) {
      if (p.errorCode !== 0) throw new Error(`Fetch: error ${p.errorCode}`);
      offsets.set(p.partition, take(p.records, offsets.get(p.partition) ?? 0, atUs));
    }
  }
  await connection.close();
}

const topic = await topicOf(servers, name);
const following = Promise.all([...new Set(topic.leaders.values())].map(follow)).catch((error: unknown) => {
  failure = error;
});
console.log("ready");
const lines = createInterface({ input: process.stdin });
const [line] = (await once(lines, "line")) as [string];
done = true;
lines.close();
await following;
if (failure !== undefined) throw failure;

const fromUs = Number(line);
const counted = tookUs
  .subarray(0, received)
  .filter((_, i) => (sentUs[i] as number) >= fromUs)
  .sort();
const ms = (q: number) => (counted[Math.min(counted.length - 1, Math.floor(q * counted.length))] ?? Number.NaN) / 1000;
const usage = process.cpuUsage();
console.log(
  JSON.stringify({
    received,
    counted: counted.length,
    p50: ms(0.5),
    p95: ms(0.95),
    p99: ms(0.99),
    max: ms(1),
    cpuSeconds: (usage.user + usage.system) / 1e6,
  }),
);
