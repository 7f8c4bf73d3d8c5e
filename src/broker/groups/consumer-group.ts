import { randomUUID } from "node:crypto";
import { KafkaError } from "../protocol/errors.ts";
import { type AnyGroup, type GroupOffsets, isAnonymous, type MemberClaim } from "./any-group.ts";
import { ASSIGNORS, type Assignment, give, sizeOf } from "./assignors.ts";
import { compileTopicPattern } from "./topic-pattern.ts";

/** A topic as a group sees it. */
export interface TopicView {
  readonly id: string;
  readonly name: string;
  readonly partitionCount: number;
}

export interface ConsumerHeartbeat {
  readonly memberId: string;
  /** 0 joins, −1 leaves, −2 leaves for a while (static members), a larger number is a sign of life. */
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** −1 and nulls mean "as before". */
  readonly rebalanceTimeoutMs: number;
  readonly subscribedTopicNames: readonly string[] | null;
  readonly subscribedTopicRegex: string | null;
  readonly serverAssignor: string | null;
  readonly owned: Assignment | null;
}

export interface ConsumerHeartbeatResult {
  readonly memberId: string;
  readonly memberEpoch: number;
  /** Null when the member knows it already. */
  readonly assignment: Assignment | null;
}

export interface ConsumerMember {
  id: string;
  readonly instanceId: string | null;
  rackId: string | null;
  clientId: string;
  clientHost: string;
  epoch: number;
  previousEpoch: number;
  rebalanceTimeoutMs: number;
  topicNames: readonly string[];
  topicPattern: string | null;
  assignor: string | null;
  /** What it may read now, and what it has still to give back. */
  assigned: Assignment;
  revoking: Assignment;
  target: Assignment;
  /** True after a static member left for a while. */
  away: boolean;
  session: NodeJS.Timeout | undefined;
  revocation: NodeJS.Timeout | undefined;
}

const SESSION_TIMEOUT_MS = 45_000;
const MEMBERS_MAX = 1000;
const LEAVES = -1;
const LEAVES_FOR_A_WHILE = -2;

/**
 * A group of the protocol of KIP-848: the broker assigns, and each member is moved to its new assignment on its own,
 * by heartbeats. A partition is given to a member only after the one that had it has given it back.
 */
export class ConsumerGroup implements AnyGroup {
  readonly type = "consumer";
  readonly protocolType = "consumer";
  readonly id: string;
  readonly kept: GroupOffsets;
  readonly members = new Map<string, ConsumerMember>();
  /** Counts the changes of members, wishes and topics. The first member finds it at 2, as in Kafka. */
  epoch = 1;
  assignmentEpoch = 1;
  readonly #topics: () => readonly TopicView[];
  #seen = "";
  /** Where each assigned partition is, `topicId:partition` → member id. */
  #owners = new Map<string, string>();

  constructor(id: string, kept: GroupOffsets, topics: () => readonly TopicView[]) {
    this.id = id;
    this.kept = kept;
    this.#topics = topics;
  }

  get memberCount(): number {
    return this.members.size;
  }

  get state(): string {
    if (this.members.size === 0) return "Empty";
    const settled = [...this.members.values()].every((member) => this.#isSettled(member));
    return settled ? "Stable" : "Reconciling";
  }

  get assignor(): string {
    const votes = new Map<string, number>();
    for (const { assignor } of this.members.values()) {
      if (assignor !== null) votes.set(assignor, (votes.get(assignor) ?? 0) + 1);
    }
    const [winner] = [...votes].sort((a, b) => b[1] - a[1]);
    return winner?.[0] ?? "uniform";
  }

  #isSettled({ epoch, assigned, target, revoking }: ConsumerMember): boolean {
    return epoch === this.epoch && sizeOf(revoking) === 0 && sizeOf(assigned) === sizeOf(target);
  }

  /**
   * Takes a member's heartbeat: its arrival, its leave, its wishes and what it holds.
   *
   * @throws KafkaError UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH, UNRELEASED_INSTANCE_ID, FENCED_INSTANCE_ID,
   *   UNSUPPORTED_ASSIGNOR, INVALID_REGULAR_EXPRESSION, GROUP_MAX_SIZE_REACHED
   */
  heartbeat(request: ConsumerHeartbeat): ConsumerHeartbeatResult {
    if (request.serverAssignor !== null && !ASSIGNORS.has(request.serverAssignor)) {
      const known = [...ASSIGNORS.keys()].join(", ");
      throw new KafkaError(
        "UNSUPPORTED_ASSIGNOR",
        `ServerAssignor ${request.serverAssignor} is not supported. Supported assignors: ${known}.`,
      );
    }
    if (request.memberEpoch < 0) return this.#leave(request);
    const member = request.memberEpoch === 0 ? this.#join(request) : this.#known(request);
    const changed = this.#update(member, request);
    this.#touch(member);
    this.#refresh(changed || request.memberEpoch === 0);
    const before = describe(member);
    this.#reconcile(member, request.owned);
    const full = request.memberEpoch === 0 || (request.subscribedTopicNames !== null && request.owned !== null);
    const assignment = full || describe(member) !== before ? member.assigned : null;
    return { memberId: member.id, memberEpoch: member.epoch, assignment };
  }

