/** From the bytes of a Fetch response to columns, in memory that is used again: what a thread beside the engine's does. */
import { ReusedArrays } from "../../../columns/arrays.ts";
import { packed, packedBytes } from "../../../columns/pack.ts";
import { reprOf, type Vector } from "../../../columns/vector.ts";
import { Output } from "../../../formats/compression/codecs.ts";
import { createJsonScanner, type JsonScanner, type ScanResult, scanNaming } from "../../../formats/json/scanner.ts";
import { BOOLEAN, type DataType, LONG } from "../../../types/types.ts";
import type { JsonFields, ReadRequest } from "../../contract.ts";
import { areArrays, blockToBatch, columnTypes, partsOf } from "../columns.ts";
import { type BlockMemory, type RecordRange, recordBlocks } from "../records.ts";

/** What is wanted of the records; the same for all chunks of a query. */
export type DecodeRequest = Pick<ReadRequest, "columns" | "wide" | "json">;

/** Rows on their way to another thread: every array is a view on `buffer`. */
export interface PackedBlock {
  readonly rows: number;
  readonly buffer: ArrayBuffer;
  /** The columns asked for; without the texts of JSON where nobody wants them. */
  readonly columns: readonly (Vector | undefined)[];
  readonly fields: readonly Vector[] | undefined;
  readonly corrupt: Uint8Array | null;
  /** The records' offsets, where they are known. */
  readonly offsets: Float64Array;
}

/** Whether what is asked for is typed arrays all through. */
export function canTravel({ columns, wide, json }: DecodeRequest): boolean {
  if (!areArrays(columns)) return false;
  return fieldTypes(json).every((type) => type.kind === "string" || reprOf(type, wide) !== "obj");
}

function fieldTypes(json: JsonFields | undefined): DataType[] {
  return json?.fields.map((ordinal) => (ordinal < 0 ? BOOLEAN : json.schema.fields[ordinal].type)) ?? [];
}

/** Memory that one block after the other is made in. */
class ReusedMemory extends ReusedArrays implements BlockMemory {
  private readonly kept = new Output(1 << 20, Number.MAX_SAFE_INTEGER);

  output(): Output {
    this.kept.reset();
    return this.kept;
  }
}

/** Decodes chunks of one query. Not reentrant. */
export class ChunkDecoder {
  private readonly request: ReadRequest;
  private readonly scanner: JsonScanner | undefined;
  private readonly memory = new ReusedMemory();
  private nowMs = 0;

  constructor(request: DecodeRequest) {
    this.request = { ...request, batchRowsMax: Number.MAX_SAFE_INTEGER };
    const { json, wide } = request;
    if (json === undefined) return;
    const options = { json: json.options, wide, nowMs: () => this.nowMs, arrays: this.memory };
    this.scanner = createJsonScanner(json.schema, json.fields, options);
  }

  /**
   * The records of the range, in as few blocks as fit in the processor's cache.
   *
   * @param room gives memory of at least so many bytes
   * @throws SluiceError KAFKA_CORRUPT_RECORD_BATCH, KAFKA_UNSUPPORTED_RECORD_FORMAT, MALFORMED_RECORD_IN_PARSING
   * @throws WideRequired in the narrow form
   */
  *decode(range: RecordRange, nowMs: number, room: (bytes: number) => ArrayBuffer): Generator<PackedBlock> {
    this.nowMs = nowMs;
    const { request, memory } = this;
    memory.reset();
    const parts = partsOf(request);
    for (const block of recordBlocks([range], request.batchRowsMax, parts, undefined, memory)) {
      if (block.rows > 0) {
        const { rows, columns, origin } = blockToBatch(block, request);
        yield this.pack(rows, columns, this.scan(columns, rows, origin), block.offsets, room);
      }
      memory.reset();
    }
  }

  private scan(
    columns: readonly Vector[],
    rows: number,
    origin: ((row: number) => string) | undefined,
  ): ScanResult | undefined {
    const { json } = this.request;
    if (json === undefined || this.scanner === undefined) return undefined;
    return scanNaming(this.scanner, columns[json.column], rows, origin);
  }

  private pack(
    rows: number,
    columns: readonly Vector[],
    scanned: ScanResult | undefined,
    offsets: Float64Array,
    room: (bytes: number) => ArrayBuffer,
  ): PackedBlock {
    const { json } = this.request;
    const texts = json === undefined || json.keepsTexts ? -1 : json.column;
    const kept = columns.filter((_, c) => c !== texts);
    const fields = scanned?.columns ?? [];
    const corrupt: Vector[] = scanned?.corrupt ? [flagsColumn(scanned.corrupt)] : [];
    const hasOffsets = offsets.length >= rows;
    const numbers: Vector[] = hasOffsets ? [{ repr: "f64", type: LONG, values: offsets, nulls: null }] : [];
    const all = [...kept, ...fields, ...corrupt, ...numbers];
    const buffer = room(packedBytes(all, rows));
    const made = packed(all, rows, buffer);
    const take = (n: number): Vector[] => made.splice(0, n);
    const own: (Vector | undefined)[] = take(kept.length);
    if (texts >= 0) own.splice(texts, 0, undefined);
    return {
      rows,
      buffer,
      columns: own,
      fields: scanned && take(fields.length),
      corrupt: valuesOf(take(corrupt.length)[0], Uint8Array) ?? null,
      offsets: valuesOf(take(numbers.length)[0], Float64Array) ?? new Float64Array(0),
    };
  }
}

/** The column's array, where there is one of this kind. */
function valuesOf<T>(column: Vector | undefined, kind: new (length: number) => T): T | undefined {
  return column !== undefined && "values" in column && column.values instanceof kind ? column.values : undefined;
}

function flagsColumn(values: Uint8Array): Extract<Vector, { repr: "bool" }> {
  return { repr: "bool", type: BOOLEAN, values, nulls: null };
}

/** The types of a block's columns and fields on this thread: what comes over are copies of them. */
export class BlockTypes {
  readonly columns: readonly DataType[];
  readonly fields: readonly DataType[];

  constructor({ columns, json }: DecodeRequest) {
    this.columns = columnTypes(columns);
    this.fields = fieldTypes(json);
  }
}
