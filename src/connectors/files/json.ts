import { takeRows } from "../../columns/ops.ts";
import { type Batch, valueAt } from "../../columns/vector.ts";
import { inferJsonSchema } from "../../formats/json/infer.ts";
import { jsonOptions } from "../../formats/json/options.ts";
import { createJsonScanner, type ScanResult } from "../../formats/json/scanner.ts";
import { jsonRowWriter } from "../../formats/json/writer.ts";
import { readLines } from "../../formats/text/lines.ts";
import type { FileFormat } from "./format.ts";
import { COMPRESSION, lineWriter } from "./text-writer.ts";

/** Records that a schema is inferred from. */
const INFER_RECORDS_MAX = 10_000;
const decoder = new TextDecoder();

/** One JSON record a line. */
export const jsonFormat: FileFormat = {
  name: "json",
  readOptions: [
    { name: "mode", doc: "PERMISSIVE, DROPMALFORMED or FAILFAST.", default: "PERMISSIVE" },
    { name: "columnNameOfCorruptRecord", doc: "Column for records that don't fit.", default: "_corrupt_record" },
    { name: "allowSingleQuotes", doc: "Whether ' may stand for \".", default: "true" },
    { name: "allowUnquotedFieldNames", doc: "Whether names may go without quotes.", default: "false" },
    { name: "allowNumericLeadingZeros", doc: "Whether numbers may begin with 0.", default: "false" },
    { name: "allowBackslashEscapingAnyCharacter", doc: "Whether \\ may stand before any character.", default: "false" },
    { name: "allowUnquotedControlChars", doc: "Whether texts may hold control characters.", default: "false" },
    { name: "allowNonNumericNumbers", doc: "Whether NaN and Infinity are numbers.", default: "true" },
    { name: "allowComments", doc: "Whether comments are left out.", default: "false" },
    { name: "dateFormat", doc: "Pattern of dates.", default: "yyyy-MM-dd" },
    { name: "timestampFormat", doc: "Pattern of timestamps.", default: "ISO 8601" },
    { name: "timestampNTZFormat", doc: "Pattern of timestamps without zone.", default: "ISO 8601" },
    { name: "timeZone", doc: "Zone of timestamps without one.", default: "the session's" },
    { name: "maxNestingDepth", doc: "Deepest nesting that is read.", default: "1000" },
    { name: "maxNumLen", doc: "Longest number that is read.", default: "1000" },
  ],
  writeOptions: [COMPRESSION, { name: "timeZone", doc: "Zone of timestamps.", default: "the session's" }],
  userSchema: "requiredForStream",
  async inferSchema(paths, options, timeZone) {
    const records: string[] = [];
    for (const path of paths) {
      for await (const { bytes, starts, ends, count } of readLines(path)) {
        for (let i = 0; i < count; i++) {
          const text = decoder.decode(bytes.subarray(starts[i], ends[i]));
          if (text.trim() !== "") records.push(text);
        }
        if (records.length >= INFER_RECORDS_MAX) break;
      }
      if (records.length >= INFER_RECORDS_MAX) break;
    }
    return inferJsonSchema(records, jsonOptions(options, timeZone).columnNameOfCorruptRecord);
  },
  async *read(path, schema, request, options, timeZone) {
    const json = jsonOptions(options, timeZone);
    const scanner = createJsonScanner(schema, request.columns, { json, wide: request.wide });
    for await (const { bytes, starts, ends, count } of readLines(path)) {
      for (let at = 0; at < count; at += request.batchRowsMax) {
        const to = Math.min(count, at + request.batchRowsMax);
        yield present(scanner.scan(bytes, starts, ends, null, at, to), json.mode === "DROPMALFORMED");
      }
    }
  },
  writer(schema, options, timeZone) {
    const write = jsonRowWriter(schema, options.get("timeZone") ?? timeZone);
    return lineWriter("json", options, (batch, row) => write(batch.columns.map((column) => valueAt(column, row))));
  },
};

/** Without blank lines, and without malformed records where they are dropped. */
function present(scan: ScanResult, dropsCorrupt: boolean): Batch {
  const { rows, columns, recordNull, corrupt } = scan;
  const leaves = (i: number) => recordNull?.[i] === 1 || (dropsCorrupt && corrupt?.[i] === 1);
  const kept = new Int32Array(rows);
  let count = 0;
  for (let i = 0; i < rows; i++) if (!leaves(i)) kept[count++] = i;
  const batch = { rows, columns };
  return count === rows ? batch : takeRows(batch, kept, count);
}
