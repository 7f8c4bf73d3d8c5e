/** What a query reports after each batch: Spark's StreamingQueryProgress, field for field; additions stand under `ext`. */
import type { Guarantee } from "../../connectors/contract.ts";
import type { EventTimeStats, StateOperatorProgress } from "../operators/contract.ts";

export interface SourceReport {
  readonly description: string;
  readonly startOffset: string;
  readonly endOffset: string;
  readonly latestOffset: string | undefined;
  readonly numInputRows: number;
  readonly metrics: Readonly<Record<string, string>>;
}

export interface BatchReport {
  readonly id: string;
  readonly runId: string;
  readonly name: string | undefined;
  /** Milliseconds. */
  readonly triggerStart: number;
  readonly triggerEnd: number;
  /** Of the batch before; undefined for the first of a run. */
  readonly lastTriggerStart: number | undefined;
  readonly batchId: number;
  readonly durationMs: ReadonlyMap<string, number>;
  readonly watermarkMs: number;
  readonly eventTimes: readonly EventTimeStats[];
  readonly stateOperators: readonly StateOperatorProgress[];
  readonly sources: readonly SourceReport[];
  readonly sink: {
    readonly description: string;
    readonly numOutputRows: number;
    readonly metrics: Readonly<Record<string, string>>;
  };
  readonly observed: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly guarantee: Guarantee;
  /** Why, when it is at-least-once. */
  readonly guaranteeNote: string | undefined;
  /** Records that this batch wrote to side outputs; undefined where there are none. */
  readonly beside: { readonly deadLetters?: number; readonly lateRowsWritten?: number };
  /** Records that were not as their schema says. */
  readonly badRecords: number;
  /** Milliseconds from a record's timestamp to the commit of its batch: a sample of the batch's records. */
  readonly latenciesMs: readonly number[];
}

export function progressJson(report: BatchReport): string {
  const { triggerStart, triggerEnd, lastTriggerStart } = report;
  const inputSeconds =
    lastTriggerStart === undefined ? Number.POSITIVE_INFINITY : (triggerStart - lastTriggerStart) / 1000;
  const processSeconds = (triggerEnd - triggerStart) / 1000;
  const rates = (rows: number) => ({
    inputRowsPerSecond: rate(rows, inputSeconds),
    processedRowsPerSecond: rate(rows, processSeconds),
  });
  const numInputRows = report.sources.reduce((n, s) => n + s.numInputRows, 0);
  return JSON.stringify(
    {
      id: report.id,
      runId: report.runId,
      name: report.name ?? null,
      timestamp: isoTime(triggerStart),
      batchId: report.batchId,
      batchDuration: Math.round(report.durationMs.get("triggerExecution") ?? triggerEnd - triggerStart),
      numInputRows,
      ...rates(numInputRows),
      durationMs: sorted([...report.durationMs].map(([k, ms]) => [k, Math.round(ms)])),
      eventTime: eventTime(report),
      stateOperators: report.stateOperators,
      sources: report.sources.map((s) => ({
        description: s.description,
        startOffset: offsetJson(s.startOffset),
        endOffset: offsetJson(s.endOffset),
        latestOffset: offsetJson(s.latestOffset),
        numInputRows: s.numInputRows,
        ...rates(s.numInputRows),
        metrics: nonEmpty(sorted(Object.entries(s.metrics))),
      })),
      sink: {
        description: report.sink.description,
        numOutputRows: report.sink.numOutputRows,
        metrics: nonEmpty(sorted(Object.entries(report.sink.metrics))),
      },
      observedMetrics: nonEmpty(sorted([...report.observed])),
      ext: extensions(report),
    },
    // Only there can it be needed, and it is called for every value.
    report.observed.size > 0 ? jsonValue : undefined,
  );
}

/** 64-bit values of observed metrics. */
function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value !== "bigint") return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function extensions(report: BatchReport): unknown {
  const late = report.stateOperators.reduce((n, s) => n + s.numRowsDroppedByWatermark, 0);
  return {
    guarantee: report.guarantee,
    guaranteeNote: report.guaranteeNote,
    lateRows: late,
    badRecords: report.badRecords,
    ...report.beside,
    stateBytes: report.stateOperators.reduce((n, s) => n + s.memoryUsedBytes, 0),
    latencyMs: report.latenciesMs.length === 0 ? undefined : percentiles(report.latenciesMs),
  };
}

function percentiles(values: readonly number[]): { p50: number; p99: number; max: number } {
  const ordered = [...values].sort((a, b) => a - b);
  const at = (q: number) => ordered[Math.min(ordered.length - 1, Math.floor(q * ordered.length))];
  return { p50: at(0.5), p99: at(0.99), max: ordered[ordered.length - 1] };
}

function eventTime(report: BatchReport): Record<string, string> | undefined {
  const [first] = report.eventTimes;
  if (first === undefined) return undefined;
  const watermark = isoTime(report.watermarkMs);
  if (first.count === 0) return { watermark };
  const time = (us: number) => isoTime(Math.floor(us / 1000));
  return { avg: time(first.sumUs / first.count), max: time(first.maxUs), min: time(first.minUs), watermark };
}

/** One decimal, half up; left out when it is no number. */
function rate(rows: number, seconds: number): number | undefined {
  const value = rows / seconds;
  return Number.isFinite(value) ? Math.floor(value * 10 + 0.5) / 10 : undefined;
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function offsetJson(offset: string | undefined): unknown {
  if (offset === undefined) return null;
  try {
    return JSON.parse(offset);
  } catch {
    return offset;
  }
}

function sorted<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function nonEmpty<T extends object>(object: T): T | undefined {
  return Object.keys(object).length === 0 ? undefined : object;
}
