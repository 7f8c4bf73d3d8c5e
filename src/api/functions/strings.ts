/** Text and bytes. */
import { Column, type ColumnOrName, type ColumnOrValue, columnExpression, valueExpression } from "../column.ts";
import { call } from "../expression.ts";
import { binary, columnCall, ternary, unary, variadic } from "./make.ts";

export const upper = unary("upper");
export const ucase = unary("ucase");
export const lower = unary("lower");
export const lcase = unary("lcase");
export const initcap = unary("initcap");
export const length = unary("length");
export const len = unary("len");
export const char_length = unary("char_length");
export const character_length = unary("character_length");
export const octet_length = unary("octet_length");
export const bit_length = unary("bit_length");
export const reverse = unary("reverse");
export const ascii = unary("ascii");
export const chr = unary("chr");
export const char = unary("char");
export const soundex = unary("soundex");
export const base64 = unary("base64");
export const unbase64 = unary("unbase64");
export const hex = unary("hex");
export const unhex = unary("unhex");
export const concat = variadic("concat");
export const elt = variadic("elt");
export const contains = binary("contains");
export const startswith = binary("startswith");
export const endswith = binary("endswith");
export const url_encode = unary("url_encode");
export const url_decode = unary("url_decode");
export const try_url_decode = unary("try_url_decode");
export const luhn_check = unary("luhn_check");
export const parse_url = variadic("parse_url");
export const try_parse_url = variadic("try_parse_url");
export const find_in_set = binary("find_in_set");
export const split_part = ternary("split_part");
export const left = binary("left");
export const right = binary("right");
export const is_valid_utf8 = unary("is_valid_utf8");
export const md5 = unary("md5");
export const sha1 = unary("sha1");
export const sha = unary("sha");
export const crc32 = unary("crc32");
export const hash = variadic("hash");
export const xxhash64 = variadic("xxhash64");

/** `bits` is 224, 256, 384 or 512. */
export function sha2(column: ColumnOrName, bits: number): Column {
  return new Column(call("sha2", [columnExpression(column), valueExpression(bits)]));
}

const trimmed =
  (name: string) =>
  (column: ColumnOrName, characters?: ColumnOrName): Column =>
    columnCall(name, characters === undefined ? [column] : [characters, column]);

/** Without spaces (or the given characters) at both ends. */
export const trim = (column: ColumnOrName, characters?: ColumnOrName): Column => trimmed("trim")(column, characters);
export const ltrim = trimmed("ltrim");
export const rtrim = trimmed("rtrim");
export const btrim = (column: ColumnOrName, characters?: ColumnOrName): Column =>
  columnCall("btrim", [column, characters]);

/** The texts with `separator` between them; nulls are skipped. */
export function concat_ws(separator: string, ...columns: ColumnOrName[]): Column {
  return new Column(call("concat_ws", [valueExpression(separator), ...columns.map(columnExpression)]));
}

/** `length` characters from `start`, counted from 1; a negative start counts from the end. */
export function substring(column: ColumnOrName, start: ColumnOrValue, length: ColumnOrValue): Column {
  return new Column(call("substring", [columnExpression(column), valueExpression(start), valueExpression(length)]));
}
export function substr(column: ColumnOrName, start: ColumnOrName, length?: ColumnOrName): Column {
  return columnCall("substr", [column, start, length]);
}
/** The part before the `count`-th separator; after it, counted from the end, when negative. */
export function substring_index(column: ColumnOrName, separator: string, count: number): Column {
  return new Column(
    call("substring_index", [columnExpression(column), valueExpression(separator), valueExpression(count)]),
  );
}
/** Where `part` begins in the column, counted from 1; 0 when it isn't there. */
export function instr(column: ColumnOrName, part: ColumnOrValue): Column {
  return new Column(call("instr", [columnExpression(column), valueExpression(part)]));
}
export function locate(part: string, column: ColumnOrName, from = 1): Column {
  return new Column(call("locate", [valueExpression(part), columnExpression(column), valueExpression(from)]));
}
export function position(part: ColumnOrName, column: ColumnOrName, from?: ColumnOrName): Column {
  return columnCall("position", [part, column, from]);
}
export function lpad(column: ColumnOrName, length: ColumnOrValue, pad: ColumnOrValue): Column {
  return new Column(call("lpad", [columnExpression(column), valueExpression(length), valueExpression(pad)]));
}
export function rpad(column: ColumnOrName, length: ColumnOrValue, pad: ColumnOrValue): Column {
  return new Column(call("rpad", [columnExpression(column), valueExpression(length), valueExpression(pad)]));
}
export function repeat(column: ColumnOrName, times: ColumnOrValue): Column {
  return new Column(call("repeat", [columnExpression(column), valueExpression(times)]));
}
/** Each character of `from` by the one of `to` at its place. */
export function translate(column: ColumnOrName, from: string, to: string): Column {
  return new Column(call("translate", [columnExpression(column), valueExpression(from), valueExpression(to)]));
}
export const replace = (column: ColumnOrName, search: ColumnOrName, replacement?: ColumnOrName): Column =>
  columnCall("replace", [column, search, replacement]);
