/**
 * Batches in Arrow's IPC stream form, as Spark Connect carries them. One call makes or reads one complete stream; results
 * that a server sent in chunks must be joined before.
 */
import { type StructType, struct } from "../types/types.ts";
import { decodeVector } from "./arrow-decode.ts";
import { encodeVector } from "./arrow-encode.ts";
import { flechette } from "./arrow-library.ts";
import { arrowField, fieldOf } from "./arrow-types.ts";
import type { Batch } from "./vector.ts";

export interface DecodedArrow {
  readonly schema: StructType;
  /** 64-bit values and decimals in the wide form (`bigint`). */
  readonly batches: readonly Batch[];
}

export function encodeArrow(schema: StructType, batches: readonly Batch[]): Uint8Array {
  const { Table, Column, tableToIPC } = flechette();
  const fields = schema.fields.map(arrowField);
  const columns = fields.map(
    (f, c) =>
      new Column(
        batches.map((b) => encodeVector(b.columns[c], f.type, b.rows)),
        f.type,
      ),
  );
  const table = new Table({ version: 4, endianness: 0, fields, metadata: null }, columns);
  return tableToIPC(table, { format: "stream" }) as Uint8Array;
}

/** Throws UNSUPPORTED_FEATURE for types that Spark doesn't send. */
export function decodeArrow(bytes: Uint8Array): DecodedArrow {
  const table = flechette().tableFromIPC(aligned(bytes), { useBigInt: true, useDecimalInt: true });
  const schema = struct(...table.schema.fields.map(fieldOf));
  const first = table.children[0]?.data ?? [];
  const batches = first.map((part, b) => ({
    rows: part.length,
    columns: schema.fields.map((f, c) => decodeVector(table.children[c].data[b], f.type)),
  }));
  return { schema, batches };
}

/** Arrow's buffers are read in place as 64-bit words. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : Uint8Array.from(bytes);
}
