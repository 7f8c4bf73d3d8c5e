const encoder = new TextEncoder();

/** Bytes that grow: text that couldn't stay a view on the input because it had escapes. */
export class TextTail {
  length = 0;
  private buffer = new Uint8Array(0);

  reset(): void {
    this.length = 0;
  }

  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  append(text: string): void {
    this.reserve(text.length * 3);
    this.length += encoder.encodeInto(text, this.buffer.subarray(this.length)).written;
  }

  appendBytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /**
   * One array that holds both the views' bytes and the tail, as a column has only one: `b` itself while the tail is
   * empty; otherwise a copy of the part in use with the tail behind it, and all positions moved accordingly. Positions
   * in the tail come in as `~position`.
   */
  join(
    b: Uint8Array,
    starts: readonly (Int32Array | undefined)[],
    ends: readonly (Int32Array | undefined)[],
    nulls: readonly Uint8Array[],
    rows: number,
  ): Uint8Array {
    if (this.length === 0) return b;
    let low = b.length;
    let high = 0;
    starts.forEach((s, k) => {
      if (s === undefined) return;
      for (let o = 0; o < rows; o++) {
        if (nulls[k][o] === 1 || s[o] < 0) continue;
        if (s[o] < low) low = s[o];
        if ((ends[k] as Int32Array)[o] > high) high = (ends[k] as Int32Array)[o];
      }
    });
    const used = Math.max(0, high - low);
    const joined = new Uint8Array(used + this.length);
    if (used > 0) joined.set(b.subarray(low, high));
    joined.set(this.buffer.subarray(0, this.length), used);
    starts.forEach((s, k) => {
      if (s === undefined) return;
      move(s, rows, low, used);
      move(ends[k] as Int32Array, rows, low, used);
    });
    return joined;
  }

  private reserve(more: number): void {
    if (this.length + more <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(1024, this.length + more, this.buffer.length * 2));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }
}

function move(positions: Int32Array, rows: number, low: number, used: number): void {
  for (let o = 0; o < rows; o++) {
    const p = positions[o];
    positions[o] = p < 0 ? used + ~p : Math.max(0, p - low);
  }
}
