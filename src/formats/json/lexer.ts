import type { JsonOptions } from "./options.ts";

/** 1 for the bytes at which a run of plain string bytes ends: the quote, the backslash, controls, all beyond ASCII. */
export const STRING_STOPS: Uint8Array = stops(34);
const SINGLE_QUOTED_STOPS = stops(39);

function stops(quote: number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, b) => (b < 32 || b === quote || b === 92 || b >= 128 ? 1 : 0));
}

/** What a value begins with. */
export type Token = "object" | "array" | "string" | "int" | "float" | "nan" | "true" | "false" | "null" | "bad";

/** Hex digit of a byte, or -1. */
function hex(b: number): number {
  if (b >= 48 && b <= 57) return b - 48;
  const letter = b | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Finds the ends of JSON tokens in bytes, by the grammar that Jackson accepts with the same options. Methods take a
 * position and give the position after the token, or -1 where the text is malformed.
 */
export class Lexer {
  readonly options: JsonOptions;
  /** Set by `string`: escapes were found; bytes beyond ASCII were found. */
  escaped = false;
  beyondAscii = false;
  /** Set by `number`: no fraction and no exponent. */
  whole = false;
  /** Set by `number`: what NaN or Infinity was written. */
  special = Number.NaN;
  /** Set by `key`: bytes of the name, without quotes. */
  keyStart = 0;
  keyEnd = 0;

  constructor(options: JsonOptions) {
    this.options = options;
  }

  /** Position of the first byte at or after `p` that isn't white space (`end` when there is none). */
  space(b: Uint8Array, p: number, end: number): number {
    while (p < end) {
      const c = b[p];
      if (c === 32 || c === 10 || c === 13 || c === 9) p++;
      else if (c === 47 && this.options.allowComments) {
        const next = this.comment(b, p, end);
        if (next < 0) return p;
        p = next;
      } else break;
    }
    return p;
  }

  private comment(b: Uint8Array, p: number, end: number): number {
    if (b[p + 1] === 47) {
      p += 2;
      while (p < end && b[p] !== 10 && b[p] !== 13) p++;
      return p;
    }
    if (b[p + 1] !== 42) return -1;
    for (p += 2; p + 1 < end; p++) if (b[p] === 42 && b[p + 1] === 47) return p + 2;
    return -1;
  }

  token(b: Uint8Array, p: number, end: number): Token {
    if (p >= end) return "bad";
    switch (b[p]) {
      case 123:
        return "object";
      case 91:
        return "array";
      case 34:
        return "string";
      case 39:
        return this.options.allowSingleQuotes ? "string" : "bad";
      case 116:
        return word(b, p, end, "true") ? "true" : "bad";
      case 102:
        return word(b, p, end, "false") ? "false" : "bad";
      case 110:
        return word(b, p, end, "null") ? "null" : "bad";
      default: {
        if (this.number(b, p, end) < 0) return "bad";
        return Number.isNaN(this.special) && b[p] !== 78 ? (this.whole ? "int" : "float") : "nan";
      }
    }
  }

  /** `p` is at the opening quote. */
  string(b: Uint8Array, p: number, end: number): number {
    const quote = b[p++];
    const stop = quote === 34 ? STRING_STOPS : SINGLE_QUOTED_STOPS;
    this.escaped = false;
    this.beyondAscii = false;
    while (p < end) {
      const c = b[p];
      if (stop[c] === 0) {
        p++;
      } else if (c === quote) {
        return p + 1;
      } else if (c === 92) {
        this.escaped = true;
        p = this.escape(b, p, end);
        if (p < 0) return -1;
      } else if (c >= 128) {
        this.beyondAscii = true;
        p++;
      } else {
        if (!this.options.allowUnquotedControlChars) return -1;
        p++;
      }
    }
    return -1;
  }

  private escape(b: Uint8Array, p: number, end: number): number {
    if (p + 1 >= end) return -1;
    switch (b[p + 1]) {
      case 34:
      case 47:
      case 92:
      case 98:
      case 102:
      case 110:
      case 114:
      case 116:
        return p + 2;
      case 117:
        if (p + 6 > end) return -1;
        for (let i = 2; i < 6; i++) if (hex(b[p + i]) < 0) return -1;
        return p + 6;
      default:
        return this.options.allowBackslashEscapingAnyCharacter ? p + 2 : -1;
    }
  }

  number(b: Uint8Array, p: number, end: number): number {
    const start = p;
    this.special = Number.NaN;
    this.whole = true;
    const sign = b[p];
    if (sign === 45 || sign === 43) p++;
    if (p >= end) return -1;
    if (b[p] === 73 || b[p] === 78) return this.notANumber(b, p, end, sign);
    if (sign === 43) return -1;
    if (b[p] === 48 && p + 1 < end && isDigit(b[p + 1])) {
      if (!this.options.allowNumericLeadingZeros) return -1;
    }
    let q = digits(b, p, end);
    if (q === p) return -1;
    if (q < end && b[q] === 46) {
      this.whole = false;
      const from = q + 1;
      q = digits(b, from, end);
      if (q === from) return -1;
    }
    if (q < end && (b[q] | 32) === 101) {
      this.whole = false;
      let from = q + 1;
      if (from < end && (b[from] === 43 || b[from] === 45)) from++;
      q = digits(b, from, end);
      if (q === from) return -1;
    }
    return q - start > this.options.maxNumLen ? -1 : q;
  }

  private notANumber(b: Uint8Array, p: number, end: number, sign: number): number {
    if (!this.options.allowNonNumericNumbers) return -1;
    const signed = sign === 45 || sign === 43;
    this.whole = false;
    if (!signed && word(b, p, end, "NaN")) return p + 3;
    const infinity = sign === 45 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    if (word(b, p, end, "Infinity")) {
      this.special = infinity;
      return p + 8;
    }
    if (signed && word(b, p, end, "INF")) {
      this.special = infinity;
      return p + 3;
    }
    return -1;
  }

  /** A field's name and its colon; the next position is where the value begins. The name is `keyStart` to `keyEnd`. */
  key(b: Uint8Array, p: number, end: number): number {
    if (p >= end) return -1;
    const c = b[p];
    let q: number;
    if (c === 34 || (c === 39 && this.options.allowSingleQuotes)) {
      q = this.string(b, p, end);
      if (q < 0) return -1;
      this.keyStart = p + 1;
      this.keyEnd = q - 1;
    } else if (this.options.allowUnquotedFieldNames) {
      q = p;
      while (q < end && isNamePart(b[q])) q++;
      if (q === p || isDigit(b[p])) return -1;
      this.escaped = false;
      this.beyondAscii = false;
      this.keyStart = p;
      this.keyEnd = q;
    } else {
      return -1;
    }
    q = this.space(b, q, end);
    if (q >= end || b[q] !== 58) return -1;
    return this.space(b, q + 1, end);
  }

  /** Passes one value of any kind. `depth` is how many containers are open around it. */
  skip(b: Uint8Array, p: number, end: number, depth: number): number {
    switch (this.token(b, p, end)) {
      case "string":
        return this.string(b, p, end);
      case "int":
      case "float":
      case "nan":
        return this.number(b, p, end);
      case "true":
      case "null":
        return p + 4;
      case "false":
        return p + 5;
      case "bad":
        return -1;
      default:
        return this.skipContainers(b, p, end, depth);
    }
  }

  /** Objects and arrays without recursion: the closing bytes that are due stand in a stack. */
  private skipContainers(b: Uint8Array, p: number, end: number, depth: number): number {
    const due: number[] = [];
    for (;;) {
      // At the beginning of a value.
      if (p >= end) return -1;
      const c = b[p];
      if (c === 123 || c === 91) {
        due.push(c + 2);
        if (due.length + depth > this.options.maxNestingDepth) return -1;
        p = this.space(b, p + 1, end);
        if (p >= end) return -1;
        if (b[p] !== c + 2) {
          if (c === 123) p = this.key(b, p, end);
          if (p < 0) return -1;
          continue;
        }
      } else {
        p = this.skip(b, p, end, depth);
        if (p < 0) return -1;
      }
      // After a value, or at the close of an empty container.
      for (;;) {
        p = this.space(b, p, end);
        if (p >= end) return -1;
        if (b[p] === due[due.length - 1]) {
          due.pop();
          p++;
          if (due.length === 0) return p;
          continue;
        }
        if (b[p] !== 44) return -1;
        p = this.space(b, p + 1, end);
        if (due[due.length - 1] === 125) p = this.key(b, p, end);
        if (p < 0) return -1;
        break;
      }
    }
  }

  /** Text of string content `[start, end)`, escapes resolved when there are any. Lone surrogates become `?`, as in Java. */
  text(b: Uint8Array, start: number, end: number, escaped: boolean): string {
    if (!escaped) return plainText(b, start, end);
    let text = "";
    let from = start;
    let p = start;
    while (p < end) {
      if (b[p] !== 92) {
        p++;
        continue;
      }
      text += plainText(b, from, p);
      const c = b[p + 1];
      if (c === 117) {
        text += String.fromCharCode(
          (hex(b[p + 2]) << 12) | (hex(b[p + 3]) << 8) | (hex(b[p + 4]) << 4) | hex(b[p + 5]),
        );
        p += 6;
        from = p;
      } else {
        const known = ESCAPES[c];
        // Any other character stands for itself; it may be the first byte of a longer one.
        from = known === undefined ? p + 1 : p + 2;
        if (known !== undefined) text += known;
        p += 2;
      }
    }
    text += plainText(b, from, end);
    return text.isWellFormed() ? text : text.replace(LONE_SURROGATE, "?");
  }
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const ESCAPES: Record<number, string> = {
  34: '"',
  47: "/",
  92: "\\",
  98: "\b",
  102: "\f",
  110: "\n",
  114: "\r",
  116: "\t",
};

/** Bytes as text; malformed ones become U+FFFD. */
export function plainText(b: Uint8Array, start: number, end: number): string {
  if (end - start < 24) {
    let text = "";
    for (let p = start; p < end; p++) {
      if (b[p] >= 128) return decoder.decode(b.subarray(start, end));
      text += String.fromCharCode(b[p]);
    }
    return text;
  }
  return decoder.decode(b.subarray(start, end));
}

function digits(b: Uint8Array, p: number, end: number): number {
  while (p < end && isDigit(b[p])) p++;
  return p;
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

function isNamePart(c: number): boolean {
  return isDigit(c) || (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95 || c === 36 || c >= 128;
}

/** A literal that isn't the beginning of a longer name. */
function word(b: Uint8Array, p: number, end: number, text: string): boolean {
  if (p + text.length > end) return false;
  for (let i = 0; i < text.length; i++) if (b[p + i] !== text.charCodeAt(i)) return false;
  return p + text.length === end || !isNamePart(b[p + text.length]);
}
