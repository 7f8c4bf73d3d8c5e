/** Tells a consumer group how far a query has come, so that any tool can show its lag. The query never reads it back. */
import { offsetCommitV8 } from "@platformatic/kafka";
import { isTransient, reasonOf } from "./broker-errors.ts";
import type { KafkaCluster } from "./cluster.ts";
import { Coordinator, CoordinatorType } from "./coordinator.ts";
import type { PartitionMap } from "./offsets.ts";

const LOG_INTERVAL_MS = 60_000;

export class GroupOffsets {
  private readonly cluster: KafkaCluster;
  private readonly group: string;
  private readonly coordinator: Coordinator;
  private toldAt = Number.NEGATIVE_INFINITY;
  private sending: Promise<void> | undefined;
  private next: PartitionMap | undefined;

  constructor(cluster: KafkaCluster, group: string) {
    this.cluster = cluster;
    this.group = group;
    this.coordinator = new Coordinator(cluster, CoordinatorType.GROUP, group);
  }

  /** Commits the offsets, without holding up the query: while one request is under way only the newest is kept. */
  async commit(offsets: PartitionMap): Promise<void> {
    this.next = offsets;
    this.sending ??= this.send().finally(() => {
      this.sending = undefined;
    });
  }

  /** Resolves when everything given to `commit` was sent, or has failed. */
  async flush(): Promise<void> {
    while (this.sending !== undefined) await this.sending;
  }

  private async send(): Promise<void> {
    while (this.next !== undefined && !this.cluster.closed) {
      const offsets = this.next;
      this.next = undefined;
      try {
        await this.request(offsets);
      } catch (error) {
        if (isTransient(error)) this.coordinator.forget();
        this.tell(error);
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
