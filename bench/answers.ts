/**
 * Whether two engines gave the same rows: a digest of a whole output that doesn't mind the order, so that it also does for
 * outputs of millions of rows.
 */
import { createHash } from "node:crypto";
import { SparkSession } from "../src/index.ts";
import type { QueryName } from "./workloads/query.ts";

/** The number of rows, and the sum of their hashes. */
export class Digest {
  #rows = 0;
  #sum = 0n;

  add(row: string): void {
    this.#rows++;
    this.#sum += createHash("md5").update(row).digest().readBigUInt64LE(0);
  }

  /** E.g. "60000 rows, a1b2c3…". */
  text(): string {
    return `${this.#rows} rows, ${BigInt.asUintN(64, this.#sum).toString(16).padStart(16, "0")}`;
  }
}

export interface RollupRow {
  readonly device: string;
  readonly startMs: number;
  readonly n: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * A row's text. Temperatures have two digits after the point, so that the sum behind a mean is a whole number of hundredths,
 * however an engine has added them up.
 */
export function rollupRow({ device, startMs, n, mean, low, high }: RollupRow): string {
  const hundredths = mean * n * 100;
  const sum = Math.round(hundredths);
  if (Math.abs(sum - hundredths) > 1e-4) throw new Error(`${mean} is not the mean of ${n} temperatures`);
  return `${device} ${startMs} ${n} ${sum} ${low} ${high}`;
}

export interface ForwardRow {
  readonly device: string;
  readonly ms: number;
  readonly fahrenheit: number;
  readonly status: string;
}

export function forwardRow({ device, ms, fahrenheit, status }: ForwardRow): string {
  return `${device} ${ms} ${fahrenheit} ${status}`;
}

/** Digests the JSON that a workload has written to a topic. */
export async function digestOf(bootstrapServers: string, topic: string, query: QueryName): Promise<string> {
  const spark = SparkSession.builder.appName("answers").create();
  try {
    const digest = new Digest();
    const rows = spark.read
      .format("kafka")
      .option("kafka.bootstrap.servers", bootstrapServers)
      .option("subscribe", topic)
      .load()
      .selectExpr("CAST(value AS STRING) AS value")
      .toLocalIterator<{ value: string }>();
    for await (const { value } of rows) digest.add(query === "rollup" ? rollupText(value) : forwardText(value));
    return digest.text();
  } finally {
    await spark.stop();
  }
}

function rollupText(json: string): string {
  const { device, w, n, mean, low, high } = JSON.parse(json) as Omit<RollupRow, "startMs"> & { w: { start: string } };
  return rollupRow({ device, startMs: Date.parse(w.start), n, mean, low, high });
}

function forwardText(json: string): string {
  const { device, ts, fahrenheit, status } = JSON.parse(json) as Omit<ForwardRow, "ms"> & { ts: string };
  return forwardRow({ device, ms: Date.parse(ts), fahrenheit, status });
}
