/** `console`: each batch as a table in the terminal, as Spark draws it. */
import { rowsOf } from "../../columns/rows.ts";
import { showRows } from "../../columns/show.ts";
import type { Value } from "../../types/values.ts";
import type { Environment, OptionSpec, Sink, SinkProvider, SinkRequest } from "../contract.ts";
import { booleanOption, integerOption } from "../options.ts";

const options: readonly OptionSpec[] = [
  { name: "numRows", doc: "Rows shown of each batch.", default: "20" },
  { name: "truncate", doc: "Whether long texts are cut to 20 characters.", default: "true" },
];

export const consoleSink: SinkProvider = consoleSinkTo((text) => process.stdout.write(text));

/** The console sink on another output. */
export function consoleSinkTo(print: (text: string) => void): SinkProvider {
  return {
    format: "console",
    options,
    outputModes: ["append", "update", "complete"],
    batch: true,
    create: async (request, environment) => openConsole(request, environment, print),
  };
}

function openConsole(request: SinkRequest, environment: Environment, print: (text: string) => void): Sink {
  const numRows = integerOption("console", request.options, "numRows", 20, 0);
  const truncate = booleanOption("console", request.options, "truncate", true) ? 20 : 0;
  const rule = "-".repeat(43);
  return {
    description: `ConsoleTable$@${request.queryId.slice(0, 8)}`,
    guarantee: "at-least-once",
    guaranteeNote: "a batch that is run again after a crash is printed again",
    open: async () => -1,
    async begin(batchId) {
      // One row more than is shown tells whether there are more.
      const rows: Value[][] = [];
      return {
        write(batch) {
          if (rows.length <= numRows) rows.push(...rowsOf(batch).slice(0, numRows + 1 - rows.length));
        },
        async commit() {
          const table = showRows(request.schema, rows, {
            numRows,
            truncate,
            vertical: false,
            timeZone: environment.timeZone,
          });
          print(`${rule}\nBatch: ${batchId}\n${rule}\n${table}\n`);
          return undefined;
        },
        async abort() {},
      };
    },
    async close() {},
  };
}
