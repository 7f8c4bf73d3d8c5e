/** Gathers what the pipeline delivers into snapshots and ticks for the page. Everything it keeps is bounded. */
import type {
  AveragePoint,
  DeviceView,
  Flag,
  InjectedEvent,
  Latency,
  LatestReading,
  QueryView,
  Snapshot,
  Tick,
} from "./events.ts";

/** Windows of each site that a page opened now gets: fifteen minutes of ten seconds. */
const AVERAGES_MAX = 90;
const FLAGS_MAX = 200;
const INJECTED_MAX = 400;
const LATENCIES_MAX = 20_000;
const LATENCY_SPAN_MS = 10_000;
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
  readonly #averages = new Map<string, AveragePoint>();
  readonly #averagesBySite = new Map<string, AveragePoint[]>();
  readonly #flags: Flag[] = [];
  readonly #flagKeys = new Set<string>();
  readonly #injected: InjectedEvent[] = [];
  readonly #injectedCounts = { spike: 0, late: 0, duplicate: 0, malformed: 0 };
  #queries: readonly QueryView[] = [];
  #produced = 0;
  #delivered = 0;
  #malformed = 0;
  #lateDropped = 0;
  #flagged = 0;
  #spikesFound = 0;
  #spikesDue = 0;
  /** Spikes not judged yet. */
  #openSpikes: InjectedEvent[] = [];
  /** Produced by time, newest last, to know what should be here by now. */
  #producedAt: { readonly ms: number; readonly count: number }[] = [];
  #latencies: { readonly ms: number; readonly latency: number }[] = [];
  #tick = newChanges();

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#startedMs = options.now();
  }

  /** The broker has acknowledged this many messages. */
  produced(count: number): void {
    this.#produced += count;
    this.#producedAt.push({ ms: this.#options.now(), count: this.#produced });
    while (this.#producedAt.length > 2 && this.#producedAt[1].ms < this.#options.now() - 2 * LOST_AFTER_MS) {
      this.#producedAt.shift();
    }
  }

  injected(event: InjectedEvent): void {
    this.#injectedCounts[event.kind]++;
    pushBounded(this.#injected, event, INJECTED_MAX);
    this.#tick.injected.push(event);
    if (event.kind === "spike") this.#openSpikes.push(event);
  }

  /** A clean reading came out; it was sent at `sentMs`. */
  reading(reading: LatestReading, sentMs: number): void {
    this.#delivered++;
    const now = this.#options.now();
    pushBounded(this.#latencies, { ms: now, latency: now - sentMs }, LATENCIES_MAX);
    const known = this.#latest.get(reading.device);
    if (known !== undefined && known.timeMs > reading.timeMs) return;
    this.#latest.set(reading.device, reading);
    this.#tick.latest.set(reading.device, reading);
  }

  /** Messages that could not be read came out, counted. */
  malformed(count: number): void {
    this.#malformed += count;
    this.#delivered += count;
  }

  /** Messages the pipeline took out on purpose (duplicates, too late ones), counted. */
  dropped(count: number): void {
    this.#delivered += count;
  }

  average(point: AveragePoint): void {
    const key = `${point.site} ${point.startMs}`;
    const list = this.#averagesBySite.get(point.site) ?? [];
    this.#averagesBySite.set(point.site, list);
    const at = list.findIndex((p) => p.startMs === point.startMs);
    if (at >= 0) list[at] = point;
    else {
      list.push(point);
      list.sort((a, b) => a.startMs - b.startMs);
      if (list.length > AVERAGES_MAX) {
        const gone = list.shift();
        if (gone) this.#averages.delete(`${gone.site} ${gone.startMs}`);
      }
    }
    this.#averages.set(key, point);
    this.#tick.averages.set(key, point);
  }

  flag(flag: Flag): void {
    const key = `${flag.device} ${flag.timeMs}`;
    if (this.#flagKeys.has(key)) return;
    this.#flagKeys.add(key);
    this.#flagged++;
    const gone = pushBounded(this.#flags, flag, FLAGS_MAX);
    if (gone) this.#flagKeys.delete(`${gone.device} ${gone.timeMs}`);
    this.#tick.flags.push(flag);
  }

  queries(views: readonly QueryView[]): void {
    this.#queries = views;
    this.#lateDropped = views.reduce((n, q) => n + q.lateRowsDropped, 0);
  }

  snapshot(): Snapshot {
    const { bootstrapServers, database, devices } = this.#options;
    return {
      ...this.#common(),
      startedMs: this.#startedMs,
      bootstrapServers,
      database,
      devices,
      latest: [...this.#latest.values()],
      averages: [...this.#averages.values()],
      flags: this.#flags,
      injected: this.#injected,
    };
  }

  /** What changed since the last call. */
  tick(): Tick {
    const changes = this.#tick;
    this.#tick = newChanges();
    return {
      ...this.#common(),
      latest: [...changes.latest.values()],
      averages: [...changes.averages.values()],
      flags: changes.flags,
      injected: changes.injected,
    };
  }

  #common() {
    this.#judgeSpikes();
    const now = this.#options.now();
    const due = this.#producedAt.findLast((p) => p.ms <= now - LOST_AFTER_MS)?.count ?? 0;
    return {
      nowMs: now,
      queries: this.#queries,
      latency: this.#latency(now),
      totals: {
        produced: this.#produced,
        delivered: this.#delivered,
        lost: Math.max(0, due - this.#delivered),
        malformed: this.#malformed,
        lateDropped: this.#lateDropped,
        injected: { ...this.#injectedCounts },
        flagged: this.#flagged,
        spikesFound: this.#spikesFound,
        spikesDue: this.#spikesDue,
      },
    };
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
    this.#latencies = this.#latencies.filter((l) => l.ms > now - LATENCY_SPAN_MS);
    if (this.#latencies.length === 0) return { p50: null, p99: null };
    const sorted = Float64Array.from(this.#latencies, (l) => l.latency).sort();
    const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? null;
    return { p50: at(0.5), p99: at(0.99) };
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
