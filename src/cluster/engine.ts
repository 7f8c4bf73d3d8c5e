/** The engine on a Spark cluster: plans go to a Spark Connect server as they are. */
import { create } from "@bufbuild/protobuf";
import type {
  Engine,
  EngineConfig,
  EngineOptions,
  EngineQuery,
  ExplainMode,
  ForeachFunctions,
  Observer,
  ResultBatch,
} from "../api/engine.ts";
import { SluiceError } from "../errors/error.ts";
import { fromProtoType } from "../plan/data-types.ts";
import { CommandSchema, type Plan, PlanSchema, type Relation } from "../plan/messages.ts";
import { type StructType, struct } from "../types/types.ts";
import { parseAddress } from "./address.ts";
import { SparkConnectClient } from "./client.ts";
import { ClusterError } from "./error.ts";
import { ListenerBus } from "./listener.ts";
import { ClusterQuery } from "./query.ts";
import { refuseScripts } from "./refuse.ts";
import { observedMetrics, resultBatches } from "./results.ts";

const EXPLAIN_MODES = { simple: 1, extended: 2, codegen: 3, cost: 4, formatted: 5 } as const;
/** Settings of the builder that say where to run; the server has its own. */
const OWN_SETTINGS = new Set(["spark.master", "spark.remote"]);

/** Connects. Throws INVALID_CONNECT_URL, CLUSTER_UNAVAILABLE. */
export async function createClusterEngine(options: EngineOptions): Promise<Engine> {
  const client = new SparkConnectClient(parseAddress(options.remote ?? "sc://localhost"));
  try {
    const version = await client.version();
    const pairs = [...options.config].filter(([key]) => !OWN_SETTINGS.has(key)).map(([key, value]) => ({ key, value }));
    if (pairs.length > 0) await client.config({ case: "set", value: { pairs, silent: true } });
    return new ClusterEngine(client, version);
  } catch (error) {
    await client.close();
    throw error;
  }
}

class ClusterEngine implements Engine {
  readonly kind = "cluster";
  readonly sparkVersion: string;
  readonly config: EngineConfig;
  readonly #client: SparkConnectClient;
  readonly #bus: ListenerBus;

  constructor(client: SparkConnectClient, sparkVersion: string) {
    this.#client = client;
    this.#bus = new ListenerBus(client);
    this.sparkVersion = sparkVersion;
    this.config = clusterConfig(client);
  }

  async schema(relation: Relation): Promise<StructType> {
    const { result } = await this.#client.analyze({ case: "schema", value: { plan: rootPlan(relation) } });
    const schema = result.case === "schema" ? result.value.schema : undefined;
    return schema ? (fromProtoType(schema) as StructType) : struct();
  }

  async isStreaming(relation: Relation): Promise<boolean> {
    const { result } = await this.#client.analyze({ case: "isStreaming", value: { plan: rootPlan(relation) } });
    return result.case === "isStreaming" && result.value.isStreaming;
  }

  async explain(relation: Relation, mode: ExplainMode): Promise<string> {
    const value = { plan: rootPlan(relation), explainMode: EXPLAIN_MODES[mode] };
    const { result } = await this.#client.analyze({ case: "explain", value });
    return result.case === "explain" ? result.value.explainString : "";
  }

  execute(relation: Relation, observer?: Observer): AsyncIterable<ResultBatch> {
    return resultBatches(this.#client.execute(rootPlan(relation)), observer);
  }

  async command(plan: Plan, observer?: Observer): Promise<Relation | undefined> {
    refuseScripts(plan);
    let answer: Relation | undefined;
    for (const response of await this.#client.run(plan)) {
      if (observer) observedMetrics(response).forEach(observer);
      const { responseType } = response;
      if (responseType.case === "sqlCommandResult") answer ??= responseType.value.relation;
    }
    return answer;
  }

  async startStream(plan: Plan, foreach?: ForeachFunctions): Promise<EngineQuery> {
    refuseScripts(plan);
    if (foreach !== undefined) {
      const name = foreach.batch ? "The function of foreachBatch" : "The function of foreach";
      throw new SluiceError("SCRIPT_FUNCTION_ON_CLUSTER", { function: name, place: "" });
    }
    for (const { responseType } of await this.#client.run(plan)) {
      if (responseType.case !== "writeStreamOperationStartResult") continue;
      const { queryId, name } = responseType.value;
      return this.#query(queryId, name);
    }
    throw new ClusterError(undefined, "The server did not say that the query started.", {});
  }

  async queries(): Promise<EngineQuery[]> {
    const value = { command: { case: "active", value: true } } as const;
    const command = create(CommandSchema, { commandType: { case: "streamingQueryManagerCommand", value } });
    for (const { responseType } of await this.#client.command(command)) {
      if (responseType.case !== "streamingQueryManagerCommandResult") continue;
      const { resultType } = responseType.value;
      if (resultType.case === "active") return resultType.value.activeQueries.map((q) => this.#query(q.id, q.name));
    }
    return [];
  }

  async stop(): Promise<void> {
    await this.#bus.close();
    await this.#client.close();
  }

  #query(queryId: { id: string; runId: string } | undefined, name: string | undefined): ClusterQuery {
    const { id = "", runId = "" } = queryId ?? {};
    return new ClusterQuery(this.#client, this.#bus, { id, runId, name: name || undefined });
  }
}

function rootPlan(relation: Relation): Plan {
  refuseScripts(relation);
  return create(PlanSchema, { opType: { case: "root", value: relation } });
}

function clusterConfig(client: SparkConnectClient): EngineConfig {
  return {
    async get(key) {
      const { pairs } = await client.config({ case: "getOption", value: { keys: [key] } });
      return pairs[0]?.value;
    },
    async set(key, value) {
      await client.config({ case: "set", value: { pairs: [{ key, value }] } });
    },
    async unset(key) {
      await client.config({ case: "unset", value: { keys: [key] } });
    },
    async all() {
      const { pairs } = await client.config({ case: "getAll", value: {} });
      return new Map(pairs.map(({ key, value }) => [key, value ?? ""] as const));
    },
  };
}
