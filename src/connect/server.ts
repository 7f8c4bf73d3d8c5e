/** A Spark Connect server in front of the embedded engine. */
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { Logger } from "../connectors/contract.ts";
import { systemClock } from "../embedded/clock.ts";
import { createEmbeddedEngine } from "../embedded/engine.ts";
import { SparkConnectService } from "../plan/messages.ts";
import { sparkConnectService } from "./service.ts";
import { Sessions } from "./sessions.ts";

export interface ConnectServerOptions {
  /** 0 picks a free one. Default: 15002. */
  readonly port?: number;
  /** Default: 127.0.0.1. There is no authentication: whoever reaches the port can read and write as this process does. */
  readonly host?: string;
  /** Settings that each session begins with. */
  readonly config?: ReadonlyMap<string, string>;
  /** Default: warnings and errors to stderr. */
  readonly log?: Logger;
}

export interface ConnectServer {
  readonly host: string;
  readonly port: number;
  /** E.g. `sc://127.0.0.1:15002`. */
  readonly url: string;
  /** Ends all sessions with their queries, and all connections. */
  close(): Promise<void>;
}

/** Milliseconds between looks for sessions that nobody uses. */
const IDLE_CHECK_MS = 60_000;
/** Bytes of one message of a client. */
const MESSAGE_BYTES_MAX = 256 << 20;

/**
 * Starts a server for Spark Connect clients.
 *
 * @throws an error with the code EADDRINUSE when the port is taken
 * @example
 * const server = await startConnectServer({ port: 0 });
 * console.log(server.url); // for SparkSession.builder.remote(url)
 * await server.close();
 */
export async function startConnectServer(options: ConnectServerOptions = {}): Promise<ConnectServer> {
  const { host = "127.0.0.1", port = 15002, config = new Map(), log } = options;
  const sessions = new Sessions({
    createEngine: () => createEmbeddedEngine({ config, ...(log && { log }) }),
    localUrl: () => urlOf(LOOPBACK[host] ?? host, (server.address() as AddressInfo).port),
    monotonic: () => systemClock.monotonic(),
  });
  const handler = connectNodeAdapter({
    connect: false,
    grpcWeb: false,
    readMaxBytes: MESSAGE_BYTES_MAX,
    routes: (router) => void router.service(SparkConnectService, sparkConnectService(sessions)),
  });
  const server = createServer({ settings: { initialWindowSize: 4 << 20, maxConcurrentStreams: 1000 } }, handler);
  const connections = new Set<ServerHttp2Session>();
  server.on("session", (connection) => {
    connections.add(connection);
    connection.once("close", () => connections.delete(connection));
  });
  await listen(server, host, port);
  const idleCheck = setInterval(() => void sessions.releaseIdle().catch(() => {}), IDLE_CHECK_MS).unref();
  const bound = (server.address() as AddressInfo).port;
  return {
    host,
    port: bound,
    url: urlOf(host, bound),
    async close() {
      clearInterval(idleCheck);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await sessions.stop();
      for (const connection of connections) connection.destroy();
      await closed;
    },
  };
}

/** Of addresses that stand for all. */
const LOOPBACK: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

function urlOf(host: string, port: number): string {
  return `sc://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function listen(server: Http2Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
