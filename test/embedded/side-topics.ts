// What the tests of side outputs share: records sent to a topic as they are, streams over them, and what was written.
import { type MessageToProduce, Producer } from "@platformatic/kafka";
import type { DataFrame, SparkSession } from "../../src/index.ts";
import { type BrokerUnderTest, createTopic } from "../support/brokers.ts";
import { uniqueName } from "../support/parts.ts";

export interface Sent {
  readonly key?: string;
  readonly value: string | Buffer | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly partition?: number;
}

/** The timestamp of all records. */
export const TIMESTAMP_MS = 1_700_000_000_000;

export interface Written {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

export class SideTopics {
  readonly broker: BrokerUnderTest;
  readonly spark: SparkSession;

  constructor(broker: BrokerUnderTest, spark: SparkSession) {
    this.broker = broker;
    this.spark = spark;
  }

  async topic(prefix: string, partitions = 1, configs: Readonly<Record<string, string>> = {}): Promise<string> {
    const name = uniqueName(prefix);
    // The records are old: retention would take them at once.
    await createTopic(this.broker, name, { partitions, configs: { "retention.ms": "-1", ...configs } });
    return name;
  }

  async send(topic: string, records: readonly Sent[]): Promise<void> {
    const producer = new Producer<Buffer, Buffer, Buffer, Buffer>({
      clientId: "test",
      bootstrapBrokers: [this.broker.bootstrapServers],
    });
    const messages = records.map(
      ({ key, value, headers, partition }): MessageToProduce<Buffer, Buffer, Buffer, Buffer> => {
        const list = Object.entries(headers ?? {}).map(([k, v]) => [Buffer.from(k), Buffer.from(v)] as const);
        return {
          topic,
          ...(key === undefined ? {} : { key: Buffer.from(key) }),
          value: value === null ? (null as unknown as Buffer) : Buffer.from(value),
          headers: new Map(list),
          timestamp: BigInt(TIMESTAMP_MS),
          partition: partition ?? 0,
        };
      },
    );
    for (let i = 0; i < messages.length; i += 5000)
      await producer.send({ messages: messages.slice(i, i + 5000), acks: -1 });
    await producer.close();
  }

  stream(topic: string, options: Readonly<Record<string, string>> = {}): DataFrame {
    return this.spark.readStream
      .format("kafka")
      .option("kafka.bootstrap.servers", this.broker.bootstrapServers)
      .option("subscribe", topic)
      .option("startingOffsets", "earliest")
      .options(options)
      .load();
  }

  /** Committed records, by partition and offset. */
  async written(topic: string): Promise<Written[]> {
    const rows = await this.spark.read
      .format("kafka")
      .option("kafka.bootstrap.servers", this.broker.bootstrapServers)
      .option("kafka.isolation.level", "read_committed")
      .option("subscribe", topic)
      .option("includeHeaders", "true")
      .load()
      .selectExpr("cast(key as string) AS key", "cast(value as string) AS value", "headers")
      .collect();
    return rows.map((row) => {
      const { key, value, headers } = row.toObject() as {
        key: string | null;
        value: string | null;
        headers: { key: string; value: Uint8Array }[] | null;
      };
      const pairs = (headers ?? []).map((h) => [h.key, Buffer.from(h.value).toString()]);
      return { key, value, headers: Object.fromEntries(pairs) };
    });
  }

  /** `written`, once there are `count`: the markers of a commit are written after its answer. */
  async writtenOnce(topic: string, count: number): Promise<Written[]> {
    for (;;) {
      const found = await this.written(topic);
      if (found.length >= count) return found;
    }
  }
}
