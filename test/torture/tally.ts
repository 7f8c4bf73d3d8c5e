/** Counts what came out against what should have, line by line. */
import type { Lines } from "./input.ts";

/** The first few of each kind of fault are told by name. */
const TOLD_MAX = 5;

export interface Verdict {
  readonly expected: number;
  readonly seen: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Rows with other values than they should have, or that nobody asked for. */
  readonly wrong: number;
  readonly examples: readonly string[];
}

export class Tally {
  private readonly lines: Lines;
  private readonly times: Uint8Array;
  private seen = 0;
  private duplicated = 0;
  private wrong = 0;
  private readonly examples: string[] = [];

  constructor(lines: Lines) {
    this.lines = lines;
    this.times = new Uint8Array(lines.count);
  }

  get count(): number {
    return this.seen;
  }

  add(line: string): void {
    this.seen++;
    const key = this.lines.key(line);
    if (key === undefined || this.lines.text(key) !== line) {
      this.wrong++;
      const should = key === undefined ? "no such row" : this.lines.text(key);
      this.tell(`wrong: "${line.slice(0, 100)}" (${should})`);
      if (key === undefined) return;
    }
    if (this.times[key] > 0) {
      this.duplicated++;
      this.tell(`twice: ${this.lines.name(key)}`);
    }
    if (this.times[key] < 255) this.times[key]++;
  }

  verdict(): Verdict {
    let lost = 0;
    this.times.forEach((times, key) => {
      if (times > 0) return;
      lost++;
      if (lost <= TOLD_MAX) this.tell(`lost: ${this.lines.name(key)}`);
    });
    const { seen, duplicated, wrong, examples } = this;
    return { expected: this.lines.count, seen, lost, duplicated, wrong, examples };
  }

  private tell(example: string): void {
    if (this.examples.length < 4 * TOLD_MAX) this.examples.push(example);
  }
}
