import { signal } from "@preact/signals";
import type { Flag, LatestReading } from "../events.ts";
import { celsius, decimal, none } from "./format.ts";
import { Ring } from "./ring.ts";
import { temperatureStep } from "./temperature-scale.ts";

/** Readings of one device that are kept: three minutes at one a second. */
const READINGS_MAX = 180;
/** A device is marked for this long after a flag. */
const MARK_MS = 60_000;
/** Without a reading for this long a device counts as silent. */
const STALE_MS = 15_000;

export class DeviceModel {
  readonly name: string;
  readonly site: string;
  readonly model: string;
  /** What its tile shows. */
  readonly text = signal(none);
  readonly label = signal("");
  readonly className = signal("tile");
  /** Counts the changes that were drawn. */
  readonly revision = signal(0);
  latest: LatestReading | undefined;
  lastFlag: Flag | undefined;
  /** Whether its tile shows a mark now. */
  isMarked = false;
  /** Made with the first reading, since a fleet can be large. */
  #temperatures: Ring | undefined;

  constructor(name: string, site: string, model: string) {
    this.name = name;
    this.site = site;
    this.model = model;
    this.label.value = `${name}, no reading yet`;
  }

  get temperatures(): Ring {
    this.#temperatures ??= new Ring(READINGS_MAX);
    return this.#temperatures;
  }

  read(reading: LatestReading): void {
    if (this.latest?.timeMs === reading.timeMs) return;
    this.latest = reading;
    this.temperatures.push(reading.timeMs, reading.temperature);
  }

  flagged(flag: Flag): void {
    if (this.lastFlag === undefined || flag.timeMs > this.lastFlag.timeMs) this.lastFlag = flag;
    this.isMarked = true;
  }

  isStale(nowMs: number): boolean {
    return this.latest !== undefined && nowMs - this.latest.timeMs > STALE_MS;
  }

  publish(nowMs: number): void {
    const { latest, lastFlag } = this;
    this.revision.value++;
    if (latest === undefined) return;
    const high = lastFlag !== undefined && lastFlag.value > lastFlag.mean;
    const stale = this.isStale(nowMs);
    this.isMarked = lastFlag !== undefined && nowMs - lastFlag.timeMs < MARK_MS;
    const mark = this.isMarked ? (high ? " mark-high" : " mark-low") : "";
    this.text.value = decimal(latest.temperature);
    this.className.value = `tile t${temperatureStep(latest.temperature)}${mark}${stale ? " silent" : ""}`;
    const flagText = this.isMarked ? `, flagged ${high ? "high" : "low"}` : "";
    this.label.value = `${this.name}, ${celsius(latest.temperature)}${flagText}${stale ? ", silent" : ""}`;
  }
}
