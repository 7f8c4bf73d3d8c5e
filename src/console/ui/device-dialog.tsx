import { useEffect, useRef } from "preact/hooks";
import type { DeviceModel } from "./device-model.ts";
import { celsius2, decimal, decimal2, none, percent } from "./format.ts";
import { Moment } from "./moment.tsx";
import { Sparkline } from "./sparkline.tsx";
import { model, selected } from "./state.ts";

/** The details of the selected device, in a drawer that Escape closes. */
export function DeviceDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const device = selected.value;
  useEffect(() => {
    if (device !== undefined && dialog.current?.open === false) dialog.current.showModal();
  }, [device]);
  const close = () => dialog.current?.close();
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the drawer closes it; Escape does so by itself.
    <dialog
      ref={dialog}
      class="drawer"
      aria-labelledby={device === undefined ? undefined : "device-title"}
      onClose={() => {
        selected.value = undefined;
      }}
      onClick={(e) => {
        if (e.target === e.currentTarget) close();
      }}
    >
      {device === undefined ? null : <Details key={device.name} device={device} onClose={close} />}
    </dialog>
  );
}

interface DetailsProps {
  readonly device: DeviceModel;
  readonly onClose: () => void;
}

function Details({ device, onClose }: DetailsProps) {
  device.revision.value;
  const r = device.latest;
  return (
    <div class="drawer-body">
      <div class="drawer-head">
        <h2 id="device-title">{device.name}</h2>
        <button type="button" class="control" onClick={onClose}>
          Close
        </button>
      </div>
      <p class="drawer-now">
        <span class="number">{celsius2(r?.temperature)}</span>
        {r === undefined ? <span class="unit">no reading yet</span> : <Moment ms={r.timeMs} />}
      </p>
      <Trend device={device} />
      <dl class="facts">
        <Fact name="Site" value={device.site} />
        <Fact name="Model" value={device.model} />
        <Fact name="Humidity" value={percent(r?.humidity)} />
        <Fact name="Battery" value={r === undefined ? none : `${decimal(r.battery)} %`} />
        <Fact name="Status" value={r?.status ?? none} />
      </dl>
      <DeviceFlags device={device} />
      <Readings device={device} />
    </div>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** A line of fewer readings does not fill the width. */
const SHORTEST_TREND = 30;

function Trend({ device }: { readonly device: DeviceModel }) {
  const values = device.temperatures.values();
  const low = values.length === 0 ? undefined : Math.min(...values);
  const high = values.length === 0 ? undefined : Math.max(...values);
  return (
    <figure class="trend-large">
      <Sparkline
        ring={() => device.temperatures}
        width={400}
        height={96}
        capacity={Math.max(SHORTEST_TREND, values.length)}
        label={`Temperature of ${device.name}: lowest ${celsius2(low)}, highest ${celsius2(high)}`}
      />
      <figcaption>
        {values.length} readings since this page was opened, {decimal2(low)} to {celsius2(high)}
      </figcaption>
    </figure>
  );
}

function DeviceFlags({ device }: { readonly device: DeviceModel }) {
  const flags = model.flags.value.filter((f) => f.device === device.name);
  return (
    <section aria-labelledby="device-flags">
      <h3 id="device-flags">Flags</h3>
      {flags.length === 0 ? <p class="empty">This device has not been flagged.</p> : null}
      <ul class="plain">
        {flags.slice(0, 10).map((f) => (
          <li key={f.timeMs}>
            <span class={`mark ${f.value > f.mean ? "mark-up" : "mark-down"}`} aria-hidden="true" />
            <Moment ms={f.timeMs} /> {celsius2(f.value)}, z {decimal(f.z)}
            {f.injected === "yes" ? ", an injected spike" : ""}
          </li>
        ))}
      </ul>
    </section>
  );
}

const ROWS = 12;

function Readings({ device }: { readonly device: DeviceModel }) {
  const rows = Array.from({ length: Math.min(ROWS, device.temperatures.length) }, (_, i) => device.temperatures.at(i));
  return (
    <table class="readings">
      <caption>Latest temperatures</caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col" class="num">
            °C
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((p) =>
          p === undefined ? null : (
            <tr key={p.timeMs}>
              <td>
                <Moment ms={p.timeMs} />
              </td>
              <td class="num">{decimal2(p.value)}</td>
            </tr>
          ),
        )}
      </tbody>
    </table>
  );
}
