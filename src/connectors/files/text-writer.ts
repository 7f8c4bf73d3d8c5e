import { gzipSync } from "node:zlib";
import type { Batch } from "../../columns/vector.ts";
import type { Options } from "../contract.ts";
import { choiceOption } from "../options.ts";
import type { FileWriter } from "./format.ts";

const encoder = new TextEncoder();

/** A file of lines. `line` makes the text of a row; `head` is the first line, when there is one. */
export function lineWriter(
  format: string,
  options: Options,
  line: (batch: Batch, row: number) => string,
  head?: string,
): FileWriter {
  const codec = choiceOption(format, options, "compression", ["none", "uncompressed", "gzip"], "none");
  const parts: Uint8Array[] = head === undefined ? [] : [encoder.encode(`${head}\n`)];
  let size = 0;
  return {
    extension: codec === "gzip" ? `.${format}.gz` : `.${format}`,
    get size() {
      return size;
    },
    add(batch) {
      let text = "";
      for (let i = 0; i < batch.rows; i++) text += `${line(batch, i)}\n`;
      const bytes = encoder.encode(text);
      size += bytes.length;
      parts.push(bytes);
    },
    finish() {
      const bytes = Buffer.concat(parts);
      return codec === "gzip" ? gzipSync(bytes) : bytes;
    },
  };
}

export const COMPRESSION = { name: "compression", doc: "none or gzip.", default: "none" };
