import type { Offsets } from "./offsets.ts";

/** What a request says about the member it comes from. */
export interface MemberClaim {
  readonly memberId: string;
  readonly instanceId: string | null;
  /** The generation, or the member epoch in groups of the newer protocol. */
  readonly generationId: number;
}

/** What a group keeps whatever its protocol: committed offsets, and those that open transactions will commit. */
export interface GroupOffsets {
  readonly offsets: Offsets;
  /** Partitions (`topic-partition`) by producer id. */
  readonly pending: Map<number, Set<string>>;
}

/** A group of either protocol, as far as offsets and administration go. */
export interface AnyGroup {
  readonly id: string;
  readonly type: "classic" | "consumer";
  readonly state: string;
  readonly protocolType: string | null;
  readonly memberCount: number;
  readonly kept: GroupOffsets;
  /**
   * Checks that a member may commit offsets.
   *
   * @throws KafkaError UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, STALE_MEMBER_EPOCH, FENCED_INSTANCE_ID, REBALANCE_IN_PROGRESS
   */
  checkCommit(claim: MemberClaim, transactional: boolean): void;
  /** True when a member's subscription names the topic. */
  subscribes(topic: string): boolean;
  /** Ends the group; requests that wait are answered. */
  die(): void;
}

export function hasPending(group: AnyGroup, topic: string, partition: number): boolean {
  const key = `${topic}-${partition}`;
  for (const partitions of group.kept.pending.values()) if (partitions.has(key)) return true;
  return false;
}

/** True for a claim of nobody: a commit from outside of a group. */
export function isAnonymous({ memberId, instanceId, generationId }: MemberClaim): boolean {
  return generationId < 0 && memberId === "" && instanceId === null;
}
