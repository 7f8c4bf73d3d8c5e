import type { QueryView } from "../events.ts";
import { count, decimal, duration, isTime, none, rate } from "./format.ts";
import { PULSES_MAX } from "./model.ts";
import { Moment } from "./moment.tsx";
import { Sparkline } from "./sparkline.tsx";
import { model } from "./state.ts";

const columns = 10;

export function Queries() {
  const queries = model.queries.value;
  return (
    <section class="panel queries" aria-labelledby="queries-title">
      <div class="panel-head">
        <h2 id="queries-title">Queries</h2>
        <p class="panel-note">
          last batch of each; as JSON: <a href="/api/queries">/api/queries</a>
        </p>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <section class="scroll" tabIndex={0} aria-label="Table of queries">
        <table class="queries-table">
          <caption class="visually-hidden">Streaming queries with the figures of their last batch</caption>
          <thead>
            <tr>
              <th scope="col">Query</th>
              <th scope="col">State</th>
              <th scope="col" class="num">
                Input rows/s
              </th>
              <th scope="col" class="num">
                Processed rows/s
              </th>
              <th scope="col" class="num">
                Batch duration
              </th>
              <th scope="col">Last 2 min</th>
              <th scope="col" class="num">
                Batch
              </th>
              <th scope="col" class="num">
                Watermark
              </th>
              <th scope="col" class="num">
                State rows
              </th>
              <th scope="col" class="num">
                Late dropped
              </th>
            </tr>
          </thead>
          <tbody>
            {queries.map((q) => (
              <QueryRows key={q.id} query={q} />
            ))}
          </tbody>
        </table>
        {queries.length === 0 ? <p class="empty">No query has finished a batch yet.</p> : null}
      </section>
    </section>
  );
}

function QueryRows({ query: q }: { readonly query: QueryView }) {
  return (
    <>
      <tr>
        <th scope="row">{q.name}</th>
        <td>
          <span class={`sign ${signOf(q)}`} aria-hidden="true" /> {q.message}
        </td>
        <td class="num">{rate(q.inputRowsPerSecond)}</td>
        <td class="num">{rate(q.processedRowsPerSecond)}</td>
        <td class="num">{duration(q.batchDurationMs)}</td>
        <td class="trend">
          <Sparkline
            ring={() => model.batches.get(q.id)}
            width={120}
            height={22}
            capacity={PULSES_MAX}
            min={0}
            label={`Batch durations of ${q.name}`}
          />
        </td>
        <td class="num">{count(q.batchId)}</td>
        <td class="num">
          <Watermark query={q} />
        </td>
        <td class="num">{count(q.stateRows)}</td>
        <td class="num">{count(q.lateRowsDropped)}</td>
      </tr>
      {q.error === null ? null : (
        <tr class="error-row">
          <td colSpan={columns}>
            <p>{q.error}</p>
          </td>
        </tr>
      )}
    </>
  );
}

function signOf(q: QueryView): string {
  if (q.error !== null) return "sign-bad";
  if (!q.active) return "sign-pause";
  return q.message.startsWith("waiting") ? "sign-wait" : "sign-live";
}

function Watermark({ query: q }: { readonly query: QueryView }) {
  if (!isTime(q.watermarkMs)) return <>{none}</>;
  const gapMs = model.nowMs.value - q.watermarkMs;
  return (
    <>
      <Moment ms={q.watermarkMs} /> <span class="gap">{`${decimal(gapMs / 1000)} s ago`}</span>
    </>
  );
}
