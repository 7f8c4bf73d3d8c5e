import { randomUUID } from "node:crypto";
import { KafkaError } from "../protocol/errors.ts";
import { type AnyGroup, type GroupOffsets, isAnonymous, type MemberClaim } from "./any-group.ts";
import type { JoinResult, Member, Protocol, SyncResult } from "./member.ts";
import { subscribedTopics } from "./subscription.ts";

export type GroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable" | "Dead";

export interface JoinRequest {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly Protocol[];
  /** The client asks for its member id first and joins with it then (version 4 and later). */
  readonly memberIdRequired: boolean;
  /** The client understands "you lead, but the assignment stands" (version 9 and later). */
  readonly supportsSkippingAssignment: boolean;
}

export interface GroupSettings {
  readonly initialRebalanceDelayMs: number;
  readonly maxSize: number;
}

const NO_BYTES = Buffer.alloc(0);

/** A consumer group of the classic protocol: its members, its generation, its offsets. */
export class Group implements AnyGroup {
  readonly type = "classic";
  readonly id: string;
  readonly kept: GroupOffsets;
  state: GroupState = "Empty";
  protocolType: string | null = null;
  protocolName: string | null = null;
  generationId = 0;
  leaderId: string | null = null;
  readonly members = new Map<string, Member>();
  /** Member ids that were given out and not yet joined with. */
  readonly #awaited = new Map<string, NodeJS.Timeout>();
  readonly #statics = new Map<string, string>();
  readonly #settings: GroupSettings;
  #rebalance: NodeJS.Timeout | undefined;
  #sync: NodeJS.Timeout | undefined;
  #delayedBeyond = 0;

  constructor(id: string, kept: GroupOffsets, settings: GroupSettings) {
    this.id = id;
    this.kept = kept;
    this.#settings = settings;
  }

  get memberCount(): number {
    return this.members.size;
  }

  /** Takes a member in, or again; the answer comes when the rebalance is over. */
  join(request: JoinRequest): Promise<JoinResult> | JoinResult {
    try {
      return this.#join(request);
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return this.#refusal(error, request.memberId);
    }
  }

