import { createServer, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { apis } from "../apis/index.ts";
import type { Broker } from "../broker.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { Faults } from "./faults.ts";

export interface ServerOptions extends ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly connectionsMax: number;
  readonly tls: TlsOptions | undefined;
}

/** Accepts clients' connections for a broker. */
export class Server {
  readonly faults = new Faults();
  readonly #broker: Broker;
  readonly #options: ServerOptions;
  readonly #connections = new Set<Connection>();
  readonly #net: NetServer;
  #nextId = 1;

  constructor(broker: Broker, options: ServerOptions) {
    this.#broker = broker;
    this.#options = options;
    const accept = (socket: Socket) => this.#accept(socket);
    this.#net = options.tls === undefined ? createServer(accept) : createTlsServer(options.tls, accept);
    this.#net.maxConnections = options.connectionsMax;
  }

  #accept(socket: Socket): void {
    const connection = new Connection(this.#nextId++, socket, this.#broker, apis, this.faults, this.#options);
    this.#connections.add(connection);
    socket.on("close", () => this.#connections.delete(connection));
  }

  /** Begins to listen; resolves with the port. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#net.once("error", reject);
      this.#net.listen(this.#options.port, this.#options.host, () => {
        this.#net.off("error", reject);
        const address = this.#net.address();
        resolve(typeof address === "object" && address !== null ? address.port : this.#options.port);
      });
    });
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Closes the connections of all clients, which then come back. */
  disconnectAll(): void {
    for (const connection of this.#connections) connection.close();
  }

  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#net.close(() => resolve()));
    this.disconnectAll();
    return closed;
  }
}
