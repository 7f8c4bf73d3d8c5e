/** One Kafka cluster: its connections, who leads which partition, and what its offsets are. */
import { isIP } from "node:net";
import { SluiceError } from "../../errors/error.ts";
import type { Environment } from "../contract.ts";
import { BrokerError, isStaleMetadata, isTransient, reasonOf, responseOf, userError } from "./broker-errors.ts";
import { type API, Connection, listOffsetsV7, metadataV12 } from "./client.ts";
import type { BrokerAddress, ClientSettings } from "./client-options.ts";

export interface PartitionInfo {
  readonly leader: number;
  readonly leaderEpoch: number;
}

export interface TopicInfo {
  readonly topic: string;
  readonly id: string;
  readonly internal: boolean;
  readonly partitions: ReadonlyMap<number, PartitionInfo>;
}

/** Requests that may wait at the broker have connections of their own, so that they don't hold up others. */
export type Lane = "control" | "fetch" | "produce";

export const EARLIEST = -2;
export const LATEST = -1;

/** What to ask of ListOffsets: `EARLIEST`, `LATEST`, or milliseconds: the first record at or after that time. */
export interface OffsetQuery {
  readonly topic: string;
  readonly partition: number;
  readonly at: number;
}

export interface OffsetAnswer extends OffsetQuery {
  /** -1 when no record is at or after the time. */
  readonly offset: number;
}

type Metadata = ReturnType<typeof metadataV12.parseResponse>;
type ListedOffsets = ReturnType<typeof listOffsetsV7.parseResponse>;

/** How long a batch query waits for brokers that are away. A streaming query waits until it is stopped. */
const PATIENCE_MS = 60_000;
const LOG_INTERVAL_MS = 10_000;

export class KafkaCluster {
  readonly settings: ClientSettings;
  readonly environment: Environment;
  /** Brokers as text, for messages. */
  readonly name: string;
  private readonly patient: boolean;
  private readonly connections = new Map<string, Promise<Connection>>();
  private readonly nodes = new Map<number, BrokerAddress>();
  private readonly topics = new Map<string, TopicInfo>();
  private readonly closing = new AbortController();

  /** @param patient wait for brokers without end; otherwise for a minute */
  constructor(settings: ClientSettings, environment: Environment, patient: boolean) {
    this.settings = settings;
    this.environment = environment;
    this.patient = patient;
    this.name = settings.brokers.map((b) => `${b.host}:${b.port}`).join(",");
    const stop = (): void => this.closing.abort();
    if (environment.signal.aborted) stop();
    else environment.signal.addEventListener("abort", stop, { once: true, signal: this.closing.signal });
  }

  get closed(): boolean {
    return this.closing.signal.aborted;
  }

  /** Aborted when the cluster is closed. */
  get signal(): AbortSignal {
    return this.closing.signal;
  }

  async close(): Promise<void> {
    this.closing.abort();
    const open = [...this.connections.values()];
    this.connections.clear();
    await Promise.allSettled(open.map(async (connection) => (await connection).close()));
  }

