import type { Socket } from "node:net";
import type { Broker } from "../broker.ts";
import type { Api, WriteBody } from "../protocol/api.ts";
import { ErrorCode, MalformedRequest } from "../protocol/errors.ts";
import { Reader } from "../protocol/reader.ts";
import { Writer } from "../protocol/writer.ts";
import { LoginRefused } from "../security/exchange.ts";
import type { ConnectionInfo, RequestContext } from "./context.ts";
import type { Faults } from "./faults.ts";
import { FrameReader } from "./frames.ts";

const API_VERSIONS_KEY = 18;
/** Requests of one connection that may wait for their turn before reading pauses. */
const WAITING_REQUESTS_MAX = 64;
/** Bytes of responses that a client may leave unread before its next request waits. */
const UNSENT_BYTES_MAX = 4 * 1024 * 1024;
const WAITING_BYTES_MAX = 8 * 1024 * 1024;

export interface ConnectionOptions {
  readonly requestBytesMax: number;
  readonly idleTimeoutMs: number;
  readonly loginRequired: boolean;
  readonly log: (message: string) => void;
}

/**
 * One client's connection. Requests are answered one after the other, in order, as Kafka does; a long poll holds up
 * those behind it.
 */
export class Connection implements ConnectionInfo {
  readonly id: number;
  readonly clientHost: string;
  readonly brokerHost: string;
  principal: string | null = null;
  login: ConnectionInfo["login"] = null;
  readonly #abort = new AbortController();
  readonly #socket: Socket;
  readonly #broker: Broker;
  readonly #apis: ReadonlyMap<number, Api>;
  readonly #faults: Faults;
  readonly #options: ConnectionOptions;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #busy = false;
  #closing = false;

  constructor(
    id: number,
    socket: Socket,
    broker: Broker,
    apis: ReadonlyMap<number, Api>,
    faults: Faults,
    options: ConnectionOptions,
  ) {
    this.id = id;
    this.#socket = socket;
    this.#broker = broker;
    this.#apis = apis;
    this.#faults = faults;
    this.#options = options;
    // A broker that listens everywhere is found again where it was found first.
    const everywhere = broker.host === "0.0.0.0" || broker.host === "::";
    this.brokerHost = everywhere ? (socket.localAddress ?? "127.0.0.1").replace(/^::ffff:/, "") : broker.host;
    this.clientHost = `/${socket.remoteAddress ?? "unknown"}`;
    socket.setNoDelay(true);
    socket.setTimeout(options.idleTimeoutMs, () => this.close());
    const frames = new FrameReader(options.requestBytesMax, (frame) => {
      this.#waiting.push(frame);
      this.#waitingBytes += frame.length;
    });
    socket.on("data", (data: Buffer) => {
      if (!frames.push(data)) {
        this.#fail(`a request of ${frames.announced} bytes`);
        return;
      }
      if (this.#waiting.length > WAITING_REQUESTS_MAX || this.#waitingBytes > WAITING_BYTES_MAX) socket.pause();
      void this.#run();
    });
    socket.on("error", () => this.close());
    socket.on("close", () => this.#abort.abort());
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  loggedIn(user: string): void {
    this.principal = `User:${user}`;
    this.login = null;
  }

  closeAfterResponse(): void {
    this.#closing = true;
    this.#waiting.length = 0;
  }

  close(): void {
    this.#waiting.length = 0;
    this.#socket.destroy();
    this.#abort.abort();
  }

  #fail(reason: string): void {
    this.#options.log(`connection ${this.id} from ${this.clientHost} closed: ${reason}`);
    this.close();
  }

  async #run(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#waiting.length > 0) {
        const frame = this.#waiting.shift()!;
        this.#waitingBytes -= frame.length;
        const pending = this.login?.bare === true ? this.#bareLogin(frame) : this.#answer(frame);
        if (pending !== undefined) await pending;
        if (this.#closing) this.#socket.end();
        if (this.#waiting.length === 0 && this.#socket.isPaused()) this.#socket.resume();
        if (this.#socket.writableLength > UNSENT_BYTES_MAX) await this.#drained();
      }
    } catch (error) {
      const known = error instanceof MalformedRequest || error instanceof LoginRefused;
      this.#fail(known ? error.message : `internal error: ${(error as Error).stack}`);
    } finally {
      this.#busy = false;
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.once("drain", resolve);
      this.#socket.once("close", () => resolve());
    });
  }

  /** After a handshake of version 0, login messages come without a request header, and so do the answers. */
  #bareLogin(frame: Buffer): undefined {
    const { reply, user } = this.login!.exchange.step(frame);
    if (user !== null) this.loggedIn(user);
    const prefix = Buffer.alloc(4);
    prefix.writeInt32BE(reply.length);
    this.#socket.write(Buffer.concat([prefix, reply]));
    return undefined;
  }

