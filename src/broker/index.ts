import type { TlsOptions } from "node:tls";
import { SluiceError } from "../errors/error.ts";
import { apis } from "./apis/index.ts";
import { Broker, type BrokerClock } from "./broker.ts";
import type { AnyGroup } from "./groups/any-group.ts";
import type { SaslOptions } from "./security/login.ts";
import type { Fault } from "./server/faults.ts";
import { Server } from "./server/server.ts";
import { DiskStore, MemoryStore } from "./store.ts";
import { TopicConfigs } from "./topics/configs.ts";
import type { Topic } from "./topics/topics.ts";

export type { BrokerClock } from "./broker.ts";
export type { ErrorName } from "./protocol/errors.ts";
export type { SaslMechanism, SaslOptions } from "./security/login.ts";
export type { Fault, FaultAction } from "./server/faults.ts";

export interface BrokerOptions {
  /**
   * Address to listen on and to tell clients; `"127.0.0.1"` unless given. With `"0.0.0.0"` each client is told the
   * address that it came to.
   */
  readonly host?: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Where topics, records and offsets are kept; without it they are gone with the process. */
  readonly dataDir?: string;
  /** Partitions of topics that are created without a number; 1 unless given. */
  readonly defaultPartitions?: number;
  /** Whether a topic comes into being when a client asks about it; true unless given. */
  readonly autoCreateTopics?: boolean;
  /**
   * When a produce is answered: once the operating system has the records (`"os"`, the default; they survive the
   * broker's death), or once the device has them (`"always"`; they survive the machine's).
   */
  readonly flush?: "always" | "os";
  readonly clock?: BrokerClock;
  /** Users that have to log in; without it nobody has to. */
  readonly sasl?: SaslOptions;
  /** Certificates, as `node:tls` takes them; without it connections are plain. */
  readonly tls?: TlsOptions;
  /** Largest request in bytes; 100 MiB unless given. */
  readonly requestBytesMax?: number;
  /** Connections at a time; 10,000 unless given. */
  readonly connectionsMax?: number;
  /** A connection that is silent for so long is closed; 10 minutes unless given. */
  readonly idleTimeoutMs?: number;
  /** Takes messages about things that went wrong; silent unless given. */
  readonly log?: (message: string) => void;
}

export interface PartitionDescription {
  readonly partition: number;
  /** First offset that is kept, and the offset that the next record gets. */
  readonly startOffset: number;
  readonly endOffset: number;
  readonly sizeBytes: number;
}

export interface TopicDescription {
  readonly name: string;
  readonly id: string;
  readonly partitions: readonly PartitionDescription[];
  readonly sizeBytes: number;
  /** Settings that differ from the defaults. */
  readonly configs: Readonly<Record<string, string>>;
}

export interface GroupDescription {
  readonly id: string;
  /** `classic`, or `consumer` for the protocol of KIP-848. */
  readonly type: "classic" | "consumer";
  readonly state: string;
  readonly memberCount: number;
  readonly offsets: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly lag: number;
  }[];
}

const REQUEST_BYTES_MAX = 100 * 1024 * 1024;

/**
 * A Kafka broker in this process, for development and tests. Production runs Apache Kafka.
 *
 * @example
 * const broker = await DevBroker.start();
 * broker.createTopic("readings", { partitions: 4 });
 * console.log(broker.bootstrapServers); // 127.0.0.1:49731
 * await broker.close();
 */
export class DevBroker {
  readonly host: string;
  readonly port: number;
  readonly #broker: Broker;
  readonly #server: Server;
  #closed: Promise<void> | undefined;

  private constructor(broker: Broker, server: Server) {
    this.host = broker.host;
    this.port = broker.port;
    this.#broker = broker;
    this.#server = server;
  }

  /**
   * Starts a broker.
   *
   * @throws SluiceError BROKER_DIRECTORY_LOCKED when another broker has the data directory,
   *   BROKER_ADDRESS_UNAVAILABLE when the port is taken
   */
  static async start(options: BrokerOptions = {}): Promise<DevBroker> {
    const store =
      options.dataDir === undefined ? new MemoryStore() : new DiskStore(options.dataDir, options.flush === "always");
    const broker = openBroker(options, store);
    const server = new Server(broker, {
      host: options.host ?? "127.0.0.1",
      port: options.port ?? 0,
      connectionsMax: options.connectionsMax ?? 10_000,
      requestBytesMax: options.requestBytesMax ?? REQUEST_BYTES_MAX,
      idleTimeoutMs: options.idleTimeoutMs ?? 600_000,
      loginRequired: options.sasl !== undefined,
      tls: options.tls,
      log: options.log ?? (() => {}),
    });
    broker.host = options.host ?? "127.0.0.1";
    try {
      broker.port = await server.listen();
    } catch (error) {
      broker.close();
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
      throw new SluiceError("BROKER_ADDRESS_UNAVAILABLE", { host: broker.host, port: options.port ?? 0, code });
    }
    return new DevBroker(broker, server);
  }

