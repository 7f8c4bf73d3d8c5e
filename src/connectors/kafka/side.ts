/** Side outputs: dead letters and late rows, by a producer whose transactions hold each batch's number, like the sink's. */
import { struct } from "../../types/types.ts";
import type { Environment, Sink, SinkRequest } from "../contract.ts";
import type { ClientSettings } from "./client-options.ts";
import { KafkaCluster } from "./cluster.ts";
import { guaranteeOf, KafkaSink } from "./sink.ts";
import type { KafkaSinkOptions } from "./sink-options.ts";

/** @param topics those that will be written; looked up when the sink is opened */
export async function kafkaSideSink(
  client: ClientSettings,
  topics: readonly string[],
  query: { readonly queryId: string; readonly queryName: string | undefined },
  environment: Environment,
): Promise<Sink> {
  const options: KafkaSinkOptions = {
    client,
    topic: undefined,
    delivery: undefined,
    acks: -1,
    compression: "none",
    partitioner: "default",
    transactionTimeoutMs: 300_000,
    batchBytes: 256 << 10,
    recordBytesMax: Number.POSITIVE_INFINITY,
    transactionalId: undefined,
  };
  const request: SinkRequest = {
    streaming: true,
    options: new Map(),
    path: undefined,
    schema: struct(),
    outputMode: "append",
    queryId: query.queryId,
    queryName: query.queryName,
    partitionBy: [],
    saveMode: "append",
  };
  const cluster = new KafkaCluster(client, environment, true);
  const { guarantee, note } = await guaranteeOf(cluster, options, true);
  const layout = { value: -1, key: -1, topic: -1, partition: -1, headers: -1 };
  return new KafkaSink(cluster, options, layout, request, environment, guarantee, note, topics);
}
