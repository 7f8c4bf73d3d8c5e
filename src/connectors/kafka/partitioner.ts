/** Where a record goes: as Kafka's Java producer decides it. */

/** Murmur2 with Kafka's seed over `b[start, end)`, made positive as Java's `toPositive` does. */
export function murmur2(b: Uint8Array, start: number, end: number): number {
  const m = 0x5bd1e995;
  const length = end - start;
  let h = 0x9747b28c ^ length;
  let p = start;
  for (const last = end - 3; p < last; p += 4) {
    let k = b[p] | (b[p + 1] << 8) | (b[p + 2] << 16) | (b[p + 3] << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = length & 3;
  if (rest === 3) h ^= b[p + 2] << 16;
  if (rest >= 2) h ^= b[p + 1] << 8;
  if (rest >= 1) h = Math.imul(h ^ b[p], m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  h ^= h >>> 15;
  return h & 0x7fffffff;
}

export type PartitionerName = "default" | "roundRobin" | "uniformSticky";

/** Chooses partitions of one topic. Records without a key stay on one partition until `turn`. */
export class Partitioner {
  private readonly name: PartitionerName;
  readonly count: number;
  private sticky = 0;

  /** @param first where keyless records begin */
  constructor(name: PartitionerName, count: number, first: number) {
    this.name = name;
    this.count = count;
    this.sticky = first % count;
  }

  keyed(b: Uint8Array, start: number, end: number): number {
    return this.name === "default" ? murmur2(b, start, end) % this.count : this.keyless();
  }

  keyless(): number {
    const partition = this.sticky;
    if (this.name === "roundRobin") this.turn();
    return partition;
  }

  /** A batch was full: keyless records go on with the next partition. */
  turn(): void {
    this.sticky = (this.sticky + 1) % this.count;
  }
}
