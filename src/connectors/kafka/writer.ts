/**
 * One producer with its transactions: what a batch is written with. An exactly-once sink has several that take turns. After a
 * transaction has ended, its id can't begin another one until brokers have marked all that it wrote, and to begin one takes three
 * requests one after the other: together that is longer than some small batches take. Meanwhile the others work.
 *
 * While batches come one after the other, a writer's next transaction is begun before there is its batch, when the one after its
 * last has ended: the coordinator is told the partitions that the last one wrote to, and the number of the batch. For the batch
 * itself there are only its records to send, and the end. Where the guess was wrong, a partition gets an empty transaction.
 */
import type { Clock } from "../contract.ts";
import { nameOf, type TopicPartition } from "./offsets.ts";
import type { Producer } from "./producer.ts";
import { type CommittedBatch, later, NO_BATCH, type Transactions } from "./transactions.ts";

/** What the coordinator was told of a batch before there were rows. */
interface Ahead {
  readonly batchId: number;
  readonly at: TopicPartition;
  readonly told: Promise<void>;
}

/** A transaction isn't begun ahead where batches take long: it has a time to live. */
const QUICK_MS = 2000;
/** Batches that follow each other as closely as this have their transactions begun before there is a batch. */
const STEADY_MS = 100;
const AHEAD_PARTITIONS_MAX = 64;
/** A transaction that was begun ahead ends when its batch hasn't come for this long, or for a part of its time to live. */
const IDLE_MS = 5000;
const IDLE_PART = 1 / 4;

export class BatchWriter {
  readonly producer: Producer;
  private readonly transactions: Transactions | undefined;
  private readonly clock: Clock;
  private ahead: Ahead | undefined;
  private readonly idleMs: number;
  private idle: NodeJS.Timeout | undefined;
  private dropping: Promise<void> = Promise.resolve();
  /** Partitions that the batch under way has rows for, by name; and those of the batch before, when it was a quick one. */
  private used = new Map<string, TopicPartition>();
  private expected: readonly TopicPartition[] = [];
  private batchId = -1;
  private begunAt = 0;
  private prepared: Promise<boolean> | undefined;

  constructor(producer: Producer, transactions: Transactions | undefined, clock: Clock) {
    this.producer = producer;
    this.transactions = transactions;
    this.clock = clock;
    this.idleMs = Math.min(IDLE_MS, (transactions?.timeoutMs ?? IDLE_MS) * IDLE_PART);
  }

  /** Begins a batch, in the transaction that was begun for it where there is one. */
  async begin(batchId: number): Promise<void> {
    clearTimeout(this.idle);
    await this.dropping;
    this.begunAt = this.clock.monotonic();
    this.batchId = batchId;
    this.prepared = undefined;
    this.used = new Map();
    if (this.ahead?.batchId === batchId) return;
    await this.dropAhead();
    this.beginAhead(batchId);
  }

  /** Sends records; all of them, or what is full. */
  flush(all: boolean): Promise<void> {
    return this.producer.flush(all, (partitions) => this.admit(partitions));
  }

  private async admit(partitions: readonly TopicPartition[]): Promise<void> {
    for (const { topic, partition } of partitions) this.used.set(nameOf({ topic, partition }), { topic, partition });
    // Also for the number: a broker looks the transaction up for records and for a group's offset, and when it has to do both
    // at once it refuses one of them, which is then sent again only after a pause.
    await this.ahead?.told;
    await this.transactions?.addPartitions(partitions);
  }

  /**
   * Everything but the end of the transaction. A batch without rows needs none: there is nothing to be exact about.
   *
   * @returns whether the transaction holds the memo that the batch needs
   */
  prepare(memo?: () => string | undefined): Promise<boolean> {
    this.prepared ??= this.prepareCommit(memo);
    return this.prepared;
  }

  private async prepareCommit(memo: () => string | undefined = () => ""): Promise<boolean> {
    const { transactions, ahead } = this;
    await this.send();
    await ahead?.told;
    const at = ahead?.at ?? this.used.values().next().value;
    if (transactions === undefined || at === undefined) return true;
    const text = memo();
    // A transaction that was begun ahead has the number.
    if (ahead === undefined || (text !== undefined && text !== "")) {
      const isHeld = await this.addMemo(transactions, at, text ?? "");
      if (!isHeld) return false;
    }
    return text !== undefined;
  }

