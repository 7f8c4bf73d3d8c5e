import { DecompressionError } from "./error.ts";
import type { Output } from "./output.ts";

/**
 * LZ4 frames (magic 0x184D2204), as Kafka's producers write them. Checksums of blocks and content are passed over: the
 * record batch around them has its own.
 */
const MAGIC = 0x184d2204;
const SKIPPABLE = 0x184d2a50;
const BLOCK_BYTES_MAX = [0, 0, 0, 0, 1 << 16, 1 << 18, 1 << 20, 1 << 22];
/** What messages of text unfold to, times their size; a block that needs more is begun again with more room. */
const LIKELY_RATIO = 8;
/** Copies in the quick path may pass their end by so many bytes; what follows overwrites them. */
const SLACK_BYTES = 64;

/** Appends what the frames in `input[from, to)` hold, block by block, each within `out`'s limit. */
export function lz4Frames(input: Uint8Array, from: number, to: number, out: Output): void {
  let p = from;
  if (p === to) throw new DecompressionError("The LZ4 data is empty.");
  // A Buffer has another hidden class; one class keeps the loops below fast.
  const bytes = new Uint8Array(input.buffer, input.byteOffset, input.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  while (p < to) {
    const magic = uint32(view, p, to);
    const isSkipped = (magic & 0xfffffff0) >>> 0 === SKIPPABLE;
    p = isSkipped ? p + 8 + uint32(view, p + 4, to) : frame(bytes, view, p, to, magic, out);
  }
}

function frame(input: Uint8Array, view: DataView, start: number, to: number, magic: number, out: Output): number {
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
    const word = uint32(view, p, to);
    p += 4;
    if (word === 0) break;
    const size = word & 0x7fffffff;
    if (size > blockBytesMax || p + size > to) throw cutOff();
    if (word >>> 31 === 1) out.append(input.subarray(p, p + size));
    else unfold(input, view, p, p + size, out, independent ? out.length : base, blockBytesMax);
    p += size + (hasBlockChecksum ? 4 : 0);
  }
  return p + ((flags & 4) !== 0 ? 4 : 0);
}

/** Appends one block, with as much room as it turns out to need. */
function unfold(
  input: Uint8Array,
  view: DataView,
  p: number,
  to: number,
  out: Output,
  base: number,
  blockBytesMax: number,
): void {
  const start = out.length;
  // A block never unfolds to more than 255 times its size.
  const most = Math.min(blockBytesMax, (to - p) * 255, out.room);
  let room = Math.min(most, (to - p) * LIKELY_RATIO + SLACK_BYTES);
  for (;;) {
    out.reserve(room);
    const { bytes } = out;
    const target = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const end = block(input, view, p, to, bytes, target, start, base, Math.min(bytes.length, start + most));
    if (end >= 0) {
      out.length = end;
      return;
    }
    if (bytes.length >= start + most) throw cutOff();
    room = Math.min(most, room * 4);
  }
}

/**
 * One block: literals and matches. Matches may reach back to `base`. Returns where the output ends, -1 when `limit` is
 * too near. Short runs are copied eight bytes at a time, past their end, where there is room for it.
 */
function block(
  input: Uint8Array,
  view: DataView,
  from: number,
  to: number,
  out: Uint8Array,
  target: DataView,
  start: number,
  base: number,
  limit: number,
): number {
  const quickInput = to - SLACK_BYTES;
  const quickOutput = limit - SLACK_BYTES;
  let p = from;
  let o = start;
  while (p < to) {
    const token = input[p++];
    let literals = token >> 4;
    if (literals < 15 && p < quickInput && o < quickOutput) {
      target.setBigInt64(o, view.getBigInt64(p, true), true);
      if (literals > 8) target.setBigInt64(o + 8, view.getBigInt64(p + 8, true), true);
      o += literals;
      p += literals;
    } else {
      if (literals === 15) {
        let more = 255;
        while (more === 255) {
          if (p >= to) throw cutOff();
          more = input[p++];
          literals += more;
        }
      }
      if (p + literals > to) throw cutOff();
      if (o + literals > limit) return -1;
      if (literals <= 32) for (const end = o + literals; o < end; ) out[o++] = input[p++];
      else {
        out.set(input.subarray(p, p + literals), o);
        o += literals;
        p += literals;
      }
      if (p === to) return o;
      if (p + 2 > to) throw cutOff();
    }
    const distance = view.getUint16(p, true);
    p += 2;
    let m = o - distance;
    if (distance === 0 || m < base) throw cutOff();
    let length = (token & 15) + 4;
    if (length < 19) {
      if (distance >= 8 && o < quickOutput) {
        target.setBigInt64(o, target.getBigInt64(m, true), true);
        if (length > 8) {
          target.setBigInt64(o + 8, target.getBigInt64(m + 8, true), true);
          target.setInt16(o + 16, target.getInt16(m + 16, true), true);
        }
        o += length;
        continue;
      }
    } else {
      let more = 255;
      while (more === 255) {
        if (p >= to) throw cutOff();
        more = input[p++];
        length += more;
      }
    }
    const end = o + length;
    if (end > limit) return -1;
    if (distance >= 8 && end < quickOutput) {
      for (; o < end; o += 8, m += 8) target.setBigInt64(o, target.getBigInt64(m, true), true);
      o = end;
    } else while (o < end) out[o++] = out[m++];
  }
  throw cutOff();
}

function uint32(view: DataView, p: number, to: number): number {
  if (p + 4 > to) throw cutOff();
  return view.getUint32(p, true);
}

function cutOff(): DecompressionError {
  return new DecompressionError("The LZ4 data is damaged, or larger than the limit.");
}
