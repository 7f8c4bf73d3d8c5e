/**
 * Keeps one Fetch under way to each broker that leads a partition in use, and what came back until it is read. A request
 * waits at the broker until there is data, so that a record is here as soon as it exists, and the next batch's bytes
 * travel while the current batch is worked on.
 */
import type { SluiceError } from "../../errors/error.ts";
import {
  BrokerError,
  canRetry,
  ErrorCode,
  isStaleMetadata,
  isTransient,
  reasonOf,
  userError,
} from "./broker-errors.ts";
import type { KafkaCluster } from "./cluster.ts";
import { type FetchedPartition, fetchApi, fetchArguments } from "./fetch.ts";
import { nameOf, type TopicPartition } from "./offsets.ts";
import { type FetchedRecords, holdsRecords, nextOffsetOf } from "./records.ts";

export interface FetcherSettings {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
  readonly readCommitted: boolean;
  /** Bytes that are kept unread, over all partitions. */
  readonly bufferBytesMax: number;
}

/** Why a partition can't be fetched from where it stands. */
export type PartitionProblem =
  | { readonly kind: "outOfRange"; readonly offset: number }
  | { readonly kind: "missing" }
  | { readonly kind: "failed"; readonly error: Error };

interface PartitionState extends TopicPartition {
  /** Where the next fetch begins. */
  fetchOffset: number;
  /** Counts re-positionings, so that answers to older requests are known as such. */
  generation: number;
  chunks: FetchedRecords[];
  bytes: number;
  /** The end of what may be read, by the last response; undefined before the first. */
  end: number | undefined;
  /** Up to where records were seen, as opposed to the marks that end transactions. */
  recordsEnd: number;
  /** Up to where somebody waits for records. */
  needed: number;
  emptyResponses: number;
  problem: PartitionProblem | undefined;
}

/** Unread chunks of one partition, beyond which it waits. */
const CHUNKS_MAX = 16;
const LOG_INTERVAL_MS = 10_000;

export class Fetcher {
  private readonly cluster: KafkaCluster;
  private readonly settings: FetcherSettings;
  private readonly states = new Map<string, PartitionState>();
  private readonly busy = new Set<number>();
  private waiters: (() => void)[] = [];
  private bufferedBytes = 0;
  private backoffMs = 0;
  private toldAt = Number.NEGATIVE_INFINITY;
  private lostAt: number | undefined;
  private refreshing = false;
  private turn = 0;

  constructor(cluster: KafkaCluster, settings: FetcherSettings) {
    this.cluster = cluster;
    this.settings = settings;
  }

  /** Sees to it that the partition is fetched from `offset` on. What is buffered from there on stays. */
  position(topic: string, partition: number, offset: number): void {
    const key = nameOf({ topic, partition });
    const state = this.states.get(key);
    if (state === undefined) {
      const fresh = { topic, partition, fetchOffset: offset, generation: 0, chunks: [], bytes: 0 };
      this.states.set(key, {
        ...fresh,
        end: undefined,
        recordsEnd: 0,
        needed: 0,
        emptyResponses: 0,
        problem: undefined,
      });
      return;
    }
    this.release(state, offset);
    const buffered = state.chunks[0]?.fetchOffset ?? state.fetchOffset;
    if (buffered <= offset && offset <= state.fetchOffset) return;
    state.generation++;
    state.fetchOffset = offset;
    this.release(state, Number.POSITIVE_INFINITY);
    state.problem = undefined;
  }

  /** Somebody waits for the records up to `end`, whatever the last response said. */
  expect(topic: string, partition: number, end: number): void {
    const state = this.states.get(nameOf({ topic, partition }));
    if (state !== undefined) state.needed = end;
  }

  /** How many responses in a row had nothing for the partition. */
  emptyResponses(topic: string, partition: number): number {
    return this.states.get(nameOf({ topic, partition }))?.emptyResponses ?? 0;
  }

  /** Forgets partitions that aren't in `wanted`. */
  retain(wanted: ReadonlySet<string>): void {
    for (const [key, state] of this.states) {
      if (wanted.has(key)) continue;
      this.release(state, Number.POSITIVE_INFINITY);
      state.generation++;
      this.states.delete(key);
    }
  }

  /** Drops chunks that end at or before `offset`. */
  private release(state: PartitionState, offset: number): void {
    while (state.chunks.length > 0 && (state.chunks[0] as FetchedRecords).nextOffset <= offset) {
      const size = (state.chunks.shift() as FetchedRecords).bytes.length;
      state.bytes -= size;
      this.bufferedBytes -= size;
    }
  }

  /** The end of the partition by the last response. */
  endOf(topic: string, partition: number): number | undefined {
    return this.states.get(nameOf({ topic, partition }))?.end;
  }

