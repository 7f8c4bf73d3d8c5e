/** What commands that serve have in common: options, signals, progress. */
import { UsageError } from "./main.ts";

/** Resolves at SIGINT or SIGTERM. A second signal ends the process at once. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130));
        resolve(signal);
      });
    }
  });
}

/** Ends the process soon, with the exit code set by then, whatever may still hold it open (a connection attempt, a user's timer). */
export function exitSoon(): void {
  setTimeout(() => process.exit(), 300).unref();
}

/** Gives up on a clean stop after `ms`: the process ends as asked all the same. */
export async function within(ms: number, task: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([task, late]);
  clearTimeout(timer);
}

export function portOption(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new UsageError(`--port ${text}: a port is 0 to 65535`);
  return port;
}

/** Says what is going on, on a terminal only; the line is replaced by the next. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

export function progressDone(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
}
