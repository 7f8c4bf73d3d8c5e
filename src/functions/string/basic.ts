import { SluiceError } from "../../errors/error.ts";
import { BINARY, INT, STRING } from "../../types/types.ts";
import { type SimpleDefinition, simple } from "../define.ts";
import type { ScalarFunction } from "../definition.ts";
import type { Accepts } from "../signature.ts";
import { characterCount, characters, locate, substring, substringBytes } from "./characters.ts";

const TEXT_OR_BYTES: Accepts = { anyOf: [STRING, BINARY] };

function text(def: Omit<SimpleDefinition, "group">): ScalarFunction {
  return simple({ group: "string", ...def });
}

function lengthOf(name: string, aliases: readonly string[], examples: readonly string[]): ScalarFunction {
  return text({
    name,
    aliases,
    summary: "Number of characters of a string, or of bytes of a binary.",
    args: "expr",
    examples,
    inputs: [TEXT_OR_BYTES],
    output: INT,
    make: ({ types }) => (types[0].kind === "binary" ? (b: Uint8Array) => b.length : characterCount),
  });
}

function byteLength(value: string | Uint8Array): number {
  return typeof value === "string" ? Buffer.byteLength(value, "utf8") : value.length;
}
function bitLength(value: string | Uint8Array): number {
  return byteLength(value) * 8;
}

function upper(s: string): string {
  return s.toUpperCase();
}
function lower(s: string): string {
  return s.toLowerCase();
}
function initcap(s: string): string {
  return s.toLowerCase().replace(/(^| )([^ ])/gu, (_, space: string, letter: string) => space + letter.toUpperCase());
}

function trimWith(s: string, set: string, left: boolean, right: boolean): string {
  const drop = new Set(set);
  const all = Array.from(s);
  let start = 0;
  let end = all.length;
  if (left) while (start < end && drop.has(all[start])) start++;
  if (right) while (end > start && drop.has(all[end - 1])) end--;
  return all.slice(start, end).join("");
}
function trimSpaces(s: string, left: boolean, right: boolean): string {
  let start = 0;
  let end = s.length;
  if (left) while (start < end && s.charCodeAt(start) === 32) start++;
  if (right) while (end > start && s.charCodeAt(end - 1) === 32) end--;
  return s.slice(start, end);
}

/** trim(str), or with the characters to drop first, as trim(BOTH chars FROM str) is sent; btrim has them second. */
function trimmer(name: string, left: boolean, right: boolean, examples: readonly string[]): ScalarFunction {
  const where = left && right ? "BOTH" : left ? "LEADING" : "TRAILING";
  const second = name === "btrim";
  return text({
    name,
    summary: `The string without spaces, or without the given characters, at ${left && right ? "both ends" : left ? "its start" : "its end"}.`,
    args: second ? "str, trimStr" : "trimStr, str",
    examples,
    inputs: [STRING, STRING],
    min: 1,
    output: STRING,
    prettyName: (args) =>
      args.length === 1 || second ? `${name}(${args.join(", ")})` : `TRIM(${where} ${args[0]} FROM ${args[1]})`,
    make({ types }) {
      if (types.length === 1) return (s: string) => trimSpaces(s, left, right);
      if (second) return (s: string, set: string) => trimWith(s, set, left, right);
      return (set: string, s: string) => trimWith(s, set, left, right);
    },
  });
}

function repeat(s: string, n: number): string {
  return n <= 0 ? "" : s.repeat(n);
}
function reverseText(s: string): string {
  return Array.from(s).reverse().join("");
}
function replaceText(s: string, search: string, replacement = ""): string {
  return search === "" ? s : s.replaceAll(search, () => replacement);
}
function translate(s: string, from: string, to: string): string {
  const targets = Array.from(to);
  const table = new Map<string, string>();
  Array.from(from).forEach((c, i) => {
    if (!table.has(c)) table.set(c, targets[i] ?? "");
  });
  let out = "";
  for (const c of s) out += table.get(c) ?? c;
  return out;
}

