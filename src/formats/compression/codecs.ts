import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { DecompressionError } from "./error.ts";
import { lz4Frames } from "./lz4.ts";
import { Output } from "./output.ts";
import { snappy } from "./snappy.ts";

/** Kafka's numbers for compression, in the low bits of a record batch's attributes. */
export const Codec = { NONE: 0, GZIP: 1, SNAPPY: 2, LZ4: 3, ZSTD: 4 } as const;

const NAMES = ["none", "gzip", "snappy", "lz4", "zstd"];

/**
 * Appends the decompressed content of `input[from, to)` to `out`.
 *
 * @throws DecompressionError when the data is damaged, the codec is unknown, or `out` would pass its limit
 */
export function decompress(codec: number, input: Uint8Array, from: number, to: number, out: Output): void {
  switch (codec) {
    case Codec.NONE:
      out.append(input.subarray(from, to));
      return;
    case Codec.SNAPPY:
      snappy(input, from, to, out);
      return;
    case Codec.LZ4:
      lz4Frames(input, from, to, out);
      return;
    case Codec.GZIP:
    case Codec.ZSTD:
      out.append(inflate(codec, input.subarray(from, to), out.room));
      return;
    default:
      throw new DecompressionError(`Compression type ${codec} is unknown.`);
  }
}

function inflate(codec: number, part: Uint8Array, maxOutputLength: number): Uint8Array {
  if (maxOutputLength < 1) throw new DecompressionError("The decompressed data would be larger than the limit.");
  try {
    return codec === Codec.GZIP ? gunzipSync(part, { maxOutputLength }) : zstdDecompressSync(part, { maxOutputLength });
  } catch (error) {
    throw new DecompressionError(`The ${NAMES[codec]} data can't be decompressed: ${(error as Error).message}.`);
  }
}

/** Compresses for a codec that Node brings itself. */
export function compress(codec: typeof Codec.GZIP | typeof Codec.ZSTD, input: Uint8Array): Uint8Array {
  if (codec === Codec.GZIP) return gzipSync(input);
  return zstdCompressSync(input, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
}

export { DecompressionError, Output };