export const overlay = (
  column: ColumnOrName,
  replacement: ColumnOrName,
  from: ColumnOrValue,
  length: ColumnOrValue = -1,
): Column =>
  new Column(
    call("overlay", [
      columnExpression(column),
      columnExpression(replacement),
      valueExpression(from),
      valueExpression(length),
    ]),
  );

/** Parts of the text between matches of a regular expression; `limit` parts at most when positive. */
export function split(column: ColumnOrName, pattern: ColumnOrValue, limit: ColumnOrValue = -1): Column {
  return new Column(call("split", [columnExpression(column), valueExpression(pattern), valueExpression(limit)]));
}
/** The group (default 1) of the first match; empty text without one. */
export function regexp_extract(column: ColumnOrName, pattern: string, group = 1): Column {
  return new Column(
    call("regexp_extract", [columnExpression(column), valueExpression(pattern), valueExpression(group)]),
  );
}
export function regexp_extract_all(column: ColumnOrName, pattern: ColumnOrName, group?: ColumnOrValue): Column {
  const more = group === undefined ? [] : [valueExpression(group)];
  return new Column(call("regexp_extract_all", [columnExpression(column), columnExpression(pattern), ...more]));
}
export function regexp_replace(column: ColumnOrName, pattern: ColumnOrValue, replacement: ColumnOrValue): Column {
  const args = [columnExpression(column), valueExpression(pattern), valueExpression(replacement)];
  return new Column(call("regexp_replace", args));
}
export const regexp_like = binary("regexp_like");
export const regexp = binary("regexp");
export const rlike = binary("rlike");
export const regexp_count = binary("regexp_count");
export const regexp_substr = binary("regexp_substr");
export const regexp_instr = binary("regexp_instr");
export const like = binary("like");
export const ilike = binary("ilike");
export function levenshtein(a: ColumnOrName, b: ColumnOrName, threshold?: number): Column {
  const more = threshold === undefined ? [] : [valueExpression(threshold)];
  return new Column(call("levenshtein", [columnExpression(a), columnExpression(b), ...more]));
}

/** printf: `format_string("%s at %d", "device", "time")`. */
export function format_string(format: string, ...columns: ColumnOrName[]): Column {
  return new Column(call("format_string", [valueExpression(format), ...columns.map(columnExpression)]));
}
export function printf(format: ColumnOrName, ...columns: ColumnOrName[]): Column {
  return columnCall("printf", [format, ...columns]);
}
/** `1234.5` as `"1,234.50"`. */
export function format_number(column: ColumnOrName, decimals: number): Column {
  return new Column(call("format_number", [columnExpression(column), valueExpression(decimals)]));
}
/** Text to bytes, by a charset such as `"UTF-8"`. */
export function encode(column: ColumnOrName, charset: string): Column {
  return new Column(call("encode", [columnExpression(column), valueExpression(charset)]));
}
export function decode(column: ColumnOrName, charset: string): Column {
  return new Column(call("decode", [columnExpression(column), valueExpression(charset)]));
}
export const to_binary = (column: ColumnOrName, format?: ColumnOrName): Column =>
  columnCall("to_binary", [column, format]);
export const try_to_binary = (column: ColumnOrName, format?: ColumnOrName): Column =>
  columnCall("try_to_binary", [column, format]);
export const to_number = binary("to_number");
export const try_to_number = binary("try_to_number");
export const to_char = binary("to_char");
export const to_varchar = binary("to_varchar");
export const mask = variadic("mask");
export const sentences = variadic("sentences");
