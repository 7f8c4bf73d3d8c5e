/**
 * A TCP proxy in front of one Kafka broker that knows where a request ends, so that it can keep one back. Clients stay
 * behind it: where the broker tells its own address, the proxy puts its own.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export const ApiKey = { METADATA: 3, FIND_COORDINATOR: 10, END_TXN: 26 } as const;

const HOST = "127.0.0.1";
/** A request or response beyond this is taken for a fault of the proxy's. */
const FRAME_BYTES_MAX = 100 << 20;

/** A request that was kept back. Its client's connection is cut, so the client doesn't know what became of it. */
export interface HeldRequest {
  /** Lets the broker have it, late. Resolves with the answer's bytes after the correlation id; empty when none came. */
  release(): Promise<Buffer>;
}

interface Armed {
  readonly apiKey: number;
  readonly taken: (held: HeldRequest) => void;
}

export class KafkaProxy {
  private readonly server: Server;
  private readonly target: { readonly host: string; readonly port: number };
  private readonly sockets = new Set<Socket>();
  private armed: Armed[] = [];

  private constructor(target: string) {
    const [host = HOST, port] = target.split(":");
    this.target = { host, port: Number(port) };
    this.server = createServer((client) => this.accept(client));
  }

  /** @param target the broker's address, `127.0.0.1:PORT` */
  static async start(target: string): Promise<KafkaProxy> {
    const proxy = new KafkaProxy(target);
    proxy.server.listen(0, HOST);
    await once(proxy.server, "listening");
    return proxy;
  }

  get bootstrapServers(): string {
    return `${HOST}:${this.port}`;
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Keeps back the next request of this API and cuts its client off. */
  hold(apiKey: number): Promise<HeldRequest> {
    return new Promise((taken) => this.armed.push({ apiKey, taken }));
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, "close");
  }

  private accept(client: Socket): void {
    const broker = connect(this.target);
    const apiKeys = new Map<number, number>();
    const watchers = new Map<number, (answer: Buffer) => void>();
    let cut = false;
    for (const socket of [client, broker]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => socket.destroy());
      socket.once("close", () => this.sockets.delete(socket));
    }
    client.once("close", () => {
      if (!cut) broker.destroy();
    });
    broker.once("close", () => {
      client.destroy();
      for (const watcher of watchers.values()) watcher(Buffer.alloc(0));
    });
    onFrames(client, (frame) => {
      if (cut) return;
      const apiKey = frame.readInt16BE(4);
      const correlationId = frame.readInt32BE(8);
      apiKeys.set(correlationId, apiKey);
      const armed = this.armed.find((each) => each.apiKey === apiKey);
      if (armed === undefined) {
        broker.write(frame);
        return;
      }
      this.armed = this.armed.filter((each) => each !== armed);
      cut = true;
      client.destroy();
      armed.taken({
        release: () =>
          new Promise((resolve) => {
            if (broker.destroyed) return resolve(Buffer.alloc(0));
            watchers.set(correlationId, (answer) => {
              watchers.clear();
              resolve(answer);
              broker.destroy();
            });
            broker.write(frame);
          }),
      });
    });
    onFrames(broker, (frame) => {
      const correlationId = frame.readInt32BE(4);
      const apiKey = apiKeys.get(correlationId);
      apiKeys.delete(correlationId);
      watchers.get(correlationId)?.(frame.subarray(8));
      if (apiKey === ApiKey.METADATA || apiKey === ApiKey.FIND_COORDINATOR) this.readdress(frame);
      client.write(frame);
    });
  }

  /** Puts the proxy's port where the frame names the broker's: both follow the same host. */
  private readdress(frame: Buffer): void {
    const address = Buffer.alloc(HOST.length + 4);
    address.write(HOST);
    address.writeInt32BE(this.target.port, HOST.length);
    for (let at = frame.indexOf(address); at >= 0; at = frame.indexOf(address, at + 1)) {
      frame.writeInt32BE(this.port, at + HOST.length);
    }
  }
}

/** Cuts what comes in into Kafka's frames: four bytes of length, then so many bytes. */
function onFrames(socket: Socket, onFrame: (frame: Buffer) => void): void {
  let pending: Buffer[] = [];
  let bytes = 0;
  socket.on("data", (data: Buffer) => {
    pending.push(data);
    bytes += data.length;
    if (bytes < 4) return;
    let rest = pending.length === 1 ? data : Buffer.concat(pending);
    while (rest.length >= 4) {
      const size = 4 + rest.readUInt32BE(0);
      if (size > FRAME_BYTES_MAX) {
        socket.destroy(new Error(`a frame of ${size} bytes`));
        return;
      }
      if (rest.length < size) break;
      onFrame(Buffer.from(rest.subarray(0, size)));
      rest = rest.subarray(size);
    }
    pending = rest.length === 0 ? [] : [rest];
    bytes = rest.length;
  });
}
