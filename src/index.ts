/**
 * Sluice: Spark Structured Streaming for TypeScript.
 *
 * @example
 * import { SparkSession } from "sluice";
 * import { col, count, window } from "sluice/functions";
 *
 * const spark = SparkSession.builder.appName("rollup").getOrCreate();
 */
import type { Engine, EngineOptions } from "./api/engine.ts";
import { useEngines } from "./api/session.ts";

export { Catalog, type CatalogColumn, type CatalogTable } from "./api/catalog.ts";
export { Column, type ColumnOrName, type ColumnOrValue } from "./api/column.ts";
export { DataFrame } from "./api/dataframe.ts";
export { Decimal } from "./api/decimal.ts";
export type { ForeachBatchFunction, ForeachWriter } from "./api/foreach.ts";
export { GroupedData } from "./api/grouped.ts";
export type { JoinHow } from "./api/join.ts";
export { Observation } from "./api/observation.ts";
export type { StreamingQueryProgress, StreamingQueryStatus } from "./api/progress.ts";
export { DataFrameReader } from "./api/reader.ts";
export { Row, type RowOf } from "./api/row.ts";
export { SparkSession, type SparkSessionBuilder } from "./api/session.ts";
export { DataStreamWriter } from "./api/stream-writer.ts";
export { StreamingQuery } from "./api/streaming-query.ts";
export { type StreamingQueryListener, StreamingQueryManager } from "./api/streams.ts";
export { Timestamp } from "./api/timestamp.ts";
export { Trigger } from "./api/trigger.ts";
export { types } from "./api/types.ts";
export { Window, WindowSpec } from "./api/window.ts";
export { DataFrameWriter } from "./api/writer.ts";
export { type QueryContext, SluiceError } from "./errors/error.ts";
export type { DataType, StructField, StructType } from "./types/types.ts";

/** A cluster when there is an address of one, this process otherwise. */
async function createEngine(options: EngineOptions): Promise<Engine> {
  if (options.remote !== undefined) {
    const { createClusterEngine } = await import("./cluster/engine.ts");
    return createClusterEngine(options);
  }
  const { createEmbeddedEngine } = await import("./embedded/engine.ts");
  const { bindScript } = await import("./api/scripts.ts");
  return createEmbeddedEngine({ config: options.config, bindScript });
}

useEngines(createEngine);
