/** Gathers what the pipeline delivers into snapshots and ticks for the page. Everything it keeps is bounded. */
import {
  type AveragePoint,
  type DeviceView,
  type Flag,
  type InjectedEvent,
  type Latency,
  type LatestReading,
  type Pulse,
  pulseOf,
  type QueryView,
  type Snapshot,
  type Tick,
} from "./events.ts";
import { Ledger } from "./ledger.ts";
import { SlidingQuantiles } from "./quantiles.ts";

/** Windows of each site that a page opened now gets: fifteen minutes of ten seconds. */
const AVERAGES_MAX = 90;
const SITES_MAX = 200;
const DEVICES_MAX = 50_000;
const FLAGS_MAX = 200;
const INJECTED_MAX = 400;
const OPEN_SPIKES_MAX = 10_000;
/** Two minutes of ticks. */
const PULSES_MAX = 240;
const LATENCIES_MAX = 20_000;
const LATENCY_SPAN_MS = 10_000;
const RATE_SPAN_MS = 5000;
const RATE_POINTS_MAX = 1000;
/** A message is counted as lost when it is this old and has not come out. */
const LOST_AFTER_MS = 10_000;
/** A spike should be flagged within this time. */
const SPIKE_DUE_MS = 15_000;
const SPIKE_TOLERANCE_MS = 5;

