/** Reads ranges of offsets: what both streaming batches and batch queries do. */
import type { Batch } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import type { ReadRequest } from "../contract.ts";
import { EARLIEST, type KafkaCluster, LATEST } from "./cluster.ts";
import { DecodePipeline } from "./decode/pipeline.ts";
import type { DecodeThreads } from "./decode/threads.ts";
import { offsetsAt } from "./discovery.ts";
import type { Fetcher, PartitionProblem } from "./fetcher.ts";
import { nameOf, type TopicPartition, valueIn } from "./offsets.ts";
import type { KafkaSourceOptions } from "./source-options.ts";

/** Offsets [position, end) of a partition. */
export interface OffsetRange extends TopicPartition {
  readonly start: number;
  readonly end: number;
}

interface Progress extends OffsetRange {
  position: number;
}

/**
 * The rows of the ranges, in the order of offsets within each partition, as their bytes arrive.
 *
 * @param threads that decode beside this one, when there is much to read
 * @throws SluiceError KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE, KAFKA_DATA_LOSS.PARTITIONS_DELETED
 */
export async function* readRanges(
  cluster: KafkaCluster,
  fetcher: Fetcher,
  options: KafkaSourceOptions,
  ranges: readonly OffsetRange[],
  request: ReadRequest,
  threads: DecodeThreads,
): AsyncGenerator<Batch> {
  const rows = ranges.reduce((n, r) => n + Math.max(0, r.end - r.start), 0);
  const pipeline = new DecodePipeline(threads.leaseFor(request, rows), request);
  let pending: Progress[] = ranges.filter((r) => r.end > r.start).map((r) => ({ ...r, position: r.start }));
  for (const { topic, partition, start, end } of pending) {
    fetcher.position(topic, partition, start);
    fetcher.expect(topic, partition, end);
  }
  fetcher.pump();
  const { clock } = cluster.environment;
  let moved = clock.monotonic();
  while (pending.length > 0 || !pipeline.isEmpty) {
    let advanced = false;
    // Whoever had no room comes first next time.
    let turns = pending.length;
    for (; turns > 0 && pipeline.hasRoom; turns--) {
      const range = pending.shift() as Progress;
      pending.push(range);
      const { topic, partition } = range;
      const chunk = fetcher.chunkAt(topic, partition, range.position);
      if (chunk === undefined) {
        const problem = fetcher.problemOf(topic, partition);
        if (problem !== undefined) {
          await settle(cluster, fetcher, options, range, problem);
          advanced = true;
        }
        continue;
      }
      pipeline.add(chunk, range.position, range.end);
      range.position = Math.min(chunk.nextOffset, range.end);
      fetcher.consumed(topic, partition, range.position);
      advanced = true;
    }
    if (advanced) fetcher.pump();
    pending = pending.filter((r) => r.position < r.end);
    if (!pipeline.isEmpty) {
      yield* pipeline.next();
      advanced = true;
    }
    if (advanced) {
      moved = clock.monotonic();
      continue;
    }
    if (cluster.closed) throw new SluiceError("KAFKA_CLOSED", { what: `read ${pending.map(nameOf).join(", ")}` });
    await waitForChange(cluster, fetcher, options, pending, moved);
  }
}

/** Waits for bytes; gives up on records that should exist and don't come. */
async function waitForChange(
  cluster: KafkaCluster,
  fetcher: Fetcher,
  options: KafkaSourceOptions,
  pending: Progress[],
  moved: number,
): Promise<void> {
  fetcher.pump();
  await fetcher.changed(cluster.signal);
  if (cluster.environment.clock.monotonic() - moved < options.pollTimeoutMs) return;
  for (const range of pending) {
    // Only where the broker answers, and has nothing where records should be; one that is away is waited for.
    if (fetcher.emptyResponses(range.topic, range.partition) < 2) continue;
    await settle(cluster, fetcher, options, range, { kind: "outOfRange", offset: range.position });
  }
}

/** A range that can't be read: an error, or on to what there is, as failOnDataLoss says. */
async function settle(
  cluster: KafkaCluster,
  fetcher: Fetcher,
  options: KafkaSourceOptions,
  range: Progress,
  problem: PartitionProblem,
): Promise<void> {
  if (problem.kind === "failed") throw problem.error;
  const { topic, partition } = range;
  const name = nameOf(range);
  const { log } = cluster.environment;
  if (problem.kind === "missing") {
    if (options.failOnDataLoss) throw new SluiceError("KAFKA_DATA_LOSS.PARTITIONS_DELETED", { partitions: name });
    log.warn(`${name} was deleted; offsets ${range.position} to ${range.end - 1} are lost.`);
    range.position = range.end;
    return;
  }
  const [earliest, latest] = await cluster.retrying("find the offsets there are", () =>
    Promise.all([EARLIEST, LATEST].map((at) => offsetsAt(cluster, options, [range], at))),
  );
  const first = valueIn(earliest, topic, partition);
  const last = valueIn(latest, topic, partition);
  if (options.failOnDataLoss) {
    throw new SluiceError("KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE", {
      topicPartition: name,
      startOffset: range.position,
      endOffset: range.end,
      available: first === undefined ? "no such partition" : `offsets ${first} to ${last}`,
    });
  }
  const next = first !== undefined && first > range.position && first < range.end ? first : range.end;
  log.warn(`Offsets ${range.position} to ${next - 1} of ${name} are lost; Kafka has ${first} to ${last}.`);
  range.position = next;
  fetcher.position(topic, partition, next);
  fetcher.pump();
}
