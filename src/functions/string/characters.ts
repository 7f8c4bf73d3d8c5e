/** Positions in strings counted in characters (code points), as SQL does, not in UTF-16 units. */

const surrogate = /[\ud800-\udfff]/;

/** True when every character is one UTF-16 unit, so that JS positions are SQL positions. */
export function isSimple(text: string): boolean {
  return !surrogate.test(text);
}

export function characterCount(text: string): number {
  if (isSimple(text)) return text.length;
  let n = 0;
  for (const _ of text) n++;
  return n;
}

/** Characters from `start` (counted from 0) up to `end`. */
export function characters(text: string, start: number, end: number): string {
  if (isSimple(text)) return text.slice(Math.max(0, start), Math.max(0, end));
  return Array.from(text).slice(Math.max(0, start), Math.max(0, end)).join("");
}

/** The part of `text` from character `position` (1 is the first, negative from the end) with `length` characters. */
export function substring(text: string, position: number, length: number): string {
  const n = characterCount(text);
  const start = position > 0 ? position - 1 : position < 0 ? n + position : 0;
  const end = length > 2147483647 - Math.max(start, 0) ? 2147483647 : start + length;
  return length <= 0 ? "" : characters(text, start, end);
}

const utf8 = new TextEncoder();

export function utf8Bytes(text: string): Uint8Array {
  return utf8.encode(text);
}

const fromUtf8 = new TextDecoder();

export function utf8Text(bytes: Uint8Array): string {
  return fromUtf8.decode(bytes);
}

export function substringBytes(bytes: Uint8Array, position: number, length: number): Uint8Array {
  const n = bytes.length;
  const start = position > 0 ? position - 1 : position < 0 ? n + position : 0;
  return length <= 0 ? new Uint8Array(0) : bytes.slice(Math.max(0, start), Math.max(0, Math.min(n, start + length)));
}

/** The position of `needle` (counted from 1, from character `from` on) in `text`; 0 when it isn't there. */
export function locate(needle: string, text: string, from: number): number {
  if (from < 1) return 0;
  if (needle === "") return 1;
  if (isSimple(text)) return from - 1 > text.length ? 0 : text.indexOf(needle, from - 1) + 1;
  const all = Array.from(text);
  if (from - 1 > all.length) return 0;
  const found = text.indexOf(needle, all.slice(0, from - 1).join("").length);
  return found < 0 ? 0 : characterCount(text.slice(0, found)) + 1;
}
