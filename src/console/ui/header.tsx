import { refreshRates } from "./pacer.ts";
import { model, pacer, stream } from "./state.ts";
import { setTheme, type Theme, theme } from "./theme.ts";

const rateNames: Record<(typeof refreshRates)[number], string> = {
  0: "live",
  1000: "1 s",
  2000: "2 s",
  5000: "5 s",
  10000: "10 s",
};
const themeNames: Record<Theme, string> = { system: "system", light: "light", dark: "dark" };

export function Header() {
  return (
    <header class="top">
      <div class="brand">
        <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" />
          <path d="M9 6v9M16 6v5M23 6v9" />
          <path d="M5 20c2.8-2.6 5-2.6 7.3 0s4.6 2.6 7.3 0 4.7-2.6 7.4 0" />
          <path d="M5 26c2.8-2.6 5-2.6 7.3 0s4.6 2.6 7.3 0 4.7-2.6 7.4 0" />
        </svg>
        <h1>Sluice</h1>
        <ConnectionState />
      </div>
      <Source />
      <div class="controls">
        <button type="button" class="control pause" onClick={() => pacer.setPaused(!pacer.paused.value)}>
          <svg viewBox="0 0 12 12" aria-hidden="true">
            <path d={pacer.paused.value ? "M2.5 1v10l8-5z" : "M2 1h3v10H2zM7 1h3v10H7z"} />
          </svg>
          {pacer.paused.value ? "Resume" : "Pause"}
        </button>
        <label class="control">
          <span>Refresh</span>
          <select
            value={String(pacer.intervalMs.value)}
            onChange={(e) => pacer.setInterval(Number(e.currentTarget.value))}
          >
            {refreshRates.map((ms) => (
              <option key={ms} value={String(ms)}>
                {rateNames[ms]}
              </option>
            ))}
          </select>
        </label>
        <label class="control">
          <span>Theme</span>
          <select value={theme.value} onChange={(e) => setTheme(e.currentTarget.value as Theme)}>
            {Object.entries(themeNames).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
    </header>
  );
}

function ConnectionState() {
  const connection = stream.connection.value;
  if (connection === "lost") return <State sign="sign-warn" text="Reconnecting" />;
  if (connection === "connecting") return <State sign="sign-wait" text="Connecting" />;
  if (pacer.paused.value) return <State sign="sign-pause" text="Paused" />;
  return <State sign="sign-live" text="Live" />;
}

function State({ sign, text }: { readonly sign: string; readonly text: string }) {
  return (
    <p class="state" data-state={text}>
      <span class={`sign ${sign}`} aria-hidden="true" />
      {text}
    </p>
  );
}

function Source() {
  const source = model.source.value;
  return (
    <dl class="source">
      <div>
        <dt>Broker</dt>
        <dd>{source?.bootstrapServers ?? "–"}</dd>
      </div>
      <div>
        <dt>Database</dt>
        <dd title={source?.database}>{source?.database.split(/[\\/]/).at(-1) ?? "–"}</dd>
      </div>
    </dl>
  );
}
