// Every real part. `node scripts/parts/index.ts [name…]` brings them, or only the named ones.
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "./chromium.ts";
import { confluentKafka } from "./confluent-kafka.ts";
import { franzGo } from "./franz-go.ts";
import { kafka } from "./kafka.ts";
import { kafkaStreams } from "./kafka-streams.ts";
import { kafkajs } from "./kafkajs.ts";
import { kcat } from "./kcat.ts";
import { mosquitto } from "./mosquitto.ts";
import type { Part } from "./part.ts";
import { postgres } from "./postgres.ts";
import { pyarrow } from "./pyarrow.ts";
import { pysparkClients } from "./pyspark-clients.ts";
import { spark } from "./spark.ts";
import { strace } from "./strace.ts";

/** The real parts by name. */
export const parts = {
  kafka,
  spark,
  postgres,
  chromium,
  kcat,
  mosquitto,
  "confluent-kafka": confluentKafka,
  kafkajs,
  pyarrow,
  "franz-go": franzGo,
  "kafka-streams": kafkaStreams,
  "pyspark-clients": pysparkClients,
  strace,
} satisfies Record<string, Part>;

export type PartName = keyof typeof parts;

export const isPartName = (name: string): name is PartName => Object.hasOwn(parts, name);

async function bring(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !isPartName(name));
  if (unknown.length > 0) {
    throw new Error(`no part is named ${unknown.join(", ")}; there are ${Object.keys(parts).join(", ")}`);
  }
  for (const part of Object.values<Part>(parts)) {
    if (names.length > 0 && !names.includes(part.name)) continue;
    await part.install();
    process.stderr.write(`${part.name} is ready\n`);
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await bring(process.argv.slice(2));
}
