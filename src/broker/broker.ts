import { randomBytes } from "node:crypto";
import { Groups } from "./groups/groups.ts";
import type { LogStorage } from "./log/storage.ts";
import { MemoryStorage } from "./log/storage.ts";
import { type DescribedConfig, describeBrokerConfigs } from "./topics/describe-configs.ts";
import { type TopicStore, Topics } from "./topics/topics.ts";
import { Transactions } from "./transactions/transactions.ts";

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
}

/** Everything the broker knows; handlers of the APIs work on it. One event loop owns it, so nothing is locked. */
export class Broker {
  readonly nodeId = 1;
  readonly clusterId: string;
  readonly options: BrokerCoreOptions;
  readonly topics: Topics;
  readonly groups: Groups;
  readonly transactions = new Transactions();
  host = "127.0.0.1";
  port = 0;

  constructor(options: BrokerCoreOptions) {
    this.options = options;
    this.clusterId = randomBytes(16).toString("base64url").slice(0, 22);
    const store: TopicStore = { storage: (): LogStorage => new MemoryStorage(), write: () => {} };
    this.topics = new Topics(store);
    this.groups = new Groups({ now: () => this.now(), write: () => {} });
  }

  now(): number {
    return this.options.clock.now();
  }

  /** The broker's own settings, as DescribeConfigs lists them. */
  describeConfigs(): DescribedConfig[] {
    return describeBrokerConfigs(this);
  }

  /** Deletes a topic, and the offsets that groups have committed for it. */
  deleteTopic(name: string): void {
    this.topics.delete(name);
    this.groups.forgetTopic(name);
  }

  close(): void {
    this.groups.close();
    this.topics.close();
  }
}
