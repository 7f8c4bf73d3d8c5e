import { snappyDecompress } from "@platformatic/wasm-utils";
import { DecompressionError } from "./error.ts";
import type { Output } from "./output.ts";

/** `\x82SNAPPY\0`: the framing of the xerial library, which Java's producers use. */
const XERIAL = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0];
const XERIAL_HEADER_BYTES = 16;

/** Appends what the raw or xerial-framed Snappy data in `input[from, to)` holds. */
export function snappy(input: Uint8Array, from: number, to: number, out: Output): void {
  if (!XERIAL.every((byte, i) => from + i < to && input[from + i] === byte)) {
    raw(input, from, to, out);
    return;
  }
  let p = from + XERIAL_HEADER_BYTES;
  while (p < to) {
    if (p + 4 > to) throw damaged();
    const size = ((input[p] << 24) | (input[p + 1] << 16) | (input[p + 2] << 8) | input[p + 3]) >>> 0;
    p += 4;
    if (size > to - p) throw damaged();
    raw(input, p, p + size, out);
    p += size;
  }
}

function raw(input: Uint8Array, from: number, to: number, out: Output): void {
  let p = from;
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    if (p >= to || shift > 28) throw damaged();
    const byte = input[p++];
    size += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  // Three bytes make at most 64: what is announced beyond that can't be true, and no memory is taken for it.
  if (size > (to - p) * 22 + 64) throw damaged();
  if (size > out.room) {
    throw new DecompressionError(`The Snappy data announces ${size} bytes; ${out.room} are left of the limit.`);
  }
  let content: Uint8Array;
  try {
    content = snappyDecompress(Buffer.from(input.buffer, input.byteOffset + from, to - from));
  } catch (error) {
    throw new DecompressionError(`The Snappy data is damaged: ${(error as Error).message}.`);
  }
  if (content.length !== size) throw damaged();
  out.append(content);
}

function damaged(): DecompressionError {
  return new DecompressionError("The Snappy data is damaged.");
}
