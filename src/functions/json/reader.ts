/** Reads JSON text token by token, as strictly as Jackson does by its default settings in Spark. */

/** The text isn't JSON. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
}

export interface JsonReadOptions {
  readonly allowComments?: boolean;
  readonly allowUnquotedFieldNames?: boolean;
  readonly allowSingleQuotes?: boolean;
  readonly allowNumericLeadingZeros?: boolean;
  readonly allowNonNumericNumbers?: boolean;
  readonly allowBackslashEscapingAnyCharacter?: boolean;
  readonly allowUnquotedControlChars?: boolean;
}

export type JsonToken = "object" | "array" | "string" | "number" | "true" | "false" | "null" | "end";

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LENIENT_NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPECIAL = /[+-]?(?:NaN|Infinity)|[+-]INF/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};
const WORD = /(?!\d)[A-Za-z0-9_$\u0080-\uffff]+/y;
const STRING = /"(?:[^"\\]|\\[\s\S])*"/y;
const PLAIN = /[^\0- ,\]}]*/y;
/** Jackson's limit of nested arrays and objects. */
const DEPTH_MAX = 1000;

export class JsonReader {
  readonly text: string;
  readonly options: JsonReadOptions;
  position = 0;
  #depth = 0;

  constructor(text: string, options: JsonReadOptions = {}) {
    this.text = text;
    this.options = options;
  }

  fail(what: string): never {
    throw new JsonSyntaxError(`${what} at character ${this.position}`);
  }

