import type { DataType } from "../../types/types.ts";
import type { Lexer } from "./lexer.ts";

/** The record is malformed; it ends within the value, and what was read before it stays. */
export const MALFORMED = -1;
export const ENDED = -2;

const QUOTE = 34;
const COMMA = 44;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

/** Whether a fault inside a value that begins with this byte is the value's own, and not the whole record's. */
export function keepsFault(type: DataType, first: number): boolean {
  switch (type.kind) {
    case "struct":
    case "map":
      return first === OPEN_OBJECT;
    case "array":
      return first === OPEN_ARRAY;
    case "string":
      return first === OPEN_OBJECT || first === OPEN_ARRAY;
    default:
      return false;
  }
}

/**
 * Where reading goes on after the nested value at `p`, whose text isn't JSON. Spark asks Jackson for the next token and
 * takes what comes: an unknown word in an array is passed, and so is a comma before a brace; after a value in an object
 * that can't be read, or a key without a colon, there are no more tokens; anything else makes the whole record malformed.
 *
 * @returns the position behind the value, `ENDED` or `MALFORMED`
 */
export function afterFault(lexer: Lexer, b: Uint8Array, p: number, end: number): number {
  const due: number[] = [];
  do {
    const c = b[p];
    if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
      due.push(c + 2);
      if (due.length + 1 > lexer.options.maxNestingDepth) return MALFORMED;
      p = lexer.space(b, p + 1, end);
      if (p < end && b[p] !== c + 2) {
        if (c === OPEN_OBJECT) p = afterKey(lexer, b, p, end);
        if (p < 0) return p;
        continue;
      }
    } else {
      const next = afterScalar(lexer, b, p, end, due.at(-1) === CLOSE_ARRAY);
      if (next < 0) return next;
      p = next;
    }
    p = closed(lexer, b, p, end, due);
    if (p < 0) return p;
  } while (due.length > 0);
  return p;
}

/** Behind a value: takes the closes that follow, and the comma and key before the next value. */
function closed(lexer: Lexer, b: Uint8Array, at: number, end: number, due: number[]): number {
  let p = at;
  while (due.length > 0) {
    p = lexer.space(b, p, end);
    if (p >= end) return MALFORMED;
    // A bracket in the place of a brace is taken for it.
    if (b[p] === due.at(-1) || (b[p] === CLOSE_ARRAY && due.at(-1) === CLOSE_OBJECT)) {
      due.pop();
      p++;
      continue;
    }
    if (b[p] !== COMMA) return MALFORMED;
    p = lexer.space(b, p + 1, end);
    if (p >= end) return MALFORMED;
    if (due.at(-1) === CLOSE_ARRAY) return p;
    if (b[p] !== CLOSE_OBJECT) return afterKey(lexer, b, p, end);
    if (due.at(-2) === CLOSE_ARRAY) return MALFORMED;
  }
  return p;
}

/** Behind a key and its colon. After a key without one there are no more tokens. */
function afterKey(lexer: Lexer, b: Uint8Array, p: number, end: number): number {
  const after = lexer.key(b, p, end);
  if (after >= 0 || p >= end || b[p] !== QUOTE) return after;
  const name = lexer.string(b, p, end);
  return name < 0 || lexer.space(b, name, end) >= end ? MALFORMED : ENDED;
}

function afterScalar(lexer: Lexer, b: Uint8Array, p: number, end: number, inArray: boolean): number {
  const after = lexer.skip(b, p, end, 1);
  if (after >= 0) return after;
  const word = wordEnd(b, p, end);
  if (word === end || p >= end) return MALFORMED;
  if (word > p) return inArray ? word : ENDED;
  return inArray || isCutOff(b, p, end) ? MALFORMED : ENDED;
}

/** Behind letters and digits that don't begin with a digit; `p` itself when there are none. */
function wordEnd(b: Uint8Array, p: number, end: number): number {
  if (isDigit(b[p])) return p;
  let q = p;
  while (q < end && (isDigit(b[q]) || isLetter(b[q]))) q++;
  return q;
}

function isDigit(c: number): boolean {
  return c >= 48 && c <= 57;
}

function isLetter(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95 || c === 36 || c >= 128;
}

/** The text ends within the value at `p`: more text could make it right. */
function isCutOff(b: Uint8Array, p: number, end: number): boolean {
  if (b[p] === QUOTE) {
    for (let q = p + 1; q < end; q++) {
      if (b[q] === 92) q++;
      else if (b[q] === QUOTE) return false;
    }
    return true;
  }
  let q = p;
  while (q < end && b[q] > 32 && b[q] !== COMMA && b[q] !== CLOSE_ARRAY && b[q] !== CLOSE_OBJECT) q++;
  return q === end;
}
