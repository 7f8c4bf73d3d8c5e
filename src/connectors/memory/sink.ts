import { copyBatch } from "../../columns/copy.ts";
import type { Batch } from "../../columns/vector.ts";
import type { Environment, OptionSpec, Sink, SinkProvider, SinkRequest } from "../contract.ts";
import { integerOption } from "../options.ts";
import { MemoryTable } from "./table.ts";

const options: readonly OptionSpec[] = [
  { name: "maxRows", doc: "Rows to keep; the oldest batches go when there are more.", default: "unlimited" },
];

/** The memory sink of one session; `register` makes the table readable by the query's name. */
export function memorySink(register: (table: MemoryTable) => void): SinkProvider {
  return {
    format: "memory",
    options,
    outputModes: ["append", "update", "complete"],
    batch: false,
    async create(request: SinkRequest, _environment: Environment): Promise<Sink> {
      const rowsMax = integerOption("memory", request.options, "maxRows", Number.POSITIVE_INFINITY);
      const table = new MemoryTable(request.queryName ?? "", request.schema, rowsMax);
      register(table);
      return tableSink(table, request);
    },
  };
}

function tableSink(table: MemoryTable, request: SinkRequest): Sink {
  return {
    description: "MemorySink",
    guarantee: "at-least-once",
    guaranteeNote: "the table is in this process's memory, and new after a restart",
    async open() {
      return -1;
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