  #blank(): void {
    const { text } = this;
    for (;;) {
      const c = text.charCodeAt(this.position);
      if (c === 32 || c === 10 || c === 13 || c === 9) this.position++;
      else if (c === 47 && this.options.allowComments) this.#comment();
      else return;
    }
  }

  #comment(): void {
    const next = this.text[this.position + 1];
    if (next !== "/" && next !== "*") this.fail("unexpected '/'");
    const end = next === "/" ? this.text.indexOf("\n", this.position) : this.text.indexOf("*/", this.position + 2);
    if (end < 0 && next === "*") this.fail("comment without end");
    this.position = end < 0 ? this.text.length : end + (next === "/" ? 1 : 2);
  }

  /** What the next value is; nothing is consumed but white space. */
  peek(): JsonToken {
    this.#blank();
    const c = this.text[this.position];
    if (c === undefined) return "end";
    switch (c) {
      case "{":
        return "object";
      case "[":
        return "array";
      case '"':
        return "string";
      case "t":
        return this.#word("true");
      case "f":
        return this.#word("false");
      case "n":
        return this.#word("null");
      case "'":
        if (this.options.allowSingleQuotes !== false) return "string";
        return this.fail("unexpected apostrophe");
      default:
        if ((c >= "0" && c <= "9") || c === "-" || this.#special() !== undefined) return "number";
        return this.fail(`unexpected '${c}'`);
    }
  }

  #word(word: "true" | "false" | "null"): JsonToken {
    if (!this.text.startsWith(word, this.position)) this.fail("unknown word");
    if (/[A-Za-z0-9_$]/.test(this.text[this.position + word.length] ?? "")) this.fail("unknown word");
    return word;
  }

  #special(): string | undefined {
    if (this.options.allowNonNumericNumbers === false) return undefined;
    SPECIAL.lastIndex = this.position;
    return SPECIAL.exec(this.text)?.[0];
  }

  /** Takes true, false or null. */
  takeWord(word: "true" | "false" | "null"): void {
    this.position += word.length;
  }

  /** The text of a number, which may be `NaN`, `Infinity` or `-INF`. */
  number(): string {
    const special = this.#special();
    if (special !== undefined) {
      this.position += special.length;
      return special;
    }
    const re = this.options.allowNumericLeadingZeros ? LENIENT_NUMBER : NUMBER;
    re.lastIndex = this.position;
    const found = re.exec(this.text)?.[0];
    if (found === undefined) this.fail("bad number");
    this.position += found.length;
    const next = this.text[this.position];
    if (next !== undefined && /[0-9A-Za-z_.$]/.test(next)) this.fail("bad number");
    return found;
  }

  string(): string {
    const { text } = this;
    const quote = text[this.position];
    let from = ++this.position;
    let out = "";
    for (;;) {
      const c = text[this.position];
      if (c === undefined) this.fail("string without end");
      if (c === quote) {
        out += text.slice(from, this.position++);
        return out;
      }
      if (c === "\\") {
        out += text.slice(from, this.position) + this.#escape();
        from = this.position;
      } else {
        if (c < " " && !this.options.allowUnquotedControlChars) this.fail("control character in a string");
        this.position++;
      }
    }
  }

  #escape(): string {
    const c = this.text[this.position + 1];
    if (c === "u") {
      const hex = this.text.slice(this.position + 2, this.position + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) this.fail("bad \\u escape");
      this.position += 6;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    this.position += 2;
    if (c !== undefined && Object.hasOwn(ESCAPES, c)) return ESCAPES[c];
    if (c === "'" && this.options.allowSingleQuotes !== false) return c;
    if (c !== undefined && this.options.allowBackslashEscapingAnyCharacter) return c;
    return this.fail("unknown escape");
  }

  #fieldName(): string {
    this.#blank();
    const c = this.text[this.position];
    if (c === '"' || (c === "'" && this.options.allowSingleQuotes !== false)) return this.string();
    if (!this.options.allowUnquotedFieldNames) this.fail("a field's name was expected");
    const found = /^[\p{L}\p{N}_$@#*+-]+/u.exec(this.text.slice(this.position))?.[0];
    if (found === undefined) this.fail("a field's name was expected");
    this.position += found.length;
    return found;
  }

  #punctuation(): string | undefined {
    this.#blank();
    return this.text[this.position++];
  }

  /** Calls `field` for each field; it must consume the value. */
  object(field: (name: string) => void): void {
    this.#enter();
    this.#blank();
    if (this.text[this.position] === "}") this.position++;
    else {
      for (;;) {
        const name = this.#fieldName();
        if (this.#punctuation() !== ":") this.fail("':' was expected");
        if (this.peek() === "end") this.fail("a value was expected");
        field(name);
        const next = this.#punctuation();
        if (next === "}") break;
        if (next !== ",") this.fail("',' or '}' was expected");
      }
    }
    this.#depth--;
  }

  /** Calls `element` for each element; it must consume the value. */
  array(element: () => void): void {
    this.#enter();
    this.#blank();
    if (this.text[this.position] === "]") this.position++;
    else {
      for (;;) {
        if (this.peek() === "end") this.fail("a value was expected");
        element();
        const next = this.#punctuation();
        if (next === "]") break;
        if (next !== ",") this.fail("',' or ']' was expected");
      }
    }
    this.#depth--;
  }

  #enter(): void {
    this.position++;
    if (++this.#depth > DEPTH_MAX) this.fail("nested too deep");
  }

  /** Consumes any value. */
  skip(): void {
    const token = this.peek();
    switch (token) {
      case "object":
        this.object(() => this.skip());
        break;
      case "array":
        this.array(() => this.skip());
        break;
      case "string":
        this.string();
        break;
      case "number":
        this.number();
        break;
      case "end":
        this.fail("a value was expected");
        break;
      default:
        this.takeWord(token);
    }
  }

  /**
   * Consumes a nested value whose text may not be JSON, as far as Spark's parser finds its way out of it (see
   * formats/json/fault.ts, which does the same on bytes).
   *
   * @returns false where the record ends with the value
   * @throws JsonSyntaxError where the whole record is malformed
   */
  passFault(): boolean {
    const due: string[] = [];
    do {
      this.#blank();
      const c = this.text[this.position];
      if (c === "{" || c === "[") {
        due.push(c === "{" ? "}" : "]");
        if (due.length + this.#depth > DEPTH_MAX) this.fail("nested too deep");
        this.position++;
        this.#blank();
        if (this.text[this.position] !== due.at(-1)) {
          if (c === "{" && !this.#key()) return false;
          continue;
        }
      } else if (!this.#passScalar(due.at(-1) === "]")) return false;
      if (!this.#passCloses(due)) return false;
    } while (due.length > 0);
    return true;
  }

  /** Behind a value: the closes that follow, and the comma and key before the next value. */
  #passCloses(due: string[]): boolean {
    while (due.length > 0) {
      const next = this.#punctuation();
      // A bracket in the place of a brace is taken for it.
      if (next === due.at(-1) || (next === "]" && due.at(-1) === "}")) {
        due.pop();
        continue;
      }
      if (next !== ",") this.fail("',' was expected");
      this.#blank();
      if (due.at(-1) === "]") return true;
      if (this.text[this.position] !== "}") return this.#key();
      if (due.at(-2) === "]") this.fail("a field's name was expected");
    }
    return true;
  }

  /** A key and its colon; false for a quoted key without one, after which there are no more tokens. */
  #key(): boolean {
    const isQuoted = this.text[this.position] === '"';
    this.#fieldName();
    const next = this.#punctuation();
    if (next === ":") return true;
    if (!isQuoted || next === undefined) this.fail("':' was expected");
    return false;
  }

  #passScalar(inArray: boolean): boolean {
    const from = this.position;
    try {
      this.skip();
      return true;
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      WORD.lastIndex = from;
      const after = from + (WORD.exec(this.text)?.[0].length ?? 0);
      if (after >= this.text.length) throw error;
      if (after > from) {
        this.position = after;
        return inArray;
      }
      if (inArray || this.#isCutOff(from)) throw error;
      return false;
    }
  }

  /** The text ends within the value at `from`: more text could make it right. */
  #isCutOff(from: number): boolean {
    const whole = this.text[from] === '"' ? STRING : PLAIN;
    whole.lastIndex = from;
    const found = whole.exec(this.text)?.[0];
    return found === undefined || (whole === PLAIN && from + found.length === this.text.length);
  }

  /** Consumes any value and returns its text as it stands. */
  raw(): string {
    this.peek();
    const start = this.position;
    this.skip();
    return this.text.slice(start, this.position);
  }

  /** Back to `position`, at the given depth of nesting. */
  rewind(mark: ReaderMark): void {
    this.position = mark.position;
    this.#depth = mark.depth;
  }
  mark(): ReaderMark {
    return { position: this.position, depth: this.#depth };
  }
}

export interface ReaderMark {
  readonly position: number;
  readonly depth: number;
}
