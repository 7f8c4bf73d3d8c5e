import { textOf } from "../../columns/text.ts";
import { type Batch, valueAt } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import { joinLine } from "../../formats/csv/fields.ts";
import { type CsvOptions, csvOptions } from "../../formats/csv/options.ts";
import { CsvReader, inferCsvSchema, recordsIn } from "../../formats/csv/read.ts";
import { isoNtzText, isoText } from "../../formats/text/iso.ts";
import { readLines } from "../../formats/text/lines.ts";
import { zoneOf } from "../../types/datetime.ts";
import type { StructType } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import type { OptionSpec } from "../contract.ts";
import { booleanOption } from "../options.ts";
import type { FileFormat } from "./format.ts";
import { COMPRESSION, lineWriter } from "./text-writer.ts";

/** Records that a schema is inferred from. */
const INFER_RECORDS_MAX = 10_000;

const shared: readonly OptionSpec[] = [
  { name: "sep", doc: "Between fields; `delimiter` is the same.", default: "," },
  { name: "delimiter", doc: "The same as sep.", default: "," },
  { name: "quote", doc: "Around fields that hold a separator.", default: '"' },
  { name: "escape", doc: "Before a quote inside a quoted field.", default: "\\" },
  { name: "header", doc: "Whether the first line has the names.", default: "false" },
  { name: "nullValue", doc: "Text that stands for null.", default: "" },
  { name: "emptyValue", doc: "Text that stands for an empty string.", default: "" },
  { name: "timeZone", doc: "Zone of timestamps without one.", default: "the session's" },
];

export const csvFormat: FileFormat = {
  name: "csv",
  readOptions: [
    ...shared,
    {
      name: "inferSchema",
      doc: "Whether types are found from the data; otherwise all columns are texts.",
      default: "false",
    },
    { name: "comment", doc: "First character of lines to leave out.", default: "none" },
    { name: "mode", doc: "PERMISSIVE, DROPMALFORMED or FAILFAST.", default: "PERMISSIVE" },
    { name: "columnNameOfCorruptRecord", doc: "Column for records that don't fit.", default: "_corrupt_record" },
    { name: "ignoreLeadingWhiteSpace", doc: "Whether spaces before a field are left out.", default: "false" },
    { name: "ignoreTrailingWhiteSpace", doc: "Whether spaces after a field are left out.", default: "false" },
  ],
  writeOptions: [...shared, COMPRESSION],
  userSchema: "requiredForStream",
  async inferSchema(paths, options, timeZone) {
    const csv = csvOptions(options, timeZone);
    const records: string[] = [];
    const header: string[] = [];
    for (const path of paths) {
      let first = true;
      for await (const lines of readLines(path)) {
        const found = recordsIn(lines, csv);
        if (csv.header && first && found.length > 0) header.push(found.shift() as string);
        first = false;
        records.push(...found);
        if (records.length >= INFER_RECORDS_MAX) break;
      }
      if (records.length >= INFER_RECORDS_MAX) break;
    }
    const all = csv.header ? [...header.slice(0, 1), ...records] : records;
    if (all.length === 0) return undefined;
    return inferCsvSchema(all, csv, booleanOption("csv", options, "inferSchema", false));
  },
  async *read(path, schema, request, options, timeZone) {
    const csv = csvOptions(options, timeZone);
    const reader = new CsvReader(schema, request.columns, csv, request.wide);
    let first = true;
    for await (const lines of readLines(path)) {
      const records = recordsIn(lines, csv);
      if (csv.header && first && records.length > 0) records.shift();
      first = false;
      for (let at = 0; at < records.length; at += request.batchRowsMax) {
        yield reader.read(records.slice(at, at + request.batchRowsMax));
      }
    }
  },
  writer(schema, options, timeZone) {
    const csv = csvOptions(options, timeZone);
    const head = csv.header
      ? joinLine(
          schema.fields.map((f) => f.name),
          csv,
        )
      : undefined;
    return lineWriter("csv", options, rowText(schema, csv), head);
  },
};

function rowText(schema: StructType, csv: CsvOptions): (batch: Batch, row: number) => string {
  const zone = zoneOf(csv.timeZone);
  const formats = schema.fields.map(({ name, type }): ((value: Value) => string) => {
    if (type.kind === "array" || type.kind === "map" || type.kind === "struct") {
      const columnType = type.kind.toUpperCase();
      throw new SluiceError("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", { format: "csv", columnName: name, columnType });
    }
    if (type.kind === "timestamp") return (value) => isoText(value as number | bigint, zone);
    if (type.kind === "timestamp_ntz") return (value) => isoNtzText(value as number | bigint);
    return textOf(type, { timeZone: csv.timeZone, nullText: "null" });
  });
  return (batch, row) =>
    joinLine(
      batch.columns.map((column, c) => {
        const value = valueAt(column, row);
        return value === null ? null : formats[c](value);
      }),
      csv,
    );
}
