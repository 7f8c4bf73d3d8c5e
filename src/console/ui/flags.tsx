import { useComputed } from "@preact/signals";
import type { InjectedEvent } from "../events.ts";
import { count, decimal, decimal2, none, share } from "./format.ts";
import type { JudgedFlag } from "./model.ts";
import { Moment } from "./moment.tsx";
import { model, selected } from "./state.ts";

const ROWS = 50;

export function Flags() {
  const flags = model.flags.value;
  return (
    <section class="panel flags" aria-labelledby="flags-title">
      <div class="panel-head">
        <h2 id="flags-title">Flagged devices</h2>
        <p class="panel-note">by rolling z-score over 1 minute; {count(model.totals.value?.flagged)} in all</p>
      </div>
      <Found />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <section class="scroll flags-scroll" tabIndex={0} aria-label="Newest flags">
        <table class="flags-table">
          <caption class="visually-hidden">Newest flags first: reading, mean and distance from it</caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Device</th>
              <th scope="col">Site</th>
              <th scope="col" class="num">
                Value °C
              </th>
              <th scope="col" class="num">
                Mean °C
              </th>
              <th scope="col" class="num">
                <abbr title="Standard deviations from the device's rolling mean">z</abbr>
              </th>
              <th scope="col">Injected</th>
            </tr>
          </thead>
          <tbody>
            {flags.slice(0, ROWS).map((flag) => (
              <FlagRow key={`${flag.timeMs} ${flag.device}`} flag={flag} />
            ))}
          </tbody>
        </table>
        {flags.length === 0 ? (
          <p class="empty">No reading stands out yet. A device is judged from 10 readings on.</p>
        ) : null}
      </section>
    </section>
  );
}

function FlagRow({ flag }: { readonly flag: JudgedFlag }) {
  const device = model.devices.get(flag.device);
  const high = flag.value > flag.mean;
  return (
    <tr>
      <td>
        <Moment ms={flag.timeMs} />
      </td>
      <th scope="row">
        <button
          type="button"
          class="link"
          disabled={device === undefined}
          onClick={() => {
            selected.value = device;
          }}
        >
          <span class={`mark ${high ? "mark-up" : "mark-down"}`} aria-hidden="true" />
          {flag.device}
        </button>
      </th>
      <td>{flag.site}</td>
      <td class="num">{decimal2(flag.value)}</td>
      <td class="num">{decimal2(flag.mean)}</td>
      <td class="num">{decimal(flag.z)}</td>
      <td>{flag.injected}</td>
    </tr>
  );
}

const kinds: Record<InjectedEvent["kind"], string> = {
  spike: "Spikes",
  late: "Late",
  duplicate: "Duplicates",
  malformed: "Malformed",
};

/** What the simulator put in, and how much of it came out as flagged. */
function Found() {
  const totals = model.totals.value;
  const due = totals?.spikesDue ?? 0;
  const found = totals?.spikesFound ?? 0;
  const text = useComputed(() => {
    const t = model.totals.value;
    return t === undefined || t.spikesDue === 0 ? none : `${count(t.spikesFound)} of ${count(t.spikesDue)}`;
  });
  return (
    <div class="found">
      <div class="found-head">
        <span class="found-name">Injected spikes found</span>
        <span class="found-number">{text}</span>
        <span class="found-share">{due === 0 ? "none is due yet" : share(found / due)}</span>
      </div>
      <svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="bar-all" width="100" height="6" />
        <rect class="bar-part" width={due === 0 ? 0 : (100 * found) / due} height="6" />
      </svg>
      <p class="kinds-title" id="kinds-title">
        Injected on purpose
      </p>
      <dl class="kinds" aria-labelledby="kinds-title">
        {Object.entries(kinds).map(([kind, name]) => (
          <div key={kind}>
            <dt>{name}</dt>
            <dd>{count(totals?.injected[kind as InjectedEvent["kind"]])}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
