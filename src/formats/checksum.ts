/**
 * The sidecar `.N.crc` that Hadoop's local file system writes beside each file, and checks when it reads it: a checkpoint
 * or a sink's manifest written here is verified by Spark, and the other way round. Layout: `crc\0`, chunk size, then CRC-32 of each chunk
 * (all 32-bit big-endian).
 */
import { crc32 } from "node:zlib";

const MAGIC = 0x63726300; // "crc\0"
const CHUNK_BYTES = 512;

export function sidecarName(name: string): string {
  return `.${name}.crc`;
}

/** The file that a checksum file belongs to; undefined for other names. */
export function checkedName(name: string): string | undefined {
  return /^\.(.+)\.crc$/.exec(name)?.[1];
}

export function sidecarOf(bytes: Uint8Array): Uint8Array {
  const chunks = Math.ceil(bytes.length / CHUNK_BYTES);
  const out = new DataView(new ArrayBuffer(8 + 4 * chunks));
  out.setUint32(0, MAGIC);
  out.setUint32(4, CHUNK_BYTES);
  for (let c = 0; c < chunks; c++) {
    out.setUint32(8 + 4 * c, crc32(bytes.subarray(c * CHUNK_BYTES, (c + 1) * CHUNK_BYTES)));
  }
  return new Uint8Array(out.buffer);
}

/** Why `bytes` aren't what `sidecar` was made from; undefined when they are. */
export function mismatch(bytes: Uint8Array, sidecar: Uint8Array): string | undefined {
  if (sidecar.length < 8) return "its checksum file is cut short";
  const view = new DataView(sidecar.buffer, sidecar.byteOffset, sidecar.byteLength);
  if (view.getUint32(0) !== MAGIC || view.getUint32(4) !== CHUNK_BYTES) return "its checksum file is damaged";
  const chunks = Math.ceil(bytes.length / CHUNK_BYTES);
  if (sidecar.length !== 8 + 4 * chunks) return `it has ${bytes.length} bytes, which its checksum file doesn't cover`;
  for (let c = 0; c < chunks; c++) {
    if (view.getUint32(8 + 4 * c) !== crc32(bytes.subarray(c * CHUNK_BYTES, (c + 1) * CHUNK_BYTES))) {
      return `bytes ${c * CHUNK_BYTES} and following don't have the checksum they were written with`;
    }
  }
  return undefined;
}
