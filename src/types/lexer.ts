/** Text → tokens, for SQL and for type texts. Follows Spark's lexer: comments, suffixes of numbers, escapes in strings. */
import { SluiceError } from "../errors/error.ts";

export interface Token {
  readonly kind: "word" | "quoted" | "string" | "number" | "op" | "end";
  /** Words: upper case. Quoted names and strings: what they stand for. Else the text itself. */
  readonly value: string;
  /** As written. */
  readonly text: string;
  readonly start: number;
  /** Character after the last one. */
  readonly stop: number;
  /** Strings: written as r'…', so that nothing in it was an escape. */
  readonly raw?: boolean;
}

/** Longest first. `>>` isn't here: `ARRAY<ARRAY<INT>>` ends in two `>`; the expression parser joins adjacent ones. */
const OPERATORS = ["<=>", "||", "->", "=>", "::", "==", "<>", "!=", "<=", ">=", "<<", "!<", "!>"];
const SINGLE = new Set("+-*/%&|^~!=<>(),.;:?[]{}@$");

const WORD = /[\p{L}\p{N}_]+/uy;
const NUMBER = /(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?(?:BD|[LSYFD])?/iy;
const ASCII_NAME = /^\w+$/;
const SPACE = /\s+/y;

/** Splits a text into tokens; the last one is of kind `end`. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at = skipBlank(text, at);
    if (at >= text.length) break;
    const token = nextToken(text, at, tokens.at(-1));
    tokens.push(token);
    at = token.stop;
  }
  tokens.push({ kind: "end", value: "", text: "", start: text.length, stop: text.length });
  return tokens;
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function skipBlank(text: string, at: number): number {
  for (;;) {
    const space = match(SPACE, text, at);
    if (space) at += space.length;
    else if (text.startsWith("--", at)) {
      const newline = text.indexOf("\n", at);
      at = newline < 0 ? text.length : newline + 1;
    } else if (text.startsWith("/*", at)) at = skipComment(text, at);
    else return at;
  }
}

/** Bracketed comments nest. Hints are comments too: they don't change a result. */
function skipComment(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; ) {
    if (text.startsWith("/*", at)) {
      depth++;
      at += 2;
    } else if (text.startsWith("*/", at)) {
      depth--;
      at += 2;
      if (depth === 0) return at;
    } else at++;
  }
  throw new SluiceError("UNCLOSED_BRACKETED_COMMENT", {}, { context: { fragment: text, start, stop: start + 2 } });
}

function nextToken(text: string, at: number, before: Token | undefined): Token {
  const c = text[at];
  const next = text[at + 1];
  if (c === "'" || c === '"') return stringToken(text, at, at, false);
  if ((c === "r" || c === "R") && (next === "'" || next === '"')) return stringToken(text, at, at + 1, true);
  if (c === "`") return quotedToken(text, at);
  const afterName = before !== undefined && before.stop === at && before.text === ".";
  if ((c >= "0" && c <= "9") || (c === "." && next >= "0" && next <= "9")) {
    const touchesName = c === "." && before !== undefined && before.stop === at && before.kind !== "op";
    const number = afterName || touchesName ? undefined : numberToken(text, at);
    if (number) return number;
  }
  const word = match(WORD, text, at);
  if (word) {
    if (!ASCII_NAME.test(word)) {
      throw new SluiceError(
        "INVALID_IDENTIFIER",
        { ident: word },
        { context: { fragment: text, start: at, stop: at + word.length } },
      );
    }
    return { kind: "word", value: word.toUpperCase(), text: word, start: at, stop: at + word.length };
  }
  const operator = OPERATORS.find((o) => text.startsWith(o, at)) ?? (SINGLE.has(c) ? c : undefined);
  if (operator) return { kind: "op", value: operator, text: operator, start: at, stop: at + operator.length };
  const symbol = String.fromCodePoint(text.codePointAt(at) as number);
  throw new SluiceError(
    "PARSE_SYNTAX_ERROR",
    { error: `'${symbol}'`, hint: "" },
    { context: { fragment: text, start: at, stop: at + symbol.length } },
  );
}

/** A number, unless letters follow it: `1a` is a name, and `1.a` the number 1 before a field. */
function numberToken(text: string, at: number): Token | undefined {
  let number = match(NUMBER, text, at) as string;
  const name = match(WORD, text, at);
  if (name && name.length > number.length) return undefined;
  if (match(WORD, text, at + number.length) !== undefined) {
    const whole = /^\d+(?=\.)/.exec(number)?.[0];
    if (!whole) return undefined;
    number = whole;
  }
  return { kind: "number", value: number, text: number, start: at, stop: at + number.length };
}

function quotedToken(text: string, start: number): Token {
  let value = "";
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== "`") value += text[at];
    else if (text[at + 1] === "`") {
      value += "`";
      at++;
    } else return { kind: "quoted", value, text: text.slice(start, at + 1), start, stop: at + 1 };
  }
  throw unclosed(text, start, "`");
}

function stringToken(text: string, start: number, open: number, raw: boolean): Token {
  const quote = text[open];
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === "\\" && !raw) at++;
    else if (text[at] === quote) {
      if (text[at + 1] === quote && !raw) at++;
      else {
        const body = text.slice(open + 1, at);
        const value = raw ? body : unescape(body, quote);
        const token: Token = { kind: "string", value, text: text.slice(start, at + 1), start, stop: at + 1 };
        return raw ? { ...token, raw } : token;
      }
    }
  }
  throw unclosed(text, start, quote);
}

function unclosed(text: string, start: number, quote: string): SluiceError {
  return new SluiceError(
    "PARSE_SYNTAX_ERROR",
    { error: `'${quote}'`, hint: `: it opens a ${quote === "`" ? "name" : "string"} that is never closed.` },
    { context: { fragment: text, start, stop: start + 1 } },
  );
}

const ESCAPES: Readonly<Record<string, string>> = {
  "0": "\0",
  b: "\b",
  n: "\n",
  r: "\r",
  t: "\t",
  Z: "\x1a",
  // These keep the backslash: LIKE reads it.
  "%": "\\%",
  _: "\\_",
};
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([01][0-7]{2})|([\s\S]))|(''|"")/g;

function unescape(body: string, quote: string): string {
  if (!body.includes("\\") && !body.includes(quote)) return body;
  return body.replace(ESCAPE, (whole, u?: string, U?: string, octal?: string, one?: string, doubled?: string) => {
    if (u !== undefined) return String.fromCharCode(Number.parseInt(u, 16));
    if (U !== undefined) {
      const code = Number.parseInt(U, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    }
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    if (doubled !== undefined) return doubled[0] === quote ? quote : doubled;
    return ESCAPES[one as string] ?? (one as string);
  });
}
