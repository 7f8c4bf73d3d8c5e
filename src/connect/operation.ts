/** One ExecutePlan: runs to its end whether or not somebody reads along, and keeps its answer until the client releases it. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { SluiceError } from "../errors/error.ts";
import { type ExecutePlanResponse, ExecutePlanResponseSchema } from "../plan/messages.ts";
import { Change, unlessAborted } from "./abort.ts";

/** A response without what every response carries. */
export type ResponseBody = Pick<
  MessageInitShape<typeof ExecutePlanResponseSchema>,
  "responseType" | "schema" | "metrics" | "observedMetrics"
>;

export interface OperationSetup {
  readonly id: string;
  readonly sessionId: string;
  readonly serverSideSessionId: string;
  readonly tags: readonly string[];
  /** Milliseconds that never go back. */
  monotonic(): number;
  /** The client may come back for what it has been given already. */
  readonly reattachable: boolean;
  run(signal: AbortSignal): AsyncIterable<ResponseBody>;
}

/** Bytes of responses that nobody has read; more of them are made when some are read. */
const UNREAD_BYTES_MAX = 16 << 20;
/** Bytes of responses that were read and not released; the oldest can't be had again. */
const READ_BYTES_MAX = 16 << 20;

interface Kept {
  readonly response: ExecutePlanResponse;
  readonly bytes: number;
}

export class Operation {
  readonly id: string;
  readonly tags: readonly string[];
  readonly reattachable: boolean;
  /** Resolves when it has run to its end, whatever the end. */
  readonly ended: Promise<void>;
  private readonly setup: OperationSetup;
  private readonly abort = new AbortController();
  private readonly change = new Change();
  private readonly kept: Kept[] = [];
  /** Number of the first response that is kept. */
  private first = 0;
  /** Number of the first response that was never handed out. */
  private unread = 0;
  private keptBytes = 0;
  private unreadBytes = 0;
  private isDone = false;
  private failure: { readonly error: unknown } | undefined;
  /** Who reads now; a new reader takes over from the one before. */
  private reader: AbortController | undefined;
  /** Since when nobody has read, when nobody does. */
  private leftAt: number;

  constructor(setup: OperationSetup) {
    this.setup = setup;
    this.id = setup.id;
    this.tags = setup.tags;
    this.reattachable = setup.reattachable;
    this.leftAt = setup.monotonic();
    this.ended = this.run();
  }

  get isRunning(): boolean {
    return !this.isDone;
  }

  get hasFailed(): boolean {
    return this.failure !== undefined;
  }

  /** Somebody reads its answer now. */
  get isRead(): boolean {
    return this.reader !== undefined;
  }

  /** Whether nobody has read it since `before`. */
  isAbandoned(before: number): boolean {
    return !this.isRead && this.leftAt < before;
  }

  /** Ends it with OPERATION_CANCELED. */
  interrupt(): void {
    this.abort.abort(new SluiceError("OPERATION_CANCELED"));
  }

  /**
   * The responses after `lastResponseId`, from the beginning without one, up to the end of the operation.
   *
   * @throws INVALID_CURSOR.POSITION_NOT_FOUND, INVALID_CURSOR.POSITION_NOT_AVAILABLE, INVALID_CURSOR.DISCONNECTED, and what the operation failed with
   */
  async *read(lastResponseId?: string): AsyncGenerator<ExecutePlanResponse> {
    let next = lastResponseId === undefined ? 0 : this.numberOf(lastResponseId) + 1;
    const reader = new AbortController();
    this.reader?.abort(new SluiceError("INVALID_CURSOR.DISCONNECTED", { operation: this.id }));
    this.reader = reader;
    try {
      for (;;) {
        if (next < this.first) throw this.cursorError("INVALID_CURSOR.POSITION_NOT_AVAILABLE", String(next));
        const found = this.kept[next - this.first];
        if (found !== undefined) {
          next++;
          this.noteRead(next);
          yield found.response;
          reader.signal.throwIfAborted();
        } else if (this.isDone) {
          if (this.failure !== undefined) throw this.failure.error;
          return;
        } else {
          await unlessAborted(this.change.wait(), reader.signal);
        }
      }
    } finally {
      if (this.reader === reader) {
        this.reader = undefined;
        this.leftAt = this.setup.monotonic();
      }
    }
  }

  /** Forgets the responses up to this one. */
  release(responseId: string): void {
    const end = this.numberOf(responseId) + 1;
    while (this.first < end && this.kept.length > 0) this.forgetFirst();
  }

  private async run(): Promise<void> {
    const { signal } = this.abort;
    let iterator: AsyncIterator<ResponseBody> | undefined;
    try {
      await Promise.resolve(); // whoever made the operation has it in hand before anything runs
      iterator = this.setup.run(signal)[Symbol.asyncIterator]();
      for (;;) {
        const next = await unlessAborted(iterator.next(), signal);
        if (next.done === true) break;
        this.push(next.value);
        while (this.unreadBytes > UNREAD_BYTES_MAX) await unlessAborted(this.change.wait(), signal);
      }
      this.push({ responseType: { case: "resultComplete", value: {} } });
    } catch (error) {
      this.failure = { error };
      iterator?.return?.()?.catch(() => {}); // it ends when it next looks; the first error is the one to tell
    }
    this.isDone = true;
    this.change.tell();
  }

  private push(body: ResponseBody): void {
    const { id, sessionId, serverSideSessionId } = this.setup;
    const responseId = `${id}:${this.first + this.kept.length}`;
    const head = { sessionId, serverSideSessionId, operationId: id, responseId };
    const response = create(ExecutePlanResponseSchema, { ...head, ...body });
    const { responseType } = response;
    const bytes = 256 + (responseType.case === "arrowBatch" ? responseType.value.data.length : 0);
    this.kept.push({ response, bytes });
    this.keptBytes += bytes;
    this.unreadBytes += bytes;
    this.change.tell();
  }

  private noteRead(next: number): void {
    if (next > this.unread) {
      this.unreadBytes -= this.kept[this.unread - this.first].bytes;
      this.unread = next;
      this.change.tell();
    }
    const readBytesMax = this.reattachable ? READ_BYTES_MAX : 0;
    while (this.first < this.unread && this.keptBytes - this.unreadBytes > readBytesMax) this.forgetFirst();
  }

  private forgetFirst(): void {
    const [gone] = this.kept.splice(0, 1);
    this.keptBytes -= gone.bytes;
    if (this.first++ === this.unread) {
      this.unread++;
      this.unreadBytes -= gone.bytes;
      this.change.tell();
    }
  }

  private numberOf(responseId: string): number {
    const [operation, number] = responseId.split(":");
    const n = Number(number);
    if (operation !== this.id || !Number.isInteger(n) || n >= this.first + this.kept.length) {
      throw this.cursorError("INVALID_CURSOR.POSITION_NOT_FOUND", responseId);
    }
    return n;
  }

  private cursorError(
    condition: "INVALID_CURSOR.POSITION_NOT_FOUND" | "INVALID_CURSOR.POSITION_NOT_AVAILABLE",
    responseId: string,
  ) {
    return new SluiceError(condition, { operation: this.id, responseId });
  }
}
