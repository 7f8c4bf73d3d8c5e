/** Sites' windows as the columns that charts take. */
import type { AveragePoint } from "../events.ts";
import type { SiteModel } from "./site-model.ts";

const SPAN_MS = 15 * 60_000;
const SHORTEST_SPAN_MS = 2 * 60_000;

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The last 15 minutes, or what there is of them. */
export function chartRange(sites: readonly SiteModel[], nowMs: number): Range {
  let firstMs = nowMs - SHORTEST_SPAN_MS;
  for (const site of sites) firstMs = Math.min(firstMs, site.points[0]?.endMs ?? firstMs);
  return { fromMs: Math.max(firstMs, nowMs - SPAN_MS), toMs: nowMs };
}

/** A window stands at its end; the one that is not over yet at the present. */
const placeOf = (point: AveragePoint, nowMs: number): number => Math.min(point.endMs, nowMs) / 1000;

/** Seconds, then one column of averages for each site; null where a site has no such window. */
export function averageColumns(sites: readonly SiteModel[], nowMs: number): [number[], ...(number | null)[][]] {
  const places = new Set<number>();
  const bySite = sites.map((site) => {
    const values = new Map<number, number>();
    for (const point of site.drawn()) {
      const x = placeOf(point, nowMs);
      places.add(x);
      values.set(x, point.average);
    }
    return values;
  });
  const xs = [...places].sort((a, b) => a - b);
  return [xs, ...bySite.map((values) => xs.map((x) => values.get(x) ?? null))];
}

/** Seconds, averages, minima, maxima. */
export function bandColumns(site: SiteModel, nowMs: number): [number[], number[], number[], number[]] {
  const points = site.drawn();
  return [
    points.map((p) => placeOf(p, nowMs)),
    points.map((p) => p.average),
    points.map((p) => p.min),
    points.map((p) => p.max),
  ];
}
