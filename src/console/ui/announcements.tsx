import { useComputed } from "@preact/signals";
import { count, time } from "./format.ts";
import { model, stream } from "./state.ts";

/** Says what a reader must know at once: the connection, lost messages, failed queries. */
export function Announcements() {
  const lost = useComputed(() => (model.totals.value?.lost ?? 0) > 0);
  const failed = useComputed(() =>
    model.queries.value
      .filter((q) => q.error !== null)
      .map((q) => q.name)
      .join(", "),
  );
  const away = stream.connection.value === "lost";
  return (
    <>
      <div class="notices" role="status">
        {away ? (
          <p class="notice">
            <span class="sign sign-warn" aria-hidden="true" />
            {model.nowMs.peek() === 0
              ? "The console does not answer. Trying again …"
              : `Connection lost. These are the values of ${time(model.nowMs.peek())}; trying again …`}
          </p>
        ) : null}
      </div>
      <div class="visually-hidden" role="alert">
        {lost.value ? `Messages are missing: ${count(model.totals.peek()?.lost)}.` : ""}
        {failed.value === "" ? "" : `Failed queries: ${failed.value}.`}
      </div>
    </>
  );
}
