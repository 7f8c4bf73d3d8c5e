/** Size of the length in front of each frame. */
const PREFIX_BYTES = 4;

/**
 * Cuts a byte stream into requests by their length prefix. A request's buffer grows with the bytes that have arrived,
 * so a client that announces much and sends little costs little.
 */
export class FrameReader {
  /** The length that the last prefix announced. */
  announced = 0;
  readonly #bytesMax: number;
  readonly #onFrame: (frame: Buffer) => void;
  #chunks: Buffer[] = [];
  #have = 0;
  #want = -1;

  constructor(bytesMax: number, onFrame: (frame: Buffer) => void) {
    this.#bytesMax = bytesMax;
    this.#onFrame = onFrame;
  }

  /** Takes bytes in; false when the stream can't be a Kafka client's. */
  push(data: Buffer): boolean {
    this.#chunks.push(data);
    this.#have += data.length;
    for (;;) {
      if (this.#want < 0) {
        if (this.#have < PREFIX_BYTES) return true;
        this.announced = this.#take(PREFIX_BYTES).readInt32BE(0);
        if (this.announced < 0 || this.announced > this.#bytesMax) return false;
        this.#want = this.announced;
      }
      if (this.#have < this.#want) return true;
      const frame = this.#take(this.#want);
      this.#want = -1;
      this.#onFrame(frame);
    }
  }

  #take(length: number): Buffer {
    if (length === 0) return Buffer.alloc(0);
    const first = this.#chunks[0];
    this.#have -= length;
    if (first.length >= length) {
      if (first.length === length) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    const result = Buffer.allocUnsafe(length);
    let filled = 0;
    let used = 0;
    while (filled < length) {
      const chunk = this.#chunks[used];
      const part = Math.min(chunk.length, length - filled);
      chunk.copy(result, filled, 0, part);
      filled += part;
      if (part === chunk.length) used++;
      else this.#chunks[used] = chunk.subarray(part);
    }
    this.#chunks.splice(0, used);
    return result;
  }
}
