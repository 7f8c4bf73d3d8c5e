/**
 * The console's HTTP side: the page, its event stream, and the queries as JSON. It listens on the loopback interface and
 * answers only requests that name it by a loopback address, so that no web site can reach it through the browser.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, sep } from "node:path";
import { pipeline } from "node:stream/promises";

export interface ConsoleOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Folder with the built page. */
  readonly pages: string;
  /** What a new page is sent first. */
  readonly snapshot: () => unknown;
  /** What has changed since the last tick. */
  readonly tick: () => unknown;
  /** Active queries, each with its last progress in Spark's JSON form. */
  readonly queries: () => Promise<unknown>;
  readonly tickMs?: number;
}

/** Pages that may listen at once. */
const CLIENTS_MAX = 64;
/** A page that takes its events slower than this is disconnected; it comes back by itself and gets a snapshot. */
const UNSENT_BYTES_MAX = 4 << 20;

const contentTypes: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json; charset=utf-8",
};

const securityHeaders = {
  "Content-Security-Policy":
    "default-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
};

export class ConsoleServer {
  readonly #options: ConsoleOptions;
  readonly #server: Server;
  readonly #clients = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: ConsoleOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        if (!response.headersSent) sendJson(response, 500, { error: String(error) });
        else response.destroy();
      });
    });
    this.#server.requestTimeout = 30_000;
    this.#server.headersTimeout = 10_000;
  }

  /** @example const console = await ConsoleServer.start({ host: "127.0.0.1", port: 0, … }); console.url */
  static async start(options: ConsoleOptions): Promise<ConsoleServer> {
    const console = new ConsoleServer(options);
    await new Promise<void>((resolve, reject) => {
      console.#server.once("error", reject);
      console.#server.listen(options.port, options.host, resolve);
    });
    console.#timer = setInterval(() => console.#broadcast(), options.tickMs ?? 500);
    return console;
  }

  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
  }

  /** Pages that listen now. */
  get listeners(): number {
    return this.#clients.size;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const client of this.#clients) client.end();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    if (!isLoopback(request.headers.host)) {
      sendJson(response, 403, { error: "This console answers only under a loopback address such as 127.0.0.1." });
      return;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("Allow", "GET, HEAD");
      sendJson(response, 405, { error: `${request.method} is not allowed here` });
      return;
    }
    const pathname = pathOf(request.url ?? "/");
    if (pathname === undefined) sendJson(response, 400, { error: "the address is not well formed" });
    else if (pathname === "/api/events") this.#listen(request, response);
    else if (pathname === "/api/queries") sendJson(response, 200, await this.#options.queries());
    else if (pathname === "/api/snapshot") sendJson(response, 200, this.#options.snapshot());
    else if (pathname.startsWith("/api/")) sendJson(response, 404, { error: `there is no ${pathname}` });
    else await this.#page(pathname, request.method === "HEAD", response);
  }

  #listen(request: IncomingMessage, response: ServerResponse): void {
    if (this.#clients.size >= CLIENTS_MAX) {
      sendJson(response, 503, { error: `${CLIENTS_MAX} pages are open already` });
      return;
    }
    response.writeHead(200, {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-store",
      "X-Accel-Buffering": "no",
    });
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    response.write(`retry: 1000\n\n${event("snapshot", this.#options.snapshot())}`);
    this.#clients.add(response);
    response.once("close", () => this.#clients.delete(response));
  }

  #broadcast(): void {
    const text = event("tick", this.#options.tick());
    for (const client of this.#clients) {
      if (client.writableLength > UNSENT_BYTES_MAX) {
        this.#clients.delete(client);
        client.destroy();
      } else client.write(text);
    }
  }

  async #page(pathname: string, headOnly: boolean, response: ServerResponse): Promise<void> {
    const { pages } = this.#options;
    const path = normalize(join(pages, pathname === "/" ? "/index.html" : pathname));
    const inside = path.startsWith(normalize(pages + sep));
    const found = inside ? await stat(path).catch(() => undefined) : undefined;
    if (!found?.isFile()) {
      const error = pathname === "/" ? "The page is not built; npm start builds it." : `there is no ${pathname}`;
      sendJson(response, 404, { error });
      return;
    }
    response.writeHead(200, {
      "Content-Type": contentTypes[extname(path)] ?? "application/octet-stream",
      "Content-Length": found.size,
      "Cache-Control": pathname.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
    });
    if (headOnly) response.end();
    else await pipeline(createReadStream(path), response);
  }
}

/** The decoded path of a request's address; undefined when it is not well formed. */
function pathOf(address: string): string | undefined {
  try {
    return decodeURIComponent(new URL(`http://console${address}`).pathname);
  } catch {
    return undefined;
  }
}

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" });
  response.end(JSON.stringify(body));
}

/** A page of another site that points its own name at 127.0.0.1 is told apart by the name it asks for. */
export function isLoopback(host: string | undefined): boolean {
  if (host === undefined) return false;
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return name === "localhost" || name === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}