  /**
   * Whether there may be records from `offset` on. The marks that end transactions take offsets, too, and come by themselves;
   * they aren't worth a batch, unless so many wait to be passed over that they hold up the fetching.
   */
  hasRecords(topic: string, partition: number, offset: number): boolean {
    const state = this.states.get(nameOf({ topic, partition }));
    if (state?.end === undefined || state.end <= offset) return false;
    return state.recordsEnd > offset || state.end > state.fetchOffset || state.chunks.length >= CHUNKS_MAX / 2;
  }

  problemOf(topic: string, partition: number): PartitionProblem | undefined {
    return this.states.get(nameOf({ topic, partition }))?.problem;
  }

  /** The bytes that hold `offset`, once they are here. */
  chunkAt(topic: string, partition: number, offset: number): FetchedRecords | undefined {
    const state = this.states.get(nameOf({ topic, partition }));
    return state?.chunks.find((c) => c.fetchOffset <= offset && offset < c.nextOffset);
  }

  /** Everything before `offset` was read. Where that makes room, `pump` makes use of it. */
  consumed(topic: string, partition: number, offset: number): void {
    const state = this.states.get(nameOf({ topic, partition }));
    if (state !== undefined) this.release(state, offset);
  }

  get bytesBuffered(): number {
    return this.bufferedBytes;
  }

  /** Resolves at the next response or problem, or when `signal` aborts. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener("abort", done);
        resolve();
      };
      if (signal.aborted) return resolve();
      signal.addEventListener("abort", done, { once: true });
      this.waiters.push(done);
    });
  }

  /** Wakes whoever waits in `changed`. */
  wake(): void {
    const waiting = this.waiters;
    this.waiters = [];
    for (const resolve of waiting) resolve();
  }

  /** Sends what can be sent. */
  pump(): void {
    if (this.cluster.closed) return;
    const byLeader = new Map<number, PartitionState[]>();
    let leaderless = false;
    for (const state of this.states.values()) {
      if (state.problem !== undefined) continue;
      const info = this.cluster.known(state.topic)?.partitions.get(state.partition);
      if (info === undefined || info.leader < 0) {
        leaderless = true;
        continue;
      }
      const own = byLeader.get(info.leader);
      if (own === undefined) byLeader.set(info.leader, [state]);
      else own.push(state);
    }
    if (leaderless) void this.refresh();
    for (const [leader, states] of byLeader) if (!this.busy.has(leader)) this.request(leader, states);
  }

  private request(leader: number, states: readonly PartitionState[]): void {
    const { settings } = this;
    const room = settings.bufferBytesMax - this.bufferedBytes;
    // What somebody waits for is fetched also when the buffer is full of what comes after: else neither would ever move.
    const hungry =
      room > 0
        ? states.filter((s) => s.bytes < settings.partitionMaxBytes * 2 && s.chunks.length < CHUNKS_MAX)
        : states.filter((s) => s.chunks.length === 0 && s.needed > s.fetchOffset);
    if (hungry.length === 0) return;
    // While partitions are left out, a request that waits would keep them out: ask only for what is there, and ask
    // again when something was read. Unless somebody waits for these records.
    const leftOut = hungry.length < states.length;
    const isThere = hungry.some((s) => s.chunks.length === 0 && s.end !== s.fetchOffset);
    const isNeeded = hungry.some((s) => s.chunks.length === 0 && s.needed > s.fetchOffset);
    if (leftOut && !isThere && !isNeeded) return;
    const maxWaitMs = leftOut && isThere ? 0 : settings.maxWaitMs;
    this.busy.add(leader);
    const maxBytes = room > 0 ? room : hungry.length * settings.partitionMaxBytes;
    void this.fetch(leader, hungry, maxWaitMs, Math.min(settings.maxBytes, maxBytes)).finally(() => {
      this.busy.delete(leader);
      this.wake();
      this.pump();
    });
  }