function left(s: string, n: number): string {
  return n <= 0 ? "" : characters(s, 0, n);
}
function right(s: string, n: number): string {
  if (n <= 0) return "";
  const count = characterCount(s);
  return characters(s, count - n, count);
}

function pad(s: string, length: number, fill: string, atStart: boolean): string {
  const n = characterCount(s);
  if (length <= 0) return "";
  if (n >= length) return characters(s, 0, length);
  if (fill === "") return s;
  const missing = length - n;
  const unit = characterCount(fill);
  const filler = fill.repeat(Math.floor(missing / unit)) + characters(fill, 0, missing % unit);
  return atStart ? filler + s : s + filler;
}
function padBytes(b: Uint8Array, length: number, fill: Uint8Array, atStart: boolean): Uint8Array {
  if (length <= 0) return new Uint8Array(0);
  if (b.length >= length) return b.slice(0, length);
  if (fill.length === 0) return b;
  const out = new Uint8Array(length);
  const missing = length - b.length;
  for (let i = 0; i < missing; i++) out[(atStart ? 0 : b.length) + i] = fill[i % fill.length];
  out.set(b, atStart ? missing : 0);
  return out;
}
function padder(name: "lpad" | "rpad", examples: readonly string[]): ScalarFunction {
  const atStart = name === "lpad";
  return text({
    name,
    summary: `The string made \`len\` characters long by filling it at the ${atStart ? "left" : "right"}, or cut to them.`,
    args: "str, len, pad",
    examples,
    inputs: [TEXT_OR_BYTES, INT, TEXT_OR_BYTES],
    min: 2,
    output: (types) => types[0],
    prettyName: (args) =>
      `${name}(${(args.length === 2 ? [...args, args[0].startsWith("X'") ? "X'00'" : " "] : args).join(", ")})`,
    make: ({ types }) =>
      types[0].kind === "binary"
        ? (b: Uint8Array, n: number, fill: Uint8Array = new Uint8Array([0])) => padBytes(b, n, fill, atStart)
        : (s: string, n: number, fill = " ") => pad(s, n, fill, atStart),
  });
}

function substringIndex(s: string, delimiter: string, count: number): string {
  if (count === 0 || delimiter === "") return "";
  if (count > 0) {
    let at = -1;
    for (let i = 0; i < count; i++) {
      at = s.indexOf(delimiter, at + 1);
      if (at < 0) return s;
    }
    return s.slice(0, at);
  }
  let at = s.length;
  for (let i = 0; i < -count; i++) {
    at = at === 0 ? -1 : s.lastIndexOf(delimiter, at - 1);
    if (at < 0) return s;
  }
  return s.slice(at + delimiter.length);
}

/** A delimiter is plain text; an empty one doesn't split. */
function splitPart(s: string, delimiter: string, part: number): string {
  if (part === 0) throw new SluiceError("INVALID_INDEX_OF_ZERO");
  const parts = delimiter === "" ? [s] : s.split(delimiter);
  return (part > 0 ? parts[part - 1] : parts[parts.length + part]) ?? "";
}

function instr(s: string, needle: string): number {
  return locate(needle, s, 1);
}
function locateFrom(needle: string, s: string, from = 1): number {
  return locate(needle, s, from);
}

function affix(
  name: "startswith" | "endswith" | "contains",
  summary: string,
  examples: readonly string[],
): ScalarFunction {
  const method = { startswith: "startsWith", endswith: "endsWith", contains: "includes" }[name];
  return {
    kind: "scalar",
    name,
    group: "string",
    doc: { summary, args: "left, right", examples },
    resolve: (args, context) => {
      const base = text({
        name,
        summary,
        args: "left, right",
        examples,
        inputs: [TEXT_OR_BYTES, TEXT_OR_BYTES],
        output: { kind: "boolean" },
        run: bytesAffix[name],
      }).resolve(args, context);
      if (base.inputs[0].kind === "binary") return base;
      return {
        ...base,
        evaluation: { nulls: "propagate", inline: true, emit: (_, [s, part]) => `${s}.${method}(${part})` },
      };
    },
  };
}

