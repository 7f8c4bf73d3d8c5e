/**
 * What the page knows. Events go into plain fields as they come; `publish` brings them to the signals that the page draws
 * from, so that drawing can be slower than events, or pause.
 */
import { batch, signal } from "@preact/signals";
import type { Flag, InjectedEvent, Latency, Pulse, QueryView, Snapshot, Tick, Totals } from "../events.ts";
import { pulseOf } from "../events.ts";
import { DeviceModel } from "./device-model.ts";
import { Ring } from "./ring.ts";
import { SiteModel } from "./site-model.ts";

const FLAGS_MAX = 200;
const SPIKES_MAX = 1000;
/** Two minutes of ticks. */
export const PULSES_MAX = 240;
const QUERIES_MAX = 200;

export interface Source {
  readonly startedMs: number;
  readonly bootstrapServers: string;
  readonly database: string;
}

/** A flag, and whether the simulator put that spike there; unknown for one of before the server's start. */
export interface JudgedFlag extends Flag {
  readonly injected: "yes" | "no" | "unknown";
}

export class Model {
  /** Undefined until the first snapshot. */
  readonly source = signal<Source | undefined>();
  /** The server's clock at the newest event drawn. */
  readonly nowMs = signal(0);
  readonly totals = signal<Totals | undefined>();
  readonly latency = signal<Latency>({ p50: null, p99: null });
  readonly queries = signal<readonly QueryView[]>([]);
  readonly flags = signal<readonly JudgedFlag[]>([]);
  readonly sites = signal<readonly SiteModel[]>([]);
  /** Counts the changes of any site's averages. */
  readonly averagesRevision = signal(0);
  /** Counts the redraws. */
  readonly revision = signal(0);
  readonly rates = new Ring(PULSES_MAX);
  readonly p50s = new Ring(PULSES_MAX);
  readonly p99s = new Ring(PULSES_MAX);
  readonly batches = new Map<string, Ring>();

  readonly devices = new Map<string, DeviceModel>();
  readonly #sites = new Map<string, SiteModel>();
  readonly #changed = new Set<DeviceModel>();
  readonly #stale = new Set<DeviceModel>();
  #flags: Flag[] = [];
  readonly #flagKeys = new Set<string>();
  readonly #spikes = new Set<string>();
  #source: Source | undefined;
  #newest: Tick | undefined;
  #averagesChanged = false;
  #flagsChanged = false;

  snapshot(s: Snapshot): void {
    // After a restart of the server nothing of before is true any more.
    if (this.#source !== undefined && this.#source.startedMs !== s.startedMs) this.#forget();
    this.#source = { startedMs: s.startedMs, bootstrapServers: s.bootstrapServers, database: s.database };
    for (const d of s.devices) {
      if (this.devices.has(d.device)) continue;
      const device = new DeviceModel(d.device, d.site, d.model);
      this.devices.set(d.device, device);
      this.#site(d.site).devices.push(device);
    }
    for (const ring of [this.rates, this.p50s, this.p99s, ...this.batches.values()]) ring.clear();
    for (const p of s.pulses) this.#pulse(p);
    this.#merge(s);
  }

  tick(t: Tick): void {
    this.#pulse(pulseOf(t));
    this.#merge(t);
  }

  /** Brings everything that came in to the signals. */
  publish(): void {
    const tick = this.#newest;
    if (tick === undefined) return;
    batch(() => {
      this.source.value = this.#source;
      this.nowMs.value = tick.nowMs;
      this.totals.value = tick.totals;
      this.latency.value = tick.latency;
      this.queries.value = tick.queries;
      if (this.sites.value.length !== this.#sites.size) this.sites.value = [...this.#sites.values()];
      if (this.#flagsChanged) this.flags.value = this.#judged();
      this.#flagsChanged = false;
      this.#publishDevices(tick.nowMs);
      if (this.#averagesChanged) this.averagesRevision.value++;
      this.#averagesChanged = false;
      for (const site of this.#sites.values()) site.publish();
      this.revision.value++;
    });
  }

  #publishDevices(nowMs: number): void {
    for (const device of this.devices.values()) {
      const stale = device.isStale(nowMs);
      const wasStale = this.#stale.has(device);
      if (!stale && !wasStale && !this.#changed.has(device) && !device.isMarked) continue;
      if (stale) this.#stale.add(device);
      else this.#stale.delete(device);
      device.publish(nowMs);
    }
    this.#changed.clear();
  }

  #merge(t: Tick): void {
    this.#newest = t;
    for (const reading of t.latest) {
      const device = this.devices.get(reading.device);
      if (device === undefined) continue;
      device.read(reading);
      this.#changed.add(device);
    }
    for (const point of t.averages) {
      this.#site(point.site).average(point);
      this.#averagesChanged = true;
    }
    for (const event of t.injected) this.#inject(event);
    for (const flag of t.flags) this.#flag(flag);
  }

  #inject(event: InjectedEvent): void {
    if (event.kind !== "spike") return;
    this.#spikes.add(`${event.timeMs} ${event.device}`);
    if (this.#spikes.size > SPIKES_MAX) dropOldest(this.#spikes);
    this.#flagsChanged = true;
  }

  #flag(flag: Flag): void {
    const key = `${flag.timeMs} ${flag.device}`;
    if (this.#flagKeys.has(key)) return;
    this.#flagKeys.add(key);
    if (this.#flagKeys.size > FLAGS_MAX) dropOldest(this.#flagKeys);
    this.#flags.push(flag);
    this.#flags.sort((a, b) => b.timeMs - a.timeMs);
    this.#flags.length = Math.min(this.#flags.length, FLAGS_MAX);
    this.devices.get(flag.device)?.flagged(flag);
    this.#flagsChanged = true;
  }

  #judged(): JudgedFlag[] {
    const startedMs = this.#source?.startedMs ?? 0;
    return this.#flags.map((flag) => {
      const found = this.#spikes.has(`${flag.timeMs} ${flag.device}`);
      return { ...flag, injected: found ? "yes" : flag.timeMs < startedMs ? "unknown" : "no" };
    });
  }

  #pulse(p: Pulse): void {
    this.rates.push(p.timeMs, p.messagesPerSecond);
    this.p50s.push(p.timeMs, p.p50 ?? Number.NaN);
    this.p99s.push(p.timeMs, p.p99 ?? Number.NaN);
    for (const [id, ms] of p.batches) {
      let ring = this.batches.get(id);
      if (ring === undefined) {
        if (this.batches.size >= QUERIES_MAX) continue;
        ring = new Ring(PULSES_MAX);
        this.batches.set(id, ring);
      }
      ring.push(p.timeMs, ms);
    }
  }

  #site(name: string): SiteModel {
    let site = this.#sites.get(name);
    if (site === undefined) {
      site = new SiteModel(name, this.#sites.size);
      this.#sites.set(name, site);
    }
    return site;
  }

  #forget(): void {
    this.devices.clear();
    this.#sites.clear();
    this.#changed.clear();
    this.#stale.clear();
    this.#flags = [];
    this.#flagKeys.clear();
    this.#spikes.clear();
    this.batches.clear();
    this.#flagsChanged = true;
    this.#averagesChanged = true;
    this.sites.value = [];
  }
}

function dropOldest(set: Set<string>): void {
  for (const key of set) {
    set.delete(key);
    return;
  }
}
