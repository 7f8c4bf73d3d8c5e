/** One session with a Spark Connect server. */
import { randomUUID } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import {
  type AnalyzePlanRequestSchema,
  type AnalyzePlanResponse,
  type Command,
  type ConfigRequest_OperationSchema,
  type ConfigResponse,
  type ExecutePlanResponse,
  type Plan,
  SparkConnectService,
} from "../plan/messages.ts";
import type { ConnectAddress } from "./address.ts";
import { clusterError } from "./error.ts";
import { reattachable } from "./reattach.ts";

type Analyze = NonNullable<MessageInitShape<typeof AnalyzePlanRequestSchema>["analyze"]>;
type ConfigOperation = NonNullable<MessageInitShape<typeof ConfigRequest_OperationSchema>["opType"]>;

export class SparkConnectClient {
  readonly #client: Client<typeof SparkConnectService>;
  readonly #connection: Http2SessionManager;
  readonly #address: ConnectAddress;
  readonly #sessionId: string;
  #serverSessionId: string | undefined;
  #version: string | undefined;

  constructor(address: ConnectAddress) {
    this.#address = address;
    this.#sessionId = address.sessionId ?? randomUUID();
    this.#connection = new Http2SessionManager(address.baseUrl);
    const interceptors = [headersInterceptor(address.headers)];
    const transport = createGrpcTransport({ baseUrl: address.baseUrl, sessionManager: this.#connection, interceptors });
    this.#client = createClient(SparkConnectService, transport);
  }

  /** The server's Spark, e.g. "4.2.0". */
  async version(): Promise<string> {
    const { result } = await this.analyze({ case: "sparkVersion", value: {} });
    this.#version = result.case === "sparkVersion" ? result.value.version : "";
    return this.#version;
  }

  async analyze(analyze: Analyze): Promise<AnalyzePlanResponse> {
    return this.#known(() => this.#client.analyzePlan({ ...this.#session(), analyze }));
  }

  async config(opType: ConfigOperation): Promise<ConfigResponse> {
    return this.#known(() => this.#client.config({ ...this.#session(), operation: { opType } }));
  }

  /** Runs a plan. The server may end its answer at any time; it is taken up again where it stopped, until complete. */
  async *execute(plan: Plan): AsyncGenerator<ExecutePlanResponse, void, undefined> {
    const operationId = randomUUID();
    const requestOptions = [
      { requestOption: { case: "reattachOptions", value: { reattachable: true } } },
      { requestOption: { case: "resultChunkingOptions", value: { allowArrowBatchChunking: true } } },
    ] as const;
    const responses = reattachable({
      start: () =>
        this.#client.executePlan({ ...this.#session(), operationId, plan, requestOptions: [...requestOptions] }),
      reattach: (lastResponseId) =>
        this.#client.reattachExecute({
          ...this.#session(),
          operationId,
          ...(lastResponseId !== undefined && { lastResponseId }),
        }),
      release: async (responseId) => {
        const request = { ...this.#session(), operationId };
        await this.#client.releaseExecute(
          responseId === undefined
            ? { ...request, release: { case: "releaseAll", value: {} } }
            : { ...request, release: { case: "releaseUntil", value: { responseId } } },
        );
      },
    });
    try {
      for await (const response of responses) {
        this.#serverSessionId ??= response.serverSideSessionId || undefined;
        yield response;
      }
    } catch (error) {
      throw await this.#ours(error);
    }
  }

  /** Runs a command; resolves to its answers. */
  async command(command: Command): Promise<ExecutePlanResponse[]> {
    return this.run({ $typeName: "spark.connect.Plan", opType: { case: "command", value: command } });
  }

  async run(plan: Plan): Promise<ExecutePlanResponse[]> {
    const responses: ExecutePlanResponse[] = [];
    for await (const response of this.execute(plan)) responses.push(response);
    return responses;
  }

  /** Tells the server that the session is over and closes the connection. */
  async close(): Promise<void> {
    const { clientObservedServerSideSessionId: _, ...session } = this.#session();
    await this.#client.releaseSession(session).catch(() => undefined);
    this.#connection.abort();
  }

  async #known<R extends { serverSideSessionId: string }>(call: () => Promise<R>): Promise<R> {
    try {
      const response = await call();
      this.#serverSessionId ??= response.serverSideSessionId || undefined;
      return response;
    } catch (error) {
      throw await this.#ours(error);
    }
  }

  #ours(error: unknown): Promise<unknown> {
    const server = { url: this.#address.baseUrl.replace(/^https?/, "sc"), version: this.#version };
    return clusterError(error, server, (errorId) => this.#client.fetchErrorDetails({ ...this.#session(), errorId }));
  }

  #session() {
    const userId = this.#address.userId ?? process.env["USER"] ?? "sluice";
    return {
      sessionId: this.#sessionId,
      userContext: { userId, userName: userId },
      clientType: `${this.#address.userAgent ?? "sluice"} node/${process.versions.node} ${process.platform}`,
      ...(this.#serverSessionId && { clientObservedServerSideSessionId: this.#serverSessionId }),
    };
  }
}

function headersInterceptor(headers: ReadonlyMap<string, string>): Interceptor {
  return (next) => (request) => {
    for (const [name, value] of headers) request.header.set(name, value);
    return next(request);
  };
}
