import { signal, useComputed } from "@preact/signals";
import type uPlot from "uplot";
import { Chart, endLabels, timeAxis, valueAxis } from "./chart.tsx";
import { celsius, celsius2, decimal, decimal2, none } from "./format.ts";
import { Moment } from "./moment.tsx";
import type { SiteModel } from "./site-model.ts";
import { averageColumns, chartRange } from "./site-series.ts";
import { model } from "./state.ts";
import { cssColor } from "./theme.ts";

const hidden = signal<ReadonlySet<string>>(new Set());
/** The colours repeat after this many sites. */
const COLORS = 8;
export const siteToken = (index: number): string => `--site-${index % COLORS}`;

export function Averages() {
  const sites = model.sites.value;
  return (
    <section class="panel averages" aria-labelledby="averages-title">
      <div class="panel-head">
        <h2 id="averages-title">Average temperature by site</h2>
        <p class="panel-note">10-second windows, last 15 minutes</p>
      </div>
      {sites.length === 0 ? <p class="chart-empty">Waiting for the first window …</p> : <AverageChart sites={sites} />}
      <ul class="legend" aria-label="Sites in the chart">
        {sites.map((site) => (
          <LegendItem key={site.name} site={site} />
        ))}
      </ul>
      <AverageTable />
    </section>
  );
}

/** Its key makes it anew when sites come, since the number of lines is part of a chart. */
function AverageChart({ sites }: { readonly sites: readonly SiteModel[] }) {
  return <SiteLines key={sites.length} sites={sites} />;
}

function SiteLines({ sites }: { readonly sites: readonly SiteModel[] }) {
  const data = () => {
    const nowMs = model.nowMs.value;
    const shown = hidden.value;
    const [xs, ...columns] = averageColumns(sites, nowMs);
    const visible = columns.map((c, i) => (shown.has(sites[i].name) ? c.map(() => null) : c));
    return { columns: [xs, ...visible] as uPlot.AlignedData, ...chartRange(sites, nowMs) };
  };
  const label = () => {
    const values = sites.map((s) => `${s.name} ${celsius(s.newest.peek()?.average)}`).join(", ");
    return `Line chart of the average temperature of each site. Now: ${values}. The table below has all values.`;
  };
  const options = (): Omit<uPlot.Options, "width" | "height"> => ({
    padding: [8, 66, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: { x: { time: true, auto: false }, y: { range: (_, min, max) => padded(min, max) } },
    axes: [timeAxis(), valueAxis()],
    series: [
      {},
      ...sites.map((site) => ({
        label: site.name,
        width: 1.75,
        stroke: () => cssColor(siteToken(site.index)),
        points: { show: false },
      })),
    ],
    plugins: [endLabels(() => sites.map((s) => ({ name: s.name, token: siteToken(s.index) }))), cursorReadout()],
  });
  return <Chart class="chart-averages" height={252} label={label} options={options} data={data} />;
}

/** The window under the pointer; the legend shows its values. */
const pointedMs = signal<number | undefined>();

function cursorReadout(): uPlot.Plugin {
  return {
    hooks: {
      setCursor: (u) => {
        const { idx, left } = u.cursor;
        const at = idx == null || (left ?? -1) < 0 ? undefined : u.data[0][idx];
        pointedMs.value = at === undefined ? undefined : at * 1000;
      },
    },
  };
}

/** At least two degrees, with a little air. */
export function padded(min: number | null, max: number | null): [number, number] {
  if (min == null || max == null) return [15, 30];
  const air = Math.max(0.25, (max - min) * 0.08, (2 - (max - min)) / 2);
  return [min - air, max + air];
}

function LegendItem({ site }: { readonly site: SiteModel }) {
  const off = hidden.value.has(site.name);
  const value = useComputed(() => {
    const at = pointedMs.value;
    const newest = site.newest.value;
    return at === undefined ? newest : (site.points.find((p) => p.endMs === at) ?? newest);
  });
  const toggle = () => {
    const next = new Set(hidden.value);
    if (!next.delete(site.name)) next.add(site.name);
    hidden.value = next;
  };
  return (
    <li>
      <button type="button" aria-pressed={!off} onClick={toggle} title={off ? "Show the line" : "Hide the line"}>
        <span class={`swatch s${site.index % COLORS}`} aria-hidden="true" />
        <span class="legend-name">{site.name}</span>
        <span class="legend-value">{useComputed(() => celsius2(value.value?.average))}</span>
      </button>
    </li>
  );
}

const tableOpen = signal(false);

function AverageTable() {
  return (
    <details class="as-table" onToggle={(e) => (tableOpen.value = e.currentTarget.open)}>
      <summary>Averages as a table</summary>
      {tableOpen.value ? <AverageRows /> : null}
    </details>
  );
}

function AverageRows() {
  model.averagesRevision.value;
  const sites = model.sites.value;
  const windows = [...new Set(sites.flatMap((s) => s.points.map((p) => p.startMs)))].sort((a, b) => b - a);
  const cell = (site: SiteModel, startMs: number) => site.points.find((p) => p.startMs === startMs);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section class="scroll scroll-tall" tabIndex={0} aria-label="Averages by window and site">
      <table>
        <caption>Average (lowest to highest) in °C by site and window, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Window from</th>
            {sites.map((s) => (
              <th key={s.name} scope="col" class="num">
                {s.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {windows.map((startMs) => (
            <tr key={startMs}>
              <th scope="row">
                <Moment ms={startMs} />
              </th>
              {sites.map((s) => {
                const p = cell(s, startMs);
                return (
                  <td key={s.name} class="num">
                    {p === undefined ? none : `${decimal2(p.average)} (${decimal(p.min)} to ${decimal(p.max)})`}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
