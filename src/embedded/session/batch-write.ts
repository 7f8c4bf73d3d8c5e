/** `df.write`: the rows of a batch query into a sink, once. */
import { randomUUID } from "node:crypto";
import type { Observer } from "../../api/engine.ts";
import type { Sink, SinkRequest } from "../../connectors/contract.ts";
import { sinkProvider } from "../../connectors/list.ts";
import { checkOptions } from "../../connectors/options.ts";
import { SluiceError } from "../../errors/error.ts";
import { type WriteOperation, WriteOperation_SaveMode } from "../../plan/messages.ts";
import type { Session } from "./session.ts";

const MODES: Readonly<Record<WriteOperation_SaveMode, SinkRequest["saveMode"]>> = {
  [WriteOperation_SaveMode.UNSPECIFIED]: "errorIfExists",
  [WriteOperation_SaveMode.APPEND]: "append",
  [WriteOperation_SaveMode.OVERWRITE]: "overwrite",
  [WriteOperation_SaveMode.ERROR_IF_EXISTS]: "errorIfExists",
  [WriteOperation_SaveMode.IGNORE]: "ignore",
};

export async function runWrite(session: Session, write: WriteOperation, observer?: Observer): Promise<void> {
  if (write.input === undefined) throw new SluiceError("INTERNAL_ERROR", { message: "a write without a relation" });
  const format = write.source || session.config.known("spark.sql.sources.default");
  const provider = await sinkProvider(format);
  if (!provider.batch) {
    throw new SluiceError("DATA_SOURCE_OPERATION_UNSUPPORTED", {
      provider: format,
      operation: "batch writing",
      hint: "Write a stream to it with writeStream.",
    });
  }
  const { path: pathOption, ...options } = write.options;
  const query = await session.batchQuery(write.input, observer);
  const request: SinkRequest = {
    streaming: false,
    options: checkOptions(format, Object.entries(options), provider.options),
    path: write.saveType.case === "path" ? write.saveType.value : pathOption,
    schema: query.schema,
    outputMode: "append",
    queryId: randomUUID(),
    queryName: tableName(write),
    partitionBy: write.partitioningColumns,
    saveMode: MODES[write.mode],
  };
  const sink = await provider.create(request, session.environment(query.settings.timeZone));
  try {
    await writeAll(sink, query.rows());
  } finally {
    await sink.close();
  }
}

async function writeAll(
  sink: Sink,
  rows: ReturnType<Awaited<ReturnType<Session["batchQuery"]>>["rows"]>,
): Promise<void> {
  await sink.open();
  const batch = await sink.begin(0);
  try {
    for await (const part of rows) {
      const written = batch.write(part);
      if (written !== undefined) await written;
    }
    await batch.commit();
  } catch (error) {
    await batch.abort().catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

function tableName(write: WriteOperation): string | undefined {
  if (write.saveType.case !== "table") return undefined;
  throw new SluiceError("UNSUPPORTED_FEATURE", {
    feature: "saveAsTable and insertInto",
    where: " by the embedded engine",
    hint: 'Save to a path, or to a database with format("sqlite") or format("postgres").',
  });
}
