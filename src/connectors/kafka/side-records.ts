/** Records of side outputs: whose brokers, how large, and in which form they are written. */

import type { SideRecord } from "../contract.ts";
import type { HeaderBytes } from "./batch-builder.ts";
import { describeConfigsV4 } from "./client.ts";
import type { ClientSettings } from "./client-options.ts";
import type { KafkaCluster } from "./cluster.ts";

/** Kafka's default of `max.message.bytes`. */
const MESSAGE_BYTES_MAX = 1_048_588;
/** What a batch and its one record need around key, value and headers, at most. */
const OVERHEAD_BYTES = 128;
const TOPIC_RESOURCE = 2 as const;

/** True when both reach the same brokers as the same user, so that one transaction can hold what either writes. */
export function sameClients(a: ClientSettings, b: ClientSettings): boolean {
  const brokers = (c: ClientSettings) => c.brokers.map(({ host, port }) => `${host}:${port}`).sort();
  const access = ({ all }: ClientSettings) =>
    [...all].filter(([name]) => /^(security|sasl|ssl)\./.test(name)).sort(([x], [y]) => (x < y ? -1 : 1));
  return JSON.stringify([brokers(a), access(a)]) === JSON.stringify([brokers(b), access(b)]);
}

/** Bytes that a topic takes in one record; Kafka's default where it isn't told. */
export async function messageBytesMax(cluster: KafkaCluster, topic: string): Promise<number> {
  const answer = await cluster.retrying(`ask for the settings of topic ${topic}`, async () => {
    const connection = await cluster.anyBroker();
    const resources = [{ resourceType: TOPIC_RESOURCE, resourceName: topic, configurationKeys: ["max.message.bytes"] }];
    return cluster.call(connection, describeConfigsV4.api, resources, false, false);
  });
  const text = answer.results[0]?.configs.find((c) => c.name === "max.message.bytes")?.value;
  const value = Number(text ?? Number.NaN);
  return Number.isSafeInteger(value) && value > 0 ? value : MESSAGE_BYTES_MAX;
}

const encoder = new TextEncoder();

/** A side record as it is written: one that its topic wouldn't take goes without its value, which its headers say. */
export function fitted(
  record: SideRecord,
  bytesMax: number,
): { value: Uint8Array | null; headers: HeaderBytes[]; bytes: number } {
  const headers = record.headers.map((h) => ({ name: encoder.encode(h.name), value: h.value }));
  const fixed =
    (record.key?.length ?? 0) + headers.reduce((n, h) => n + h.name.length + (h.value?.length ?? 0) + 12, 0);
  const { value } = record;
  const bytes = fixed + (value?.length ?? 0) + OVERHEAD_BYTES;
  if (value === null || bytes <= bytesMax) return { value, headers, bytes };
  headers.push({ name: encoder.encode("sluice.value.bytes"), value: encoder.encode(String(value.length)) });
  return { value: null, headers, bytes: fixed + OVERHEAD_BYTES };
}
