import { compressionsAlgorithms } from "@platformatic/kafka";
import { DecompressionError } from "./error.ts";
import type { Output } from "./output.ts";

/**
 * LZ4 frames (magic 0x184D2204), as Kafka's producers write them. Checksums of blocks and content are passed over: the
 * record batch around them has its own.
 */
const MAGIC = 0x184d2204;
const SKIPPABLE = 0x184d2a50;
const BLOCK_BYTES_MAX = [0, 0, 0, 0, 1 << 16, 1 << 18, 1 << 20, 1 << 22];

/**
 * Appends what the frames in `input[from, to)` hold. The client's WebAssembly codec does it where the block headers say
 * that the result fits the limit; otherwise the code below, which stops in time.
 */
export function lz4Frames(input: Uint8Array, from: number, to: number, out: Output): void {
  if (unfoldsTo(input, from, to) > out.room) {
    boundedFrames(input, from, to, out);
    return;
  }
  let content: Uint8Array;
  try {
    content = compressionsAlgorithms.lz4.decompressSync(asBuffer(input, from, to)) as Buffer;
  } catch (error) {
    throw new DecompressionError(`The LZ4 data is damaged: ${(error as Error).message}.`);
  }
  out.append(content);
}

function asBuffer(input: Uint8Array, from: number, to: number): Buffer {
  return Buffer.from(input.buffer, input.byteOffset + from, to - from);
}

/** The most bytes that the frames can hold, by their block headers; NaN-free and cheap, for damaged data too. */
function unfoldsTo(input: Uint8Array, from: number, to: number): number {
  let total = 0;
  let p = from;
  while (p + 7 <= to) {
    const flags = input[p + 4];
    const blockBytesMax = BLOCK_BYTES_MAX[(input[p + 5] >> 4) & 7] ?? 0;
    p += 7 + ((flags & 8) !== 0 ? 8 : 0);
    for (;;) {
      if (p + 4 > to) return total;
      const size = uint32(input, p, to) & 0x7fffffff;
      p += 4;
      if (size === 0) break;
      total += Math.min(blockBytesMax, size * 255);
      p += size + ((flags & 0x10) !== 0 ? 4 : 0);
    }
    p += (flags & 4) !== 0 ? 4 : 0;
  }
  return total;
}

/** The same in JavaScript, block by block, each within `out`'s limit. */
export function boundedFrames(input: Uint8Array, from: number, to: number, out: Output): void {
  let p = from;
  if (p === to) throw new DecompressionError("The LZ4 data is empty.");
  while (p < to) {
    const magic = uint32(input, p, to);
    p = (magic & 0xfffffff0) >>> 0 === SKIPPABLE ? p + 8 + uint32(input, p + 4, to) : frame(input, p, to, magic, out);
  }
}

function frame(input: Uint8Array, start: number, to: number, magic: number, out: Output): number {
  if (magic !== MAGIC) throw new DecompressionError("The data is not an LZ4 frame.");
  if (start + 7 > to) throw cutOff();
  const flags = input[start + 4];
  if (flags >> 6 !== 1) throw new DecompressionError("The LZ4 frame's version is unknown.");
  if ((flags & 1) !== 0) throw new DecompressionError("The LZ4 frame needs a dictionary.");
  const blockBytesMax = BLOCK_BYTES_MAX[(input[start + 5] >> 4) & 7] ?? 0;
  if (blockBytesMax === 0) throw new DecompressionError("The LZ4 frame's block size is invalid.");
  const independent = (flags & 0x20) !== 0;
  const hasBlockChecksum = (flags & 0x10) !== 0;
  // Descriptor, content size when announced, and the header's checksum byte.
  let p = start + 7 + ((flags & 8) !== 0 ? 8 : 0);
  const base = out.length;
  for (;;) {
    const word = uint32(input, p, to);
    p += 4;
    if (word === 0) break;
    const size = word & 0x7fffffff;
    if (size > blockBytesMax || p + size > to) throw cutOff();
    if (word >>> 31 === 1) {
      out.append(input.subarray(p, p + size));
    } else {
      // A block never unfolds to more than 255 times its size.
      out.reserve(Math.min(blockBytesMax, size * 255, out.room));
      out.length = block(input, p, p + size, out.bytes, out.length, independent ? out.length : base, blockBytesMax);
    }
    p += size + (hasBlockChecksum ? 4 : 0);
  }
  return p + ((flags & 4) !== 0 ? 4 : 0);
}

/** One block: literals and matches. Matches may reach back to `base`. Returns where the output ends. */
function block(
  input: Uint8Array,
  p: number,
  to: number,
  out: Uint8Array,
  start: number,
  base: number,
  bytesMax: number,
): number {
  const limit = Math.min(out.length, start + bytesMax);
  let o = start;
  while (p < to) {
    const token = input[p++];
    let literals = token >> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255) {
        if (p >= to) throw cutOff();
        more = input[p++];
        literals += more;
      }
    }
    if (p + literals > to || o + literals > limit) throw cutOff();
    if (literals <= 32) for (const end = o + literals; o < end; ) out[o++] = input[p++];
    else {
      out.set(input.subarray(p, p + literals), o);
      o += literals;
      p += literals;
    }
    if (p === to) return o;
    if (p + 2 > to) throw cutOff();
    const distance = input[p] | (input[p + 1] << 8);
    p += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let more = 255;
      while (more === 255) {
        if (p >= to) throw cutOff();
        more = input[p++];
        length += more;
      }
    }
    if (distance === 0 || o - distance < base || o + length > limit) throw cutOff();
    if (length <= 32 || distance < length) for (const end = o + length; o < end; o++) out[o] = out[o - distance];
    else {
      out.copyWithin(o, o - distance, o - distance + length);
      o += length;
    }
  }
  throw cutOff();
}

function uint32(b: Uint8Array, p: number, to: number): number {
  if (p + 4 > to) throw cutOff();
  return (b[p] | (b[p + 1] << 8) | (b[p + 2] << 16) | (b[p + 3] << 24)) >>> 0;
}

function cutOff(): DecompressionError {
  return new DecompressionError("The LZ4 data is damaged, or larger than the limit.");
}
