/** A cursor over tokens, with the errors that every parser here throws. */
import { nearest, type QueryContext, SluiceError } from "../errors/error.ts";
import { type Token, tokenize } from "./lexer.ts";

/** How deep brackets, operators and subqueries may nest. Beyond it the text is refused, before the stack is at its end. */
export const NESTING_MAX = 200;

/** Words that a misspelt one is compared with. */
const KEYWORDS = [
  ..."SELECT FROM WHERE GROUP BY HAVING ORDER LIMIT OFFSET UNION EXCEPT INTERSECT DISTINCT JOIN INNER LEFT RIGHT FULL".split(
    " ",
  ),
  ..."OUTER CROSS NATURAL LATERAL USING VALUES WITH BETWEEN LIKE CASE WHEN THEN ELSE INTERVAL EXISTS CAST WINDOW".split(
    " ",
  ),
  ..."PARTITION CREATE TEMPORARY VIEW DROP DESCRIBE EXPLAIN SHOW TABLES STREAM".split(" "),
];

export class TokenStream {
  readonly text: string;
  readonly tokens: readonly Token[];
  /** Index of the token that `peek()` gives. */
  at = 0;
  private depth = 0;

  constructor(text: string) {
    this.text = text;
    this.tokens = tokenize(text);
  }

  peek(ahead = 0): Token {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)];
  }

  /** The token before the cursor. */
  last(): Token {
    return this.tokens[Math.max(0, this.at - 1)];
  }

  next(): Token {
    const token = this.peek();
    if (token.kind !== "end") this.at++;
    return token;
  }

  atEnd(): boolean {
    return this.peek().kind === "end";
  }

  /** True when the next tokens are these words, in order. */
  isWord(...words: string[]): boolean {
    return words.every((w, i) => this.peek(i).kind === "word" && this.peek(i).value === w);
  }

  isOneOf(words: ReadonlySet<string>): boolean {
    const token = this.peek();
    return token.kind === "word" && words.has(token.value);
  }

  isOp(op: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "op" && token.value === op;
  }

  acceptWord(...words: string[]): boolean {
    if (!this.isWord(...words)) return false;
    this.at += words.length;
    return true;
  }

  acceptOp(op: string): boolean {
    if (!this.isOp(op)) return false;
    this.at++;
    return true;
  }

  expectWord(...words: string[]): void {
    for (const word of words) {
      if (!this.acceptWord(word)) throw this.syntaxError(`: ${word} is expected here`);
    }
  }

  expectOp(op: string): Token {
    if (!this.isOp(op)) throw this.syntaxError(`: '${op}' is expected here`);
    return this.next();
  }

  expectEnd(): void {
    if (!this.atEnd()) throw this.syntaxError();
  }

  expectString(): string {
    if (this.peek().kind !== "string") throw this.syntaxError(": a string is expected here");
    return this.next().value;
  }

  /** A name: a bare word, keywords included, or one in backquotes. As written. */
  isName(ahead = 0): boolean {
    const { kind } = this.peek(ahead);
    return kind === "word" || kind === "quoted";
  }

  expectName(): string {
    if (!this.isName()) throw this.syntaxError(": a name is expected here");
    const token = this.next();
    return token.kind === "quoted" ? token.value : token.text;
  }

  /** The last name of the text, e.g. `b` of `` a.`b` ``. */
  lastName(): string {
    const token = this.peek(this.tokens.length - 2 - this.at);
    return token.kind === "quoted" ? token.value : token.text;
  }

  /** Runs `parse` one level deeper. */
  nested<T>(parse: () => T): T {
    if (++this.depth > NESTING_MAX) throw this.tooComplex();
    try {
      return parse();
    } finally {
      this.depth--;
    }
  }

  tooComplex(): SluiceError {
    return new SluiceError("FAILED_TO_PARSE_TOO_COMPLEX", { limit: NESTING_MAX }, this.place(this.peek()));
  }

  context(start: number, stop: number): QueryContext {
    return { fragment: this.text, start, stop };
  }

  place(from: Token, to: Token = from): { context: QueryContext } {
    return { context: this.context(from.start, Math.max(to.stop, from.start)) };
  }

  /** PARSE_SYNTAX_ERROR at the next token, or at `token`; names the keyword that was probably meant. */
  syntaxError(hint = "", token: Token = this.peek()): SluiceError {
    const suspects = [token, this.last()].filter((t, i) => t.kind === "word" && (i === 0 || t !== token));
    for (const { value, text } of suspects) {
      if (value.length < 4 || KEYWORDS.includes(value)) continue;
      const keyword = nearest(value, KEYWORDS);
      if (keyword) {
        hint += `${hint ? ";" : ":"} did you mean ${keyword} instead of ${text}?`;
        break;
      }
    }
    const error = token.kind === "end" ? "end of input" : `'${token.text}'`;
    return new SluiceError("PARSE_SYNTAX_ERROR", { error, hint }, this.place(token));
  }
}
