/**
 * A producer's identity and its transactions. The number of the batch is committed as a group's offset inside the same
 * transaction as the batch's records, so that whoever opens the sink next can ask which batch was the last one in.
 *
 * Requests are of the versions before KIP-890, whose hazard is an end that arrives late and hits the next transaction:
 * after any answer that stayed away the epoch is raised first, so that such a request is refused. With KIP-890's own
 * versions brokers make a transaction wait 20 ms when it follows the last one at once, which small batches do.
 */

import { SluiceError } from "../../errors/error.ts";
import type { ProducerState } from "./batch-builder.ts";
import { BrokerError, ErrorCode, isTransient, reasonOf } from "./broker-errors.ts";
import {
  addOffsetsToTxnV3,
  addPartitionsToTxnV3,
  endTxnV3,
  initProducerIdV4,
  offsetFetchV8,
  txnOffsetCommitV3,
} from "./client.ts";
import type { KafkaCluster } from "./cluster.ts";
import { Coordinator, CoordinatorType } from "./coordinator.ts";
import { nameOf, type TopicPartition } from "./offsets.ts";

/** Characters of a memo: brokers take 4096 of metadata unless told (offset.metadata.max.bytes), and the number stands before it. */
export const MEMO_MAX = 4000;

/** The last batch of a sink, and the text that came with it. */
export interface CommittedBatch {
  /** -1 for none. */
  readonly batchId: number;
  readonly memo: string;
}

export const NO_BATCH: CommittedBatch = { batchId: -1, memo: "" };

/** Waits between tries while the last transaction's markers are still being written. */
const CONCURRENT_WAIT_MS = [1, 2, 5, 10, 20];

export class Transactions {
  readonly id: string;
  readonly group: string;
  private readonly cluster: KafkaCluster;
  /** After which brokers abort a transaction. */
  readonly timeoutMs: number;
  private readonly transactionCoordinator: Coordinator;
  private readonly groupCoordinator: Coordinator;
  private state: ProducerState = { producerId: -1, epoch: -1 };
  private readonly added = new Set<string>();
  private groupAdded = false;
  /** Requests of this transaction without an answer yet. Those that stay without one may still arrive. */
  private unanswered = 0;

  constructor(cluster: KafkaCluster, id: string, group: string, timeoutMs: number) {
    this.cluster = cluster;
    this.id = id;
    this.group = group;
    this.timeoutMs = timeoutMs;
    this.transactionCoordinator = new Coordinator(cluster, CoordinatorType.TRANSACTION, id);
    this.groupCoordinator = new Coordinator(cluster, CoordinatorType.GROUP, group);
  }

  /** Whether all that was told so far has been answered, so that none of it can arrive after what is told next. */
  get isAnswered(): boolean {
    return this.unanswered === 0;
  }

  get producer(): ProducerState {
    return this.state;
  }

  /** True when something was told to the coordinator that has to be ended. */
  get begun(): boolean {
    return this.added.size > 0 || this.groupAdded;
  }

  /** Takes over the transactional id: older writers are fenced, and what they left open is aborted. */
  async open(): Promise<void> {
    await this.initialise({ producerId: -1, epoch: -1 });
  }

  /** The last batch whose transaction was committed. */
  async committedBatch(): Promise<CommittedBatch> {
    return this.asking("find the last committed batch", async () => {
      const connection = await this.groupCoordinator.connection();
      // The client's types want topics; null is the protocol's "all of them".
      const groups = [{ groupId: this.group, memberEpoch: -1, memberId: null, topics: null }];
      const request = groups as unknown as Parameters<typeof offsetFetchV8.createRequest>[0];
      const answer = await this.cluster.call(connection, offsetFetchV8.api, request, true);
      let last = NO_BATCH;
      for (const group of answer.groups) {
        this.groupCoordinator.check(group.errorCode, `offsets of group ${this.group}`);
        for (const topic of group.topics) {
          for (const p of topic.partitions) {
            this.groupCoordinator.check(p.errorCode, `offsets of group ${this.group}`);
            last = later(last, batchIn(p.metadata));
          }
        }
      }
      return last;
    });
  }

