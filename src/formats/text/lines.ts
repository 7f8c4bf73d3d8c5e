/** Files of lines, read in chunks: the ground of text, JSON and CSV files. */
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { SluiceError } from "../../errors/error.ts";

const CHUNK_BYTES = 1 << 20;
/** A longer line is an error, so that a file without line ends can't fill the memory. */
const LINE_BYTES_MAX = 256 << 20;

/** Line i is `bytes.subarray(starts[i], ends[i])`, without its end (`\n` or `\r\n`). */
export interface Lines {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly count: number;
}

/**
 * The lines of a file, which is unpacked first when its name ends in `.gz`.
 *
 * @throws FAILED_READ_FILE
 */
export async function* readLines(path: string): AsyncIterable<Lines> {
  let rest: Uint8Array = new Uint8Array(0);
  try {
    for await (const chunk of chunksOf(path)) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const cut = bytes.lastIndexOf(10) + 1;
      if (cut > 0) yield linesIn(bytes.subarray(0, cut));
      rest = bytes.subarray(cut);
      if (rest.length > LINE_BYTES_MAX) throw new Error(`a line is longer than ${LINE_BYTES_MAX >> 20} MiB`);
    }
  } catch (error) {
    throw new SluiceError("FAILED_READ_FILE", { path, reason: (error as Error).message }, { cause: error });
  }
  if (rest.length > 0) yield linesIn(rest);
}

function chunksOf(path: string): AsyncIterable<Buffer> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  if (!path.endsWith(".gz")) return file;
  const unzipped = createGunzip({ chunkSize: CHUNK_BYTES });
  file.on("error", (error) => unzipped.destroy(error));
  return file.pipe(unzipped);
}

function linesIn(bytes: Uint8Array): Lines {
  let count = 0;
  for (let p = 0; (p = bytes.indexOf(10, p)) >= 0; p++) count++;
  if (bytes[bytes.length - 1] !== 10) count++;
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  let start = 0;
  for (let i = 0; i < count; i++) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline;
    starts[i] = start;
    ends[i] = end > start && bytes[end - 1] === 13 ? end - 1 : end;
    start = end + 1;
  }
  return { bytes, starts, ends, count };
}
