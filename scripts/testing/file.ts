// Runs one test file in a process of its own and gathers what became of it.
import { run } from "node:test";
import { inspect } from "node:util";

/** What a file's tests came to. */
export interface FileResult {
  readonly file: string;
  passed: number;
  readonly failures: Failure[];
  readonly skips: { name: string; reason: string }[];
  durationMs: number;
  /** The last of what it wrote to stdout and stderr. */
  output: string;
}

export interface Failure {
  readonly name: string;
  readonly error: string;
}

export interface Limits {
  /** A single test may take so long. */
  readonly testMs: number;
  /** A file may live so long with no test under way after its first one. */
  readonly idleMs: number;
  /** Ends the run. */
  readonly signal: AbortSignal;
}

const outputBytesMax = 64 * 1024;

/** Runs `path` (absolute), reported under the name `file`. Never rejects: whatever goes wrong is a failure in the result. */
export async function runFile(file: string, path: string, limits: Limits): Promise<FileResult> {
  const result: FileResult = { file, passed: 0, failures: [], skips: [], durationMs: 0, output: "" };
  const started = performance.now();
  const end = new AbortController();
  const watch = new Watch(limits.idleMs, () => end.abort());
  const stream = run({
    files: [path],
    isolation: "process",
    concurrency: 1,
    timeout: limits.testMs,
    signal: AbortSignal.any([limits.signal, end.signal]),
    execArgv: ["--conditions=sluice-source", "--enable-source-maps"],
  });
  const names: string[] = [];
  let ownTests = 0;
  stream.on("test:dequeue", (event) => {
    if (event.name !== path) watch.begin(event.name);
  });
  stream.on("test:complete", (event) => {
    if (event.name !== path) watch.end(event.name);
  });
  stream.on("test:start", (event) => {
    names.length = event.nesting;
    names.push(event.name);
  });
  stream.on("test:pass", (event) => {
    if (event.name === path || event.details.type === "suite") return;
    ownTests++;
    if (event.skip !== undefined || event.todo !== undefined) {
      const reason = event.skip ?? event.todo;
      const name = fullName(names, event.nesting, event.name);
      result.skips.push({ name, reason: typeof reason === "string" && reason ? reason : "no reason given" });
    } else result.passed++;
  });
  stream.on("test:fail", (event) => {
    const error: TestError = event.details.error;
    if (event.name === path) {
      const ofItsTests = result.failures.length > 0 && error.failureType !== "testAborted";
      if (!ofItsTests)
        result.failures.push({ name: "(the file)", error: fileError(error, watch.underWay, limits.signal.aborted) });
      ownTests++;
      return;
    }
    ownTests++;
    // Its subtests are reported by themselves.
    if (error.failureType === "subtestsFailed") return;
    result.failures.push({ name: fullName(names, event.nesting, event.name), error: describe(error) });
  });
  const keep = (event: { message: string }): void => {
    result.output = (result.output + event.message).slice(-outputBytesMax);
  };
  stream.on("test:stdout", keep);
  stream.on("test:stderr", keep);
  await new Promise((done) => stream.once("end", done).resume());
  watch.close();
  if (ownTests === 0) result.failures.push({ name: "(the file)", error: "has no tests" });
  result.durationMs = Math.round(performance.now() - started);
  return result;
}

const fullName = (names: readonly string[], nesting: number, name: string): string =>
  [...names.slice(0, nesting), name].join(" › ");

type TestError = Error & { failureType?: string; cause?: unknown };

function describe(error: TestError): string {
  const { cause } = error;
  if (!(cause instanceof Error)) return String(cause ?? error.message);
  const ours = (cause.stack ?? cause.message).split("\n").filter((line) => !/^\s+at .*\(?node:/.test(line));
  const below =
    cause.cause === undefined
      ? ""
      : `\ncaused by ${inspect(cause.cause, { depth: 2 }).split("\n").slice(0, 12).join("\n")}`;
  return ours.slice(0, 40).join("\n") + below;
}

function fileError(error: TestError, underWay: readonly string[], runEnded: boolean): string {
  if (error.failureType !== "testAborted") return "ended with an error outside its tests (its output follows)";
  const what = underWay.length > 0 ? `in "${underWay.join('", "')}"` : "after its last test";
  return runEnded
    ? `was ended ${what}: the whole run took too long`
    : `hung ${what}: something is still open (a timer, a socket, a server, a child process)`;
}

/** Tells when a file lives on although none of its tests is under way. */
class Watch {
  readonly #tests: string[] = [];
  readonly #idleMs: number;
  readonly #onIdle: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(idleMs: number, onIdle: () => void) {
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
  }

  get underWay(): readonly string[] {
    return this.#tests;
  }

  begin(name: string): void {
    clearTimeout(this.#timer);
    this.#tests.push(name);
  }

  end(name: string): void {
    const at = this.#tests.indexOf(name);
    if (at >= 0) this.#tests.splice(at, 1);
    clearTimeout(this.#timer);
    if (this.#tests.length === 0) this.#timer = setTimeout(this.#onIdle, this.#idleMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