const bytesAffix = {
  startswith: (b: Uint8Array, p: Uint8Array) => Buffer.from(b.subarray(0, p.length)).equals(p),
  endswith: (b: Uint8Array, p: Uint8Array) =>
    b.length >= p.length && Buffer.from(b.subarray(b.length - p.length)).equals(p),
  contains: (b: Uint8Array, p: Uint8Array) => Buffer.from(b).includes(Buffer.from(p)),
};

function ascii(s: string): number {
  return s.codePointAt(0) ?? 0;
}
function chr(n: number | bigint): string {
  const code = Number(BigInt.asUintN(64, BigInt(n)) & 255n);
  return Number(n) < 0 ? "" : String.fromCharCode(code);
}
function overlay(s: string, replacement: string, position: number, length = -1): string {
  const n = length < 0 ? characterCount(replacement) : length;
  return substring(s, 1, position - 1) + replacement + substring(s, position + n, 2147483647);
}
function overlayBytes(b: Uint8Array, replacement: Uint8Array, position: number, length = -1): Uint8Array {
  const n = length < 0 ? replacement.length : length;
  return Buffer.concat([
    substringBytes(b, 1, position - 1),
    replacement,
    substringBytes(b, position + n, 2147483647 - Math.abs(position)),
  ]);
}