  private async fetch(leader: number, states: PartitionState[], maxWaitMs: number, maxBytes: number): Promise<void> {
    const { settings, cluster } = this;
    // Kafka fills a response partition by partition: whoever came last comes first next time.
    const offset = states.length > 1 ? this.turn++ % states.length : 0;
    const turned = [...states.slice(offset), ...states.slice(0, offset)];
    const asked = new Map(
      turned.map((s) => [nameOf(s), { state: s, generation: s.generation, offset: s.fetchOffset }]),
    );
    const topics = [...Map.groupBy(turned, (s) => s.topic)].map(([topic, own]) => ({
      topic,
      partitions: own.map((s) => ({
        partition: s.partition,
        fetchOffset: s.fetchOffset,
        leaderEpoch: cluster.known(topic)?.partitions.get(s.partition)?.leaderEpoch ?? -1,
      })),
    }));
    try {
      const connection = await cluster.broker(leader, "fetch");
      const { minBytes, partitionMaxBytes, readCommitted } = settings;
      const request = { maxWaitMs, minBytes, maxBytes, partitionMaxBytes, readCommitted, topics };
      const response = await fetchApi.async(connection, ...fetchArguments(request));
      if (response.errorCode !== 0) throw new BrokerError(response.errorCode, "Fetch");
      this.recovered();
      let stale = false;
      const free = afterAll(response.partitions.filter((p) => p.records.length > 0).length, response.free);
      for (const part of response.partitions) {
        const entry = asked.get(nameOf(part));
        if (entry === undefined || entry.generation !== entry.state.generation) continue;
        stale = this.accept(entry.state, entry.offset, part, free) || stale;
      }
      if (stale) await this.afterFailure(new BrokerError(ErrorCode.NOT_LEADER_OR_FOLLOWER, "Fetch"));
    } catch (error) {
      if (cluster.closed) return;
      if (isTransient(error)) {
        await this.afterFailure(error);
        return;
      }
      const problem: PartitionProblem = { kind: "failed", error: userError(error, cluster.name) };
      for (const { state } of asked.values()) state.problem = problem;
    }
  }

  /** Takes over one partition's part of a response; true when its leader must be looked up again. */
  private accept(
    state: PartitionState,
    offset: number,
    part: FetchedPartition,
    free: (() => void) | undefined,
  ): boolean {
    if (part.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
      state.problem = { kind: "outOfRange", offset };
      return false;
    }
    if (part.errorCode !== 0) {
      if (isStaleMetadata(part.errorCode) || canRetry(part.errorCode)) return true;
      const error = userError(new BrokerError(part.errorCode, `reading ${nameOf(state)}`), this.cluster.name);
      state.problem = { kind: "failed", error };
      return false;
    }
    state.end = this.settings.readCommitted ? part.lastStableOffset : part.highWatermark;
    state.emptyResponses = part.records.length === 0 ? state.emptyResponses + 1 : 0;
    if (part.records.length === 0) return false;
    const { topic, partition } = state;
    try {
      const nextOffset = nextOffsetOf(topic, partition, part.records, offset);
      const aborted = this.settings.readCommitted ? part.aborted : undefined;
      state.chunks.push({ topic, partition, bytes: part.records, fetchOffset: offset, nextOffset, aborted, free });
      state.bytes += part.records.length;
      this.bufferedBytes += part.records.length;
      state.fetchOffset = nextOffset;
      if (holdsRecords(part.records)) state.recordsEnd = nextOffset;
    } catch (error) {
      state.problem = { kind: "failed", error: error as SluiceError };
    }
    return false;
  }

  private recovered(): void {
    this.backoffMs = 0;
    if (this.lostAt === undefined) return;
    const { clock, log } = this.cluster.environment;
    if (this.toldAt >= this.lostAt) {
      log.info(`Kafka at ${this.cluster.name} answers again, after ${Math.round(clock.monotonic() - this.lostAt)} ms.`);
    }
    this.lostAt = undefined;
  }

  /** Waits a little longer each time, tells why, and asks who leads now. */
  private async afterFailure(error: unknown): Promise<void> {
    const { settings, environment, name } = this.cluster;
    const { clock, log } = environment;
    const now = clock.monotonic();
    this.lostAt ??= now;
    this.backoffMs = Math.min(settings.backoffMaxMs, Math.max(settings.backoffMs, this.backoffMs * 2));
    if (now - this.lostAt >= settings.backoffMs && now - this.toldAt >= LOG_INTERVAL_MS) {
      this.toldAt = now;
      log.warn(`Waiting for Kafka at ${name} to read on: ${reasonOf(error)}.`);
    }
    await clock.sleep(this.backoffMs, this.cluster.signal);
    await this.refresh();
  }

  /** Asks who leads the partitions; those that don't exist any more are marked as missing. */
  private async refresh(): Promise<void> {
    if (this.refreshing || this.cluster.closed) return;
    this.refreshing = true;
    try {
      const found = await this.cluster.refresh([...new Set([...this.states.values()].map((s) => s.topic))]);
      for (const state of this.states.values()) {
        if (found.get(state.topic)?.partitions.has(state.partition) === false || !found.has(state.topic)) {
          state.problem ??= { kind: "missing" };
        }
      }
    } catch (error) {
      if (!this.cluster.closed && !isTransient(error)) {
        const problem: PartitionProblem = { kind: "failed", error: userError(error, this.cluster.name) };
        for (const state of this.states.values()) state.problem ??= problem;
      }
    } finally {
      this.refreshing = false;
      this.wake();
    }
  }
}

/** A function that calls `done` when it was called `count` times. */
function afterAll(count: number, done: (() => void) | undefined): (() => void) | undefined {
  if (done === undefined) return undefined;
  let left = count;
  return () => {
    if (--left === 0) done();
  };
}
