import { copyBatch } from "../../columns/copy.ts";
import type { Batch } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import { sameType } from "../../types/types.ts";
import type { Environment, OptionSpec, Sink, SinkProvider, SinkRequest } from "../contract.ts";
import { integerOption } from "../options.ts";
import { MemoryTable } from "./table.ts";

const options: readonly OptionSpec[] = [
  { name: "maxRows", doc: "Rows to keep; the oldest batches go when there are more.", default: "unlimited" },
];

/** How a session keeps the tables of its memory sinks. */
export interface MemoryTables {
  /** The table of the query with this id, if it ran here before: a restarted query goes on with its table. */
  ofQuery(queryId: string): MemoryTable | undefined;
  register(queryId: string, table: MemoryTable): void;
}

/** The memory sink of one session. The table is readable by the query's name. */
export function memorySink(tables: MemoryTables): SinkProvider {
  return {
    format: "memory",
    options,
    outputModes: ["append", "update", "complete"],
    batch: false,
    async create(request: SinkRequest, _environment: Environment): Promise<Sink> {
      if (request.queryName === undefined) throw new SluiceError("QUERY_NAME_REQUIRED", { sink: "memory" });
      const rowsMax = integerOption("memory", request.options, "maxRows", Number.POSITIVE_INFINITY);
      const old = tables.ofQuery(request.queryId);
      const goesOn = old !== undefined && sameType(old.schema, request.schema);
      const table = goesOn ? old : new MemoryTable(request.queryName, request.schema, rowsMax);
      tables.register(request.queryId, table);
      return tableSink(table, request);
    },
  };
}

function tableSink(table: MemoryTable, request: SinkRequest): Sink {
  return {
    description: "MemorySink",
    guarantee: "at-least-once",
    guaranteeNote: "the table is in this process's memory and ends with it",
    async open() {
      return table.lastBatchId;
    },
    async begin(batchId) {
      const batches: Batch[] = [];
      return {
        write(batch) {
          if (batch.rows > 0) batches.push(copyBatch(batch));
        },
        async commit() {
          table.put({ batchId, mode: request.outputMode, batches });
          return undefined;
        },
        async abort() {},
      };
    },
    async close() {},
  };
}
