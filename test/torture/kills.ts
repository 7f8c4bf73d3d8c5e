/**
 * Kills the pipeline at random, again and again, while input keeps coming, and then counts what is in its sink.
 *
 * Each life gets its share of the input as it starts, so that there is work for all of it. Every other kill comes so many
 * milliseconds after the program begins to start its queries, the others so long after its first batch: in recovery, in a
 * batch, between two, however fast the machine is.
 */
import { setTimeout as wait } from "node:timers/promises";
import { drain } from "./drain.ts";
import { feed } from "./feed.ts";
import { TopicWriter } from "./kcat.ts";
import { QUERIES, type Settings } from "./pipeline.ts";
import type { Findings, SinkUnderTest } from "./sinks.ts";
import { createTopics, INPUT_PARTITIONS } from "./topics.ts";
import { Victim } from "./victim.ts";

export interface KillsRequest {
  /** Of the Kafka with the input. */
  readonly brokers: string;
  readonly topic: string;
  readonly sink: SinkUnderTest;
  readonly records: number;
  readonly kills: number;
  /** Checkpoints are kept below it. */
  readonly folder: string;
  readonly random: () => number;
}

export interface KillsReport extends Findings {
  readonly sink: string;
  readonly records: number;
  readonly kills: number;
  /** Of the kills: those after a batch, with records left to be processed. */
  readonly killsAtWork: number;
  /** Rows dropped as late: the input has none that should be. */
  readonly late: number;
  /** Milliseconds from the start of the process to the first batch that was committed by all queries, ascending. */
  readonly resumeMs: readonly number[];
  /** Lives that were ended before that. */
  readonly endedBeforeResume: number;
  readonly seconds: number;
}

const KILL_AFTER_MS = { min: 50, max: 1500 };
/** Batches that a life's share of the input makes. */
const BATCHES_A_LIFE = 15;

export async function runKills(request: KillsRequest): Promise<KillsReport> {
  const { brokers, topic, sink, records, kills, folder, random } = request;
  const started = performance.now();
  const share = Math.ceil(records / kills);
  await createTopics(brokers, [topic], INPUT_PARTITIONS);
  const settings: Settings = {
    source: { brokers, topic },
    sink: sink.settings,
    queries: QUERIES,
    folder,
    batchRows: Math.max(200, Math.round(share / BATCHES_A_LIFE)),
    untilDone: false,
  };
  await using input = new TopicWriter(brokers, topic);
  const lives: Life[] = [];
  try {
    for (let i = 0; i < kills; i++) {
      await using victim = new Victim(settings);
      const feeding = feed(input, i * share, Math.min(records, (i + 1) * share));
      const { min, max } = KILL_AFTER_MS;
      const begun = i % 2 === 0 ? "loaded" : "batch";
      await victim.until((event) => event.kind === begun);
      lives.push(await endIn(victim, min + random() * (max - min)));
      await feeding;
    }
    await input.end();
    const rest = (await drain(settings, records)).map(lifeOf);
    const all = [...lives, ...rest];
    const resumed = all.map(resumeMsOf).filter((ms) => ms !== undefined);
    return {
      ...(await sink.findings()),
      sink: sink.name,
      records,
      kills,
      killsAtWork: lives.filter(({ queries }, i) =>
        queries.some((q) => q.position < Math.min(records, (i + 1) * share)),
      ).length,
      late: all.reduce((sum, life) => sum + life.late, 0),
      resumeMs: resumed.sort((a, b) => a - b),
      endedBeforeResume: all.length - resumed.length,
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    await sink.close();
  }
}

interface Life {
  /** Of the queries that ran a batch: milliseconds to the first one, and the input's position after the last. */
  readonly queries: readonly { readonly firstMs: number; readonly position: number }[];
  readonly late: number;
}

/** Kills the victim in so many milliseconds. */
async function endIn(victim: Victim, ms: number): Promise<Life> {
  await Promise.race([wait(ms), victim.ended]);
  victim.signal("SIGKILL");
  const end = await victim.ended;
  if (end !== "SIGKILL") throw new Error(`The program ended with ${end} by itself.\n${victim.story()}`);
  return lifeOf(victim);
}

function lifeOf({ events }: Victim): Life {
  const batches = events.filter((event) => event.kind === "batch");
  const own = [...Map.groupBy(batches, (batch) => batch.query).values()];
  const queries = own.map((of) => ({ firstMs: of[0].atMs, position: of.at(-1)?.position ?? 0 }));
  return { queries, late: batches.reduce((sum, batch) => sum + batch.late, 0) };
}

function resumeMsOf({ queries }: Life): number | undefined {
  return queries.length === QUERIES.length ? Math.max(...queries.map((query) => query.firstMs)) : undefined;
}
