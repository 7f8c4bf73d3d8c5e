import { useComputed, useSignal } from "@preact/signals";
import type uPlot from "uplot";
import { padded, siteToken } from "./averages.tsx";
import { Chart, valueAxis } from "./chart.tsx";
import type { DeviceModel } from "./device-model.ts";
import { celsius, celsius2, count, decimal, none, percent, time } from "./format.ts";
import { useRovingFocus } from "./roving-focus.ts";
import type { SiteModel } from "./site-model.ts";
import { bandColumns, chartRange } from "./site-series.ts";
import { model, pointed, selected } from "./state.ts";
import { coldest, hottest, steps } from "./temperature-scale.ts";
import { cssColor } from "./theme.ts";

/** Tiles of a site that are there at once; a fleet of thousands shows the rest when asked. */
const TILES = 200;

export function Sites() {
  const sites = model.sites.value;
  return (
    <section class="panel sites-panel" aria-labelledby="sites-title">
      <div class="panel-head">
        <h2 id="sites-title">Sites and devices</h2>
        <Readout />
        <Scale />
      </div>
      <p class="visually-hidden" id="tiles-hint">
        Arrow keys move between the devices of a site; Enter opens one.
      </p>
      <div class="sites">
        {sites.length === 0 ? <p class="empty">Waiting for the device table …</p> : null}
        {sites.map((site) => (
          <Site key={site.name} site={site} />
        ))}
      </div>
    </section>
  );
}

/** One line in a fixed place that says everything of the tile under the pointer or the focus. */
function Readout() {
  const text = useComputed(() => {
    const device = pointed.value;
    if (device === undefined) return "";
    device.revision.value;
    const r = device.latest;
    if (r === undefined) return `${device.name} · ${device.site} · no reading yet`;
    return [
      device.name,
      device.site,
      celsius2(r.temperature),
      `humidity ${percent(r.humidity)}`,
      `battery ${percent(r.battery)}`,
      r.status,
      time(r.timeMs),
    ].join(" · ");
  });
  return (
    <p class={`panel-note readout ${pointed.value === undefined ? "" : "readout-on"}`}>
      {text.value === "" ? <Hint /> : text.value}
    </p>
  );
}

function Hint() {
  return (
    <>
      <span class="for-pointer">Point at a device, or move to it with Tab and arrow keys</span>
      <span class="for-touch">Tap a device for its details</span>
    </>
  );
}

function Scale() {
  return (
    <div
      class="scale"
      role="img"
      aria-label={`Colours from ${celsius(coldest)} (blue) to ${celsius(hottest)} (orange)`}
    >
      <span>{`≤ ${coldest}°`}</span>
      <span class="ramp">
        {Array.from({ length: steps }, (_, i) => (
          <i key={i} class={`t${i}`} />
        ))}
      </span>
      <span>{`≥ ${hottest}°`}</span>
      <span class="scale-flags">
        <span class="mark mark-up" /> flagged high <span class="mark mark-down" /> low
      </span>
    </div>
  );
}

function Site({ site }: { readonly site: SiteModel }) {
  const title = `site-${site.index}`;
  const band = useComputed(() => {
    const p = site.newest.value;
    return p === undefined ? none : `${decimal(p.min)} to ${decimal(p.max)}`;
  });
  return (
    <section class="site" aria-labelledby={title}>
      <div class="site-head">
        <h3 id={title}>
          <span class={`swatch s${site.index % 8}`} aria-hidden="true" />
          {site.name}
        </h3>
        <p class="site-now">
          <span class="site-average">{useComputed(() => celsius(site.newest.value?.average))}</span>
          <span class="site-band">{band}</span>
        </p>
      </div>
      <SiteChart site={site} />
      <Tiles site={site} label={title} />
    </section>
  );
}

function SiteChart({ site }: { readonly site: SiteModel }) {
  const data = () => {
    const nowMs = model.nowMs.value;
    return { columns: bandColumns(site, nowMs) as uPlot.AlignedData, ...chartRange(model.sites.value, nowMs) };
  };
  const label = () => {
    const p = site.newest.peek();
    const now = p === undefined ? "No value yet" : `${celsius(p.average)}, ${decimal(p.min)} to ${celsius(p.max)}`;
    return `Average with lowest and highest reading of ${site.name}. ${now}. The averages' table has all values.`;
  };
  const options = (): Omit<uPlot.Options, "width" | "height"> => {
    const edge = { width: 0, points: { show: false } };
    return {
      padding: [6, 2, 4, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: true, auto: false }, y: { range: (u) => usualRange(u.data) } },
      axes: [{ show: false }, valueAxis({ size: 32, space: 26, gap: 4 })],
      series: [{}, { width: 1.75, stroke: () => cssColor(siteToken(site.index)), points: { show: false } }, edge, edge],
      bands: [{ series: [3, 2], fill: () => cssColor(siteToken(site.index), 0.18) }],
    };
  };
  return <Chart class="chart-site" height={88} label={label} options={options} data={data} />;
}

/** Takes in four of five minima and maxima: a single spike would flatten everything else, so it is cut at the edge. */
function usualRange(columns: uPlot.AlignedData): [number, number] {
  const sorted = (column: uPlot.AlignedData[number] | undefined) =>
    [...(column ?? [])].filter((v) => v != null).sort((a, b) => a - b);
  const minima = sorted(columns[2]);
  const maxima = sorted(columns[3]);
  return padded(minima[Math.floor(minima.length * 0.2)] ?? null, maxima[Math.floor(maxima.length * 0.8)] ?? null);
}

function Tiles({ site, label }: { readonly site: SiteModel; readonly label: string }) {
  const all = site.deviceCount.value;
  const most = useSignal(TILES);
  const roving = useRovingFocus();
  const shown = site.devices.slice(0, most.value);
  return (
    <>
      <ul class="tiles" aria-labelledby={label} aria-describedby="tiles-hint" {...roving}>
        {shown.map((device, i) => (
          <Tile key={device.name} device={device} first={i === 0} />
        ))}
      </ul>
      {all > shown.length ? (
        <button
          type="button"
          class="control more"
          onClick={() => {
            most.value = all;
          }}
        >
          Show all {count(all)} devices
        </button>
      ) : null}
    </>
  );
}

function Tile({ device, first }: { readonly device: DeviceModel; readonly first: boolean }) {
  return (
    <li>
      <button
        type="button"
        class={device.className}
        aria-label={device.label}
        tabIndex={first ? 0 : -1}
        onClick={() => {
          selected.value = device;
        }}
        onPointerEnter={() => {
          pointed.value = device;
        }}
        onPointerLeave={() => {
          pointed.value = undefined;
        }}
        onFocus={() => {
          pointed.value = device;
        }}
        onBlur={() => {
          pointed.value = undefined;
        }}
      >
        {device.text}
      </button>
    </li>
  );
}