  /** Tells the coordinator which partitions the transaction is about to write. */
  async addPartitions(partitions: readonly TopicPartition[]): Promise<void> {
    const fresh = partitions.filter((p) => !this.added.has(nameOf(p)));
    if (fresh.length === 0) return;
    const topics = [...Map.groupBy(fresh, (p) => p.topic)].map(([name, own]) => ({
      name,
      partitions: own.map((p) => p.partition),
    }));
    await this.asking("add partitions to the transaction", async () => {
      const connection = await this.transactionCoordinator.connection();
      const { producerId, epoch } = this.state;
      const request = {
        transactionalId: this.id,
        producerId: BigInt(producerId),
        producerEpoch: epoch,
        verifyOnly: false,
        topics,
      };
      const answer = await this.answered(this.cluster.call(connection, addPartitionsToTxnV3.api, [request]));
      const codes = answer.resultsByTransaction.flatMap((t) =>
        t.topicResults.flatMap((r) => r.resultsByPartition.map((p) => p.partitionErrorCode)),
      );
      // 55 says only that another partition of the request failed.
      const code = codes.find((c) => c !== 0 && c !== 55) ?? codes.find((c) => c !== 0) ?? 0;
      this.transactionCoordinator.check(code, "adding partitions to the transaction");
    });
    for (const p of fresh) this.added.add(nameOf(p));
  }

  /**
   * Puts the batch's number into the transaction, or puts it there anew. `at` may be any partition that exists, the same one for
   * one transaction.
   *
   * @returns false when the memo is longer than the broker takes; then the number isn't there either
   */
  async addBatch(batchId: number, at: TopicPartition, memo = ""): Promise<boolean> {
    if (!this.groupAdded) {
      await this.asking("add the batch's number to the transaction", async () => {
        const connection = await this.transactionCoordinator.connection();
        const id = BigInt(this.state.producerId);
        const { api } = addOffsetsToTxnV3;
        const answer = await this.answered(
          this.cluster.call(connection, api, this.id, id, this.state.epoch, this.group),
        );
        this.transactionCoordinator.check(answer.errorCode, "adding the batch's number");
      });
      this.groupAdded = true;
    }
    const partitions = [
      {
        partitionIndex: at.partition,
        committedOffset: BigInt(batchId + 1),
        committedLeaderEpoch: -1,
        committedMetadata: metadataOf(batchId, memo),
      },
    ];
    return this.asking("commit the batch's number", async () => {
      const connection = await this.groupCoordinator.connection();
      const id = BigInt(this.state.producerId);
      const topics = [{ name: at.topic, partitions }];
      const { api } = txnOffsetCommitV3;
      const answer = await this.answered(
        this.cluster.call(connection, api, this.id, this.group, id, this.state.epoch, -1, "", null, topics),
      );
      const code = answer.topics.flatMap((t) => t.partitions.map((p) => p.errorCode)).find((c) => c !== 0) ?? 0;
      if (code === ErrorCode.OFFSET_METADATA_TOO_LARGE) return false;
      this.groupCoordinator.check(code, "committing the batch's number");
      return true;
    });
  }

  /**
   * Commits. A request without an answer is sent again, to whoever coordinates by then: an end that is told twice has no
   * effect. Then the committed batch number is asked for.
   *
   * @throws SluiceError KAFKA_TRANSACTION_LOST, KAFKA_PRODUCER_FENCED
   */
  async commit(batchId: number): Promise<void> {
    let doubt: unknown;
    await this.asking("commit the transaction", async () => {
      try {
        await this.end(true);
      } catch (error) {
        const isOver = error instanceof BrokerError && error.code === ErrorCode.INVALID_TXN_STATE;
        // What wasn't answered may still be on its way, and must not meet the next transaction.
        if (isOver || !(error instanceof BrokerError)) doubt = error;
        if (!isOver) throw error;
      }
    });
    if (doubt === undefined) this.forget();
    else await this.settle(batchId, doubt);
  }

  /** Makes sure that what was told of a batch's end can have no effect any more, and asks whether the batch is in. */
  private async settle(batchId: number, doubt: unknown): Promise<void> {
    await this.initialise(this.state);
    if ((await this.committedBatch()).batchId >= batchId) return;
    throw new SluiceError("KAFKA_TRANSACTION_LOST", { batchId, reason: reasonOf(doubt) }, { cause: doubt });
  }

  /**
   * Ends the transaction without its records. The epoch is raised: that refuses what may still be on its way, and lets
   * sequence numbers begin anew.
   */
  async abort(): Promise<void> {
    if (!this.begun) return;
    await this.rollBack();
    await this.initialise(this.state);
  }

