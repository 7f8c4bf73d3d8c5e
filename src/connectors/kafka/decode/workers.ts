/**
 * Threads that decode chunks for all queries of the process. They are started when somebody has much to decode and end
 * with the last query that leased them.
 */
import { availableParallelism } from "node:os";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import { ownModule } from "../../../package-files.ts";
import type { RecordRange } from "../records.ts";
import type { DecodeRequest, PackedBlock } from "./chunk.ts";
import { blocksOf, type FromWorker, type Outcome, type ToWorker } from "./protocol.ts";

/** More would wait for the one thread that aggregates. */
const THREADS_MAX = 3;
/** Chunks that are with one thread: one under work, one to go on with. */
const CHUNKS_A_THREAD = 2;
/** Heap of a thread; the bytes and columns are outside of it. */
const LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 };

/** A chunk that is, or will be, decoded by another thread. */
export interface PendingChunk {
  /** True when `take` gives its result without waiting; also when its thread failed. */
  readonly isDone: boolean;
  /** Resolves when it is done. */
  readonly done: Promise<void>;
  /**
   * Undefined when the thread failed: the chunk is to be decoded by the caller.
   *
   * @throws what decoding it threw
   */
  take(): readonly PackedBlock[] | undefined;
  /** Gives a block's memory back to the thread that made it. */
  recycle(block: PackedBlock): void;
}

/** A request for the use of threads: what a query holds while it reads. */
export interface DecodeLease {
  /** Whether a thread has time for a chunk. Takes in what threads have finished. */
  readonly isFree: boolean;
  /** Hands a copy of the chunk's bytes to a thread. Only when `isFree`. */
  submit(range: RecordRange, nowMs: number): PendingChunk;
  release(): void;
}

class Task implements PendingChunk {
  readonly done: Promise<void>;
  private outcome: Outcome | undefined;
  private hasFailed = false;
  private settle: () => void = () => {};
  private readonly thread: DecodeThread;

  constructor(thread: DecodeThread) {
    this.thread = thread;
    this.done = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  get isDone(): boolean {
    return this.hasFailed || this.outcome !== undefined;
  }

  finish(outcome: Outcome): void {
    this.outcome = outcome;
    this.settle();
  }

  fail(): void {
    this.hasFailed = true;
    this.settle();
  }

  take(): readonly PackedBlock[] | undefined {
    return this.outcome === undefined ? undefined : blocksOf(this.outcome);
  }

  recycle({ buffer }: PackedBlock): void {
    this.thread.recycle(buffer);
  }
}

class DecodeThread {
  readonly tasks = new Map<number, Task>();
  hasFailed = false;
  private readonly worker: Worker;
  private readonly port: MessagePort;
  private readonly known = new Set<number>();
  /** Memory that chunks travelled in, for the next ones. */
  private readonly inputs: ArrayBuffer[] = [];

  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.worker = new Worker(ownModule("connectors/kafka/decode/worker"), {
      name: "sluice-decode",
      workerData: port2,
      transferList: [port2],
      resourceLimits: LIMITS,
    });
    this.worker.on("error", () => this.fail());
    this.worker.on("exit", () => this.fail());
    this.worker.unref();
    this.port.on("message", (message: FromWorker) => this.receive(message));
    this.port.unref();
  }

  /** Takes in what the thread has posted, without a turn of the event loop. */
  poll(): void {
    if (this.tasks.size === 0) return;
    for (let got = receiveMessageOnPort(this.port); got !== undefined; got = receiveMessageOnPort(this.port)) {
      this.receive(got.message as FromWorker);
    }
  }

  introduce(id: number, request: DecodeRequest): void {
    if (this.known.has(id)) return;
    this.known.add(id);
    this.post({ kind: "request", id, request });
  }

  forget(id: number): void {
    if (this.known.delete(id)) this.post({ kind: "forget", id });
  }

  /** A copy of the bytes, in memory that can be handed over. */
  copyOf(bytes: Uint8Array): Uint8Array {
    const spare = this.inputs.pop();
    const fits = spare !== undefined && spare.byteLength >= bytes.length;
    const copy = new Uint8Array(fits ? spare : new ArrayBuffer(bytes.length), 0, bytes.length);
    copy.set(bytes);
    return copy;
  }

  decode(message: Extract<ToWorker, { kind: "chunk" }>, task: Task): void {
    this.tasks.set(message.task, task);
    // While something is under way the process must not end for want of other work.
    this.port.ref();
    this.post(message, [message.records.bytes.buffer as ArrayBuffer]);
  }

  recycle(buffer: ArrayBuffer): void {
    if (!this.hasFailed) this.post({ kind: "memory", buffer }, [buffer]);
  }

  close(): void {
    this.hasFailed = true;
    this.port.close();
    void this.worker.terminate();
  }

  private post(message: ToWorker, handed: ArrayBuffer[] = []): void {
    this.port.postMessage(message, handed);
  }

  private receive({ task, outcome, input }: FromWorker): void {
    if (this.inputs.length < CHUNKS_A_THREAD) this.inputs.push(input);
    const waiting = this.tasks.get(task);
    this.tasks.delete(task);
    if (this.tasks.size === 0) this.port.unref();
    waiting?.finish(outcome);
  }

  private fail(): void {
    this.hasFailed = true;
    for (const task of this.tasks.values()) task.fail();
    this.tasks.clear();
    this.port.close();
  }
}

let threads: DecodeThread[] = [];
let leases = 0;
let lastId = 0;
let lastTask = 0;

/** Threads to decode with, on this machine: one core stays with the engine. */
export function threadsWanted(): number {
  return Math.min(THREADS_MAX, availableParallelism() - 1);
}

/** Starts threads where there are none. Undefined when none is wanted, as on a machine with one core. */
export function leaseThreads(request: DecodeRequest, wanted = threadsWanted()): DecodeLease | undefined {
  if (wanted < 1) return undefined;
  threads = threads.filter((t) => !t.hasFailed);
  while (threads.length < wanted) threads.push(new DecodeThread());
  leases++;
  return new Lease(++lastId, request, threads);
}

class Lease implements DecodeLease {
  private readonly id: number;
  private readonly request: DecodeRequest;
  private readonly own: readonly DecodeThread[];
  private isOpen = true;

  constructor(id: number, request: DecodeRequest, own: readonly DecodeThread[]) {
    this.id = id;
    this.request = request;
    this.own = [...own];
  }

  private get next(): DecodeThread | undefined {
    let best: DecodeThread | undefined;
    for (const thread of this.own) {
      if (thread.hasFailed || thread.tasks.size >= CHUNKS_A_THREAD) continue;
      if (best === undefined || thread.tasks.size < best.tasks.size) best = thread;
    }
    return best;
  }

  get isFree(): boolean {
    for (const thread of this.own) if (!thread.hasFailed) thread.poll();
    return this.next !== undefined;
  }

  submit(range: RecordRange, nowMs: number): PendingChunk {
    const thread = this.next as DecodeThread;
    thread.introduce(this.id, this.request);
    const task = new Task(thread);
    const { records, from, to } = range;
    const { topic, partition, fetchOffset, nextOffset, aborted } = records;
    const chunk = { topic, partition, fetchOffset, nextOffset, aborted, bytes: thread.copyOf(records.bytes) };
    thread.decode({ kind: "chunk", id: this.id, task: ++lastTask, records: chunk, from, to, nowMs }, task);
    return task;
  }

  release(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const thread of this.own) if (!thread.hasFailed) thread.forget(this.id);
    if (--leases > 0) return;
    for (const thread of threads) thread.close();
    threads = [];
  }
}