  #known({ memberId, memberEpoch, instanceId, owned }: ConsumerHeartbeat): ConsumerMember {
    const member = this.members.get(memberId);
    if (member === undefined)
      throw new KafkaError("UNKNOWN_MEMBER_ID", `Member ${memberId} is not a member of group ${this.id}.`);
    if (instanceId !== null && member.instanceId !== instanceId) throw new KafkaError("FENCED_INSTANCE_ID");
    // A member whose last answer was lost comes back with the epoch before it.
    const repeats = memberEpoch === member.previousEpoch && owned !== null && isSubset(owned, member.assigned);
    if (memberEpoch !== member.epoch && !repeats) {
      throw new KafkaError("FENCED_MEMBER_EPOCH", `The member's epoch is ${member.epoch}; it must rejoin.`);
    }
    return member;
  }

  #join(request: ConsumerHeartbeat): ConsumerMember {
    const again = this.members.get(request.memberId);
    if (again !== undefined) return again;
    const known = [...this.members.values()].find(
      ({ instanceId }) => instanceId !== null && instanceId === request.instanceId,
    );
    if (known !== undefined) return this.#replace(known, request.memberId);
    if (this.members.size >= MEMBERS_MAX) throw new KafkaError("GROUP_MAX_SIZE_REACHED");
    const member: ConsumerMember = {
      id: request.memberId === "" ? randomUUID() : request.memberId,
      instanceId: request.instanceId,
      rackId: request.rackId,
      clientId: request.clientId,
      clientHost: request.clientHost,
      epoch: 0,
      previousEpoch: 0,
      rebalanceTimeoutMs: request.rebalanceTimeoutMs,
      topicNames: [],
      topicPattern: null,
      assignor: null,
      assigned: new Map(),
      revoking: new Map(),
      target: new Map(),
      away: false,
      session: undefined,
      revocation: undefined,
    };
    this.members.set(member.id, member);
    return member;
  }

  /** A static member comes back under a new id and takes over what it had. */
  #replace(member: ConsumerMember, memberId: string): ConsumerMember {
    if (!member.away) throw new KafkaError("UNRELEASED_INSTANCE_ID", `Instance ${member.instanceId} is still in use.`);
    this.members.delete(member.id);
    for (const [partition, owner] of this.#owners) if (owner === member.id) this.#owners.set(partition, memberId);
    member.id = memberId;
    member.away = false;
    this.members.set(memberId, member);
    return member;
  }

  #leave({ memberId, memberEpoch, instanceId }: ConsumerHeartbeat): ConsumerHeartbeatResult {
    const member = this.members.get(memberId);
    if (member === undefined)
      throw new KafkaError("UNKNOWN_MEMBER_ID", `Member ${memberId} is not a member of group ${this.id}.`);
    if (memberEpoch === LEAVES_FOR_A_WHILE && member.instanceId !== null && member.instanceId === instanceId) {
      member.away = true;
      member.epoch = 0;
    } else {
      this.#remove(member);
    }
    return { memberId, memberEpoch: memberEpoch === LEAVES_FOR_A_WHILE ? memberEpoch : LEAVES, assignment: null };
  }

  #remove(member: ConsumerMember): void {
    clearTimeout(member.session);
    clearTimeout(member.revocation);
    this.members.delete(member.id);
    for (const [partition, owner] of this.#owners) if (owner === member.id) this.#owners.delete(partition);
    this.#refresh(true);
  }

  /** Takes over what the member wishes; true when that may change the assignment. */
  #update(member: ConsumerMember, request: ConsumerHeartbeat): boolean {
    const before = JSON.stringify([member.topicNames, member.topicPattern, member.assignor]);
    if (request.subscribedTopicRegex !== null) {
      compileTopicPattern(request.subscribedTopicRegex);
      member.topicPattern = request.subscribedTopicRegex === "" ? null : request.subscribedTopicRegex;
    }
    if (request.subscribedTopicNames !== null) member.topicNames = [...new Set(request.subscribedTopicNames)].sort();
    if (request.serverAssignor !== null) member.assignor = request.serverAssignor;
    if (request.rebalanceTimeoutMs >= 0) member.rebalanceTimeoutMs = request.rebalanceTimeoutMs;
    if (request.rackId !== null) member.rackId = request.rackId;
    member.clientId = request.clientId;
    member.clientHost = request.clientHost;
    return before !== JSON.stringify([member.topicNames, member.topicPattern, member.assignor]);
  }

  #touch(member: ConsumerMember): void {
    clearTimeout(member.session);
    member.session = setTimeout(() => this.#remove(member), SESSION_TIMEOUT_MS);
    member.session.unref();
  }

  /** Begins a new epoch when members, wishes or topics have changed, and shares the partitions out anew. */
  #refresh(changed: boolean): void {
    const topics = this.#topics();
    const subscribed = new Map([...this.members.values()].map((member) => [member.id, topicsOf(member, topics)]));
    const wanted = new Map<string, TopicView>();
    for (const views of subscribed.values()) for (const view of views) wanted.set(view.id, view);
    const seen = JSON.stringify([...wanted.values()].map(({ id, partitionCount }) => [id, partitionCount]).sort());
    if (!changed && seen === this.#seen) return;
    this.#seen = seen;
    this.epoch++;
    if (this.members.size === 0) return;
    this.assignmentEpoch = this.epoch;
    const members = [...this.members.values()].map(({ id, target }) => ({
      id,
      topics: new Set(subscribed.get(id)!.map((view) => view.id)),
      previous: target,
    }));
    const counts = new Map([...wanted.values()].map(({ id, partitionCount }) => [id, partitionCount]));
    const shares = ASSIGNORS.get(this.assignor)!(members, counts);
    for (const member of this.members.values()) member.target = shares.get(member.id)!;
  }

  /** Moves one member as far towards its target as the others allow. */
  #reconcile(member: ConsumerMember, owned: Assignment | null): void {
    if (sizeOf(member.revoking) > 0) {
      if (owned === null || intersects(owned, member.revoking)) return;
      this.#release(member, member.revoking);
      member.revoking = new Map();
      clearTimeout(member.revocation);
    }
    const revoking = minus(member.assigned, member.target);
    if (sizeOf(revoking) > 0) {
      member.assigned = minus(member.assigned, revoking);
      if (owned === null || intersects(owned, revoking)) {
        member.revoking = revoking;
        this.#awaitRevocation(member);
        return;
      }
      this.#release(member, revoking);
    }
    if (member.epoch !== this.epoch) {
      member.previousEpoch = member.epoch;
      member.epoch = this.epoch;
    }
    for (const [topic, partitions] of member.target) {
      for (const partition of partitions) {
        const key = `${topic}:${partition}`;
        const owner = this.#owners.get(key);
        if (owner !== undefined && owner !== member.id) continue;
        this.#owners.set(key, member.id);
        give(member.assigned, topic, partition);
      }
    }
  }

  #awaitRevocation(member: ConsumerMember): void {
    clearTimeout(member.revocation);
    const limit = member.rebalanceTimeoutMs > 0 ? member.rebalanceTimeoutMs : SESSION_TIMEOUT_MS;
    member.revocation = setTimeout(() => this.#remove(member), limit);
    member.revocation.unref();
  }

  #release(member: ConsumerMember, partitions: Assignment): void {
    for (const [topic, indexes] of partitions) {
      for (const partition of indexes) {
        const key = `${topic}:${partition}`;
        if (this.#owners.get(key) === member.id) this.#owners.delete(key);
      }
    }
  }

  checkCommit(claim: MemberClaim, transactional: boolean): void {
    if (isAnonymous(claim) && (transactional || this.members.size === 0)) return;
    this.checkEpoch(claim.memberId, claim.generationId);
  }

  /** @throws KafkaError UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH */
  checkEpoch(memberId: string, memberEpoch: number): void {
    const member = this.members.get(memberId);
    if (member === undefined) throw new KafkaError("UNKNOWN_MEMBER_ID");
    if (member.epoch !== memberEpoch) throw new KafkaError("STALE_MEMBER_EPOCH");
  }

  subscribes(topic: string): boolean {
    const view = [{ id: "", name: topic, partitionCount: 1 }];
    return [...this.members.values()].some((member) => topicsOf(member, view).length > 0);
  }

  die(): void {
    for (const member of this.members.values()) {
      clearTimeout(member.session);
      clearTimeout(member.revocation);
    }
    this.members.clear();
    this.#owners.clear();
  }
}

function topicsOf({ topicNames, topicPattern }: ConsumerMember, topics: readonly TopicView[]): TopicView[] {
  const pattern = topicPattern === null ? null : compileTopicPattern(topicPattern);
  return topics.filter(({ name }) => topicNames.includes(name) || pattern?.test(name));
}

function describe({ assigned, epoch }: ConsumerMember): string {
  return JSON.stringify([epoch, [...assigned].map(([topic, partitions]) => [topic, [...partitions].sort()]).sort()]);
}

function minus(from: Assignment, what: Assignment): Assignment {
  const result: Assignment = new Map();
  for (const [topic, partitions] of from) {
    for (const partition of partitions) if (!what.get(topic)?.has(partition)) give(result, topic, partition);
  }
  return result;
}

function intersects(a: Assignment, b: Assignment): boolean {
  return sizeOf(minus(a, b)) < sizeOf(a);
}

function isSubset(part: Assignment, whole: Assignment): boolean {
  return sizeOf(minus(part, whole)) === 0;
}