export const stringFunctions: readonly ScalarFunction[] = [
  lengthOf(
    "length",
    ["len"],
    ["length('abc')", "length('héé😀')", "length(NULL)", "length(X'0102')", "len('')", "length(12345)"],
  ),
  lengthOf(
    "char_length",
    ["character_length"],
    ["char_length('Spark SQL ')", "character_length(X'010203')", "char_length('😀')"],
  ),
  text({
    name: "octet_length",
    summary: "Number of bytes of a string in UTF-8, or of a binary.",
    args: "expr",
    examples: ["octet_length('abc')", "octet_length('é')", "octet_length(X'01')", "octet_length('😀')"],
    inputs: [TEXT_OR_BYTES],
    output: INT,
    run: byteLength,
  }),
  text({
    name: "bit_length",
    summary: "Number of bits of a string in UTF-8, or of a binary.",
    args: "expr",
    examples: ["bit_length('abc')", "bit_length(X'01')"],
    inputs: [TEXT_OR_BYTES],
    output: INT,
    run: bitLength,
  }),
  text({
    name: "upper",
    aliases: ["ucase"],
    summary: "The string in capital letters.",
    args: "str",
    examples: ["upper('SparkSql')", "upper('straße')", "ucase('é')", "upper(NULL)"],
    inputs: [STRING],
    output: STRING,
    run: upper,
  }),
  text({
    name: "lower",
    aliases: ["lcase"],
    summary: "The string in small letters.",
    args: "str",
    examples: ["lower('SparkSql')", "lcase('É')"],
    inputs: [STRING],
    output: STRING,
    run: lower,
  }),
  text({
    name: "initcap",
    summary: "The string with each word's first letter a capital and the others small.",
    args: "str",
    examples: ["initcap('sPark sql')", "initcap('a-b c')", "initcap('  éa')", "initcap('')"],
    inputs: [STRING],
    output: STRING,
    run: initcap,
  }),
  trimmer("trim", true, true, [
    "trim('  a b ')",
    "trim(BOTH 'x' FROM 'xxaxx')",
    "trim('')",
    "trim(BOTH FROM ' a ')",
    "trim('SL' FROM 'SSparkSQLS')",
  ]),
  trimmer("btrim", true, true, ["btrim('  a ')", "btrim('xyaxy', 'xy')", "btrim('a', '')"]),
  trimmer("ltrim", true, false, ["ltrim('  a ')", "trim(LEADING 'x' FROM 'xxa')", "ltrim('Sp', 'SSparkSQLS')"]),
  trimmer("rtrim", false, true, ["rtrim('  a ')", "trim(TRAILING 'x' FROM 'axx')", "rtrim('LQSa', 'SSparkSQLS')"]),
  text({
    name: "substring",
    aliases: ["substr"],
    summary: "The part of a string from a position (1 is first, negative from the end), of a length.",
    args: "str, pos, len",
    examples: [
      "substring('Spark SQL', 5)",
      "substring('Spark SQL', -3)",
      "substring('Spark SQL', 5, 1)",
      "substr('abc', 0, 2)",
      "substring('abc', -5, 3)",
      "substring('héllo', 2, 2)",
      "substring('a😀b', 2, 1)",
      "substring(X'010203', 2)",
      "substring('abc', 2, -1)",
      "substring('Spark' FROM 2 FOR 2)",
      "substr('abc', NULL)",
      "substring('abc', 10)",
    ],
    inputs: [TEXT_OR_BYTES, INT, INT],
    min: 2,
    output: (types) => types[0],
    make: ({ types }) =>
      types[0].kind === "binary"
        ? (b: Uint8Array, p: number, n = 2147483647) => substringBytes(b, p, n)
        : (s: string, p: number, n = 2147483647) => substring(s, p, n),
  }),
  text({
    name: "left",
    summary: "The leftmost characters.",
    args: "str, len",
    examples: ["left('Spark SQL', 3)", "left('abc', 0)", "left('abc', -1)", "left('abc', 10)", "left(NULL, 1)"],
    inputs: [STRING, INT],
    output: STRING,
    run: left,
  }),
  text({
    name: "right",
    summary: "The rightmost characters.",
    args: "str, len",
    examples: ["right('Spark SQL', 3)", "right('abc', 0)", "right('abc', -1)", "right('abc', 10)"],
    inputs: [STRING, INT],
    output: STRING,
    run: right,
  }),
  padder("lpad", [
    "lpad('hi', 5, '??')",
    "lpad('hi', 1, '??')",
    "lpad('hi', 5)",
    "lpad('hi', 5, '')",
    "lpad('hi', -1, 'x')",
    "hex(lpad(X'0102', 4))",
  ]),
  padder("rpad", ["rpad('hi', 5, '??')", "rpad('hi', 1, '??')", "rpad('hi', 5)", "rpad('é', 3, 'xy')"]),
  text({
    name: "repeat",
    summary: "The string, so many times.",
    args: "str, n",
    examples: ["repeat('123', 2)", "repeat('a', 0)", "repeat('a', -1)"],
    inputs: [STRING, INT],
    output: STRING,
    run: repeat,
  }),
  text({
    name: "replace",
    summary: "The string with every occurrence of a part replaced.",
    args: "str, search, replace",
    examples: [
      "replace('ABCabc', 'abc', 'DEF')",
      "replace('abc', 'b')",
      "replace('abc', '', 'x')",
      "replace('a.b.c', '.', '$&')",
    ],
    inputs: [STRING, STRING, STRING],
    min: 2,
    output: STRING,
    run: replaceText,
    prettyName: (args) => `replace(${args.join(", ")}${args.length === 2 ? ", " : ""})`,
  }),
  text({
    name: "translate",
    summary: "The string with each character of `from` turned into the one of `to` at the same place, or dropped.",
    args: "input, from, to",
    examples: [
      "translate('AaBbCc', 'abc', '123')",
      "translate('translate', 'rnlt', '123')",
      "translate('abc', '', 'x')",
    ],
    inputs: [STRING, STRING, STRING],
    output: STRING,
    run: translate,
  }),
  text({
    name: "substring_index",
    summary: "What stands before the n-th delimiter; after it, counted from the right, when n is negative.",
    args: "str, delim, count",
    examples: [
      "substring_index('www.apache.org', '.', 2)",
      "substring_index('www.apache.org', '.', -2)",
      "substring_index('a.b', '.', 0)",
      "substring_index('a.b', '.', 5)",
      "substring_index('a.b', '', 1)",
      "substring_index('aaaa', 'aa', 2)",
      "substring_index('aaaa', 'aa', -2)",
    ],
    inputs: [STRING, STRING, INT],
    output: STRING,
    run: substringIndex,
  }),
  text({
    name: "split_part",
    summary:
      "The n-th part of a string between delimiters, counted from the end when n is negative; empty when there is none.",
    args: "str, delimiter, partNum",
    examples: [
      "split_part('11.12.13', '.', 3)",
      "split_part('11.12.13', '.', -1)",
      "split_part('a,b', ',', 5)",
      "split_part('a,b', ',', 0)",
      "split_part('a,b', '', 1)",
      "split_part(NULL, ',', 1)",
      "split_part('a||b', '||', 2)",
    ],
    inputs: [STRING, STRING, INT],
    output: STRING,
    run: splitPart,
  }),
  text({
    name: "instr",
    summary: "The position (1 is first) of a part in a string; 0 when it isn't there.",
    args: "str, substr",
    examples: [
      "instr('SparkSQL', 'SQL')",
      "instr('abc', 'x')",
      "instr('abc', '')",
      "instr('😀b', 'b')",
      "instr(NULL, 'a')",
    ],
    inputs: [STRING, STRING],
    output: INT,
    run: instr,
  }),
  text({
    name: "locate",
    aliases: ["position"],
    summary: "The position of a part in a string, searched from a position on; 0 when it isn't there.",
    args: "substr, str, pos",
    examples: [
      "locate('bar', 'foobarbar')",
      "locate('bar', 'foobarbar', 5)",
      "position('bar' IN 'foobarbar')",
      "locate('a', 'abc', 0)",
      "locate('', 'abc', 2)",
      "position('b', 'abcb', 3)",
    ],
    inputs: [STRING, STRING, INT],
    min: 2,
    output: INT,
    run: locateFrom,
    prettyName: (args, written = "locate") => `${written}(${args.join(", ")}${args.length === 2 ? ", 1" : ""})`,
  }),
  affix("startswith", "True when a string begins with another.", [
    "startswith('Spark SQL', 'Spark')",
    "startswith('a', 'b')",
    "startswith(NULL, 'a')",
    "startswith(X'0102', X'01')",
  ]),
  affix("endswith", "True when a string ends with another.", ["endswith('Spark SQL', 'SQL')", "endswith('a', '')"]),
  affix("contains", "True when a string holds another.", [
    "contains('Spark SQL', 'park')",
    "contains('a', NULL)",
    "contains('abc', 'd')",
  ]),
  text({
    name: "ascii",
    summary: "The code point of the first character.",
    args: "str",
    examples: ["ascii('222')", "ascii('')", "ascii('é')", "ascii('😀')"],
    inputs: [STRING],
    output: INT,
    run: ascii,
  }),
  text({
    name: "chr",
    aliases: ["char"],
    summary: "The character with that code, of the lowest eight bits.",
    args: "expr",
    examples: ["chr(65)", "char(256)", "chr(-1)", "chr(0)", "chr(321)", "chr(233)"],
    inputs: [{ kind: "long" }],
    output: STRING,
    run: chr,
  }),
  text({
    name: "overlay",
    summary: "The string with a part replaced from a position on.",
    args: "input, replace, pos, len",
    examples: [
      "overlay('Spark SQL' PLACING '_' FROM 6)",
      "overlay('Spark SQL' PLACING 'CORE' FROM 7)",
      "overlay('Spark SQL' PLACING 'ANSI ' FROM 7 FOR 0)",
      "overlay('Spark SQL', 'tructured', 2, 4)",
      "overlay('abc', 'x', 10)",
    ],
    inputs: [TEXT_OR_BYTES, TEXT_OR_BYTES, INT, INT],
    min: 3,
    output: (types) => types[0],
    make: ({ types }) => (types[0].kind === "binary" ? overlayBytes : overlay),
    prettyName: (args) => `overlay(${args.join(", ")}${args.length === 3 ? ", -1" : ""})`,
  }),
  text({
    name: "space",
    summary: "So many spaces.",
    args: "n",
    examples: ["concat('a', space(2), 'b')", "space(-1)"],
    inputs: [INT],
    output: STRING,
    run: (n: number) => " ".repeat(Math.max(0, n)),
  }),
];

export { reverseText };