  #answer(frame: Buffer): Promise<void> | undefined {
    const reader = new Reader(frame);
    const key = reader.int16();
    const version = reader.int16();
    const correlationId = reader.int32();
    const clientId = reader.string(Math.max(reader.length(2, false), 0));
    const api = this.#apis.get(key);
    if (api === undefined) throw new MalformedRequest(`unknown API ${key}`);
    const known = version >= api.min && version <= api.max;
    if (!known && key !== API_VERSIONS_KEY) throw new MalformedRequest(`${api.name} version ${version}`);
    if (known && version >= api.flexibleFrom) reader.skipTags();
    if (this.#options.loginRequired && this.principal === null && !api.beforeLogin) {
      throw new MalformedRequest(`${api.name} before a login`);
    }
    const context: RequestContext = { broker: this.#broker, connection: this, version, clientId };
    const fault = this.#faults.next(api.name, clientId);
    if (fault !== undefined) return this.#answerFaulty(fault, api, context, reader, correlationId);
    const start = reader.position;
    const surprise = (error: unknown): WriteBody | null => {
      if (error instanceof MalformedRequest) throw error;
      this.#options.log(`${api.name} failed: ${(error as Error).stack}`);
      return api.run(context, new Reader(frame, start), ErrorCode.UNKNOWN_SERVER_ERROR) as WriteBody | null;
    };
    try {
      const result = api.run(context, reader);
      if (result instanceof Promise) {
        return result.catch(surprise).then((body) => this.#send(api, version, correlationId, body));
      }
      this.#send(api, version, correlationId, result);
    } catch (error) {
      this.#send(api, version, correlationId, surprise(error));
    }
    return undefined;
  }

  async #answerFaulty(
    fault: NonNullable<ReturnType<Faults["next"]>>,
    api: Api,
    context: RequestContext,
    reader: Reader,
    correlationId: number,
  ): Promise<void> {
    switch (fault.kind) {
      case "close":
        this.close();
        return;
      case "error":
        this.#send(api, context.version, correlationId, await api.run(context, reader, fault.code));
        return;
      case "drop":
        // The request takes effect, and its answer is lost with the connection.
        await api.run(context, reader);
        this.close();
        return;
      case "delay":
        await this.#faults.wait(fault.ms, this.signal);
        this.#send(api, context.version, correlationId, await api.run(context, reader));
    }
  }

  #send(api: Api, version: number, correlationId: number, body: WriteBody | null): void {
    if (body === null || this.#socket.destroyed) return;
    const writer = new Writer();
    writer.int32(0);
    writer.int32(correlationId);
    if (version >= api.flexibleFrom && api.key !== API_VERSIONS_KEY) writer.unsignedVarint(0);
    body(writer);
    const size = writer.length - 4;
    const chunks = writer.finish();
    chunks[0].writeInt32BE(size, 0);
    if (chunks.length > 1) this.#socket.cork();
    for (const chunk of chunks) this.#socket.write(chunk);
    if (chunks.length > 1) this.#socket.uncork();
  }
}
