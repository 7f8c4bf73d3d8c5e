/**
 * Tests that run on each of the two brokers: the one for development, and Apache Kafka.
 *
 * The dev broker is new for each test. Apache Kafka is shared by everybody, so names of topics, groups and
 * transactional ids have to be unique (`uniqueName`).
 */
import { type TestContext, test } from "node:test";
import { Admin } from "@platformatic/kafka";
import { DevBroker } from "../../src/broker/index.ts";
import { requireParts } from "./parts.ts";

const parts = requireParts("kafka");

/** A broker of either kind, as a client sees it. */
export interface BrokerUnderTest {
  readonly kind: "dev broker" | "Apache Kafka";
  readonly bootstrapServers: string;
}

export interface BothBrokersOptions {
  /** Why the test can't run now, e.g. `parts.options.skip` of other parts that it needs. */
  readonly skip?: string | false;
  /** Whether the dev broker makes topics that clients ask about; true unless told. */
  readonly autoCreateTopics?: boolean;
}

/**
 * Declares a test twice, for each of the two brokers.
 *
 * @example
 * onBothBrokers("a topic is listed", async ({ bootstrapServers }, t) => { … });
 */
export function onBothBrokers(
  name: string,
  body: (broker: BrokerUnderTest, t: TestContext) => Promise<void>,
  options: BothBrokersOptions = {},
): void {
  const skip = options.skip ?? false;
  test(`${name} (dev broker)`, { skip }, async (t) => {
    const server = await DevBroker.start({ autoCreateTopics: options.autoCreateTopics ?? true });
    try {
      await body({ kind: "dev broker", bootstrapServers: server.bootstrapServers }, t);
    } finally {
      await server.close();
    }
  });
  test(`${name} (Apache Kafka)`, { skip: skip || parts.options.skip }, async (t) => {
    const { bootstrapServers } = await parts.kafka();
    await body({ kind: "Apache Kafka", bootstrapServers }, t);
  });
}

/** Creates a topic; it can be written to and read when this resolves, which on Apache Kafka takes a moment. */
export async function createTopic(
  { bootstrapServers }: BrokerUnderTest,
  name: string,
  options: { readonly partitions?: number; readonly configs?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const { partitions = 1, configs = {} } = options;
  const admin = new Admin({ clientId: "test", bootstrapBrokers: [bootstrapServers], retries: 0 });
  try {
    const entries = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
    await admin.createTopics({ topics: [name], partitions, replicas: 1, configs: entries });
    while (!(await canBeRead(admin, name, partitions)));
  } finally {
    await admin.close();
  }
}

async function canBeRead(admin: Admin, name: string, count: number): Promise<boolean> {
  const partitions = Array.from({ length: count }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1n }));
  try {
    await admin.metadata({ topics: [name], forceUpdate: true, autocreateTopics: false });
    await admin.listOffsets({ topics: [{ name, partitions }] });
    return true;
  } catch {
    return false;
  }
}
