import { signal } from "@preact/signals";
import type { AveragePoint } from "../events.ts";
import type { DeviceModel } from "./device-model.ts";

/** Fifteen minutes of ten seconds. */
const POINTS_MAX = 90;
/** A window that has fewer of its readings than this share of the window before says little yet. */
const ENOUGH = 0.5;

export class SiteModel {
  readonly name: string;
  /** Its place among the sites, which gives its colour. */
  readonly index: number;
  readonly devices: DeviceModel[] = [];
  /** Windows, oldest first. */
  points: AveragePoint[] = [];
  readonly newest = signal<AveragePoint | undefined>();
  readonly deviceCount = signal(0);

  constructor(name: string, index: number) {
    this.name = name;
    this.index = index;
  }

  average(point: AveragePoint): void {
    const { points } = this;
    let at = points.length;
    while (at > 0 && points[at - 1].startMs > point.startMs) at--;
    if (at > 0 && points[at - 1].startMs === point.startMs) points[at - 1] = point;
    else points.splice(at, 0, point);
    if (points.length > POINTS_MAX) points.shift();
  }

  /** Windows with enough readings to be drawn. */
  drawn(): readonly AveragePoint[] {
    const [before, last] = this.points.slice(-2);
    return last !== undefined && last.count < before.count * ENOUGH ? this.points.slice(0, -1) : this.points;
  }

  publish(): void {
    this.newest.value = this.drawn().at(-1);
    this.deviceCount.value = this.devices.length;
  }
}
