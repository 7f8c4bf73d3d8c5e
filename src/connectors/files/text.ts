import type { Utf8Vector } from "../../columns/vector.ts";
import { valueAt } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import { readLines } from "../../formats/text/lines.ts";
import { field, STRING, struct } from "../../types/types.ts";
import type { FileFormat } from "./format.ts";
import { COMPRESSION, lineWriter } from "./text-writer.ts";

const SCHEMA = struct(field("value", STRING));

/** Each line is a row with one column, `value`. */
export const textFormat: FileFormat = {
  name: "text",
  readOptions: [],
  writeOptions: [COMPRESSION],
  userSchema: "refused",
  inferSchema: async () => SCHEMA,
  async *read(path, _schema, request) {
    for await (const { bytes, starts, ends, count } of readLines(path)) {
      for (let at = 0; at < count; at += request.batchRowsMax) {
        const to = Math.min(count, at + request.batchRowsMax);
        const value: Utf8Vector = {
          repr: "utf8",
          type: STRING,
          bytes,
          starts: starts.subarray(at, to),
          ends: ends.subarray(at, to),
          nulls: null,
        };
        yield { rows: to - at, columns: request.columns.map(() => value) };
      }
    }
  },
  writer(schema, options) {
    const [only, ...others] = schema.fields;
    if (only === undefined || others.length > 0 || only.type.kind !== "string") {
      throw new SluiceError("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", {
        format: "text",
        columnName: (others[0] ?? only)?.name ?? "?",
        columnType: "other than one STRING column",
      });
    }
    return lineWriter("txt", options, (batch, row) => String(valueAt(batch.columns[0], row) ?? ""));
  },
};
