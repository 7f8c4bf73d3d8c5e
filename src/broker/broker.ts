import { Groups } from "./groups/groups.ts";
import type { PartitionLog } from "./log/partition-log.ts";
import { Logins, type SaslOptions } from "./security/login.ts";
import type { Store } from "./store.ts";
import { type DescribedConfig, describeBrokerConfigs } from "./topics/describe-configs.ts";
import { Topics } from "./topics/topics.ts";
import { Transactions } from "./transactions/transactions.ts";

/** Time between two looks for what may be forgotten. */
const HOUSEKEEPING_MS = 30_000;

/** Time as the broker sees it; a test may own it. */
export interface BrokerClock {
  now(): number;
}

export interface BrokerCoreOptions {
  readonly defaultPartitions: number;
  readonly autoCreateTopics: boolean;
  /** `always` answers a produce only when its records are on the device, `os` when the operating system has them. */
  readonly flush: "always" | "os";
  readonly clock: BrokerClock;
  readonly sasl: SaslOptions | undefined;
  readonly log: (message: string) => void;
}

/** Everything the broker knows; handlers of the APIs work on it. One event loop owns it, so nothing is locked. */
export class Broker {
  readonly nodeId = 1;
  readonly clusterId: string;
  /** Where the records are; `memory` when they are nowhere else. */
  readonly logDirectory: string;
  readonly options: BrokerCoreOptions;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly transactions: Transactions;
  /** Null where nobody has to log in. */
  readonly logins: Logins | null;
  host = "127.0.0.1";
  port = 0;
  readonly #store: Store;
  readonly #housekeeping: NodeJS.Timeout;
  /** What the next pass has to look at; null while there is no pass and none to come. */
  #compactionDue: "all" | "grown" | "nothing" | null = null;

  constructor(options: BrokerCoreOptions, store: Store) {
    this.options = options;
    this.clusterId = store.clusterId;
    this.logDirectory = store.directory;
    this.#store = store;
    this.logins = options.sasl === undefined ? null : new Logins(options.sasl);
    const now = () => this.now();
    this.topics = new Topics({
      storage: (topic, id, partition) => store.logStorage(topic, id, partition),
      segmentBytesMax: store.segmentBytesMax,
      write: (event) => store.write("topics", event),
      grown: () => this.#compactSoon("grown"),
    });
    this.groups = new Groups({
      now,
      topics: () =>
        this.topics.list().map(({ id, name, partitions }) => ({ id, name, partitionCount: partitions.length })),
      write: (event) => store.write("groups", event),
    });
    this.transactions = new Transactions(
      {
        now,
        write: (event) => store.write("transactions", event),
        publish: (logs) => this.publish(logs),
      },
      this.topics,
      this.groups,
    );
    this.topics.restore(store.open("topics", () => this.topics.snapshot()));
    this.groups.restore(store.open("groups", () => this.groups.snapshot()));
    this.transactions.restore(store.open("transactions", () => this.transactions.snapshot()));
    this.#compactSoon("all");
    this.#housekeeping = setInterval(() => this.#keepHouse(), HOUSEKEEPING_MS);
    this.#housekeeping.unref();
  }

  #keepHouse(): void {
    this.topics.retain(this.now());
    this.groups.expire();
    this.transactions.expire();
    this.#compactSoon("all");
  }

  /** Compacts topics in the background, one pass after the other. */
  #compactSoon(which: "all" | "grown"): void {
    const idle = this.#compactionDue === null;
    if (this.#compactionDue !== "all") this.#compactionDue = which;
    if (idle) setImmediate(() => this.#compact());
  }

  async #compact(): Promise<void> {
    while (this.#compactionDue !== null) {
      const which = this.#compactionDue;
      this.#compactionDue = "nothing";
      try {
        if (which !== "nothing") await this.topics.compact(() => this.now(), which);
      } catch (error) {
        // The logs are as they were; the next pass tries again.
        this.options.log(`compaction failed: ${(error as Error).stack}`);
      }
      if (this.#compactionDue === "nothing") this.#compactionDue = null;
    }
  }

  now(): number {
    return this.options.clock.now();
  }

  /** The broker's own settings, as DescribeConfigs lists them. */
  describeConfigs(): DescribedConfig[] {
    return describeBrokerConfigs(this);
  }

  /** Bytes of the device that the records are on, or of memory: all, and those still free. */
  space(): { totalBytes: number; usableBytes: number } {
    return this.#store.space();
  }

  /** Lets readers see what was appended; a promise when they have to wait until it is on the device. */
  publish(logs: ReadonlySet<PartitionLog>): Promise<void> | undefined {
    if (this.options.flush === "always") return Promise.all([...logs].map((log) => log.flush())).then(() => {});
    for (const log of logs) log.publish();
    return undefined;
  }

  /** Deletes a topic, and the offsets that groups have committed for it. */
  deleteTopic(name: string): void {
    this.topics.delete(name);
    this.groups.forgetTopic(name);
  }

  close(): void {
    clearInterval(this.#housekeeping);
    this.transactions.close();
    this.groups.close();
    this.topics.close();
    this.#store.close();
  }
}
