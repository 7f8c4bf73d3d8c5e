/** Just enough of Kafka's protocol to send and receive without being the bottleneck. */
import { Connection, createAPI, fetchV12, metadataV12, produceV9, Writer } from "@platformatic/kafka";

export type Leaders = ReadonlyMap<number, number>;

export interface Topic {
  readonly name: string;
  /** Partition to the id of the broker that leads it. */
  readonly leaders: Leaders;
  readonly brokers: ReadonlyMap<number, { readonly host: string; readonly port: number }>;
}

export async function connected(host: string, port: number): Promise<Connection> {
  const connection = new Connection("bench-latency", {
    connectTimeout: 10_000,
    requestTimeout: 60_000,
    maxInflights: 8,
  });
  await connection.connect(host, port);
  return connection;
}

/** Looks a topic up at the first of the bootstrap servers. */
export async function topicOf(servers: string, name: string): Promise<Topic> {
  const [host, port] = (servers.split(",")[0] as string).split(":") as [string, string];
  const connection = await connected(host, Number(port));
  let answer: ReturnType<typeof metadataV12.parseResponse>;
  try {
    answer = await metadataV12.api.async(connection, [name], false, false);
  } finally {
    await connection.close();
  }
  const found = answer.topics[0];
  if (found === undefined || found.errorCode !== 0) throw new Error(`no topic ${name}`);
  return {
    name,
    leaders: new Map(found.partitions.map((p) => [p.partitionIndex, p.leaderId])),
    brokers: new Map(answer.brokers.map((b) => [b.nodeId, { host: b.host, port: b.port }])),
  };
}

export interface Records {
  readonly partition: number;
  readonly bytes: Buffer;
}

type Produced = ReturnType<typeof produceV9.parseResponse>;

/** Produce with acks=all of finished record batches. */
export const produceApi = createAPI<[topic: string, batches: readonly Records[]], Produced>(
  0,
  9,
  (topic: string, batches: readonly Records[]) =>
    Writer.create()
      .appendString(null)
      .appendInt16(-1)
      .appendInt32(30_000)
      .appendArray([topic], (w, name) => {
        w.appendString(name).appendArray([...batches], (x, { partition, bytes }) => {
          x.appendInt32(partition)
            .appendUnsignedVarInt(bytes.length + 1)
            .append(bytes);
        });
      })
      .appendTaggedFields(),
  produceV9.parseResponse,
);

/** A Fetch response's bytes, untouched. */
export const fetchApi = createAPI<Parameters<typeof fetchV12.createRequest>, Buffer>(
  1,
  12,
  fetchV12.createRequest,
  (_correlationId, _key, _version, reader) => reader.buffer.buffer,
);