  /**
   * Runs `attempt` until it succeeds, waiting longer each time, while the failure is one that passes.
   *
   * @throws SluiceError for a failure that doesn't pass, or when the patience or the query ends
   */
  async retrying<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    const { clock, log } = this.environment;
    const begun = clock.monotonic();
    let wait = Math.max(1, this.settings.backoffMs);
    let told = Number.NEGATIVE_INFINITY;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const now = clock.monotonic();
        if (this.closed) throw new SluiceError("KAFKA_CLOSED", { what });
        if (!isTransient(error)) throw userError(error, this.name);
        if (!this.patient && now - begun > PATIENCE_MS) {
          const waitedMs = Math.round(now - begun);
          throw new SluiceError("KAFKA_UNREACHABLE", { brokers: this.name, what, waitedMs, reason: reasonOf(error) });
        }
        if (now - told >= LOG_INTERVAL_MS && now - begun >= this.settings.backoffMs) {
          told = now;
          log.warn(`Waiting for Kafka at ${this.name} to ${what}: ${reasonOf(error)}.`);
        }
        await clock.sleep(wait, this.closing.signal);
        wait = Math.min(wait * 2, this.settings.backoffMaxMs);
      }
    }
  }

  /** Sends a request. An answer with error codes in it is an answer, not a failure. */
  async call<A extends unknown[], R>(connection: Connection, api: API<A, R>, ...args: A): Promise<R> {
    try {
      return await api.async(connection, ...args);
    } catch (error) {
      const response = responseOf<R>(error);
      if (response === undefined) throw error;
      return response;
    }
  }

  /** A connection to any broker. */
  async anyBroker(): Promise<Connection> {
    const known = [...this.nodes.values(), ...this.settings.brokers];
    let failure: unknown;
    for (const address of known) {
      try {
        return await this.connect(address, "control");
      } catch (error) {
        failure = error;
        if (!isTransient(error)) throw error;
      }
    }
    throw failure;
  }

  /** A connection to a broker by its id, as metadata or a coordinator look-up told it. */
  async broker(id: number, lane: Lane): Promise<Connection> {
    const address = this.nodes.get(id);
    if (address === undefined) throw new BrokerError(5, `broker ${id} is not known`);
    return this.connect(address, lane);
  }

  /** Notes where a broker is. */
  learn(id: number, address: BrokerAddress): void {
    this.nodes.set(id, address);
  }

  private connect(address: BrokerAddress, lane: Lane): Promise<Connection> {
    if (this.closed) return Promise.reject(new Error("The connection to Kafka was closed."));
    const key = `${lane} ${address.host}:${address.port}`;
    const existing = this.connections.get(key);
    if (existing !== undefined) return existing;
    const { settings } = this;
    const connection = new Connection(settings.clientId, {
      connectTimeout: settings.connectTimeoutMs,
      requestTimeout: settings.requestTimeoutMs,
      maxInflights: lane === "produce" ? 5 : 16,
      ...(settings.tls === undefined ? {} : { tls: settings.tls, tlsServerName: isIP(address.host) === 0 }),
      ...(settings.sasl === undefined ? {} : { sasl: settings.sasl }),
    });
    const forget = (): void => {
      if (this.connections.get(key) === opening) this.connections.delete(key);
    };
    connection.on("error", forget);
    connection.on("close", forget);
    const opening = (async () => {
      try {
        await connection.connect(address.host, address.port);
        return connection;
      } catch (error) {
        forget();
        throw error;
      }
    })();
    this.connections.set(key, opening);
    return opening;
  }

  /** What was last learned about a topic. */
  known(topic: string): TopicInfo | undefined {
    return this.topics.get(topic);
  }

  /**
   * Asks for topics, by name or all of them. Topics that don't exist are absent from the answer.
   *
   * @param create let the broker create them, where it does that
   */
  async refresh(topics: readonly string[] | null, create = false): Promise<Map<string, TopicInfo>> {
    const connection = await this.anyBroker();
    const names = topics === null ? null : [...topics];
    const answer: Metadata = await this.call(connection, metadataV12.api, names, create, false);
    for (const { nodeId, host, port } of answer.brokers) this.nodes.set(nodeId, { host, port });
    const found = new Map<string, TopicInfo>();
    for (const t of answer.topics) {
      const name = t.name ?? "";
      if (t.errorCode === 3 || t.errorCode === 17 || name === "") {
        this.topics.delete(name);
        continue;
      }
      if (t.errorCode !== 0) throw new BrokerError(t.errorCode, `topic ${name}`);
      const partitions = t.partitions
        .map((p) => [p.partitionIndex, { leader: p.leaderId, leaderEpoch: p.leaderEpoch }] as const)
        .sort((a, b) => a[0] - b[0]);
      const info: TopicInfo = { topic: name, id: t.topicId, internal: t.isInternal, partitions: new Map(partitions) };
      this.topics.set(name, info);
      found.set(name, info);
    }
    return found;
  }

  /**
   * Asks each partition's leader for an offset. Partitions that don't exist are absent from the answer.
   *
   * @throws BrokerError, and the client's errors
   */
  async listOffsets(queries: readonly OffsetQuery[], readCommitted: boolean): Promise<OffsetAnswer[]> {
    if (queries.length === 0) return [];
    const missing = new Set(queries.map((q) => q.topic).filter((topic) => !this.topics.has(topic)));
    if (missing.size > 0) await this.refresh([...missing]);
    const byLeader = new Map<number, OffsetQuery[]>();
    for (const query of queries) {
      const info = this.topics.get(query.topic)?.partitions.get(query.partition);
      if (info === undefined) continue;
      if (info.leader < 0) {
        await this.refresh([query.topic]);
        throw new BrokerError(5, `partition ${query.topic}-${query.partition}`);
      }
      byLeader.set(info.leader, [...(byLeader.get(info.leader) ?? []), query]);
    }
    const answers = await Promise.all([...byLeader].map(([id, own]) => this.listFrom(id, own, readCommitted)));
    return answers.flat();
  }

  private async listFrom(id: number, queries: readonly OffsetQuery[], readCommitted: boolean): Promise<OffsetAnswer[]> {
    const connection = await this.broker(id, "control");
    const topics = [...Map.groupBy(queries, (q) => q.topic)].map(([name, own]) => ({
      name,
      partitions: own.map((q) => ({ partitionIndex: q.partition, currentLeaderEpoch: -1, timestamp: BigInt(q.at) })),
    }));
    const answer: ListedOffsets = await this.call(connection, listOffsetsV7.api, -1, readCommitted ? 1 : 0, topics);
    const result: OffsetAnswer[] = [];
    for (const { name, partitions } of answer.topics) {
      for (const p of partitions) {
        if (p.errorCode !== 0) {
          if (isStaleMetadata(p.errorCode)) await this.refresh([name]);
          throw new BrokerError(p.errorCode, `offsets of ${name}-${p.partitionIndex}`);
        }
        const query = queries.find((q) => q.topic === name && q.partition === p.partitionIndex);
        if (query !== undefined) result.push({ ...query, offset: Number(p.offset) });
      }
    }
    return result;
  }
}
