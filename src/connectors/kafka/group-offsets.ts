/** Tells a consumer group how far a query has come, so that any tool can show its lag. The query never reads it back. */

import type { Environment } from "../contract.ts";
import { isTransient, reasonOf } from "./broker-errors.ts";
import { offsetCommitV8 } from "./client.ts";
import type { ClientSettings } from "./client-options.ts";
import { KafkaCluster } from "./cluster.ts";
import { Coordinator, CoordinatorType } from "./coordinator.ts";
import type { PartitionMap } from "./offsets.ts";

const LOG_INTERVAL_MS = 60_000;
const TRIES_IN_SILENCE = 50;
/** How long a query that ends waits for its last offsets to be taken. */
const CLOSE_MS = 3_000;

export class GroupOffsets {
  private readonly cluster: KafkaCluster;
  private readonly group: string;
  private readonly coordinator: Coordinator;
  private toldAt = Number.NEGATIVE_INFINITY;
  private readonly closing = new AbortController();
  private sending: Promise<void> | undefined;
  private next: PartitionMap | undefined;

  constructor(settings: ClientSettings, environment: Environment, group: string) {
    // Connections of its own, which outlive the query's by the last commit.
    this.cluster = new KafkaCluster(settings, { ...environment, signal: this.closing.signal }, true);
    this.group = group;
    this.coordinator = new Coordinator(this.cluster, CoordinatorType.GROUP, group);
  }

  /** Commits the offsets, without holding up the query: while one request is under way only the newest is kept. */
  async commit(offsets: PartitionMap): Promise<void> {
    this.next = offsets;
    this.sending ??= this.send().finally(() => {
      this.sending = undefined;
    });
  }

  /** Sends what is left, for a moment. */
  async close(): Promise<void> {
    const { clock } = this.cluster.environment;
    const inTime = new AbortController();
    await Promise.race([this.sending, clock.sleep(CLOSE_MS, inTime.signal)]);
    inTime.abort();
    this.closing.abort();
    await this.cluster.close();
  }

  private async send(): Promise<void> {
    const { settings, environment } = this.cluster;
    let tries = 0;
    while (this.next !== undefined && !this.cluster.closed) {
      const offsets = this.next;
      this.next = undefined;
      try {
        await this.request(offsets);
        tries = 0;
      } catch (error) {
        if (!isTransient(error) || ++tries > TRIES_IN_SILENCE) this.tell(error);
        if (!isTransient(error)) continue;
        // A cluster that is new makes its groups' topic at the first request.
        this.coordinator.forget();
        this.next ??= offsets;
        await environment.clock.sleep(settings.backoffMs, this.cluster.signal);
      }
    }
  }

  private async request(offsets: PartitionMap): Promise<void> {
    const topics = [...offsets].map(([name, partitions]) => ({
      name,
      partitions: [...partitions].map(([partitionIndex, offset]) => ({
        partitionIndex,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: -1,
        committedMetadata: "",
      })),
    }));
    const connection = await this.coordinator.connection();
    const answer = await this.cluster.call(connection, offsetCommitV8.api, this.group, -1, "", null, topics);
    for (const topic of answer.topics) {
      for (const p of topic.partitions)
        this.coordinator.check(p.errorCode, `committing offsets to group ${this.group}`);
    }
  }

  private tell(error: unknown): void {
    const { clock, log } = this.cluster.environment;
    if (this.cluster.closed || clock.monotonic() - this.toldAt < LOG_INTERVAL_MS) return;
    this.toldAt = clock.monotonic();
    log.warn(`The lag of group ${this.group} can't be kept up to date: ${reasonOf(error)}. The query isn't affected.`);
  }
}
