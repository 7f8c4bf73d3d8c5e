import type { MemberClaim } from "../groups/any-group.ts";
import type { Groups } from "../groups/groups.ts";
import type { OffsetEntry } from "../groups/offsets.ts";
import type { PartitionLog } from "../log/partition-log.ts";
import { type BatchHeader, buildMarker, checkBatch, isTransactional } from "../protocol/batch.ts";
import { KafkaError } from "../protocol/errors.ts";
import type { Topics } from "../topics/topics.ts";
import { holds, newEntry, type TransactionEntry } from "./transaction.ts";

/** A change of the producers, as the journal keeps it. */
export type TransactionEvent =
  | { type: "ids"; next: number }
  | { type: "entry"; entry: TransactionEntry }
  | { type: "expire"; transactionalId: string };

export interface TransactionStore {
  now(): number;
  write(event: TransactionEvent): void;
  /** Lets readers see what was appended; a promise when they have to wait for the device. */
  publish(logs: ReadonlySet<PartitionLog>): Promise<void> | undefined;
}

/** Who a request says that it comes from. */
export interface ProducerClaim {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

const FIRST_PRODUCER_ID = 1000;
/** Producer ids that are set aside in the journal at a time. */
const ID_BLOCK = 1000;
const EPOCH_MAX = 32766;
const TIMEOUT_MS_MAX = 900_000;
const EXPIRE_AFTER_MS = 7 * 86_400_000;

/** Gives out producer ids, and runs the transactions of those that have a transactional id. */
export class Transactions {
  readonly #store: TransactionStore;
  readonly #topics: Topics;
  readonly #groups: Groups;
  readonly #entries = new Map<string, TransactionEntry>();
  readonly #byProducer = new Map<number, TransactionEntry>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #nextId = FIRST_PRODUCER_ID;
  #idsUpTo = FIRST_PRODUCER_ID;

  constructor(store: TransactionStore, topics: Topics, groups: Groups) {
    this.#store = store;
    this.#topics = topics;
    this.#groups = groups;
  }

  /**
   * Gives a producer its id and epoch. One with a transactional id takes over from the one that had it before: that
   * one's transaction is aborted, and its epoch is over.
   *
   * @throws KafkaError INVALID_REQUEST, INVALID_TRANSACTION_TIMEOUT, PRODUCER_FENCED
   */
  initProducer(transactionalId: string | null, timeoutMs: number, producerId: number, producerEpoch: number) {
    if (transactionalId === null) return { producerId: this.#newId(), producerEpoch: 0 };
    if (transactionalId === "") throw new KafkaError("INVALID_REQUEST", "A transactional id can't be empty.");
    if (timeoutMs <= 0 || timeoutMs > TIMEOUT_MS_MAX) throw new KafkaError("INVALID_TRANSACTION_TIMEOUT");
    let entry = this.#entries.get(transactionalId);
    if (entry === undefined) {
      entry = newEntry(transactionalId, this.#newId(), timeoutMs);
      this.#entries.set(transactionalId, entry);
      this.#byProducer.set(entry.producerId, entry);
    } else {
      const isKnown = producerId >= 0 && entry.producerId === producerId;
      if (isKnown && entry.raisedFrom === producerEpoch && entry.state === "Empty") {
        return { producerId, producerEpoch: entry.epoch };
      }
      const isCurrent = isKnown && entry.epoch === producerEpoch;
      if (producerId >= 0 && !isCurrent) throw new KafkaError("PRODUCER_FENCED");
      this.#bump(entry);
      if (isCurrent && entry.producerId === producerId) entry.raisedFrom = producerEpoch;
      if (entry.state === "Ongoing") this.#end(entry, false);
      entry.state = "Empty";
      entry.timeoutMs = timeoutMs;
    }
    this.#save(entry);
    return { producerId: entry.producerId, producerEpoch: entry.epoch };
  }

  #bump(entry: TransactionEntry): void {
    delete entry.raisedFrom;
    if (entry.epoch < EPOCH_MAX) {
      entry.epoch++;
      return;
    }
    if (entry.state === "Ongoing") this.#end(entry, false);
    this.#byProducer.delete(entry.producerId);
    entry.producerId = this.#newId();
    entry.epoch = 0;
    this.#byProducer.set(entry.producerId, entry);
  }

  #newId(): number {
    if (this.#nextId === this.#idsUpTo) {
      this.#idsUpTo += ID_BLOCK;
      this.#store.write({ type: "ids", next: this.#idsUpTo });
    }
    return this.#nextId++;
  }

