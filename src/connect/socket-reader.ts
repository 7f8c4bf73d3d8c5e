/** Reads a socket by the number of bytes. */
import { once } from "node:events";
import type { Socket } from "node:net";

/** One reader at a time. Rejects when the other side closes before all bytes have come. */
export class SocketReader {
  private readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  /** A 32-bit integer, big-endian. */
  async int(): Promise<number> {
    return (await this.bytes(4, 4)).readInt32BE();
  }

  /** `count` bytes, which may be no more than `max`. */
  async bytes(count: number, max: number): Promise<Buffer> {
    if (count < 0 || count > max) throw new Error(`the other side announced ${count} bytes; 0 to ${max} are possible`);
    const parts: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      const part = this.socket.read(Math.min(missing, Math.max(1, this.socket.readableLength))) as Buffer | null;
      if (part === null) {
        await this.more();
        continue;
      }
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  private async more(): Promise<void> {
    if (this.socket.destroyed || this.socket.readableEnded) throw new Error("the other side closed the connection");
    const over = new AbortController();
    const { signal } = over;
    try {
      await Promise.race([once(this.socket, "readable", { signal }), once(this.socket, "close", { signal })]);
    } finally {
      over.abort();
    }
  }
}
