/** A run of pipeline.ts as a process of its own, to be killed or stopped in the middle of its work. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../../scripts/parts/part.ts";
import { onExit } from "./left-behind.ts";
import type { Event, Settings } from "./pipeline.ts";

/** The program's compiled form: most of its many starts are there for what comes after loading. */
const compiled = join(root, ".cache/compiled");
/** What is kept of its stderr, for the message of a failure. */
const STDERR_CHARS_MAX = 4000;

export class Victim {
  readonly events: Event[] = [];
  /** Resolves with the exit code, or with the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  private readonly child: ChildProcess;
  private readonly waiters = new Set<() => void>();
  private stderr = "";

  constructor(settings: Settings) {
    const program = join(import.meta.dirname, "pipeline.ts");
    this.child = spawn(process.execPath, [program, JSON.stringify(settings)], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_COMPILE_CACHE: compiled },
    });
    const { child } = this;
    const stillThere = onExit(() => child.kill("SIGKILL"));
    createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on("line", (line) => this.take(line));
    child.stderr?.on("data", (data: Buffer) => {
      this.stderr = (this.stderr + data.toString()).slice(-STDERR_CHARS_MAX);
    });
    // "close" comes after the last line.
    this.ended = once(child, "close").then(([code, signal]: (number | string | null)[]) => {
      stillThere();
      this.wake();
      return (code ?? signal) as number | NodeJS.Signals;
    });
  }

  /** Resolves with the first event that fits, also one that was before the call; rejects when the process ends without. */
  async until<E extends Event>(fits: (event: Event) => event is E): Promise<E>;
  async until(fits: (event: Event) => boolean): Promise<Event>;
  async until(fits: (event: Event) => boolean): Promise<Event> {
    let end: number | NodeJS.Signals | undefined;
    void this.ended.then((code) => {
      end = code;
      this.wake();
    });
    for (let seen = 0; ; ) {
      for (; seen < this.events.length; seen++) if (fits(this.events[seen])) return this.events[seen];
      if (end !== undefined) throw new Error(`The program ended with ${end} before it got there.\n${this.story()}`);
      await new Promise<void>((resolve) => this.waiters.add(resolve));
    }
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Waits for its end by itself, with code 0. */
  async done(): Promise<void> {
    const code = await this.ended;
    if (code !== 0) throw new Error(`The program ended with ${code}.\n${this.story()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
  }

  /** The last that it told. */
  story(): string {
    const last = this.events.slice(-5).map((event) => JSON.stringify(event));
    return [...last, this.stderr.trimEnd()].join("\n");
  }

  private take(line: string): void {
    try {
      this.events.push(JSON.parse(line) as Event);
    } catch {
      return; // cut off by the kill
    }
    this.wake();
  }

  private wake(): void {
    for (const resolve of this.waiters) resolve();
    this.waiters.clear();
  }
}