  /**
   * Ends a transaction that has no records. The epoch is raised only where something may still be on its way: should a coordinator
   * do that, and die before it has answered, the next one would take this writer for a replaced one.
   */
  async drop(): Promise<void> {
    if (!this.begun) return;
    await this.rollBack();
    if (this.isAnswered) this.forget();
    else await this.initialise(this.state);
  }

  private async rollBack(): Promise<void> {
    await this.asking("abort the transaction", async () => {
      try {
        await this.end(false);
      } catch (error) {
        // It ended before, or never began.
        if (!(error instanceof BrokerError) || error.code !== ErrorCode.INVALID_TXN_STATE) throw error;
      }
    });
  }

  private async end(commit: boolean): Promise<void> {
    const connection = await this.transactionCoordinator.connection();
    const id = BigInt(this.state.producerId);
    const { api } = endTxnV3;
    const answer = await this.answered(this.cluster.call(connection, api, this.id, id, this.state.epoch, commit));
    this.transactionCoordinator.check(answer.errorCode, "ending the transaction");
  }

  private async answered<T>(call: Promise<T>): Promise<T> {
    this.unanswered++;
    const answer = await call;
    this.unanswered--;
    return answer;
  }

  private forget(): void {
    this.added.clear();
    this.groupAdded = false;
    this.unanswered = 0;
  }

  /**
   * Raises the epoch of `state`, or takes the id over where it names no producer. With an open transaction brokers below
   * transaction.version 2 would raise the epoch to abort it, and then refuse the one that they are told; and they abort
   * whatever is open without a look at the epoch, also a newer writer's transaction. So ours has ended before.
   */
  private async initialise(state: ProducerState): Promise<void> {
    const answer = await this.asking("take over the transactional id", async () => {
      const connection = await this.transactionCoordinator.connection();
      const { api } = initProducerIdV4;
      const id = BigInt(state.producerId);
      const found = await this.cluster.call(connection, api, this.id, this.timeoutMs, id, state.epoch);
      this.transactionCoordinator.check(found.errorCode, `transactional id ${this.id}`);
      return found;
    });
    this.state = { producerId: Number(answer.producerId), epoch: answer.producerEpoch };
    this.forget();
  }

  /** Tries again while that helps; turns a fencing into its own error. */
  private async asking<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    let attempts = 0;
    return this.cluster.retrying(what, async () => {
      for (;;) {
        try {
          return await attempt();
        } catch (error) {
          if (error instanceof BrokerError && error.code === ErrorCode.CONCURRENT_TRANSACTIONS) {
            await this.pause(attempts++);
            continue;
          }
          if (isTransient(error)) this.forgetCoordinators();
          throw isFencing(error) ? this.fenced(error) : error;
        }
      }
    });
  }

  private forgetCoordinators(): void {
    this.transactionCoordinator.forget();
    this.groupCoordinator.forget();
  }

  private fenced(cause: unknown): SluiceError {
    return new SluiceError("KAFKA_PRODUCER_FENCED", { transactionalId: this.id }, { cause });
  }

  private async pause(attempt: number): Promise<void> {
    if (this.cluster.closed) throw new SluiceError("KAFKA_CLOSED", { what: "end a transaction" });
    const ms = CONCURRENT_WAIT_MS[Math.min(attempt, CONCURRENT_WAIT_MS.length - 1)] as number;
    await this.cluster.environment.clock.sleep(ms, this.cluster.signal);
  }
}

/** A newer writer has taken over, or the broker has given the transaction up. */
export function isFencing(error: unknown): boolean {
  if (!(error instanceof BrokerError)) return false;
  return error.code === ErrorCode.PRODUCER_FENCED || error.code === ErrorCode.INVALID_PRODUCER_EPOCH;
}

function metadataOf(batchId: number, memo: string): string {
  const number = JSON.stringify({ batchId });
  return memo === "" ? number : `${number}\n${memo}`;
}

function batchIn(metadata: string | null | undefined): CommittedBatch {
  const match = /^\{"batchId":(\d{1,15})\}(?:\n(.*))?$/s.exec(metadata ?? "");
  return match === null ? NO_BATCH : { batchId: Number(match[1]), memo: match[2] ?? "" };
}

export function later(a: CommittedBatch, b: CommittedBatch): CommittedBatch {
  return b.batchId > a.batchId ? b : a;
}
