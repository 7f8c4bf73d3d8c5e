/**
 * The parts of the Kafka client that the engine works with, as a checkout loads them: by their files, since the client's main
 * module also brings its producer, consumer and admin with a compiled schema of their options each, which takes a good part of
 * a query's start. The published package has `client-bundled.ts` in this module's place.
 */
import type * as Client from "@platformatic/kafka";
import type * as Parts from "./client-bundled.ts";

const PARTS = ["./apis/index.js", "./network/connection.js", "./protocol/index.js"];

async function load(): Promise<typeof Parts> {
  try {
    const main = import.meta.resolve("@platformatic/kafka");
    const loaded = await Promise.all(PARTS.map((part) => import(new URL(part, main).href) as Promise<object>));
    return Object.assign({}, ...loaded) as typeof Parts;
  } catch {
    // Bundled, or another version that has them elsewhere.
    return import("@platformatic/kafka");
  }
}

export const {
  addOffsetsToTxnV3,
  addPartitionsToTxnV3,
  apiVersionsV3,
  compressionsAlgorithms,
  Connection,
  crc32c,
  createAPI,
  describeConfigsV4,
  endTxnV3,
  fetchV12,
  findCoordinatorV4,
  initProducerIdV4,
  listOffsetsV7,
  metadataV12,
  offsetCommitV8,
  offsetFetchV8,
  produceV9,
  protocolErrors,
  protocolErrorsCodesById,
  txnOffsetCommitV3,
  Writer,
} = await load();

export type Connection = Client.Connection;
export type Writer = Client.Writer;
export type { API, SASLOptions } from "@platformatic/kafka";
