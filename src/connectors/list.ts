/**
 * Every connector, by its format. A provider's code is loaded when a query first asks for it. Sinks that belong to a
 * session (memory, foreach, foreachBatch) are made by the engine.
 */
import { nearest, SluiceError } from "../errors/error.ts";
import type { SinkProvider, SourceProvider } from "./contract.ts";
import type { FileFormat } from "./files/format.ts";

export interface Connector {
  readonly source?: () => Promise<SourceProvider>;
  readonly sink?: () => Promise<SinkProvider>;
}

export const connectors: Readonly<Record<string, Connector>> = {
  console: { sink: async () => (await import("./console/console.ts")).consoleSink },
  kafka: {
    source: async () => (await import("./kafka/source.ts")).kafkaSource,
    sink: async () => (await import("./kafka/sink.ts")).kafkaSink,
  },
  csv: files(async () => (await import("./files/csv.ts")).csvFormat),
  json: files(async () => (await import("./files/json.ts")).jsonFormat),
  memory: { source: async () => (await import("./memory/source.ts")).memorySource },
  noop: { sink: async () => (await import("./noop/noop.ts")).noopSink },
  parquet: files(async () => (await import("./files/parquet.ts")).parquetFormat),
  postgres: {
    source: async () => (await import("./postgres/source.ts")).postgresSource,
    sink: async () => (await import("./postgres/sink.ts")).postgresSink,
  },
  rate: { source: async () => (await import("./rate/rate.ts")).rateSource },
  "rate-micro-batch": { source: async () => (await import("./rate/micro-batch.ts")).rateMicroBatchSource },
  sqlite: {
    source: async () => (await import("./sqlite/source.ts")).sqliteSource,
    sink: async () => (await import("./sqlite/sink.ts")).sqliteSink,
  },
  text: files(async () => (await import("./files/text.ts")).textFormat),
};

function files(load: () => Promise<FileFormat>): Connector {
  return {
    source: async () => (await import("./files/source.ts")).fileSource(await load()),
    sink: async () => (await import("./files/sink.ts")).fileSink(await load()),
  };
}

/** @throws DATA_SOURCE_NOT_FOUND, DATA_SOURCE_OPERATION_UNSUPPORTED */
export async function sourceProvider(format: string): Promise<SourceProvider> {
  const { source } = connectorFor(format);
  if (source === undefined) throw unsupported(format, "reading");
  return source();
}

/** @throws DATA_SOURCE_NOT_FOUND, DATA_SOURCE_OPERATION_UNSUPPORTED */
export async function sinkProvider(format: string): Promise<SinkProvider> {
  const { sink } = connectorFor(format);
  if (sink === undefined) throw unsupported(format, "writing");
  return sink();
}

function connectorFor(format: string): Connector {
  const name = format.toLowerCase();
  if (Object.hasOwn(connectors, name)) return connectors[name];
  const near = nearest(name, Object.keys(connectors));
  throw new SluiceError("DATA_SOURCE_NOT_FOUND", {
    provider: format,
    hint: `${near === undefined ? "" : `Did you mean ${near}? `}Known formats: ${Object.keys(connectors).join(", ")}.`,
  });
}

function unsupported(provider: string, operation: string): SluiceError {
  const able = Object.entries(connectors).filter(
    ([, c]) => (operation === "reading" ? c.source : c.sink) !== undefined,
  );
  return new SluiceError("DATA_SOURCE_OPERATION_UNSUPPORTED", {
    provider,
    operation,
    hint: `Formats that do: ${able.map(([name]) => name).join(", ")}.`,
  });
}
