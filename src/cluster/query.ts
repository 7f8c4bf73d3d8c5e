/** A streaming query that runs on the cluster. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { EngineQuery, EngineQueryEvent } from "../api/engine.ts";
import { CommandSchema, type StreamingQueryCommandResult, type StreamingQueryCommandSchema } from "../plan/messages.ts";
import type { SparkConnectClient } from "./client.ts";
import { ClusterError } from "./error.ts";
import type { ListenerBus } from "./listener.ts";

type Ask = NonNullable<MessageInitShape<typeof StreamingQueryCommandSchema>["command"]>;
type Result = StreamingQueryCommandResult["resultType"];

export class ClusterQuery implements EngineQuery {
  readonly id: string;
  readonly runId: string;
  readonly name: string | undefined;
  readonly #client: SparkConnectClient;
  readonly #bus: ListenerBus;

  constructor(
    client: SparkConnectClient,
    bus: ListenerBus,
    query: { readonly id: string; readonly runId: string; readonly name: string | undefined },
  ) {
    this.#client = client;
    this.#bus = bus;
    this.id = query.id;
    this.runId = query.runId;
    this.name = query.name;
  }

  async isActive(): Promise<boolean> {
    return (await this.#status()).isActive;
  }

  async status() {
    const { statusMessage, isDataAvailable, isTriggerActive } = await this.#status();
    return { message: statusMessage, isDataAvailable, isTriggerActive };
  }

  async recentProgress(): Promise<readonly string[]> {
    return pick(await this.#ask({ case: "recentProgress", value: true }), "recentProgress").recentProgressJson;
  }

  async lastProgress(): Promise<string | undefined> {
    return pick(await this.#ask({ case: "lastProgress", value: true }), "recentProgress").recentProgressJson[0];
  }

  async processAllAvailable(): Promise<void> {
    await this.#ask({ case: "processAllAvailable", value: true });
  }

  async awaitTermination(timeoutMs?: number): Promise<boolean> {
    const limit = timeoutMs === undefined ? {} : { timeoutMs: BigInt(Math.max(1, Math.round(timeoutMs))) };
    return pick(await this.#ask({ case: "awaitTermination", value: limit }), "awaitTermination").terminated;
  }

  async exception(): Promise<Error | undefined> {
    const result = await this.#ask({ case: "exception", value: true });
    if (result.case !== "exception" || result.value.exceptionMessage === undefined) return undefined;
    return new ClusterError(result.value.errorClass, result.value.exceptionMessage, {});
  }

  async explain(extended: boolean): Promise<string> {
    return pick(await this.#ask({ case: "explain", value: { extended } }), "explain").result;
  }

  async stop(): Promise<void> {
    await this.#ask({ case: "stop", value: true });
  }

  onEvent(listener: (event: EngineQueryEvent) => void): () => void {
    return this.#bus.listen(this.runId, listener);
  }

  async #status() {
    return pick(await this.#ask({ case: "status", value: true }), "status");
  }

  async #ask(command: Ask): Promise<Result> {
    const value = { queryId: { id: this.id, runId: this.runId }, command };
    const answers = await this.#client.command(
      create(CommandSchema, { commandType: { case: "streamingQueryCommand", value } }),
    );
    for (const { responseType } of answers) {
      if (responseType.case === "streamingQueryCommandResult") return responseType.value.resultType;
    }
    return { case: undefined };
  }
}

type Case = NonNullable<Result["case"]>;
type ValueOf<C extends Case> = Extract<Result, { case: C; value: unknown }>["value"];

function pick<C extends Case>(result: Result, which: C): ValueOf<C> {
  if (result.case === which) return result.value as ValueOf<C>;
  throw new ClusterError(undefined, `The server did not answer with ${which}.`, {});
}
