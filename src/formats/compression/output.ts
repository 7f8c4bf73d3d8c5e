import { DecompressionError } from "./error.ts";

/** Bytes that grow as blocks are decompressed into them, up to a limit. */
export class Output {
  bytes: Uint8Array;
  length = 0;
  private bytesMax: number;

  /** @param bytesMax what `length` may become; more is a DecompressionError, before any memory is taken */
  constructor(bytesFirst: number, bytesMax: number) {
    this.bytes = new Uint8Array(Buffer.allocUnsafeSlow(Math.max(64, Math.min(bytesFirst, bytesMax))).buffer);
    this.bytesMax = bytesMax;
  }

  /** Empties it, to be filled anew: whatever was made of its bytes is overwritten. */
  reset(): void {
    this.length = 0;
    this.bytesMax = Number.MAX_SAFE_INTEGER;
  }

  /** From here on, at most `more` bytes may be added. */
  limit(more: number): void {
    this.bytesMax = this.length + more;
  }

  /** Bytes that may still be added. */
  get room(): number {
    return this.bytesMax - this.length;
  }

  /** Makes room for `more` bytes behind `length`. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed > this.bytesMax) {
      throw new DecompressionError(`The decompressed data would be larger than the limit of ${this.bytesMax} bytes.`);
    }
    if (needed <= this.bytes.length) return;
    const size = Math.min(this.bytesMax, Math.max(needed, this.bytes.length * 2));
    const grown = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  append(part: Uint8Array): void {
    this.reserve(part.length);
    this.bytes.set(part, this.length);
    this.length += part.length;
  }
}
