import type { Lexer, Token } from "./lexer.ts";

/**
 * How one device or service lays out its records: the bytes between the values, in order. Records of one producer nearly
 * always have the same, so that generated code can compare whole runs of bytes instead of looking at each key.
 */
export interface Shape {
  /** Bytes before each value, and after the last one: one more than `values`. */
  readonly separators: readonly Uint8Array[];
  /** The field's name and what kind of value the sample had. */
  readonly values: readonly { readonly key: string; readonly token: Token }[];
}

const VALUES_MAX = 64;
const SEPARATOR_BYTES_MAX = 256;

/** The shape of the record in `[start, end)`, or undefined when it is malformed, too large, or has a key twice. */
export function shapeOf(lexer: Lexer, b: Uint8Array, start: number, end: number): Shape | undefined {
  const separators: Uint8Array[] = [];
  const values: { key: string; token: Token }[] = [];
  const keys = new Set<string>();
  let from = start;
  let p = lexer.space(b, start, end);
  if (p >= end || b[p] !== 123) return undefined;
  p = lexer.space(b, p + 1, end);
  if (p >= end || b[p] === 125) return undefined;
  for (;;) {
    p = lexer.key(b, p, end);
    if (p < 0 || p - from > SEPARATOR_BYTES_MAX || values.length === VALUES_MAX) return undefined;
    const key = lexer.text(b, lexer.keyStart, lexer.keyEnd, lexer.escaped);
    if (keys.has(key)) return undefined;
    keys.add(key);
    separators.push(b.slice(from, p));
    values.push({ key, token: lexer.token(b, p, end) });
    p = lexer.skip(b, p, end, 1);
    if (p < 0) return undefined;
    from = p;
    p = lexer.space(b, p, end);
    if (p >= end || p - from > SEPARATOR_BYTES_MAX) return undefined;
    if (b[p] === 125) {
      separators.push(b.slice(from, p + 1));
      return { separators, values };
    }
    if (b[p] !== 44) return undefined;
    p = lexer.space(b, p + 1, end);
  }
}
