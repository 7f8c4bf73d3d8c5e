import type { Emitted, Emitter, RunContext, SessionSettings } from "../functions/definition.ts";

const reserved = new Set(
  (
    "abstract arguments await boolean break byte case catch char class const continue debugger default delete do double " +
    "else enum eval export extends false final finally float for function goto if implements import in instanceof int " +
    "interface let long native new null package private protected public return short static super switch synchronized " +
    "this throw throws transient true try typeof undefined var void volatile while with yield NaN Infinity Math Number " +
    "BigInt String Object Array Uint8Array Int32Array Float64Array BigInt64Array Map Set RegExp Date Symbol"
  ).split(" "),
);

/** A run for code that belongs to no batch: at the beginning of 1970. */
export function newRun(): RunContext {
  return { nowUs: 0, seed: 0, rows: 0, user: "" };
}

/** A JS identifier that resembles `hint`. */
export function identifier(hint: string): string {
  let name = hint.replace(/[^A-Za-z0-9_$]+/g, "_").replace(/^_+|_+$/g, "");
  if (name.length > 24) name = name.slice(0, 24).replace(/_+$/, "");
  if (name === "") name = "v";
  if (/^[0-9]/.test(name)) name = `v${name}`;
  return name;
}

/**
 * Writes the JavaScript of one stage: lines with indentation, names that don't clash, and the values (functions, tables,
 * regular expressions) that the code reaches. Lines go to the place where emission stands; `compile` makes the function.
 */
export class CodeEmitter implements Emitter {
  readonly wide: boolean;
  readonly settings: SessionSettings;
  #lines: string[] = [];
  #depth = 0;
  readonly #taken = new Map<string, number>();
  readonly #bindings = new Map<unknown, string>();
  #scopes: Map<string, Emitted>[] = [new Map()];

  readonly run: RunContext;

  /** `run` is read by the generated code on every row; its owner sets the fields before a batch. */
  constructor(wide: boolean, settings: SessionSettings, run: RunContext = newRun()) {
    this.wide = wide;
    this.settings = settings;
    this.run = run;
  }

  fresh(hint: string): string {
    const base = identifier(hint);
    let count = this.#taken.get(base) ?? (reserved.has(base) ? 1 : 0);
    for (;;) {
      const name = count === 0 ? base : `${base}${count + 1}`;
      count++;
      this.#taken.set(base, count);
      if (name === base) return name;
      if (!this.#taken.has(name)) {
        this.#taken.set(name, 1);
        return name;
      }
    }
  }

  line(code: string): void {
    const pad = "  ".repeat(this.#depth);
    for (const part of code.split("\n")) this.#lines.push(part === "" ? "" : pad + part);
  }

  /** Values computed inside the block are not reused after it. */
  block(head: string, body: () => void): void {
    const closing = `${"  ".repeat(this.#depth)}}`;
    if (head.startsWith("else") && this.#lines.at(-1) === closing) {
      this.#lines[this.#lines.length - 1] = `${closing} ${head} {`;
    } else this.line(`${head} {`);
    this.#depth++;
    this.scope(body);
    this.#depth--;
    this.line("}");
  }

  /** Runs `body` so that what it remembers is forgotten afterwards. */
  scope<T>(body: () => T): T {
    this.#scopes.push(new Map());
    try {
      return body();
    } finally {
      this.#scopes.pop();
    }
  }

  /** The lines that `body` writes, instead of appending them; `deeper` is their indentation beyond the current one. */
  capture(body: () => void, deeper = 0): string[] {
    const outer = this.#lines;
    this.#lines = [];
    this.#depth += deeper;
    try {
      body();
      return this.#lines;
    } finally {
      this.#lines = outer;
      this.#depth -= deeper;
    }
  }

  /** Appends lines that `capture` returned, at the place that they were captured for. */
  append(lines: readonly string[]): void {
    for (const line of lines) this.#lines.push(line);
  }

  /** The value computed for `key` at or around the current place, where there is one. */
  recall(key: string): Emitted | undefined {
    for (let i = this.#scopes.length - 1; i >= 0; i--) {
      const found = this.#scopes[i].get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Keeps a value for later expressions of the current block. */
  remember(key: string, emitted: Emitted): void {
    this.#scopes[this.#scopes.length - 1].set(key, emitted);
  }

  bind(value: unknown, hint: string): string {
    const key = value instanceof RegExp ? `regexp ${value.flags} ${value.source}` : value;
    const known = this.#bindings.get(key);
    if (known !== undefined) return known;
    const name = this.fresh(hint);
    this.#bindings.set(key, name);
    this.#values.push(value);
    this.#names.push(name);
    return name;
  }
  readonly #values: unknown[] = [];
  readonly #names: string[] = [];

  /** The code so far. */
  get code(): string {
    return this.#lines.join("\n");
  }

  /**
   * Makes the function whose body is the code so far. Take the parameters' names from `fresh`, before any emission.
   *
   * @example
   * e.line("return a + b;");
   * const add = e.compile<(a: number, b: number) => number>("add", ["a", "b"]);
   */
  compile<F>(name: string, parameters: readonly string[]): F {
    const prelude = this.#names.length > 0 ? `const [${this.#names.join(", ")}] = bound;\n` : "";
    const source = `"use strict";\n${prelude}return function ${this.fresh(name)}(${parameters.join(", ")}) {\n${this.code}\n};`;
    return new Function("bound", source)(this.#values) as F;
  }
}
