import { KafkaError } from "../protocol/errors.ts";
import { type AnyGroup, type GroupOffsets, isAnonymous, type MemberClaim } from "./any-group.ts";
import { ConsumerGroup, type TopicView } from "./consumer-group.ts";
import { Group, type GroupSettings } from "./group.ts";
import { type OffsetEntry, Offsets } from "./offsets.ts";

/** A change of committed offsets, as the journal keeps it. */
export type GroupEvent =
  | { type: "commit"; group: string; offsets: OffsetEntry[] }
  | { type: "forget"; group: string; topic: string; partition?: number }
  | { type: "delete"; group: string };

export interface GroupStore {
  now(): number;
  topics(): readonly TopicView[];
  write(event: GroupEvent): void;
}

/** Characters of metadata that one commit may carry. */
const METADATA_LENGTH_MAX = 4096;

/** All consumer groups of the broker. */
export class Groups {
  readonly #groups = new Map<string, Group | ConsumerGroup>();
  readonly #store: GroupStore;
  readonly #settings: GroupSettings;

  constructor(store: GroupStore, settings: GroupSettings = { initialRebalanceDelayMs: 0, maxSize: 1000 }) {
    this.#store = store;
    this.#settings = settings;
  }

  get(id: string): Group | ConsumerGroup | undefined {
    return this.#groups.get(id);
  }

  /** A group of the classic protocol. */
  classic(id: string): Group | undefined {
    const group = this.#groups.get(id);
    return group instanceof Group ? group : undefined;
  }

  /** A group of the protocol of KIP-848. */
  consumer(id: string): ConsumerGroup | undefined {
    const group = this.#groups.get(id);
    return group instanceof ConsumerGroup ? group : undefined;
  }

