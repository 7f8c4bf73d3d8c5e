import type { ReadonlySignal } from "@preact/signals";
import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Totals } from "../events.ts";
import { count, durationParts, none, rate } from "./format.ts";
import { PULSES_MAX } from "./model.ts";
import { Sparkline } from "./sparkline.tsx";
import { model } from "./state.ts";

const box = { width: 240, height: 28, capacity: PULSES_MAX, min: 0 };

export function Figures() {
  const perSecond = useComputed(() => rate(model.totals.value?.messagesPerSecond));
  return (
    <section aria-labelledby="figures-title" class="figures">
      <h2 id="figures-title" class="visually-hidden">
        Key figures
      </h2>
      <dl>
        <Figure name="Messages in" note="acknowledged by the broker" value={perSecond} unit="/s" class="wide">
          <Sparkline {...box} ring={() => model.rates} />
        </Figure>
        <LatencyFigure />
        <LostFigure />
        <Total name="Produced" of={(t) => t.produced} note="by the devices" />
        <Total name="Delivered" of={(t) => t.delivered} note="or taken out" />
        <Total name="Late rows" of={(t) => t.lateDropped} note="dropped" />
        <Total name="Bad records" of={(t) => t.malformed} note="unreadable" />
        <Total name="Duplicates" of={(t) => t.duplicatesDropped} note="taken out" />
      </dl>
    </section>
  );
}

interface FigureProps {
  readonly name: string;
  readonly note: string;
  readonly value: ReadonlySignal<string>;
  readonly unit?: string;
  readonly class?: string;
  readonly children?: ComponentChildren;
}

function Figure({ name, note, value, unit, class: className, children }: FigureProps) {
  return (
    <div class={`figure ${className ?? ""}`}>
      <dt>{name}</dt>
      <dd>
        <span class="number">{value}</span>
        {unit === undefined ? null : <span class="unit">{unit}</span>}
      </dd>
      {children === undefined ? null : <dd class="spark">{children}</dd>}
      <dd class="note">{note}</dd>
    </div>
  );
}

function Total({
  name,
  of,
  note,
}: {
  readonly name: string;
  readonly of: (t: Totals) => number;
  readonly note: string;
}) {
  const value = useComputed(() => (model.totals.value === undefined ? none : count(of(model.totals.value))));
  return <Figure name={name} note={note} value={value} />;
}

function LatencyFigure() {
  return (
    <div class="figure wide">
      <dt>Latency, device to page</dt>
      <dd class="pair">
        <Quantile name="p50" of={() => model.latency.value.p50} />
        <Quantile name="p99" of={() => model.latency.value.p99} />
      </dd>
      <dd class="spark">
        <Sparkline {...box} ring={() => model.p50s} second={() => model.p99s} />
      </dd>
      <dd class="note">drawn within 0.5 s more; p99 in grey</dd>
    </div>
  );
}

function Quantile({ name, of }: { readonly name: string; readonly of: () => number | null }) {
  const parts = useComputed(() => durationParts(of()));
  return (
    <span class="quantile">
      <span class="quantile-name">{name}</span>
      <span class="number">{parts.value[0]}</span>
      <span class="unit">{parts.value[1]}</span>
    </span>
  );
}

/** Zero is good and anything else is not; a sign and a word say it besides the colour. */
function LostFigure() {
  const lost = useComputed(() => model.totals.value?.lost);
  const bad = useComputed(() => (lost.value ?? 0) > 0);
  const known = lost.value !== undefined;
  return (
    <div class={`figure lost ${known ? (bad.value ? "bad" : "good") : ""}`}>
      <dt>Lost</dt>
      <dd>
        <span class="number">{count(lost.value)}</span>
        {known ? <span class={`sign ${bad.value ? "sign-bad" : "sign-good"}`} aria-hidden="true" /> : null}
      </dd>
      <dd class="note">{known ? (bad.value ? "missing after 10 s" : "nothing is missing") : "not known yet"}</dd>
    </div>
  );
}