  private async send(): Promise<void> {
    await this.flush(true);
    await this.producer.settled();
  }

  /** Whether the memo is in the transaction now. */
  private async addMemo(transactions: Transactions, at: TopicPartition, memo: string): Promise<boolean> {
    if (!transactions.isAnswered) return false;
    if (await transactions.addBatch(this.batchId, at, memo)) return true;
    await transactions.addBatch(this.batchId, at);
    return false;
  }

  async commit(): Promise<void> {
    await this.prepare();
    if (this.transactions?.begun) await this.transactions.commit(this.batchId);
    this.ahead = undefined;
    const isQuick = this.clock.monotonic() - this.begunAt < QUICK_MS;
    this.expected = isQuick ? [...this.used.values()].slice(0, AHEAD_PARTITIONS_MAX) : [];
  }

  /** Begins the transaction of a batch that this writer will have if batches go on like this. */
  expect(batchId: number): void {
    if (this.ahead !== undefined) return;
    this.beginAhead(batchId);
    // In real time, as brokers count a transaction's time to live.
    this.idle = setTimeout(() => {
      this.dropping = this.dropAhead();
      this.dropping.catch(() => {}); // the next batch meets it
    }, this.idleMs);
    this.idle.unref();
  }

  async abort(): Promise<void> {
    this.expected = [];
    await Promise.allSettled([this.ahead?.told]);
    this.ahead = undefined;
    await this.producer.discard();
    await this.transactions?.abort();
  }

  private beginAhead(batchId: number): void {
    const { transactions, expected } = this;
    if (transactions === undefined || expected.length === 0) return;
    // One after the other: what reaches a coordinator at once is refused, and sent again only after a pause.
    const at = expected[0] as TopicPartition;
    const told = transactions.addPartitions(expected).then(async () => {
      await transactions.addBatch(batchId, at);
    });
    told.catch(() => {}); // whoever needs it gets the failure
    this.ahead = { batchId, at, told };
  }

  /** Ends a transaction that was begun for a batch that doesn't come. */
  private async dropAhead(): Promise<void> {
    const { ahead } = this;
    if (ahead === undefined) return;
    this.ahead = undefined;
    await ahead.told;
    await this.transactions?.drop();
  }

  async close(): Promise<void> {
    clearTimeout(this.idle);
    await Promise.allSettled([this.dropping]);
    await Promise.allSettled([this.dropAhead()]);
    await this.producer.discard();
  }
}

/** The writers of a sink, which take turns. */
export class BatchWriters {
  private readonly writers: readonly BatchWriter[];
  private readonly transactions: readonly Transactions[];
  private readonly others: readonly Transactions[];
  private readonly clock: Clock;
  private committedAt = Number.NEGATIVE_INFINITY;
  private isSteady = false;

  /**
   * @param transactions one for each producer, or none
   * @param others with which the sink may have committed batches at another time
   */
  constructor(
    producers: readonly Producer[],
    transactions: readonly Transactions[],
    others: readonly Transactions[],
    clock: Clock,
  ) {
    this.transactions = transactions;
    this.others = others;
    this.clock = clock;
    this.writers = producers.map((producer, i) => new BatchWriter(producer, transactions[i], clock));
  }

  /** Takes the transactional ids over. Gives the last batch that was committed. */
  async open(): Promise<CommittedBatch> {
    await Promise.all(this.transactions.map((transactions) => transactions.open()));
    // Only now: what an older writer had left open could still have been committed.
    const all = [...this.transactions, ...this.others];
    const last = await Promise.all(all.map((transactions) => transactions.committedBatch()));
    return last.reduce(later, NO_BATCH);
  }

  async begin(batchId: number): Promise<BatchWriter> {
    this.isSteady = this.clock.monotonic() - this.committedAt < STEADY_MS;
    const writer = this.writers[batchId % this.writers.length] as BatchWriter;
    await writer.begin(batchId);
    return writer;
  }

  async commit(writer: BatchWriter, batchId: number): Promise<void> {
    await writer.commit();
    this.committedAt = this.clock.monotonic();
    if (!this.isSteady) return;
    // A coordinator that still waits until the last transaction is marked would refuse the next one; by now it hardly does.
    const count = this.writers.length;
    const ended = count === 1 ? batchId : batchId - 1;
    this.writers[ended % count]?.expect(ended + count);
  }

  async close(): Promise<void> {
    await Promise.all(this.writers.map((writer) => writer.close()));
  }
}