  #getOrCreate(id: string): Group | ConsumerGroup {
    return this.#groups.get(id) ?? this.classicGroup(id);
  }

  /**
   * A group that members of the classic protocol may join: a new one, or one whose members of the other have left.
   *
   * @throws KafkaError INCONSISTENT_GROUP_PROTOCOL
   */
  classicGroup(id: string): Group {
    const known = this.#groups.get(id);
    if (known instanceof Group) return known;
    if (known !== undefined && known.memberCount > 0) throw new KafkaError("INCONSISTENT_GROUP_PROTOCOL");
    const group = new Group(id, known?.kept ?? newOffsets(), this.#settings);
    this.#groups.set(id, group);
    return group;
  }

  /**
   * A group that members of the protocol of KIP-848 may join.
   *
   * @throws KafkaError GROUP_ID_NOT_FOUND when it has members of the classic protocol
   */
  consumerGroup(id: string): ConsumerGroup {
    const known = this.#groups.get(id);
    if (known instanceof ConsumerGroup) return known;
    if (known !== undefined && known.state !== "Empty") {
      throw new KafkaError("GROUP_ID_NOT_FOUND", `Group ${id} is not a consumer group.`);
    }
    const group = new ConsumerGroup(id, known?.kept ?? newOffsets(), () => this.#store.topics());
    this.#groups.set(id, group);
    return group;
  }

  list(): (Group | ConsumerGroup)[] {
    return [...this.#groups.values()];
  }

  /**
   * Stores offsets. Answers each with an error name, as the response does.
   *
   * @throws KafkaError when the group refuses all of them
   */
  commit(
    id: string,
    claim: MemberClaim,
    offsets: readonly Omit<OffsetEntry, "commitTimeMs">[],
  ): ("NONE" | "OFFSET_METADATA_TOO_LARGE")[] {
    const group = this.#committer(id, claim);
    const commitTimeMs = this.#store.now();
    const accepted = offsets.map(({ metadata }) => metadata.length <= METADATA_LENGTH_MAX);
    const entries = offsets.filter((_, i) => accepted[i]).map((entry) => ({ ...entry, commitTimeMs }));
    this.store(group.id, entries);
    return accepted.map((ok) => (ok ? "NONE" : "OFFSET_METADATA_TOO_LARGE"));
  }

  /** Stores offsets of a group whose right to commit has been checked. */
  store(id: string, offsets: OffsetEntry[]): void {
    if (offsets.length === 0) return;
    this.#store.write({ type: "commit", group: id, offsets });
    this.#apply({ type: "commit", group: id, offsets });
  }

  #committer(id: string, claim: MemberClaim): AnyGroup {
    const known = this.#groups.get(id);
    if (known === undefined && claim.generationId < 0 && claim.memberId === "") return this.#getOrCreate(id);
    if (known === undefined) throw new KafkaError("ILLEGAL_GENERATION");
    known.checkCommit(claim, false);
    return known;
  }

  /**
   * Checks that a member of a group may commit within a transaction.
   *
   * @throws KafkaError ILLEGAL_GENERATION, STALE_MEMBER_EPOCH, UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID
   */
  checkTransactionalCommit(id: string, claim: MemberClaim): void {
    if (isAnonymous(claim)) return;
    const group = this.#groups.get(id);
    if (group === undefined) throw new KafkaError("ILLEGAL_GENERATION");
    group.checkCommit(claim, true);
  }

  /** Notes partitions whose offsets an open transaction may still commit. */
  addPending(id: string, producerId: number, offsets: readonly { topic: string; partition: number }[]): void {
    const { pending } = this.#getOrCreate(id).kept;
    const partitions = pending.get(producerId) ?? new Set();
    for (const { topic, partition } of offsets) partitions.add(`${topic}-${partition}`);
    pending.set(producerId, partitions);
  }

  dropPending(id: string, producerId: number): void {
    const group = this.#groups.get(id);
    group?.kept.pending.delete(producerId);
    const unused = group?.state === "Empty" && group.kept.offsets.isEmpty && group.kept.pending.size === 0;
    if (unused) this.#groups.delete(id);
  }

  /**
   * Deletes an empty group with its offsets.
   *
   * @throws KafkaError GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP
   */
  delete(id: string): void {
    const group = this.#groups.get(id);
    if (group === undefined) throw new KafkaError("GROUP_ID_NOT_FOUND");
    if (group.state !== "Empty") throw new KafkaError("NON_EMPTY_GROUP");
    this.#store.write({ type: "delete", group: id });
    group.die();
    this.#groups.delete(id);
  }

  /** Forgets what a group has committed for a partition. */
  forget(group: AnyGroup, topic: string, partition: number): void {
    this.#store.write({ type: "forget", group: group.id, topic, partition });
    group.kept.offsets.delete(topic, partition);
  }

  /** Forgets what all groups have committed for a topic that is gone. */
  forgetTopic(topic: string): void {
    for (const group of this.#groups.values()) {
      if (group.kept.offsets.delete(topic)) this.#store.write({ type: "forget", group: group.id, topic });
    }
  }

  /** Forgets groups that have neither members nor offsets. */
  expire(): void {
    for (const [id, { memberCount, state, kept }] of this.#groups) {
      if (memberCount === 0 && state === "Empty" && kept.offsets.isEmpty && kept.pending.size === 0)
        this.#groups.delete(id);
    }
  }

  #apply(event: GroupEvent): void {
    if (event.type === "delete") {
      this.#groups.delete(event.group);
      return;
    }
    const { offsets } = this.#getOrCreate(event.group).kept;
    if (event.type === "commit") for (const entry of event.offsets) offsets.set(entry);
    else offsets.delete(event.topic, event.partition);
  }

  restore(events: Iterable<GroupEvent>): void {
    for (const event of events) this.#apply(event);
  }

  /** The events that would bring the offsets to where they are. */
  *snapshot(): Iterable<GroupEvent> {
    for (const group of this.#groups.values()) {
      const offsets = group.kept.offsets.entries();
      if (offsets.length > 0) yield { type: "commit", group: group.id, offsets };
    }
  }

  close(): void {
    for (const group of this.#groups.values()) group.die();
  }
}

function newOffsets(): GroupOffsets {
  return { offsets: new Offsets(), pending: new Map() };
}
