/** What a group has committed for one partition. */
export interface CommittedOffset {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
  readonly commitTimeMs: number;
}

export interface OffsetEntry extends CommittedOffset {
  readonly topic: string;
  readonly partition: number;
}

/** Committed offsets of one group, by topic and partition. */
export class Offsets {
  readonly #topics = new Map<string, Map<number, CommittedOffset>>();

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.#topics.get(topic)?.get(partition);
  }

  set(entry: OffsetEntry): void {
    let partitions = this.#topics.get(entry.topic);
    if (partitions === undefined) this.#topics.set(entry.topic, (partitions = new Map()));
    const { offset, leaderEpoch, metadata, commitTimeMs } = entry;
    partitions.set(entry.partition, { offset, leaderEpoch, metadata, commitTimeMs });
  }

  delete(topic: string, partition?: number): boolean {
    if (partition === undefined) return this.#topics.delete(topic);
    const partitions = this.#topics.get(topic);
    const existed = partitions?.delete(partition) ?? false;
    if (partitions?.size === 0) this.#topics.delete(topic);
    return existed;
  }

  get isEmpty(): boolean {
    return this.#topics.size === 0;
  }

  topics(): { name: string; partitions: number[] }[] {
    return [...this.#topics].map(([name, partitions]) => ({ name, partitions: [...partitions.keys()] }));
  }

  entries(): OffsetEntry[] {
    const result: OffsetEntry[] = [];
    for (const [topic, partitions] of this.#topics) {
      for (const [partition, committed] of partitions) result.push({ topic, partition, ...committed });
    }
    return result;
  }
}
