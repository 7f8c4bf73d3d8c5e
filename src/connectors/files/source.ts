/** Files as a table, and as a stream of the files that appear. */
import type { Batch, Vector } from "../../columns/vector.ts";
import { vectorFrom } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import { parseDate, parseTimestamp, zoneOf } from "../../types/datetime.ts";
import {
  DATE,
  type DataType,
  DOUBLE,
  field,
  INT,
  LONG,
  STRING,
  type StructType,
  struct,
  TIMESTAMP,
} from "../../types/types.ts";
import { longValue, type Value } from "../../types/values.ts";
import type {
  Environment,
  OptionSpec,
  Options,
  ReadRequest,
  Source,
  SourceProvider,
  SourceRequest,
} from "../contract.ts";
import { booleanOption } from "../options.ts";
import type { FileFormat } from "./format.ts";
import { globPart, type ListedFile, type ListingOptions, listFiles } from "./listing.ts";
import { openFileStream } from "./stream.ts";

const listingOptions: readonly OptionSpec[] = [
  { name: "path", doc: "The same as the argument of load()." },
  { name: "pathGlobFilter", doc: "Only files whose name matches, e.g. `*.json`." },
  { name: "recursiveFileLookup", doc: "Whether folders below are read too.", default: "false" },
  { name: "maxFilesPerTrigger", doc: "New files in a batch of a stream, at most.", default: "no limit" },
  { name: "latestFirst", doc: "Whether a stream takes the newest files first.", default: "false" },
  { name: "maxFileAge", doc: "How much older than the newest a file may be to be read.", default: "7d" },
  { name: "fileNameOnly", doc: "Whether files of one name are the same file.", default: "false" },
];

export function fileSource(format: FileFormat): SourceProvider {
  return {
    format: format.name,
    options: [...format.readOptions, ...listingOptions],
    userSchema: format.userSchema,
    open: (request, environment) => openFiles(format, request, environment),
  };
}

/** How to read one file of the table: its own columns, and those that its folder names. */
export interface FileTable {
  readonly schema: StructType;
  read(file: ListedFile, request: ReadRequest): AsyncIterable<Batch>;
}

async function openFiles(format: FileFormat, request: SourceRequest, environment: Environment): Promise<Source> {
  const { options } = request;
  const paths = request.paths.length > 0 ? request.paths : [options.get("path") ?? ""].filter((p) => p !== "");
  if (paths.length === 0) {
    throw new SluiceError("MISSING_OPTION", {
      provider: format.name,
      option: "path",
      hint: "say which files to read.",
    });
  }
  const listing = listingOf(format.name, options);
  const files = await listFiles(paths, listing, request.streaming);
  const timeZone = options.get("timeZone") ?? environment.timeZone;
  const inferred =
    request.schema ??
    (await format.inferSchema(
      files.map((f) => f.path),
      options,
      timeZone,
    ));
  if (inferred === undefined) {
    throw new SluiceError("UNABLE_TO_INFER_SCHEMA", { format: format.name, path: paths.join(", ") });
  }
  const table = tableOf(format, inferred, files, options, timeZone);
  return {
    schema: table.schema,
    async *readBatch(read) {
      for (const file of await listFiles(paths, listing)) yield* table.read(file, read);
    },
    openStream: (checkpoint) =>
      openFileStream({ paths, listing, options, format: format.name, table, checkpoint, clock: environment.clock }),
  };
}

function listingOf(format: string, options: Options): ListingOptions {
  const filter = options.get("pathGlobFilter");
  return {
    recursive: booleanOption(format, options, "recursiveFileLookup", false),
    nameFilter: filter === undefined ? undefined : globPart(filter),
  };
}

function tableOf(
  format: FileFormat,
  data: StructType,
  files: readonly ListedFile[],
  options: Options,
  timeZone: string,
): FileTable {
  const own = new Map(data.fields.map((f) => [f.name, f.type]));
  const partitions = partitionColumns(files).map(({ name, values }) =>
    field(name, own.get(name) ?? partitionType(values, timeZone)),
  );
  const names = new Set(partitions.map((f) => f.name));
  const fileSchema = struct(...data.fields.filter((f) => !names.has(f.name)).map((f) => ({ ...f, nullable: true })));
  const schema = struct(...fileSchema.fields, ...partitions);
  return {
    schema,
    async *read(file, request) {
      const inFile = request.columns.filter((c) => c < fileSchema.fields.length);
      for await (const batch of format.read(
        file.path,
        fileSchema,
        { ...request, columns: inFile },
        options,
        timeZone,
      )) {
        yield { rows: batch.rows, columns: columnsOf(batch, file, schema, request, inFile, timeZone) };
      }
    },
  };
}

function columnsOf(
  batch: Batch,
  file: ListedFile,
  schema: StructType,
  request: ReadRequest,
  inFile: readonly number[],
  timeZone: string,
): Vector[] {
  return request.columns.map((c) => {
    const at = inFile.indexOf(c);
    if (at >= 0) return batch.columns[at];
    const { name, type } = schema.fields[c];
    const value = partitionValue(file.partition.get(name) ?? null, type, timeZone, request.wide);
    return vectorFrom(type, new Array<Value>(batch.rows).fill(value), request.wide);
  });
}

function partitionColumns(files: readonly ListedFile[]): { name: string; values: string[] }[] {
  const columns = new Map<string, string[]>();
  for (const file of files) {
    for (const [name, value] of file.partition) {
      const values = columns.get(name) ?? [];
      columns.set(name, values);
      if (value !== null) values.push(value);
    }
  }
  return [...columns].map(([name, values]) => ({ name, values }));
}

/** The narrowest type that all values have. */
function partitionType(values: readonly string[], timeZone: string): DataType {
  if (values.length === 0) return STRING;
  const fits = (type: DataType) => values.every((v) => readPartition(v, type, timeZone, true) !== undefined);
  return [INT, LONG, DOUBLE, DATE, TIMESTAMP].find(fits) ?? STRING;
}

function partitionValue(text: string | null, type: DataType, timeZone: string, wide: boolean): Value {
  return text === null ? null : (readPartition(text, type, timeZone, wide) ?? null);
}

function readPartition(text: string, type: DataType, timeZone: string, wide: boolean): Value | undefined {
  switch (type.kind) {
    case "byte":
    case "short":
    case "integer": {
      const value = Number(text);
      return /^-?\d+$/.test(text) && Math.abs(value) < 2 ** 31 ? value : undefined;
    }
    case "long":
      if (!/^-?\d{1,19}$/.test(text)) return undefined;
      return BigInt.asIntN(64, BigInt(text)) === BigInt(text) ? longValue(BigInt(text), wide) : undefined;
    case "float":
    case "double":
      return text.trim() === "" || Number.isNaN(Number(text)) ? undefined : Number(text);
    case "boolean":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "date":
      return parseDate(text);
    case "timestamp":
      return /^\d{4}-\d\d-\d\d[ T]/.test(text) ? parseTimestamp(text, zoneOf(timeZone), wide) : undefined;
    default:
      return text;
  }
}