export interface FeedOptions {
  readonly bootstrapServers: string;
  readonly database: string;
  readonly devices: readonly DeviceView[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export class Feed {
  readonly #options: FeedOptions;
  readonly #startedMs: number;
  readonly #latest = new Map<string, LatestReading>();
  /** By site, in the order of time. */
  readonly #averages = new Map<string, AveragePoint[]>();
  readonly #flags: Flag[] = [];
  readonly #flagKeys = new Set<string>();
  /** Injected events other than spikes. */
  readonly #faults: InjectedEvent[] = [];
  readonly #spikes: InjectedEvent[] = [];
  readonly #injectedCounts = { spike: 0, late: 0, duplicate: 0, malformed: 0 };
  readonly #pulses: Pulse[] = [];
  readonly #ledger = new Ledger();
  readonly #latencies = new SlidingQuantiles(LATENCIES_MAX);
  #queries: readonly QueryView[] = [];
  #produced = 0;
  #delivered = 0;
  #malformed = 0;
  #lateDropped = 0;
  #duplicatesDropped = 0;
  #flagged = 0;
  #spikesFound = 0;
  #spikesDue = 0;
  /** Spikes not judged yet. */
  #openSpikes: InjectedEvent[] = [];
  /** Produced by time of acknowledgement, newest last, for the rate. */
  readonly #producedAt: { readonly ms: number; readonly count: number }[] = [];
  #changes = newChanges();

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#startedMs = options.now();
  }

  /** The broker has acknowledged this many messages of the time `sentMs`. */
  produced(count: number, sentMs: number): void {
    const now = this.#options.now();
    this.#produced += count;
    this.#ledger.produced(Math.min(sentMs, now), count);
    const last = this.#producedAt.at(-1);
    if (last?.ms === now) this.#producedAt.pop();
    pushBounded(this.#producedAt, { ms: now, count: this.#produced }, RATE_POINTS_MAX);
    while (this.#producedAt.length > 2 && this.#producedAt[1].ms < now - RATE_SPAN_MS) this.#producedAt.shift();
  }

  injected(event: InjectedEvent): void {
    this.#injectedCounts[event.kind]++;
    pushBounded(this.#changes.injected, event, INJECTED_MAX);
    if (event.kind !== "spike") {
      pushBounded(this.#faults, event, INJECTED_MAX);
      return;
    }
    pushBounded(this.#spikes, event, INJECTED_MAX);
    pushBounded(this.#openSpikes, event, OPEN_SPIKES_MAX);
  }

  /** A clean reading came out; it was sent at `sentMs`. One sent before the start is shown and not counted. */
  reading(reading: LatestReading, sentMs: number): void {
    if (sentMs >= this.#startedMs) {
      const now = this.#options.now();
      this.#deliver(1, sentMs);
      this.#latencies.add(now, now - sentMs);
    }
    const known = this.#latest.get(reading.device);
    if (known === undefined ? this.#latest.size >= DEVICES_MAX : known.timeMs > reading.timeMs) return;
    this.#latest.set(reading.device, reading);
    this.#changes.latest.set(reading.device, reading);
  }

  /** Messages that could not be read came out, counted; sent at about `sentMs`. */
  malformed(count: number, sentMs: number): void {
    this.#malformed += count;
    this.#deliver(count, sentMs);
  }

  /** Messages that the pipeline took out as being there already, counted; sent at about `sentMs`. */
  duplicates(count: number, sentMs: number): void {
    this.#duplicatesDropped += count;
    this.#deliver(count, sentMs);
  }

  /** Messages that the first query took out as later than its watermark, counted; sent at about `sentMs`. */
  late(count: number, sentMs: number): void {
    this.#deliver(count, sentMs);
  }

  average(point: AveragePoint): void {
    let points = this.#averages.get(point.site);
    if (points === undefined) {
      if (this.#averages.size >= SITES_MAX) return;
      points = [];
      this.#averages.set(point.site, points);
    }
    let at = points.length;
    while (at > 0 && points[at - 1].startMs > point.startMs) at--;
    if (at > 0 && points[at - 1].startMs === point.startMs) points[at - 1] = point;
    else points.splice(at, 0, point);
    if (points.length > AVERAGES_MAX) points.shift();
    this.#changes.averages.set(`${point.startMs} ${point.site}`, point);
  }

  /** A flag of before the start is shown and not counted. */
  flag(flag: Flag): void {
    const key = `${flag.timeMs} ${flag.device}`;
    if (this.#flagKeys.has(key)) return;
    this.#flagKeys.add(key);
    if (flag.timeMs >= this.#startedMs) this.#flagged++;
    const gone = pushBounded(this.#flags, flag, FLAGS_MAX);
    if (gone) this.#flagKeys.delete(`${gone.timeMs} ${gone.device}`);
    pushBounded(this.#changes.flags, flag, FLAGS_MAX);
  }

  queries(views: readonly QueryView[]): void {
    this.#queries = views;
    this.#lateDropped = views.reduce((n, q) => n + q.lateRowsDropped, 0);
  }

  /** Everything that is kept; it takes nothing from the next tick. */
  snapshot(): Snapshot {
    const { bootstrapServers, database, devices } = this.#options;
    return {
      ...this.#state(),
      startedMs: this.#startedMs,
      bootstrapServers,
      database,
      devices,
      latest: [...this.#latest.values()],
      averages: [...this.#averages.values()].flat(),
      flags: this.#flags,
      injected: [...this.#faults, ...this.#spikes],
      pulses: this.#pulses,
    };
  }

  /** What changed since the last call. */
  tick(): Tick {
    const changes = this.#changes;
    this.#changes = newChanges();
    const tick: Tick = {
      ...this.#state(),
      latest: [...changes.latest.values()],
      averages: [...changes.averages.values()],
      flags: changes.flags,
      injected: changes.injected,
    };
    pushBounded(this.#pulses, pulseOf(tick), PULSES_MAX);
    return tick;
  }

  #state() {
    this.#judgeSpikes();
    const now = this.#options.now();
    return {
      nowMs: now,
      queries: this.#queries,
      latency: this.#latency(now),
      totals: {
        produced: this.#produced,
        delivered: this.#delivered,
        lost: this.#ledger.missing(now - LOST_AFTER_MS),
        malformed: this.#malformed,
        lateDropped: this.#lateDropped,
        duplicatesDropped: this.#duplicatesDropped,
        messagesPerSecond: this.#rate(now),
        injected: { ...this.#injectedCounts },
        flagged: this.#flagged,
        spikesFound: this.#spikesFound,
        spikesDue: this.#spikesDue,
      },
    };
  }

  /** What was sent before the start is no part of the balance. */
  #deliver(count: number, sentMs: number): void {
    if (count === 0 || sentMs < this.#startedMs) return;
    this.#delivered += count;
    this.#ledger.delivered(Math.min(sentMs, this.#options.now()), count);
  }

  #producedBy(ms: number): number {
    return this.#producedAt.findLast((p) => p.ms <= ms)?.count ?? 0;
  }

  #rate(now: number): number {
    const spanMs = Math.min(RATE_SPAN_MS, now - this.#startedMs);
    if (spanMs < 1000) return 0;
    return ((this.#produced - this.#producedBy(now - spanMs)) / spanMs) * 1000;
  }

  #judgeSpikes(): void {
    const now = this.#options.now();
    this.#openSpikes = this.#openSpikes.filter((spike) => {
      const found = this.#flags.some(
        (f) => f.device === spike.device && Math.abs(f.timeMs - spike.timeMs) <= SPIKE_TOLERANCE_MS,
      );
      if (!found && now - spike.timeMs < SPIKE_DUE_MS) return true;
      this.#spikesDue++;
      if (found) this.#spikesFound++;
      return false;
    });
  }

  #latency(now: number): Latency {
    const [p50, p99] = this.#latencies.since(now - LATENCY_SPAN_MS, [0.5, 0.99]);
    return { p50: p50 ?? null, p99: p99 ?? null };
  }
}

interface Changes {
  readonly latest: Map<string, LatestReading>;
  readonly averages: Map<string, AveragePoint>;
  readonly flags: Flag[];
  readonly injected: InjectedEvent[];
}

function newChanges(): Changes {
  return { latest: new Map(), averages: new Map(), flags: [], injected: [] };
}

/** Appends, and gives back what fell out at the front. */
function pushBounded<T>(list: T[], item: T, most: number): T | undefined {
  list.push(item);
  return list.length > most ? list.shift() : undefined;
}
