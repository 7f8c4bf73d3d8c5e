/**
 * A simulated fleet: devices in sites that measure temperature, humidity and battery, with a daily rhythm, noise, drift,
 * and the faults that real fleets have. The same seed gives the same readings.
 */
import { Random } from "./random.ts";

export interface FleetOptions {
  readonly devices: number;
  readonly sites: number;
  readonly seed: number;
  /** Milliseconds between two readings of one device. */
  readonly intervalMs: number;
  readonly faults: FaultRates;
}

/** Probabilities for one reading. */
export interface FaultRates {
  /** A temperature far off for one reading. */
  readonly spike: number;
  /** Arrives `lateMs` to 2 × `lateMs` after its time. */
  readonly late: number;
  readonly lateMs: number;
  /** Sent twice. */
  readonly duplicate: number;
  /** Bytes that are no whole JSON object. */
  readonly malformed: number;
}

export const defaultFleet: FleetOptions = {
  devices: 200,
  sites: 5,
  seed: 42,
  intervalMs: 1000,
  faults: { spike: 0.0005, late: 0.005, lateMs: 3000, duplicate: 0.002, malformed: 0.001 },
};

/** A row of the device table. */
export interface Device {
  readonly device: string;
  readonly site: string;
  readonly model: string;
  /** Degrees Celsius to add to what the device reports. */
  readonly calibration: number;
}

export type Injected = "spike" | "late" | "duplicate" | "malformed";

/** A message ready to send. */
export interface Reading {
  readonly device: string;
  /** Event time, milliseconds since 1970. */
  readonly timeMs: number;
  /** The message: JSON, or something that was meant to be. */
  readonly value: string;
  /** When to send it, milliseconds since 1970; later than `timeMs` for a late one. */
  readonly sendAtMs: number;
  /** What was done to it on purpose. */
  readonly injected: Injected | undefined;
}

const siteNames = ["Oslo", "Athens", "Porto", "Kyoto", "Lima", "Nairobi", "Quebec", "Perth"];
const models = ["TH-100", "TH-200", "TX-7"];
const dayMs = 86_400_000;

interface Sensor extends Device {
  readonly phaseMs: number;
  readonly base: number;
  readonly driftPerHour: number;
  readonly humidity: number;
  battery: number;
}

export class Fleet {
  readonly devices: readonly Device[];
  readonly options: FleetOptions;
  readonly #sensors: Sensor[];
  readonly #random: Random;
  #startMs: number | undefined;
  /** Messages that wait for their time to be sent. */
  #waiting: Reading[] = [];
  #nextMs = 0;

  constructor(options: FleetOptions = defaultFleet) {
    this.options = options;
    this.#random = new Random(options.seed);
    this.#sensors = Array.from({ length: options.devices }, (_, i) => this.#sensor(i));
    this.devices = this.#sensors.map(({ device, site, model, calibration }) => ({ device, site, model, calibration }));
  }

  /** Messages due up to `nowMs`, in the order of sending. The first call sets where time begins. */
  due(nowMs: number): Reading[] {
    if (this.#startMs === undefined) {
      this.#startMs = nowMs;
      this.#nextMs = nowMs;
    }
    for (; this.#nextMs <= nowMs; this.#nextMs += this.options.intervalMs) {
      for (const s of this.#sensors) this.#measure(s, this.#nextMs + s.phaseMs);
    }
    const due = this.#waiting.filter((r) => r.sendAtMs <= nowMs);
    if (due.length > 0) this.#waiting = this.#waiting.filter((r) => r.sendAtMs > nowMs);
    return due.sort((a, b) => a.sendAtMs - b.sendAtMs);
  }

  #sensor(i: number): Sensor {
    const r = this.#random;
    return {
      device: `dev-${String(i + 1).padStart(String(this.options.devices).length, "0")}`,
      site: siteNames[i % Math.min(this.options.sites, siteNames.length)] as string,
      model: r.pick(models),
      calibration: Math.round(r.between(-0.5, 0.5) * 100) / 100,
      phaseMs: Math.floor(r.next() * this.options.intervalMs),
      base: r.between(18, 24) + (i % this.options.sites),
      driftPerHour: r.between(-0.05, 0.05),
      humidity: r.between(35, 60),
      battery: r.between(60, 100),
    };
  }

  #measure(s: Sensor, timeMs: number): void {
    const r = this.#random;
    const { faults } = this.options;
    const hours = (timeMs - (this.#startMs as number)) / 3_600_000;
    const day = 3 * Math.sin((2 * Math.PI * (timeMs % dayMs)) / dayMs);
    let temperature = s.base + day + s.driftPerHour * hours + 0.3 * r.normal();
    let injected: Injected | undefined;
    if (r.chance(faults.spike)) {
      temperature += (r.chance(0.5) ? 1 : -1) * r.between(8, 15);
      injected = "spike";
    }
    s.battery = Math.max(0, s.battery - 0.00002);
    let value = JSON.stringify({
      device: s.device,
      ts: new Date(timeMs).toISOString(),
      temperature: Math.round(temperature * 100) / 100,
      humidity: Math.round((s.humidity + 2 * r.normal()) * 10) / 10,
      battery: Math.round(s.battery * 10) / 10,
      status: s.battery < 5 ? "LOW" : "OK",
    });
    let sendAtMs = timeMs;
    if (injected === undefined && r.chance(faults.late)) {
      sendAtMs += faults.lateMs * r.between(1, 2);
      injected = "late";
    }
    if (injected === undefined && r.chance(faults.malformed)) {
      value = r.chance(0.5) ? value.slice(0, Math.floor(value.length * r.next())) : "\u0000not json";
      injected = "malformed";
    }
    const reading: Reading = { device: s.device, timeMs, value, sendAtMs, injected };
    this.#waiting.push(reading);
    if (injected === undefined && r.chance(faults.duplicate)) {
      this.#waiting.push({ ...reading, sendAtMs: sendAtMs + r.between(1, 500), injected: "duplicate" });
    }
  }
}
