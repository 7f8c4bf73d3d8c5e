// What the Kafka connector's tests share: each of them runs on the dev broker and on Apache Kafka.
import { Admin } from "@platformatic/kafka";
import { batchFromRows, rowsOf } from "../../src/columns/rows.ts";
import type {
  Environment,
  Logger,
  Sink,
  Source,
  SourceCheckpoint,
  StreamSource,
} from "../../src/connectors/contract.ts";
import { kafkaSink } from "../../src/connectors/kafka/sink.ts";
import { kafkaSource } from "../../src/connectors/kafka/source.ts";
import { OptionMap } from "../../src/connectors/options.ts";
import { field, STRING, type StructType, struct } from "../../src/types/types.ts";
import type { Value } from "../../src/types/values.ts";
import { onBothBrokers as onEachBroker } from "../support/brokers.ts";
import { uniqueName } from "../support/parts.ts";

export class TestBroker {
  readonly bootstrapServers: string;
  private readonly admin: Admin;
  readonly messages: string[] = [];
  readonly stopping = new AbortController();
  private readonly toClose: (() => Promise<unknown>)[] = [];

  constructor(bootstrapServers: string) {
    this.bootstrapServers = bootstrapServers;
    this.admin = new Admin({ clientId: "test", bootstrapBrokers: [bootstrapServers] });
    this.toClose.push(() => this.admin.close());
  }

  async topic(partitions = 2, configs: Readonly<Record<string, string>> = {}): Promise<string> {
    const name = uniqueName("t");
    await this.createTopic(name, partitions, configs);
    return name;
  }

  async createTopic(name: string, partitions: number, configs: Readonly<Record<string, string>> = {}): Promise<void> {
    const entries = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
    await this.admin.createTopics({ topics: [name], partitions, replicas: 1, configs: entries });
    // The controller has it; the broker may learn of it a moment later.
    while (!(await this.isKnown(name))) await new Promise((resolve) => setImmediate(resolve));
  }

  private async isKnown(name: string): Promise<boolean> {
    try {
      return (await this.admin.metadata({ topics: [name], forceUpdate: true, autocreateTopics: false })).topics.has(
        name,
      );
    } catch {
      return false;
    }
  }

  /** Committed values, sorted, once there are `count`: the markers of a commit are written after its answer. */
  async committed(topic: string, count: number): Promise<Value[]> {
    for (;;) {
      const values = await this.values(topic, { "kafka.isolation.level": "read_committed" });
      if (values.length >= count) return values;
    }
  }

  async deleteTopic(name: string): Promise<void> {
    await this.admin.deleteTopics({ topics: [name] });
  }

  async addPartitions(name: string, count: number): Promise<void> {
    await this.admin.createPartitions({ topics: [{ name, count }] });
  }

  async deleteRecords(topic: string, partition: number, before: number): Promise<void> {
    const partitions = [{ partition, offset: BigInt(before) }];
    await this.admin.deleteRecords({ topics: [{ name: topic, partitions }] });
  }

  get environment(): Environment {
    const note = (message: string): void => void this.messages.push(message);
    const log: Logger = { info: note, warn: note, error: note };
    const clock = { now: () => Date.now(), monotonic: () => performance.now(), sleep };
    return { clock, log, timeZone: "UTC", signal: this.stopping.signal };
  }

  options(given: Readonly<Record<string, string>>): OptionMap {
    const all = { "kafka.bootstrap.servers": this.bootstrapServers, ...given };
    const options = new OptionMap();
    for (const [name, value] of Object.entries(all)) options.set(name, value);
    return options;
  }

  async source(given: Readonly<Record<string, string>>, streaming: boolean): Promise<Source> {
    const request = { options: this.options(given), paths: [], schema: undefined, streaming };
    return kafkaSource.open(request, this.environment);
  }

  async stream(given: Readonly<Record<string, string>>, files = new Map<string, string>()): Promise<StreamSource> {
    const source = await this.source({ startingOffsets: "earliest", ...given }, true);
    const stream = await (source.openStream as NonNullable<Source["openStream"]>)(checkpointIn(files));
    this.toClose.push(() => stream.stop());
    return stream;
  }

  /** Rows of a batch read, in the order of partition and offset. */
  async rows(given: Readonly<Record<string, string>>, columns = [2, 3, 4, 1]): Promise<Value[][]> {
    const source = await this.source(given, false);
    const found: Value[][] = [];
    const request = { columns, batchRowsMax: 8192, wide: false };
    for await (const batch of (source.readBatch as NonNullable<Source["readBatch"]>)(request))
      found.push(...textRows(rowsOf(batch)));
    return found;
  }

  /** The values of a topic, sorted. */
  async values(topic: string, given: Readonly<Record<string, string>> = {}): Promise<Value[]> {
    const rows = await this.rows({ subscribe: topic, ...given }, [1]);
    return rows.map(([value]) => value as Value).sort();
  }

  async sink(
    given: Readonly<Record<string, string>>,
    more: { schema?: StructType; queryId?: string } = {},
  ): Promise<Sink> {
    const sink = await kafkaSink.create(
      {
        options: this.options(given),
        path: undefined,
        schema: more.schema ?? KEY_VALUE,
        outputMode: "append",
        queryId: more.queryId ?? uniqueName("query"),
        queryName: undefined,
        partitionBy: [],
        saveMode: "append",
        streaming: true,
      },
      this.environment,
    );
    this.toClose.push(() => sink.close());
    return sink;
  }

  /** Writes values to a topic, by our own sink. */
  async produce(topic: string, values: readonly string[], given: Readonly<Record<string, string>> = {}): Promise<void> {
    const sink = await this.sink({ topic, delivery: "at-least-once", ...given });
    await sink.open();
    await writeBatch(sink, 0, values);
    await sink.close();
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await Promise.allSettled(this.toClose.map((close) => close()));
  }
}

export const KEY_VALUE = struct(field("key", STRING), field("value", STRING));

/** One committed batch of records without keys. */
export async function writeBatch(sink: Sink, batchId: number, values: readonly string[]): Promise<void> {
  const batch = await sink.begin(batchId);
  await batch.write(keylessRows(values));
  await batch.commit();
}

export function keylessRows(values: readonly string[]) {
  return batchFromRows(
    [STRING, STRING],
    values.map((value) => [null, value]),
  );
}

export function checkpointIn(files: Map<string, string>): SourceCheckpoint {
  return {
    read: async (name) => files.get(name),
    write: async (name, text) => void files.set(name, text),
    list: async () => [...files.keys()],
  };
}

/** Bytes as text. */
export function textRows(rows: readonly (readonly Value[])[]): Value[][] {
  return rows.map((row) => row.map((v) => (v instanceof Uint8Array ? Buffer.from(v).toString() : v)));
}

/** What a stream reads between two offsets. */
export async function readValues(stream: StreamSource, start: string, end: string): Promise<Value[]> {
  const values: Value[] = [];
  for await (const batch of stream.read(start, end, { columns: [1], batchRowsMax: 8192, wide: false })) {
    values.push(...textRows(rowsOf(batch)).flat());
  }
  return values.sort();
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** Declares a test for each of the two brokers. */
export function onBothBrokers(name: string, body: (broker: TestBroker) => Promise<void>): void {
  onEachBroker(
    name,
    async ({ bootstrapServers }) => {
      const broker = new TestBroker(bootstrapServers);
      try {
        await body(broker);
      } finally {
        await broker.close();
      }
    },
    { autoCreateTopics: false },
  );
}
