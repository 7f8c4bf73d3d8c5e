import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetRead, parquetSchema } from "hyparquet";
import type { Batch } from "../../columns/vector.ts";
import { vectorFrom } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import { type StructType, sameType } from "../../types/types.ts";
import { longValue, MapValue, type Value } from "../../types/values.ts";
import { type ColumnForm, schemaOfFile, withRawValues } from "./schema.ts";

/** Row groups of more rows are read in parts. */
const READ_ROWS_MAX = 65_536;

export async function parquetFileSchema(path: string): Promise<StructType> {
  return schemaOfFile(parquetSchema(await metadataOf(path))).schema;
}

/**
 * The file's rows in the columns of `schema` that are asked for; columns that the file doesn't have are null.
 *
 * @throws WideRequired in the narrow form; FAILED_READ_FILE when the file is damaged or a column is of another type
 */
export async function* readParquet(
  path: string,
  schema: StructType,
  request: { readonly columns: readonly number[]; readonly batchRowsMax: number; readonly wide: boolean },
): AsyncIterable<Batch> {
  const metadata = await metadataOf(path);
  const { schema: found, forms } = schemaOfFile(parquetSchema(metadata));
  const wanted = request.columns.map((c) => schema.fields[c]);
  const present = wanted.map((f) => found.fields.findIndex((g) => g.name.toLowerCase() === f.name.toLowerCase()));
  wanted.forEach((f, i) => {
    const at = present[i];
    if (at >= 0 && !sameType(found.fields[at].type, f.type)) {
      throw failed(path, `column ${f.name} is ${found.fields[at].type.kind} there and ${f.type.kind} in the schema`);
    }
  });
  const columns = present.filter((at) => at >= 0).map((at) => found.fields[at].name);
  const file = await asyncBufferFromFile(path);
  const raw: FileMetaData = { ...metadata, schema: withRawValues(metadata.schema) };
  const total = Number(metadata.num_rows);
  for (let start = 0; start < total; start += READ_ROWS_MAX) {
    const rowEnd = Math.min(total, start + READ_ROWS_MAX);
    let rows: unknown[][] = [];
    if (columns.length > 0) {
      const onComplete = (read: unknown[][]) => {
        rows = read;
      };
      try {
        await parquetRead({
          file,
          metadata: raw,
          columns,
          rowStart: start,
          rowEnd,
          utf8: false,
          rowFormat: "array",
          onComplete,
        });
      } catch (error) {
        throw failed(path, (error as Error).message, error);
      }
    }
    for (let at = 0; at < rowEnd - start; at += request.batchRowsMax) {
      const count = Math.min(request.batchRowsMax, rowEnd - start - at);
      let next = 0;
      const vectors = wanted.map((f, i) => {
        const values: Value[] = new Array(count).fill(null);
        if (present[i] >= 0) {
          const position = next++;
          const form = forms[present[i]];
          for (let r = 0; r < count; r++) values[r] = internal(rows[at + r][position], form, request.wide);
        }
        return vectorFrom(f.type, values, request.wide);
      });
      yield { rows: count, columns: vectors };
    }
  }
}

async function metadataOf(path: string): Promise<FileMetaData> {
  try {
    return await parquetMetadataAsync(await asyncBufferFromFile(path), { geoparquet: false });
  } catch (error) {
    throw failed(path, (error as Error).message, error);
  }
}

function failed(path: string, reason: string, cause?: unknown): SluiceError {
  return new SluiceError("FAILED_READ_FILE", { path, reason }, { cause });
}

function internal(raw: unknown, form: ColumnForm, wide: boolean): Value {
  if (raw === null || raw === undefined) return null;
  const { type } = form;
  switch (type.kind) {
    case "long":
      return longValue(BigInt(raw as bigint), wide);
    case "timestamp":
    case "timestamp_ntz":
      return longValue(micros(BigInt(raw as bigint), form), wide);
    case "decimal":
      return longValue(raw instanceof Uint8Array ? signed(raw) : BigInt(raw as bigint), wide);
    case "string":
      return raw instanceof Uint8Array ? Buffer.from(raw).toString("utf8") : String(raw);
    case "array":
      return (raw as unknown[]).map((item) => internal(item, part(form, 0), wide));
    case "map":
      return mapValue(raw, form, wide);
    case "struct": {
      const object = raw as Record<string, unknown>;
      return type.fields.map((f, i) => internal(object[f.name], part(form, i), wide));
    }
    default:
      return raw as Exclude<Value, null>;
  }
}

/** Without its annotation, a map comes as a struct with one list of entries. */
function mapValue(raw: unknown, form: ColumnForm, wide: boolean): MapValue {
  const [entries] = Object.values(raw as object) as [readonly Record<string, unknown>[] | null];
  const pairs = (entries ?? []).map((entry) => Object.values(entry));
  return new MapValue(
    pairs.map(([key]) => internal(key, part(form, 0), wide)),
    pairs.map(([, value]) => internal(value, part(form, 1), wide)),
  );
}

function part(form: ColumnForm, i: number): ColumnForm {
  return (form.parts as readonly ColumnForm[])[i];
}

const JULIAN_EPOCH_DAY = 2440588n;

function micros(raw: bigint, { unit }: ColumnForm): bigint {
  switch (unit) {
    case "millis":
      return raw * 1000n;
    case "nanos":
      return floorDivide(raw, 1000n);
    case "int96": // a Julian day above 64 bits of nanoseconds
      return ((raw >> 64n) - JULIAN_EPOCH_DAY) * 86_400_000_000n + floorDivide(raw & 0xffffffffffffffffn, 1000n);
    default:
      return raw;
  }
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

/** Big-endian two's complement. */
function signed(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(8 * bytes.length, value);
}
