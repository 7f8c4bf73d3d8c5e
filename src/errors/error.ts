import { type Condition, conditions } from "./conditions.ts";

/** Where in a SQL text, or in the user's program, an error was found. */
export interface QueryContext {
  /** The SQL text, or the fragment of the program. */
  readonly fragment: string;
  /** First character of the place within `fragment`, counted from 0. */
  readonly start: number;
  /** Character after the last one of the place. */
  readonly stop: number;
  /** `file:line` of the call in the user's program, where known. */
  readonly callSite?: string;
}

export interface SluiceErrorOptions {
  readonly context?: QueryContext | undefined;
  readonly cause?: unknown;
}

/**
 * Every error that Sluice reports on purpose.
 *
 * `condition` is the stable name to test for (Spark's own where Spark has one), `sqlState` its SQL state, and
 * `messageParameters` the values that the message was made from.
 *
 * @example
 * try {
 *   await df.select("tmperature").collect();
 * } catch (error) {
 *   if (error instanceof SluiceError && error.condition === "UNRESOLVED_COLUMN.WITH_SUGGESTION") …
 * }
 */
export class SluiceError extends Error {
  override readonly name = "SluiceError";
  readonly condition: Condition;
  readonly sqlState: string;
  readonly messageParameters: Readonly<Record<string, string>>;
  readonly context: QueryContext | undefined;

  constructor(
    condition: Condition,
    parameters: Readonly<Record<string, string | number | boolean>> = {},
    options: SluiceErrorOptions = {},
  ) {
    const { template, sqlState } = conditions[condition];
    const texts = Object.fromEntries(Object.entries(parameters).map(([k, v]) => [k, String(v)]));
    const place = options.context ? `\n${underline(options.context)}` : "";
    super(
      `[${condition}] ${fill(template, texts)}${sqlState ? ` SQLSTATE: ${sqlState}` : ""}${place}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.condition = condition;
    this.sqlState = sqlState;
    this.messageParameters = texts;
    this.context = options.context;
  }
}

function fill(template: string, parameters: Record<string, string>): string {
  return template.replace(/<([a-zA-Z][a-zA-Z0-9]*)>/g, (whole, name: string) =>
    Object.hasOwn(parameters, name) ? (parameters[name] as string) : whole,
  );
}

/** The line of the text that holds the place, with the place underlined. */
export function underline(context: QueryContext): string {
  const { fragment, start, stop, callSite } = context;
  const lineStart = fragment.lastIndexOf("\n", start - 1) + 1;
  const newline = fragment.indexOf("\n", start);
  const lineEnd = newline < 0 ? fragment.length : newline;
  const lineNumber = fragment.slice(0, lineStart).split("\n").length;
  const width = Math.max(1, Math.min(stop, lineEnd) - start);
  const where = callSite ? ` (${callSite})` : "";
  return [
    `== SQL (line ${lineNumber}, position ${start - lineStart})${where} ==`,
    fragment.slice(lineStart, lineEnd),
    `${" ".repeat(start - lineStart)}${"^".repeat(width)}`,
  ].join("\n");
}

/** The one of `known` that `given` was probably meant to be, or undefined when none is near. */
export function nearest(given: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(given.length / 3)) + 1;
  for (const candidate of known) {
    const d = editDistance(given.toLowerCase(), candidate.toLowerCase());
    if (d < bestDistance) {
      bestDistance = d;
      best = candidate;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, (previous[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    previous = row;
  }
  return previous[b.length] as number;
}