  #refusal(error: KafkaError, memberId: string): JoinResult {
    return {
      error: error.errorName,
      memberId,
      generationId: -1,
      protocolType: null,
      protocolName: null,
      leader: "",
      skipAssignment: false,
      members: [],
    };
  }

  #join(request: JoinRequest): Promise<JoinResult> | JoinResult {
    if (this.state === "Dead") throw new KafkaError("COORDINATOR_NOT_AVAILABLE");
    const full = this.members.size + this.#awaited.size >= this.#settings.maxSize;
    if (full && !this.members.has(request.memberId) && !this.#awaited.has(request.memberId)) {
      throw new KafkaError("GROUP_MAX_SIZE_REACHED");
    }
    this.#checkProtocols(request);
    if (request.memberId === "") return this.#joinUnknown(request);
    const awaited = this.#awaited.get(request.memberId);
    if (awaited !== undefined && request.instanceId === null) {
      clearTimeout(awaited);
      this.#awaited.delete(request.memberId);
      return this.#add(request, request.memberId);
    }
    this.#checkClaim(request.memberId, request.instanceId);
    return this.#rejoin(this.members.get(request.memberId)!, request);
  }

  #checkProtocols({ protocolType, protocols, memberId }: JoinRequest): void {
    if (protocolType === "" || protocols.length === 0) throw new KafkaError("INCONSISTENT_GROUP_PROTOCOL");
    if (this.state === "Empty") return;
    const others = [...this.members.values()].filter((member) => member.id !== memberId);
    const possible = protocols.some(({ name }) =>
      others.every((member) => member.protocols.some((protocol) => protocol.name === name)),
    );
    if (protocolType !== this.protocolType || !possible) throw new KafkaError("INCONSISTENT_GROUP_PROTOCOL");
  }

  #joinUnknown(request: JoinRequest): Promise<JoinResult> | JoinResult {
    const memberId = `${request.instanceId ?? request.clientId}-${randomUUID()}`;
    if (request.instanceId !== null) {
      const previous = this.#statics.get(request.instanceId);
      return previous === undefined ? this.#add(request, memberId) : this.#replace(previous, memberId, request);
    }
    if (!request.memberIdRequired) return this.#add(request, memberId);
    this.#awaited.set(
      memberId,
      setTimeout(() => this.#giveUpOn(memberId), request.sessionTimeoutMs),
    );
    return this.#refusal(new KafkaError("MEMBER_ID_REQUIRED"), memberId);
  }

  #giveUpOn(memberId: string): void {
    this.#awaited.delete(memberId);
    this.#completeJoinIfAll();
  }

  #add(request: JoinRequest, memberId: string): Promise<JoinResult> {
    const member: Member = {
      id: memberId,
      instanceId: request.instanceId,
      clientId: request.clientId,
      clientHost: request.clientHost,
      sessionTimeoutMs: request.sessionTimeoutMs,
      rebalanceTimeoutMs: request.rebalanceTimeoutMs,
      protocols: [...request.protocols],
      assignment: NO_BYTES,
      joining: null,
      syncing: null,
      session: undefined,
    };
    if (this.members.size === 0) this.protocolType = request.protocolType;
    this.members.set(memberId, member);
    if (request.instanceId !== null) this.#statics.set(request.instanceId, memberId);
    this.leaderId ??= memberId;
    const joined = this.#waitForRebalance(member);
    this.#prepareRebalance();
    return joined;
  }

  #waitForRebalance(member: Member): Promise<JoinResult> {
    clearTimeout(member.session);
    return new Promise((resolve) => {
      member.joining?.(this.#refusal(new KafkaError("REBALANCE_IN_PROGRESS"), member.id));
      member.joining = resolve;
    });
  }

  #rejoin(member: Member, request: JoinRequest): Promise<JoinResult> | JoinResult {
    const changed =
      member.protocols.length !== request.protocols.length ||
      member.protocols.some(({ name, metadata }, i) => {
        const other = request.protocols[i];
        return other.name !== name || !other.metadata.equals(metadata);
      });
    member.sessionTimeoutMs = request.sessionTimeoutMs;
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs;
    const settled = this.state === "CompletingRebalance" || (this.state === "Stable" && member.id !== this.leaderId);
    if (settled && !changed) {
      this.touch(member);
      return this.#joinResult(member);
    }
    member.protocols = [...request.protocols];
    const joined = this.#waitForRebalance(member);
    if (this.state === "PreparingRebalance") this.#completeJoinIfAll();
    else this.#prepareRebalance();
    return joined;
  }

  /** A static member that comes back with a new member id takes its old place without a rebalance where it can. */
  #replace(previousId: string, memberId: string, request: JoinRequest): Promise<JoinResult> | JoinResult {
    const member = this.members.get(previousId)!;
    member.joining?.(this.#refusal(new KafkaError("FENCED_INSTANCE_ID"), previousId));
    member.syncing?.(syncRefusal(new KafkaError("FENCED_INSTANCE_ID")));
    member.joining = null;
    member.syncing = null;
    this.members.delete(previousId);
    member.id = memberId;
    this.members.set(memberId, member);
    this.#statics.set(request.instanceId!, memberId);
    const wasLeader = this.leaderId === previousId;
    if (wasLeader) this.leaderId = memberId;
    const chosen = request.protocols.find(({ name }) => name === this.protocolName);
    const current = member.protocols.find(({ name }) => name === this.protocolName);
    const same = chosen !== undefined && current !== undefined && chosen.metadata.equals(current.metadata);
    member.protocols = [...request.protocols];
    member.sessionTimeoutMs = request.sessionTimeoutMs;
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs;
    if (this.state === "Stable" && same) {
      this.touch(member);
      const skip = wasLeader && request.supportsSkippingAssignment;
      const result = this.#joinResult(member);
      // An older client that leads would compute an assignment anew and wait for a rebalance that isn't there.
      return wasLeader && !skip ? { ...result, leader: previousId, members: [] } : { ...result, skipAssignment: skip };
    }
    const joined = this.#waitForRebalance(member);
    if (this.state === "PreparingRebalance") this.#completeJoinIfAll();
    else this.#prepareRebalance();
    return joined;
  }

  #prepareRebalance(): void {
    if (this.state === "PreparingRebalance") {
      this.#completeJoinIfAll();
      return;
    }
    clearTimeout(this.#sync);
    for (const member of this.members.values()) {
      member.assignment = NO_BYTES;
      member.syncing?.(syncRefusal(new KafkaError("REBALANCE_IN_PROGRESS")));
      if (member.syncing !== null) this.touch(member);
      member.syncing = null;
    }
    const first = this.state === "Empty";
    this.state = "PreparingRebalance";
    const longest = Math.max(...[...this.members.values()].map((member) => member.rebalanceTimeoutMs), 0);
    const delay = first ? this.#settings.initialRebalanceDelayMs : 0;
    this.#delayedBeyond = delay > 0 ? Math.min(delay, longest) : 0;
    clearTimeout(this.#rebalance);
    this.#rebalance = setTimeout(() => this.#completeJoin(), this.#delayedBeyond > 0 ? this.#delayedBeyond : longest);
    this.#completeJoinIfAll();
  }

  #completeJoinIfAll(): void {
    if (this.state !== "PreparingRebalance" || this.#delayedBeyond > 0 || this.#awaited.size > 0) return;
    for (const member of this.members.values()) if (member.joining === null) return;
    this.#completeJoin();
  }

  #completeJoin(): void {
    clearTimeout(this.#rebalance);
    this.#delayedBeyond = 0;
    if (this.state !== "PreparingRebalance") return;
    for (const member of [...this.members.values()]) {
      if (member.joining === null && member.instanceId === null) this.#remove(member);
    }
    this.generationId++;
    if (this.members.size === 0) {
      this.#becomeEmpty();
      return;
    }
    this.#chooseLeader();
    this.protocolName = this.#chooseProtocol();
    this.state = "CompletingRebalance";
    for (const member of this.members.values()) {
      const answer = member.joining;
      member.joining = null;
      this.touch(member);
      answer?.(this.#joinResult(member));
    }
    const longest = Math.max(...[...this.members.values()].map((member) => member.rebalanceTimeoutMs));
    this.#sync = setTimeout(() => this.#expireSync(), longest);
  }

  #chooseLeader(): void {
    const leader = this.leaderId === null ? undefined : this.members.get(this.leaderId);
    if (leader !== undefined && leader.joining !== null) return;
    const joined = [...this.members.values()].find((member) => member.joining !== null);
    this.leaderId = (joined ?? [...this.members.values()][0]).id;
  }

  /** The protocol that every member supports and most members like best. */
  #chooseProtocol(): string {
    const members = [...this.members.values()];
    const common = members[0].protocols
      .map(({ name }) => name)
      .filter((name) => members.every((member) => member.protocols.some((protocol) => protocol.name === name)));
    const votes = new Map<string, number>();
    for (const member of members) {
      const vote = member.protocols.find(({ name }) => common.includes(name));
      if (vote !== undefined) votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1);
    }
    return common.reduce((best, name) => ((votes.get(name) ?? 0) > (votes.get(best) ?? 0) ? name : best));
  }

  #joinResult(member: Member): JoinResult {
    const leads = member.id === this.leaderId;
    const metadataOf = (each: Member) =>
      each.protocols.find(({ name }) => name === this.protocolName)?.metadata ?? NO_BYTES;
    return {
      error: "NONE",
      memberId: member.id,
      generationId: this.generationId,
      protocolType: this.protocolType,
      protocolName: this.protocolName,
      leader: this.leaderId ?? "",
      skipAssignment: false,
      members: leads
        ? [...this.members.values()].map((each) => ({
            memberId: each.id,
            groupInstanceId: each.instanceId,
            metadata: metadataOf(each),
          }))
        : [],
    };
  }

  /** Members that have not asked for their assignment in time are removed. */
  #expireSync(): void {
    if (this.state !== "CompletingRebalance") return;
    for (const member of [...this.members.values()]) if (member.syncing === null) this.#remove(member);
    this.#prepareRebalance();
  }

  /** Takes the leader's assignments, and answers each member with its own. */
  sync(
    claim: MemberClaim,
    protocolType: string | null,
    protocolName: string | null,
    assignments: ReadonlyMap<string, Buffer>,
  ): Promise<SyncResult> | SyncResult {
    try {
      const member = this.claimed(claim);
      const mismatch =
        (protocolType !== null && protocolType !== this.protocolType) ||
        (protocolName !== null && protocolName !== this.protocolName);
      if (mismatch) throw new KafkaError("INCONSISTENT_GROUP_PROTOCOL");
      if (this.state === "PreparingRebalance") throw new KafkaError("REBALANCE_IN_PROGRESS");
      this.touch(member);
      if (this.state === "Stable") return this.#syncResult(member);
      const waiting = new Promise<SyncResult>((resolve) => {
        member.syncing?.(syncRefusal(new KafkaError("REBALANCE_IN_PROGRESS")));
        member.syncing = resolve;
      });
      if (member.id === this.leaderId) this.#becomeStable(assignments);
      return waiting;
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return syncRefusal(error);
    }
  }

  #becomeStable(assignments: ReadonlyMap<string, Buffer>): void {
    clearTimeout(this.#sync);
    this.state = "Stable";
    for (const member of this.members.values()) {
      member.assignment = Buffer.from(assignments.get(member.id) ?? NO_BYTES);
      const answer = member.syncing;
      member.syncing = null;
      if (answer === null) continue;
      this.touch(member);
      answer(this.#syncResult(member));
    }
  }

  #syncResult(member: Member): SyncResult {
    const { protocolType, protocolName } = this;
    return { error: "NONE", protocolType, protocolName, assignment: member.assignment };
  }

  /** A sign of life. Says REBALANCE_IN_PROGRESS to send the member back to join. */
  heartbeat(claim: MemberClaim): void {
    const member = this.claimed(claim);
    this.touch(member);
    if (this.state === "PreparingRebalance") throw new KafkaError("REBALANCE_IN_PROGRESS");
  }

  /** Takes a member out. */
  leave(memberId: string, instanceId: string | null): Member | null {
    const awaited = this.#awaited.get(memberId);
    if (awaited !== undefined && instanceId === null) {
      clearTimeout(awaited);
      this.#giveUpOn(memberId);
      return null;
    }
    const id = memberId === "" && instanceId !== null ? (this.#statics.get(instanceId) ?? "") : memberId;
    this.#checkClaim(id, instanceId);
    const member = this.members.get(id)!;
    this.#dismiss(member);
    return member;
  }

  #dismiss(member: Member): void {
    this.#remove(member);
    if (this.state === "PreparingRebalance") {
      this.#completeJoinIfAll();
    } else if (this.state === "Stable" || this.state === "CompletingRebalance") {
      this.#prepareRebalance();
    }
  }

  #remove(member: Member): void {
    clearTimeout(member.session);
    member.joining?.(this.#refusal(new KafkaError("UNKNOWN_MEMBER_ID"), member.id));
    member.syncing?.(syncRefusal(new KafkaError("UNKNOWN_MEMBER_ID")));
    member.joining = null;
    member.syncing = null;
    this.members.delete(member.id);
    if (member.instanceId !== null && this.#statics.get(member.instanceId) === member.id) {
      this.#statics.delete(member.instanceId);
    }
    if (this.leaderId === member.id) this.leaderId = this.members.keys().next().value ?? null;
  }

  #becomeEmpty(): void {
    this.state = "Empty";
    this.protocolName = null;
    this.leaderId = null;
  }

  /** Restarts the member's session. */
  touch(member: Member): void {
    clearTimeout(member.session);
    if (!this.members.has(member.id)) return;
    member.session = setTimeout(() => this.#expire(member), member.sessionTimeoutMs);
    member.session.unref();
  }

  #expire(member: Member): void {
    if (this.members.get(member.id) !== member || member.joining !== null) return;
    this.#dismiss(member);
  }

  /**
   * The member that a request comes from.
   *
   * @throws KafkaError UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION
   */
  claimed({ memberId, instanceId, generationId }: MemberClaim): Member {
    this.#checkClaim(memberId, instanceId);
    if (generationId !== this.generationId) throw new KafkaError("ILLEGAL_GENERATION");
    return this.members.get(memberId)!;
  }

  #checkClaim(memberId: string, instanceId: string | null): void {
    if (this.state === "Dead") throw new KafkaError("COORDINATOR_NOT_AVAILABLE");
    if (instanceId !== null) {
      const current = this.#statics.get(instanceId);
      if (current === undefined) throw new KafkaError("UNKNOWN_MEMBER_ID");
      if (current !== memberId) throw new KafkaError("FENCED_INSTANCE_ID");
    }
    if (!this.members.has(memberId)) throw new KafkaError("UNKNOWN_MEMBER_ID");
  }

  /** True when a member's subscription, as consumers write it, names the topic. */
  subscribes(topic: string): boolean {
    for (const member of this.members.values()) {
      for (const { metadata } of member.protocols) if (subscribedTopics(metadata).includes(topic)) return true;
    }
    return false;
  }

  checkCommit(claim: MemberClaim, transactional: boolean): void {
    const fromOutside = transactional ? isAnonymous(claim) : claim.generationId < 0 && this.state === "Empty";
    if (fromOutside && claim.instanceId === null) return;
    const member = this.claimed(claim);
    this.touch(member);
    if (!transactional && this.state === "CompletingRebalance") throw new KafkaError("REBALANCE_IN_PROGRESS");
  }

  /** Ends the group; requests that wait are answered. */
  die(): void {
    this.state = "Dead";
    clearTimeout(this.#rebalance);
    clearTimeout(this.#sync);
    for (const timer of this.#awaited.values()) clearTimeout(timer);
    this.#awaited.clear();
    for (const member of [...this.members.values()]) this.#remove(member);
  }
}

function syncRefusal(error: KafkaError): SyncResult {
  return { error: error.errorName, protocolType: null, protocolName: null, assignment: NO_BYTES };
}
