/**
 * The messages of the benchmarks: JSON of about 140 bytes from `devices` devices over ten minutes of event time, 1 % late by
 * up to 5 s, 0.1 % malformed. Everything follows from the message's number, so that every run reads the same.
 */
import { Producer, stringSerializers } from "@platformatic/kafka";

export const startMs = Date.UTC(2026, 0, 1);
export const spanMs = 600_000;

export interface Load {
  readonly bootstrapServers: string;
  readonly topic: string;
  readonly messages: number;
  readonly devices: number;
}

/** A number from 0 to 2^32 − 1 that looks random, from a message's number. */
function scrambled(n: number): number {
  let x = Math.imul(n ^ (n >>> 16), 0x45d9f3b);
  x = Math.imul(x ^ (x >>> 16), 0x45d9f3b);
  return (x ^ (x >>> 16)) >>> 0;
}

export function message(n: number, total: number, devices: number): { key: string; value: string } {
  const dice = scrambled(n);
  const device = `device-${String(scrambled(n + 0x5bd1e995) % devices).padStart(7, "0")}`;
  let atMs = startMs + Math.floor((n / total) * spanMs);
  if (dice % 100 === 0) atMs -= scrambled(n + 77) % 5000;
  const temperature = (15 + (scrambled(n + 1) % 2000) / 100).toFixed(2);
  const humidity = (30 + (scrambled(n + 2) % 500) / 10).toFixed(1);
  const status = scrambled(n + 3) % 20 === 0 ? "WARN" : "OK";
  const value = `{"device":"${device}","ts":"${new Date(atMs).toISOString()}","temperature":${temperature},"humidity":${humidity},"battery":${scrambled(n + 4) % 101},"status":"${status}"}`;
  return { key: device, value: dice % 1000 === 7 ? value.slice(0, 60) : value };
}

/** Publishes the load; says how far it is on stderr. */
export async function publish(load: Load): Promise<void> {
  const producer = new Producer({
    clientId: "bench",
    bootstrapBrokers: [load.bootstrapServers],
    serializers: stringSerializers,
    compression: "lz4",
  });
  const atOnce = 20_000;
  for (let from = 0; from < load.messages; from += atOnce) {
    const messages = [];
    for (let n = from; n < Math.min(load.messages, from + atOnce); n++) {
      messages.push({ topic: load.topic, ...message(n, load.messages, load.devices) });
    }
    await producer.send({ messages, acks: 1 });
    if (from % 1_000_000 === 0) process.stderr.write(`\rpublished ${from / 1e6} M `);
  }
  process.stderr.write("\r\u001b[K");
  await producer.close();
}
