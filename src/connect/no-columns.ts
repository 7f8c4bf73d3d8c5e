/** Rows without columns (`df.select()`, `df.isEmpty()`) as an Arrow stream: all that it says is how many rows there are. */

/**
 * The stream's three messages, in which nothing varies but the record batch's number of rows:
 * a schema whose vector of fields is empty, a record batch without nodes and buffers, and the end mark.
 */
const STREAM = Buffer.from(
  [
    "ffffffff 30000000 10000000 00000a00 0c000600 05000800 0a000000 00010400",
    "0c000000 08000800 00000400 08000000 04000000 00000000",
    "ffffffff 48000000 14000000 00000000 00000a00 0e000600 05000800 0a000000 00030400",
    "10000000 00000a00 14000c00 04000800 0a000000 14000000 0c000000 0000000000000000 00000000 00000000",
    "ffffffff 00000000",
  ]
    .join("")
    .replaceAll(" ", ""),
  "hex",
);
/** Where the number of rows stands: a 64-bit integer, little-endian. */
const ROWS_AT = 120;

export function encodeRowCount(rows: number): Uint8Array {
  const stream = Buffer.from(STREAM);
  stream.writeBigInt64LE(BigInt(rows), ROWS_AT);
  return stream;
}
