/**
 * What the page is sent over its one event stream (`GET /api/events`, server-sent events): a `snapshot` first, then a
 * `tick` at most twice a second. All times are milliseconds since 1970.
 */

export interface DeviceView {
  readonly device: string;
  readonly site: string;
  readonly model: string;
}

/** The newest reading of a device. */
export interface LatestReading {
  readonly device: string;
  readonly timeMs: number;
  readonly temperature: number;
  readonly humidity: number;
  readonly battery: number;
  readonly status: string;
}

/** One site's average over one window. A later point of the same site and window replaces it. */
export interface AveragePoint {
  readonly site: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly count: number;
  readonly average: number;
  readonly min: number;
  readonly max: number;
}

/** A reading that stands out. `z` counts standard deviations from the device's rolling mean. */
export interface Flag {
  readonly device: string;
  readonly site: string;
  readonly timeMs: number;
  readonly value: number;
  readonly mean: number;
  readonly z: number;
}

/** What the simulator did on purpose, for comparison with the flags. A snapshot keeps spikes longer than the rest. */
export interface InjectedEvent {
  readonly device: string;
  readonly timeMs: number;
  readonly kind: "spike" | "late" | "duplicate" | "malformed";
}

/** One streaming query as the page shows it; from its progress. */
export interface QueryView {
  readonly id: string;
  readonly name: string;
  readonly active: boolean;
  readonly message: string;
  readonly batchId: number;
  readonly inputRowsPerSecond: number;
  readonly processedRowsPerSecond: number;
  readonly batchDurationMs: number;
  readonly watermarkMs: number | null;
  readonly stateRows: number;
  readonly lateRowsDropped: number;
  readonly error: string | null;
}

export interface Totals {
  /** Messages acknowledged by the broker. */
  readonly produced: number;
  /** Messages that have come out at the end of the pipeline, malformed ones included. */
  readonly delivered: number;
  /** Sent ten seconds ago or earlier and still not delivered. */
  readonly lost: number;
  readonly malformed: number;
  readonly lateDropped: number;
  readonly duplicatesDropped: number;
  /** Produced, over the last few seconds. */
  readonly messagesPerSecond: number;
  readonly injected: Readonly<Record<InjectedEvent["kind"], number>>;
  readonly flagged: number;
  /** Injected spikes that were flagged, of those old enough to be. */
  readonly spikesFound: number;
  readonly spikesDue: number;
}

/** Milliseconds from sending a message to having it here, over the last ten seconds; null before the first. */
export interface Latency {
  readonly p50: number | null;
  readonly p99: number | null;
}

/** One point of the history that the sparklines draw; a tick carries the same numbers as its newest state. */
export interface Pulse {
  readonly timeMs: number;
  readonly messagesPerSecond: number;
  readonly p50: number | null;
  readonly p99: number | null;
  /** Duration of each active query's last batch, milliseconds, by the query's id. */
  readonly batches: readonly (readonly [queryId: string, durationMs: number])[];
}

export interface Tick {
  readonly nowMs: number;
  readonly latest: readonly LatestReading[];
  readonly averages: readonly AveragePoint[];
  readonly flags: readonly Flag[];
  readonly injected: readonly InjectedEvent[];
  readonly queries: readonly QueryView[];
  readonly totals: Totals;
  readonly latency: Latency;
}

/** Everything a page needs to draw itself at once: the tick's parts as a history. */
export interface Snapshot extends Tick {
  readonly startedMs: number;
  readonly bootstrapServers: string;
  readonly database: string;
  readonly devices: readonly DeviceView[];
  readonly pulses: readonly Pulse[];
}

/** The point of history that a tick adds. */
export function pulseOf({ nowMs, totals, latency, queries }: Tick): Pulse {
  return {
    timeMs: nowMs,
    messagesPerSecond: totals.messagesPerSecond,
    p50: latency.p50,
    p99: latency.p99,
    batches: queries.filter((q) => q.active).map((q) => [q.id, q.batchDurationMs] as const),
  };
}