  #save(entry: TransactionEntry): void {
    entry.updatedMs = this.#store.now();
    this.#store.write({ type: "entry", entry });
  }

  /** The transaction of a producer that has the right to it. */
  #claimed({ transactionalId, producerId, producerEpoch }: ProducerClaim): TransactionEntry {
    const entry = this.#entries.get(transactionalId);
    if (entry === undefined || entry.producerId !== producerId) throw new KafkaError("INVALID_PRODUCER_ID_MAPPING");
    if (entry.epoch !== producerEpoch) throw new KafkaError("PRODUCER_FENCED");
    return entry;
  }

  #begin(entry: TransactionEntry): void {
    if (entry.state === "Ongoing") return;
    entry.state = "Ongoing";
    entry.startedMs = this.#store.now();
    this.#watch(entry, entry.timeoutMs);
  }

  #watch(entry: TransactionEntry, ms: number): void {
    const timer = setTimeout(() => {
      this.#bump(entry);
      if (entry.state === "Ongoing") this.#end(entry, false);
    }, ms);
    timer.unref();
    this.#timers.set(entry.transactionalId, timer);
  }

  /**
   * Says that a transaction will write to these partitions; begins it if need be.
   *
   * @throws KafkaError INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED
   */
  addPartitions(claim: ProducerClaim, partitions: readonly (readonly [string, number])[]): void {
    const entry = this.#claimed(claim);
    const added = partitions.filter(([topic, partition]) => !holds(entry, topic, partition));
    const running = entry.state === "Ongoing";
    if (running && added.length === 0) return;
    this.#begin(entry);
    for (const [topic, partition] of added) entry.partitions.push([topic, partition]);
    this.#save(entry);
  }

  /** Says that a transaction will commit offsets of a group; begins it if need be. */
  addGroup(claim: ProducerClaim, group: string): void {
    const entry = this.#claimed(claim);
    this.#begin(entry);
    if (!entry.groups.includes(group)) entry.groups.push(group);
    this.#save(entry);
  }

  /**
   * Keeps offsets that are committed if and when the transaction is.
   *
   * @throws KafkaError INVALID_TXN_STATE when the group is not part of the transaction, or the group's own refusals
   */
  addOffsets(
    claim: ProducerClaim,
    group: string,
    member: MemberClaim,
    offsets: readonly Omit<OffsetEntry, "commitTimeMs">[],
  ): void {
    const entry = this.#claimed(claim);
    if (entry.state !== "Ongoing" || !entry.groups.includes(group)) throw new KafkaError("INVALID_TXN_STATE");
    this.#groups.checkTransactionalCommit(group, member);
    const commitTimeMs = this.#store.now();
    for (const offset of offsets) entry.offsets.push([group, { ...offset, commitTimeMs }]);
    this.#groups.addPending(group, entry.producerId, offsets);
    this.#save(entry);
  }

  /**
   * Commits or aborts. Saying it again has no effect.
   *
   * @throws KafkaError INVALID_TXN_STATE, INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED
   */
  end(claim: ProducerClaim, commit: boolean): Promise<void> | undefined {
    const entry = this.#claimed(claim);
    if (entry.state === (commit ? "CompleteCommit" : "CompleteAbort")) return undefined;
    if (entry.state !== "Ongoing") throw new KafkaError("INVALID_TXN_STATE");
    return this.#end(entry, commit);
  }

  /** Once the decision is in the journal it is carried out, if not now then when the broker starts again. */
  #end(entry: TransactionEntry, commit: boolean): Promise<void> | undefined {
    clearTimeout(this.#timers.get(entry.transactionalId));
    this.#timers.delete(entry.transactionalId);
    entry.state = commit ? "PrepareCommit" : "PrepareAbort";
    this.#save(entry);
    return this.#complete(entry);
  }

  /** With `onlyOpen`, partitions that have their marker already get no second one. */
  #complete(entry: TransactionEntry, onlyOpen = false): Promise<void> | undefined {
    const commit = entry.state === "PrepareCommit";
    const touched = new Set<PartitionLog>();
    for (const [topic, partition] of entry.partitions) {
      const log = this.#topics.partition(topic, partition);
      if (log === undefined || (onlyOpen && !log.producers.isOpen(entry.producerId))) continue;
      const marker = buildMarker(entry.producerId, entry.epoch, commit, this.#store.now());
      log.append(marker, checkBatch(marker));
      touched.add(log);
    }
    if (commit) this.#storeOffsets(entry);
    for (const group of entry.groups) this.#groups.dropPending(group, entry.producerId);
    entry.partitions = [];
    entry.groups = [];
    entry.offsets = [];
    entry.state = commit ? "CompleteCommit" : "CompleteAbort";
    this.#save(entry);
    return this.#store.publish(touched);
  }

  #storeOffsets({ offsets }: TransactionEntry): void {
    const byGroup = Map.groupBy(offsets, ([group]) => group);
    for (const [group, entries] of byGroup)
      this.#groups.store(
        group,
        entries.map(([, offset]) => offset),
      );
  }

  /**
   * Checks that a transactional batch may be written to a partition now.
   *
   * @throws KafkaError INVALID_TXN_STATE, INVALID_PRODUCER_EPOCH, INVALID_PRODUCER_ID_MAPPING
   */
  checkProduce(header: BatchHeader, topic: string, partition: number): void {
    if (!isTransactional(header)) return;
    const entry = this.#byProducer.get(header.producerId);
    if (entry === undefined) throw new KafkaError("INVALID_PRODUCER_ID_MAPPING");
    if (entry.epoch !== header.producerEpoch) throw new KafkaError("INVALID_PRODUCER_EPOCH");
    if (entry.state !== "Ongoing" || !holds(entry, topic, partition)) {
      throw new KafkaError("INVALID_TXN_STATE", "The partition is not part of the producer's transaction.");
    }
  }

  /** Forgets transactional ids that nobody has used for a week. */
  expire(): void {
    const before = this.#store.now() - EXPIRE_AFTER_MS;
    for (const { transactionalId, producerId, state, updatedMs } of this.#entries.values()) {
      if (state === "Ongoing" || updatedMs >= before) continue;
      this.#store.write({ type: "expire", transactionalId });
      this.#entries.delete(transactionalId);
      this.#byProducer.delete(producerId);
    }
  }

  get(transactionalId: string): TransactionEntry | undefined {
    return this.#entries.get(transactionalId);
  }

  list(): TransactionEntry[] {
    return [...this.#entries.values()];
  }

  /** Takes the transactions over from the journal; carries out what was decided and not done. */
  restore(events: Iterable<TransactionEvent>): void {
    for (const event of events) {
      if (event.type === "ids") this.#nextId = this.#idsUpTo = event.next;
      else if (event.type === "expire") this.#entries.delete(event.transactionalId);
      else this.#entries.set(event.entry.transactionalId, event.entry);
    }
    for (const entry of this.#entries.values()) {
      this.#byProducer.set(entry.producerId, entry);
      for (const [group, offset] of entry.offsets) this.#groups.addPending(group, entry.producerId, [offset]);
      if (entry.state === "PrepareCommit" || entry.state === "PrepareAbort") void this.#complete(entry, true);
      if (entry.state !== "Ongoing") continue;
      this.#watch(entry, Math.max(entry.startedMs + entry.timeoutMs - this.#store.now(), 0));
    }
  }

  *snapshot(): Iterable<TransactionEvent> {
    yield { type: "ids", next: this.#idsUpTo };
    for (const entry of this.#entries.values()) yield { type: "entry", entry };
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}
