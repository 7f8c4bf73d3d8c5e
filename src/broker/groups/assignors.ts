/** Partitions by topic id. */
export type Assignment = Map<string, Set<number>>;

export interface AssignorMember {
  readonly id: string;
  /** Ids of the topics that it subscribes to. */
  readonly topics: ReadonlySet<string>;
  /** What it was meant to have so far. */
  readonly previous: Assignment;
}

export type Assignor = (
  members: readonly AssignorMember[],
  partitionCounts: ReadonlyMap<string, number>,
) => Map<string, Assignment>;

export function give(assignment: Assignment, topic: string, partition: number): void {
  const partitions = assignment.get(topic);
  if (partitions === undefined) assignment.set(topic, new Set([partition]));
  else partitions.add(partition);
}

export function sizeOf(assignment: Assignment): number {
  let size = 0;
  for (const partitions of assignment.values()) size += partitions.size;
  return size;
}

/** As many partitions for each member as for the others, and as few moves as possible. */
function uniform(
  members: readonly AssignorMember[],
  partitionCounts: ReadonlyMap<string, number>,
): Map<string, Assignment> {
  const result = new Map<string, Assignment>(members.map(({ id }) => [id, new Map()]));
  const loads = new Map<string, number>(members.map(({ id }) => [id, 0]));
  const free: [string, number][] = [];
  const take = (id: string, topic: string, partition: number) => {
    give(result.get(id)!, topic, partition);
    loads.set(id, loads.get(id)! + 1);
  };
  const total = [...partitionCounts.values()].reduce((sum, count) => sum + count, 0);
  const least = Math.floor(total / members.length);
  let withOneMore = total % members.length;
  const mayKeep = (id: string) => {
    const load = loads.get(id)!;
    if (load < least) return true;
    if (load > least || withOneMore === 0) return false;
    withOneMore--;
    return true;
  };
  for (const [topic, count] of partitionCounts) {
    for (let partition = 0; partition < count; partition++) {
      const owner = members.find(({ topics, previous }) => topics.has(topic) && previous.get(topic)?.has(partition));
      if (owner !== undefined && mayKeep(owner.id)) take(owner.id, topic, partition);
      else free.push([topic, partition]);
    }
  }
  for (const [topic, partition] of free) {
    let best: string | undefined;
    for (const { id, topics } of members) {
      if (topics.has(topic) && (best === undefined || loads.get(id)! < loads.get(best)!)) best = id;
    }
    if (best !== undefined) take(best, topic, partition);
  }
  return result;
}

/** Of each topic a run of neighbouring partitions, so that equal partitions of several topics meet in one member. */
function range(
  members: readonly AssignorMember[],
  partitionCounts: ReadonlyMap<string, number>,
): Map<string, Assignment> {
  const result = new Map<string, Assignment>(members.map(({ id }) => [id, new Map()]));
  for (const [topic, count] of partitionCounts) {
    const takers = members.filter(({ topics }) => topics.has(topic)).sort((a, b) => (a.id < b.id ? -1 : 1));
    const least = Math.floor(count / takers.length);
    let next = 0;
    takers.forEach(({ id }, i) => {
      const end = next + least + (i < count % takers.length ? 1 : 0);
      for (; next < end; next++) give(result.get(id)!, topic, next);
    });
  }
  return result;
}

/** The ways to share partitions out; the first is the one that holds when members don't ask for another. */
export const ASSIGNORS: ReadonlyMap<string, Assignor> = new Map([
  ["uniform", uniform],
  ["range", range],
]);
