/**
 * A writer that is stopped (SIGSTOP) for longer than its transaction may take, replaced, and then goes on as if nothing
 * had happened.
 *
 * While it is only stopped, it holds its checkpoint: a second start there is refused. A replacement is started as it
 * could be by mistake: on a copy of the checkpoint, as on another machine, or after somebody removed the lock.
 */
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { feed, writeLast } from "./feed.ts";
import { expectedOf } from "./input.ts";
import { readTopic, TopicWriter } from "./kcat.ts";
import type { Settings } from "./pipeline.ts";
import { Tally, type Verdict } from "./tally.ts";
import { createTopics, INPUT_PARTITIONS, OUTPUT_PARTITIONS } from "./topics.ts";
import { Victim } from "./victim.ts";

export type TakeOver = "copied checkpoint" | "removed lock";

export interface ZombieRequest {
  readonly brokers: string;
  readonly trials: number;
  readonly folder: string;
  /** Begins the names of the topics; nothing else may use it. */
  readonly prefix: string;
  readonly random: () => number;
}

export interface ZombieReport {
  readonly trials: number;
  /** Second starts that were refused while the first was stopped. */
  readonly refused: number;
  /** What the first writers ended with, counted. */
  readonly endedWith: Readonly<Record<string, number>>;
  /** Rows of a first writer that came after its successor's first one in their partition. */
  readonly zombieRows: number;
  /** Rows of aborted transactions in the log: those that first writers had open. */
  readonly abortedRows: number;
  readonly verdicts: readonly Verdict[];
}

const RECORDS = 6000;
const BATCH_ROWS = 250;
const TRANSACTION_TIMEOUT_MS = 1500;

export async function runZombies(request: ZombieRequest): Promise<ZombieReport> {
  const { brokers, trials, prefix } = request;
  const input = `${prefix}-in`;
  await createTopics(brokers, [input], INPUT_PARTITIONS);
  await fill(brokers, input);
  const endedWith: Record<string, number> = {};
  const verdicts: Verdict[] = [];
  let refused = 0;
  let zombieRows = 0;
  let abortedRows = 0;
  for (let trial = 0; trial < trials; trial++) {
    const output = `${prefix}-out-${trial}`;
    await createTopics(brokers, [output], OUTPUT_PARTITIONS);
    const takeOver = trial % 2 === 0 ? "copied checkpoint" : "removed lock";
    const told = await oneTrial(request, input, output, trial, takeOver);
    if (told.refused) refused++;
    endedWith[told.ending] = (endedWith[told.ending] ?? 0) + 1;
    const found = await judge(brokers, output);
    zombieRows += found.zombieRows;
    abortedRows += found.abortedRows;
    verdicts.push(found.verdict);
  }
  return { trials, refused, endedWith, zombieRows, abortedRows, verdicts };
}

async function fill(brokers: string, topic: string): Promise<void> {
  await using writer = new TopicWriter(brokers, topic);
  await feed(writer, 0, RECORDS);
  await writer.end();
  await writeLast(brokers, topic, RECORDS);
}

async function oneTrial(request: ZombieRequest, input: string, output: string, trial: number, takeOver: TakeOver) {
  const { brokers, random } = request;
  const folder = join(request.folder, `zombie-${trial}`);
  await mkdir(folder);
  const settings: Settings = {
    source: { brokers, topic: input },
    sink: {
      format: "kafka",
      target: { every: output, windows: "", distinct: "" },
      options: {
        "kafka.bootstrap.servers": brokers,
        "kafka.transaction.timeout.ms": String(TRANSACTION_TIMEOUT_MS),
      },
    },
    queries: ["every"],
    folder,
    batchRows: BATCH_ROWS,
    untilDone: true,
  };
  await using first = new Victim({ ...settings, writer: "first" });
  const batches = 1 + Math.floor(random() * 8);
  await first.until((event) => event.kind === "batch" && event.batchId >= batches);
  await wait(random() * 10);
  first.signal("SIGSTOP");

  const refused = await isRefused({ ...settings, writer: "refused" });
  await wait(TRANSACTION_TIMEOUT_MS * 1.2);
  const ground = await takenOver(folder, takeOver);
  await using second = new Victim({ ...settings, folder: ground, writer: "second" });
  await second.until((event) => event.kind === "batch" && event.batchId > batches + 1);
  first.signal("SIGCONT");
  const code = await first.ended;
  const failure = first.events.find((event) => event.kind === "failed");
  await second.done();
  return { refused, ending: failure?.conditions.at(-1) ?? `code ${code}` };
}

async function isRefused(settings: Settings): Promise<boolean> {
  await using another = new Victim(settings);
  const code = await another.ended;
  return code === 3 && another.events.some((e) => e.kind === "failed" && e.conditions.includes("CHECKPOINT_LOCKED"));
}

async function takenOver(folder: string, how: TakeOver): Promise<string> {
  if (how === "copied checkpoint") {
    await cp(folder, `${folder}-copy`, { recursive: true });
    return `${folder}-copy`;
  }
  await rm(join(folder, "checkpoint-every", ".sluice.lock"));
  return folder;
}

async function judge(brokers: string, topic: string) {
  const tally = new Tally(expectedOf(RECORDS).every);
  const replaced = new Set<number>();
  let zombieRows = 0;
  await readTopic(brokers, topic, "read_committed", ({ partition, writer, value }) => {
    tally.add(value);
    if (writer === "second") replaced.add(partition);
    else if (writer !== "first" || replaced.has(partition)) zombieRows++;
  });
  let written = 0;
  await readTopic(brokers, topic, "read_uncommitted", () => written++);
  return { verdict: tally.verdict(), zombieRows, abortedRows: written - tally.count };
}
