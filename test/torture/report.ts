/** What each of the runs has to show, and how it is told. */
import type { ClusterReport } from "./cluster.ts";
import type { DelayedEndReport } from "./delayed-end.ts";
import type { KillsReport } from "./kills.ts";
import { QUERIES } from "./pipeline.ts";
import type { Findings } from "./sinks.ts";
import type { Verdict } from "./tally.ts";
import type { ZombieReport } from "./zombie.ts";

/** Longest time without a committed batch while a node of Kafka dies or restarts. */
export const STALL_MS_MAX = 30_000;

export interface Told {
  /** A line for people. */
  readonly text: string;
  /** What is wrong; empty when all is as it must be. */
  readonly problems: readonly string[];
}

export function toldOfKills(report: KillsReport): Told {
  const { sink, records, kills, killsAtWork, resumeMs, endedBeforeResume, seconds, notes, late } = report;
  const ms = (part: number): string => `${Math.round(quantile(resumeMs, part))} ms`;
  const text = [
    `${sink}: ${kills} kills, ${killsAtWork} of them after a batch and with work left; ${records} records; ${counts(report)}`,
    ...notes,
    `first batch of all queries after the process's start: median ${ms(0.5)}, p99 ${ms(0.99)} (${endedBeforeResume} lives ended before)`,
    `${seconds.toFixed(0)} s`,
  ].join("; ");
  const problems = problemsOf(report);
  if (late > 0) problems.push(`${late} rows were dropped as late, which none is`);
  // Otherwise the test would be of starts alone.
  if (killsAtWork < kills / 5) problems.push(`only ${killsAtWork} of ${kills} kills came while there was work`);
  return { text, problems };
}

export function toldOfZombies({ trials, refused, endedWith, zombieRows, abortedRows, verdicts }: ZombieReport): Told {
  const problems = verdicts.flatMap((verdict, i) => faults(`trial ${i}`, verdict));
  if (refused !== trials) problems.push(`${trials - refused} second starts on a held checkpoint were not refused`);
  if (zombieRows > 0) problems.push(`${zombieRows} rows of replaced writers were committed`);
  // On a shared checkpoint the successor's offset log is what a writer that stopped between two batches meets first.
  // On the same checkpoint, without its lock, a writer may also find that files it was writing are its successor's now.
  const ends = ["KAFKA_PRODUCER_FENCED", "CONCURRENT_STREAM_LOG_UPDATE", "CHECKPOINT_IO_ERROR"];
  const fenced = ends.reduce((n, condition) => n + (endedWith[condition] ?? 0), 0);
  if (fenced !== trials) problems.push(`not every replaced writer was fenced: ${JSON.stringify(endedWith)}`);
  const text = [
    `${trials} writers stopped and replaced: ended with ${JSON.stringify(endedWith)}`,
    `${refused} second starts refused while the first held its checkpoint`,
    `${abortedRows} rows of open transactions aborted, ${zombieRows} rows committed after the replacement`,
    sums(verdicts),
  ].join("; ");
  return { text, problems };
}

export function toldOfDelayedEnds(report: DelayedEndReport): Told {
  const { trials, answers, attemptsCommitted, attemptsAborted } = report;
  const faulty = (["lost", "torn", "duplicated", "abortedSeen"] as const).filter((kind) => report[kind] > 0);
  const problems = faulty.map((kind) => `${kind}: ${report[kind]}`);
  const released = Object.values(answers).reduce((sum, n) => sum + n, 0);
  if (released !== trials) problems.push(`only ${released} of ${trials} old requests were released`);
  const text = [
    `${trials} commits held back; answers to them by error code ${JSON.stringify(answers)}`,
    `${attemptsCommitted} batches committed, ${attemptsAborted} attempts aborted`,
    `torn ${report.torn}, lost ${report.lost}, duplicated ${report.duplicated}, aborted seen ${report.abortedSeen}`,
  ].join("; ");
  return { text, problems };
}

export function toldOfCluster(report: ClusterReport): Told {
  const { records, kills, restarts, longestGapMs, seconds, notes } = report;
  const problems = problemsOf(report);
  if (longestGapMs > STALL_MS_MAX) problems.push(`no batch for ${Math.round(longestGapMs)} ms`);
  const text = [
    `${kills} leaders killed, ${restarts} starts of nodes; ${records} records; ${counts(report)}`,
    ...notes,
    `longest time between two batches ${(longestGapMs / 1000).toFixed(1)} s`,
    `${seconds.toFixed(0)} s`,
  ].join("; ");
  return { text, problems };
}

function counts(findings: Findings): string {
  const verdicts = QUERIES.map((name) => findings.verdicts[name]);
  return `${sums(verdicts)}, aborted seen ${findings.abortedSeen}`;
}

function sums(verdicts: readonly Verdict[]): string {
  const sum = (of: (verdict: Verdict) => number): number => verdicts.reduce((n, verdict) => n + of(verdict), 0);
  return `rows ${sum((v) => v.seen)}, lost ${sum((v) => v.lost)}, duplicated ${sum((v) => v.duplicated)}, wrong ${sum((v) => v.wrong)}`;
}

function problemsOf(findings: Findings): string[] {
  const problems = QUERIES.flatMap((name) => faults(name, findings.verdicts[name]));
  if (findings.abortedSeen > 0) problems.push(`${findings.abortedSeen} aborted records were seen`);
  return problems;
}

function faults(what: string, { expected, seen, lost, duplicated, wrong, examples }: Verdict): string[] {
  if (lost === 0 && duplicated === 0 && wrong === 0 && seen === expected) return [];
  const kinds = `lost ${lost}, duplicated ${duplicated}, wrong ${wrong}; ${seen} rows instead of ${expected}`;
  return [`${what}: ${kinds}: ${examples.join("; ")}`];
}

/** The value that the given part of an ascending list doesn't exceed. */
function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}
