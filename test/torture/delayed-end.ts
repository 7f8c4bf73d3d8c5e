/**
 * A commit that arrives late. The proxy keeps an EndTxn back and cuts the connection; the sink sends it again, asks whether
 * its batch is in, and goes on; then the broker gets the old EndTxn. If that could end the transaction that is open by then, half a
 * batch would be committed, or one that is aborted afterwards.
 */
import { setTimeout as wait } from "node:timers/promises";
import { batchFromRows } from "../../src/columns/rows.ts";
import type { Environment, Sink } from "../../src/connectors/contract.ts";
import { kafkaSink } from "../../src/connectors/kafka/sink.ts";
import { OptionMap } from "../../src/connectors/options.ts";
import { systemClock } from "../../src/embedded/clock.ts";
import { field, STRING, struct } from "../../src/types/types.ts";
import { readTopic } from "./kcat.ts";
import { ApiKey, KafkaProxy } from "./proxy.ts";
import { createTopics } from "./topics.ts";

export interface DelayedEndRequest {
  /** Of one broker. */
  readonly broker: string;
  /** A topic that isn't there yet. */
  readonly topic: string;
  readonly trials: number;
  readonly random: () => number;
}

export interface DelayedEndReport {
  readonly trials: number;
  /** Released requests by the error code they were answered with; -1 where the broker gave no answer. */
  readonly answers: Readonly<Record<string, number>>;
  readonly attemptsCommitted: number;
  readonly attemptsAborted: number;
  /** Attempts that were committed and aren't there, or only in part, or with rows that came twice. */
  readonly lost: number;
  readonly torn: number;
  readonly duplicated: number;
  /** Attempts that were not committed and can be read all the same. */
  readonly abortedSeen: number;
}

const PARTITIONS = 2;
/** So many rows of that size are sent in several requests, the first of them before the batch's end. */
const ROWS_A_BATCH = 400;
const ROW_BYTES = 100;
const BATCH_SIZE = 16 << 10;
const RACE_MS_MAX = 10;
const schema = struct(field("value", STRING));

/** Numbers of batches, each with a letter for its attempt; what became of each attempt. */
class Attempts {
  readonly committed = new Set<string>();
  readonly aborted = new Set<string>();
  private readonly sink: Sink;
  private next = 0;

  constructor(sink: Sink) {
    this.sink = sink;
  }

  /** Opens a transaction and writes the first part of the batch: its rows are on their way to the broker. */
  async begin(batchId: number) {
    const name = `${batchId}/${this.next++}`;
    this.aborted.add(name);
    const batch = await this.sink.begin(batchId);
    const write = (from: number, to: number) => {
      const rows = Array.from({ length: to - from }, (_, i) => [`${name}/${from + i}/`.padEnd(ROW_BYTES, ".")]);
      return batch.write(batchFromRows([STRING], rows));
    };
    await write(0, ROWS_A_BATCH / 2);
    return {
      commit: async () => {
        await write(ROWS_A_BATCH / 2, ROWS_A_BATCH);
        await batch.commit();
        this.aborted.delete(name);
        this.committed.add(name);
      },
      abort: () => batch.abort(),
    };
  }
}

export async function runDelayedEnds(request: DelayedEndRequest): Promise<DelayedEndReport> {
  const { broker, topic, trials, random } = request;
  await createTopics(broker, [topic], PARTITIONS);
  const proxy = await KafkaProxy.start(broker);
  const stopping = new AbortController();
  const sink = await sinkThrough(proxy, topic, stopping.signal);
  try {
    await sink.open();
    const attempts = new Attempts(sink);
    const answers: Record<string, number> = {};
    let batchId = 0;
    for (let trial = 0; trial < trials; trial++) {
      // Released at once, or nearly, it races the second one; otherwise it meets the next transaction.
      const races = trial % 4 === 3;
      const first = await attempts.begin(batchId);
      const holding = proxy.hold(ApiKey.END_TXN);
      const committing = first.commit();
      const held = await holding;
      const racing = races ? wait(random() * RACE_MS_MAX).then(() => held.release()) : undefined;
      await committing;
      batchId++;
      const second = await attempts.begin(batchId);
      const answer = await (racing ?? held.release());
      // After the correlation id and the tagged fields: throttle time, error code.
      const code = answer.length < 7 ? -1 : answer.readInt16BE(5);
      answers[code] = (answers[code] ?? 0) + 1;
      if (random() < 0.5) {
        await second.abort();
        await (await attempts.begin(batchId)).commit();
      } else await second.commit();
      batchId++;
    }
    return { trials, answers, ...(await verdict(broker, topic, attempts)) };
  } finally {
    stopping.abort();
    await sink.close();
    await proxy.close();
  }
}

function sinkThrough(proxy: KafkaProxy, topic: string, signal: AbortSignal): Promise<Sink> {
  const options = new OptionMap();
  options.set("kafka.bootstrap.servers", proxy.bootstrapServers);
  options.set("kafka.batch.size", String(BATCH_SIZE));
  options.set("topic", topic);
  // Soon enough to race the one that was held back.
  options.set("kafka.retry.backoff.ms", "1");
  const environment: Environment = {
    clock: systemClock,
    log: { info() {}, warn() {}, error() {} },
    timeZone: "UTC",
    signal,
  };
  return kafkaSink.create(
    {
      options,
      path: undefined,
      schema,
      outputMode: "append",
      queryId: topic,
      queryName: undefined,
      partitionBy: [],
      saveMode: "append",
      streaming: true,
    },
    environment,
  );
}

async function verdict(broker: string, topic: string, { committed, aborted }: Attempts) {
  const rows = new Map<string, Map<string, number>>();
  await readTopic(broker, topic, "read_committed", ({ value }) => {
    const [batch, attempt, row] = value.split("/") as [string, string, string];
    const name = `${batch}/${attempt}`;
    const times = rows.get(name) ?? new Map<string, number>();
    rows.set(name, times);
    times.set(row, (times.get(row) ?? 0) + 1);
  });
  const names = [...committed];
  return {
    attemptsCommitted: committed.size,
    attemptsAborted: aborted.size,
    lost: names.filter((name) => !rows.has(name)).length,
    torn: names.filter((name) => rows.has(name) && rows.get(name)?.size !== ROWS_A_BATCH).length,
    duplicated: names.filter((name) => [...(rows.get(name)?.values() ?? [])].some((times) => times > 1)).length,
    abortedSeen: [...rows.keys()].filter((name) => !committed.has(name)).length,
  };
}
