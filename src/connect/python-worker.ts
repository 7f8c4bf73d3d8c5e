/**
 * The user's pickled Python function of foreachBatch, run by PySpark's own worker in a process of its own. The worker connects
 * to us twice: by a socket on which we call it, and as a Spark Connect client of the session that started the query.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { SluiceError } from "../errors/error.ts";
import { SocketReader } from "./socket-reader.ts";

export interface PythonFunction {
  /** Pickled. */
  readonly command: Uint8Array;
  /** E.g. "3.11": functions can't be read by another minor version. */
  readonly pythonVer: string;
}

export interface PythonWorkerSetup {
  readonly function: PythonFunction;
  /** Of a Python that has pyspark. */
  readonly python: string;
  /** `sc://host:port/;user_id=…` of this server. */
  readonly url: string;
  readonly sessionId: string;
  /** What the function prints, and what its Python complains about. */
  readonly output: (text: Buffer) => void;
}

/** Milliseconds from the start of Python until the function is ready to be called. */
const START_MS = 120_000;
/** Characters of the last output that an error shows. */
const OUTPUT_TAIL = 2000;
/** What the worker answers when the function threw. */
const EXCEPTION_THROWN = -2;
const MESSAGE_BYTES_MAX = 16 << 20;

/** The client's package alone has no folder that PySpark would take for Spark's home, and doesn't start without one. */
const PROGRAM = `
import importlib.util, os, runpy, sys
spec = importlib.util.find_spec("pyspark")
if spec is None:
    sys.exit(sys.executable + " has no pyspark")
os.environ.setdefault("SPARK_HOME", spec.submodule_search_locations[0])
runpy.run_module("pyspark.sql.connect.streaming.worker.foreach_batch_worker", run_name="__main__")
`;

export class PythonWorker {
  private readonly process: ChildProcess;
  private readonly server: Server;
  private readonly python: string;
  private readonly ended = Promise.withResolvers<never>();
  private socket: Socket | undefined;
  private reader: SocketReader | undefined;
  private tail = "";
  private isStopped = false;

  private constructor(setup: PythonWorkerSetup, server: Server, port: number, secret: string) {
    const { python, url, output } = setup;
    this.python = python;
    this.server = server;
    this.ended.promise.catch(() => {}); // heard by whoever waits for an answer
    const { SPARK_REMOTE: _, SPARK_LOCAL_REMOTE: __, ...environment } = process.env;
    this.process = spawn(python, ["-c", PROGRAM], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...environment,
        PYTHONUNBUFFERED: "YES",
        PYTHON_WORKER_FACTORY_PORT: String(port),
        PYTHON_WORKER_FACTORY_SECRET: secret,
        SPARK_CONNECT_LOCAL_URL: url,
      },
    });
    const hear = (text: Buffer) => {
      this.tail = (this.tail + text.toString()).slice(-OUTPUT_TAIL);
      output(text);
    };
    this.process.stdout?.on("data", hear);
    this.process.stderr?.on("data", hear);
    this.process.on("error", (error) => this.ended.reject(this.failed(error.message)));
    // "close" comes after the last output, "exit" may not.
    this.process.on("close", (code, signal) => this.ended.reject(this.failed(`it ended with ${signal ?? code}`)));
  }

  /**
   * Starts Python and loads the function.
   *
   * @throws STREAMING_PYTHON_RUNNER_INITIALIZATION_FAILURE
   */
  static async start(setup: PythonWorkerSetup): Promise<PythonWorker> {
    const secret = randomBytes(32).toString("hex");
    const server = createServer();
    const connected = new Promise<Socket>((resolve) => server.once("connection", resolve));
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
    const worker = new PythonWorker(setup, server, portOf(server), secret);
    const late = setTimeout(
      () => worker.ended.reject(worker.failed(`it was not ready after ${START_MS} ms`)),
      START_MS,
    );
    try {
      await Promise.race([
        worker.load(setup, await Promise.race([connected, worker.ended.promise]), secret),
        worker.ended.promise,
      ]);
      return worker;
    } catch (error) {
      worker.stop();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  /**
   * Calls the function with the rows that the session keeps under `relationId`. One call at a time.
   *
   * @throws an error with Python's traceback
   */
  async call(relationId: string, batchId: number): Promise<void> {
    const { socket, reader } = this;
    if (socket === undefined || reader === undefined || this.isStopped) throw new Error("Python was stopped");
    socket.write(Buffer.concat([text(relationId), long(batchId)]));
    const answer = await Promise.race([reader.int(), this.ended.promise]);
    if (answer === 0) return;
    throw new Error(await tracebackOf(answer, reader));
  }

  /** Ends the process, whatever it does. */
  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.server.close();
    this.socket?.destroy();
    this.process.kill("SIGKILL");
    this.ended.reject(new Error("Python was stopped"));
  }

  private async load(setup: PythonWorkerSetup, socket: Socket, secret: string): Promise<void> {
    this.server.close();
    this.socket = socket.setNoDelay(true);
    socket.on("error", () => {}); // the reader tells
    const reader = new SocketReader(socket);
    this.reader = reader;
    const given = await reader.bytes(await reader.int(), MESSAGE_BYTES_MAX);
    const expected = Buffer.from(secret);
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      throw this.failed("a stranger connected");
    socket.write(text("ok"));
    await reader.int(); // its process id
    const { command, pythonVer } = setup.function;
    socket.write(Buffer.concat([text(pythonVer), text(setup.sessionId), int(command.length), command]));
    const answer = await reader.int();
    if (answer !== 0) throw this.failed(await tracebackOf(answer, reader));
  }

  private failed(reason: string): SluiceError {
    const last = this.tail.trim();
    const message = last === "" || reason.includes(last) ? reason : `${reason}. Its last words:\n${last}`;
    return new SluiceError("STREAMING_PYTHON_RUNNER_INITIALIZATION_FAILURE", { python: this.python, msg: message });
  }
}

async function tracebackOf(answer: number, reader: SocketReader): Promise<string> {
  if (answer !== EXCEPTION_THROWN) return `Python answered with ${answer}`;
  return (await reader.bytes(await reader.int(), MESSAGE_BYTES_MAX)).toString().trimEnd();
}

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([int(bytes.length), bytes]);
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}