  /** What clients take as `bootstrap.servers`. */
  get bootstrapServers(): string {
    return `${this.host === "0.0.0.0" || this.host === "::" ? "127.0.0.1" : this.host}:${this.port}`;
  }

  get clusterId(): string {
    return this.#broker.clusterId;
  }

  /** All topics with their sizes, by name. */
  listTopics(): TopicDescription[] {
    return this.#broker.topics.list().map(describe);
  }

  /** One topic; undefined when there is none of that name. */
  describeTopic(name: string): TopicDescription | undefined {
    const topic = this.#broker.topics.get(name);
    return topic === undefined ? undefined : describe(topic);
  }

  /**
   * Creates a topic.
   *
   * @throws KafkaError with `errorName` TOPIC_ALREADY_EXISTS, INVALID_TOPIC_EXCEPTION, INVALID_PARTITIONS or INVALID_CONFIG
   */
  createTopic(
    name: string,
    options: { readonly partitions?: number; readonly configs?: Readonly<Record<string, string>> } = {},
  ): TopicDescription {
    const configs = TopicConfigs.checked(Object.entries(options.configs ?? {}));
    return describe(
      this.#broker.topics.create(name, options.partitions ?? this.#broker.options.defaultPartitions, configs),
    );
  }

  /**
   * Deletes a topic with its records and the offsets committed for it.
   *
   * @throws KafkaError with `errorName` UNKNOWN_TOPIC_OR_PARTITION
   */
  deleteTopic(name: string): void {
    this.#broker.deleteTopic(name);
  }

  /** All consumer groups with what they have committed and how far they are behind, by id. */
  listGroups(): GroupDescription[] {
    const { groups, topics } = this.#broker;
    const describeGroup = ({ id, type, state, memberCount, kept }: AnyGroup): GroupDescription => {
      const offsets = kept.offsets.entries().map(({ topic, partition, offset }) => {
        const end = topics.partition(topic, partition)?.highWatermark ?? offset;
        return { topic, partition, offset, lag: Math.max(end - offset, 0) };
      });
      return { id, type, state, memberCount, offsets };
    };
    return groups
      .list()
      .map(describeGroup)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /**
   * Makes requests of one API fail, wait or lose their answers; for tests. The returned function takes the fault back.
   *
   * @example broker.inject({ api: "Fetch", times: 2, action: { kind: "error", error: "NOT_LEADER_OR_FOLLOWER" } });
   */
  inject(fault: Fault): () => void {
    if (![...apis.values()].some(({ name }) => name === fault.api)) {
      throw new TypeError(`There is no Kafka API ${fault.api} to inject a fault into.`);
    }
    return this.#server.faults.inject(fault);
  }

  /** Closes every client's connection, as a restart would; the broker goes on. */
  disconnectClients(): void {
    this.#server.disconnectAll();
  }

  /** Stops listening, closes every connection, and writes what makes the next start fast. */
  close(): Promise<void> {
    this.#closed ??= this.#server.close().then(() => this.#broker.close());
    return this.#closed;
  }
}

function openBroker(options: BrokerOptions, store: MemoryStore | DiskStore): Broker {
  try {
    const broker = new Broker(
      {
        defaultPartitions: options.defaultPartitions ?? 1,
        autoCreateTopics: options.autoCreateTopics ?? true,
        flush: options.flush ?? "os",
        clock: options.clock ?? { now: () => Date.now() },
        sasl: options.sasl,
        log: options.log ?? (() => {}),
      },
      store,
    );
    if (store instanceof DiskStore) store.removeOrphans();
    return broker;
  } catch (error) {
    store.close();
    throw error;
  }
}

function describe(topic: Topic): TopicDescription {
  const partitions = topic.partitions.map((log, partition) => ({
    partition,
    startOffset: log.startOffset,
    endOffset: log.highWatermark,
    sizeBytes: log.sizeBytes,
  }));
  return {
    name: topic.name,
    id: topic.id,
    partitions,
    sizeBytes: partitions.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    configs: Object.fromEntries(topic.configs.overrides),
  };
}
