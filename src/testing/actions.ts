/** The steps of a scripted stream test. Each prints itself as it is written in the test. */
import type { StreamingQuery } from "../api/streaming-query.ts";
import type { Trigger } from "../api/trigger.ts";
import type { MemoryStream } from "./memory-stream.ts";

export type StreamAction =
  | { readonly kind: "addData"; readonly input: MemoryStream; readonly rows: readonly unknown[] }
  | { readonly kind: "mark"; readonly input: MemoryStream; readonly marker: "pause" | "end" | "failOnce" }
  | { readonly kind: "check"; readonly scope: CheckScope; readonly rows: readonly unknown[] }
  | { readonly kind: "advance"; readonly ms: number }
  | { readonly kind: "start"; readonly options: StartOptions }
  | { readonly kind: "stop" }
  | { readonly kind: "expectFailure"; readonly condition: string | undefined }
  | { readonly kind: "assert"; readonly what: string; readonly test: QueryAssertion };

export type CheckScope = "all" | "new" | "lastBatch";
export type QueryAssertion = (query: StreamingQuery) => unknown;

export interface StartOptions {
  readonly trigger?: Trigger;
  readonly options?: Readonly<Record<string, string>>;
}

/** Adds rows to a stream. */
export function AddData(input: MemoryStream, ...rows: readonly unknown[]): StreamAction {
  return { kind: "addData", input, rows };
}

/** Adds a marker to a stream: see MemoryStream's `pause`, `end` and `failOnce`. */
export function Mark(input: MemoryStream, marker: "pause" | "end" | "failOnce"): StreamAction {
  return { kind: "mark", input, marker };
}

/** All rows that the query has written, in any order. In complete mode: those of the last batch. */
export function CheckAnswer(...rows: readonly unknown[]): StreamAction {
  return { kind: "check", scope: "all", rows };
}

/** The rows written since the last check, in any order. */
export function CheckNewAnswer(...rows: readonly unknown[]): StreamAction {
  return { kind: "check", scope: "new", rows };
}

/** The rows that the last batch wrote, in any order. */
export function CheckLastBatch(...rows: readonly unknown[]): StreamAction {
  return { kind: "check", scope: "lastBatch", rows };
}

/** Moves the session's ManualClock, once the query waits for it. */
export function AdvanceManualClock(ms: number): StreamAction {
  return { kind: "advance", ms };
}

/** Starts the query, or starts it again from its checkpoint. A script that doesn't begin with it is started by itself. */
export function StartStream(options: StartOptions = {}): StreamAction {
  return { kind: "start", options };
}

export const StopStream: StreamAction = { kind: "stop" };

/** The query has failed, with this condition where one is given, or fails while it processes what it has. */
export function ExpectFailure(condition?: string): StreamAction {
  return { kind: "expectFailure", condition };
}

/** Anything else about the query: throws, or gives false, when it isn't so. */
export function AssertOnQuery(what: string, test: QueryAssertion): StreamAction {
  return { kind: "assert", what, test };
}

export function describeAction(action: StreamAction): string {
  switch (action.kind) {
    case "addData":
      return `AddData(${textOf(action.rows)})`;
    case "mark":
      return `Mark(${action.marker})`;
    case "check": {
      const names = { all: "CheckAnswer", new: "CheckNewAnswer", lastBatch: "CheckLastBatch" };
      return `${names[action.scope]}(${textOf(action.rows)})`;
    }
    case "advance":
      return `AdvanceManualClock(${action.ms})`;
    case "start":
      return `StartStream(${Object.keys(action.options).length === 0 ? "" : JSON.stringify(action.options)})`;
    case "stop":
      return "StopStream";
    case "expectFailure":
      return `ExpectFailure(${action.condition ?? ""})`;
    case "assert":
      return `AssertOnQuery(${action.what})`;
  }
}

function textOf(rows: readonly unknown[]): string {
  return rows
    .map((row) => JSON.stringify(row, (_key, value: unknown) => (typeof value === "bigint" ? `${value}n` : value)))
    .join(", ");
}
