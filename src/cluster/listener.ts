/** Streaming events of the session: one open answer of the server, shared by all queries that are listened to. */
import { create } from "@bufbuild/protobuf";
import type { EngineQueryEvent } from "../api/engine.ts";
import { CommandSchema, StreamingQueryEventType, type StreamingQueryListenerEvent } from "../plan/messages.ts";
import type { SparkConnectClient } from "./client.ts";
import { ClusterError } from "./error.ts";

type Listener = (event: EngineQueryEvent) => void;

export class ListenerBus {
  readonly #client: SparkConnectClient;
  readonly #listeners = new Map<string, Set<Listener>>();
  #open = false;

  constructor(client: SparkConnectClient) {
    this.#client = client;
  }

  /** Tells `listener` what happens to one run of a query; the result ends it. */
  listen(runId: string, listener: Listener): () => void {
    const all = this.#listeners.get(runId) ?? new Set();
    this.#listeners.set(runId, all.add(listener));
    if (!this.#open) this.#receive().catch(() => undefined);
    return () => {
      all.delete(listener);
      if (all.size === 0) this.#listeners.delete(runId);
      if (this.#listeners.size === 0) void this.close();
    };
  }

  /** Ends the open answer. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#client.command(busCommand("removeListenerBusListener")).catch(() => undefined);
  }

  async #receive(): Promise<void> {
    this.#open = true;
    try {
      const command = busCommand("addListenerBusListener");
      const plan = { $typeName: "spark.connect.Plan", opType: { case: "command", value: command } } as const;
      for await (const { responseType } of this.#client.execute(plan)) {
        if (responseType.case !== "streamingQueryListenerEventsResult") continue;
        for (const event of responseType.value.events) this.#tell(event);
      }
    } finally {
      this.#open = false;
    }
  }

  #tell({ eventJson, eventType }: StreamingQueryListenerEvent): void {
    const event = JSON.parse(eventJson) as Record<string, unknown>;
    const progress = event["progress"] as { runId?: string } | undefined;
    const runId = String(progress?.runId ?? event["runId"]);
    const told = eventOf(eventType, event);
    if (told === undefined) return;
    for (const listener of this.#listeners.get(runId) ?? []) listener(told);
    if (told.kind === "terminated") this.#listeners.delete(runId);
    if (this.#listeners.size === 0) void this.close();
  }
}

function eventOf(type: StreamingQueryEventType, event: Record<string, unknown>): EngineQueryEvent | undefined {
  switch (type) {
    case StreamingQueryEventType.QUERY_PROGRESS_EVENT:
      return { kind: "progress", progress: JSON.stringify(event["progress"]) };
    case StreamingQueryEventType.QUERY_IDLE_EVENT:
      return { kind: "idle" };
    case StreamingQueryEventType.QUERY_TERMINATED_EVENT: {
      const { exception, errorClassOnException } = event as { exception?: string; errorClassOnException?: string };
      const error = exception ? new ClusterError(errorClassOnException, exception, {}) : undefined;
      return { kind: "terminated", error };
    }
    default:
      return undefined;
  }
}

function busCommand(which: "addListenerBusListener" | "removeListenerBusListener") {
  const value = { command: { case: which, value: true } };
  return create(CommandSchema, { commandType: { case: "streamingQueryListenerBusCommand", value } });
}
