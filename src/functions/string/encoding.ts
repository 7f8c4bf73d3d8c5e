import { SluiceError } from "../../errors/error.ts";
import { BINARY, BOOLEAN, type DataType, INT, STRING } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import { type SimpleDefinition, simple } from "../define.ts";
import type { ScalarFunction } from "../definition.ts";
import { checkCount, coerce } from "../signature.ts";
import { utf8Bytes } from "./characters.ts";
import { exactDigits, formatNumber } from "./format.ts";

function text(def: Omit<SimpleDefinition, "group">): ScalarFunction {
  return simple({ group: "string", ...def });
}

function base64(b: Uint8Array): string {
  return Buffer.from(b).toString("base64");
}
function unbase64(s: string): Uint8Array {
  return Buffer.from(s, "base64");
}

const CHARSETS = ["US-ASCII", "ISO-8859-1", "UTF-8", "UTF-16BE", "UTF-16LE", "UTF-16", "UTF-32"];

function charset(name: string, functionName: string): string {
  const upper = name.toUpperCase();
  if (CHARSETS.includes(upper)) return upper;
  throw new SluiceError("INVALID_PARAMETER_VALUE.CHARSET", {
    functionName: `\`${functionName}\``,
    parameter: "`charset`",
    charset: name,
    charsets: CHARSETS.join(", "),
  });
}

function encode(s: string, name: string): Uint8Array {
  switch (charset(name, "encode")) {
    case "US-ASCII":
      return singleBytes(s, 0x7f, "US-ASCII");
    case "ISO-8859-1":
      return singleBytes(s, 0xff, "ISO-8859-1");
    case "UTF-16LE":
      return Buffer.from(s, "utf16le");
    case "UTF-16BE":
      return Buffer.from(s, "utf16le").swap16();
    case "UTF-16":
      return Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(s, "utf16le").swap16()]);
    case "UTF-32":
      return utf32(s);
    default:
      return utf8Bytes(s);
  }
}

function singleBytes(s: string, max: number, name: string): Uint8Array {
  const codes = Array.from(s, (c) => c.codePointAt(0) as number);
  if (codes.some((c) => c > max)) {
    throw new SluiceError("MALFORMED_CHARACTER_CODING", { function: "`encode`", charset: name });
  }
  return Uint8Array.from(codes);
}

function utf32(s: string): Uint8Array {
  const codes = Array.from(s, (c) => c.codePointAt(0) as number);
  const out = Buffer.alloc(codes.length * 4);
  for (const [i, c] of codes.entries()) out.writeUInt32BE(c, i * 4);
  return out;
}

function decode(b: Uint8Array, name: string): string {
  const label = charset(name, "decode");
  const malformed = (): never => {
    throw new SluiceError("MALFORMED_CHARACTER_CODING", { function: "`decode`", charset: label });
  };
  switch (label) {
    case "US-ASCII":
      return b.some((x) => x > 0x7f) ? malformed() : Buffer.from(b).toString("latin1");
    case "ISO-8859-1":
      return Buffer.from(b).toString("latin1");
    case "UTF-32": {
      const codes: number[] = [];
      for (let i = 0; i + 3 < b.length; i += 4) codes.push(Buffer.from(b).readUInt32BE(i));
      return String.fromCodePoint(...codes);
    }
    default:
      try {
        const encoding =
          label === "UTF-16" && !(b[0] === 0xff && b[1] === 0xfe)
            ? "utf-16be"
            : label === "UTF-16"
              ? "utf-16le"
              : label;
        return new TextDecoder(encoding, { fatal: true }).decode(b);
      } catch {
        return malformed();
      }
  }
}

const soundexCodes = "01230120022455012623010202";

function soundex(s: string): string {
  if (s === "" || !/^[A-Za-z]/.test(s)) return s;
  const upper = s.toUpperCase();
  let out = upper[0];
  let last = soundexCodes[upper.charCodeAt(0) - 65];
  for (let i = 1; i < upper.length && out.length < 4; i++) {
    const c = upper.charCodeAt(i) - 65;
    if (c < 0 || c > 25) {
      last = "0";
      continue;
    }
    const code = soundexCodes[c];
    if (c === 7 || c === 22) continue;
    if (code !== "0" && code !== last) out += code;
    last = code;
  }
  return out.padEnd(4, "0");
}

function levenshtein(a: string, b: string, threshold = -1): number {
  const x = Array.from(a);
  const y = Array.from(b);
  let previous = Array.from({ length: y.length + 1 }, (_, j) => j);
  for (let i = 1; i <= x.length; i++) {
    const row = [i];
    for (let j = 1; j <= y.length; j++) {
      row.push(Math.min(previous[j - 1] + (x[i - 1] === y[j - 1] ? 0 : 1), previous[j] + 1, row[j - 1] + 1));
    }
    previous = row;
  }
  const distance = previous[y.length];
  return threshold >= 0 && distance > threshold ? -1 : distance;
}

function findInSet(word: string, list: string): number {
  return word.includes(",") ? 0 : list.split(",").indexOf(word) + 1;
}

function luhnCheck(s: string): boolean {
  if (!/^[0-9]+$/.test(s)) return false;
  let sum = 0;
  for (let i = s.length - 1, k = 0; i >= 0; i--, k++) {
    const d = s.charCodeAt(i) - 48;
    const twice = d * 2;
    sum += k % 2 === 1 ? (twice > 9 ? twice - 9 : twice) : d;
  }
  return sum % 10 === 0;
}

function maskWith(upper: string | null, lower: string | null, digit: string | null, other: string | null) {
  return (s: string): string => {
    let out = "";
    for (const c of s) {
      if (/\p{Lu}/u.test(c)) out += upper ?? c;
      else if (/\p{Ll}/u.test(c)) out += lower ?? c;
      else if (/\p{Nd}/u.test(c)) out += digit ?? c;
      else out += other ?? c;
    }
    return out;
  };
}

/** Java's URLEncoder. */
function urlEncode(s: string): string {
  return encodeURIComponent(s)
    .replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}
function urlDecode(s: string): string {
  try {
    return decodeURIComponent(s.replaceAll("+", "%20"));
  } catch (cause) {
    throw new SluiceError("CANNOT_DECODE_URL", { url: s }, { cause });
  }
}
function tryUrlDecode(s: string): string | null {
  try {
    return decodeURIComponent(s.replaceAll("+", "%20"));
  } catch {
    return null;
  }
}

const uri = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

function isUrl(text: string): boolean {
  return !/[\s<>"{}|\\^`]/.test(text);
}

function parseUrl(url: string, part: string, key?: string): string | null {
  const match = isUrl(url) ? uri.exec(url) : null;
  if (match === null) throw new SluiceError("INVALID_URL", { url });
  const [, scheme, authority, path, query, fragment] = match;
  const host = authority?.replace(/^.*@/, "").replace(/:\d*$/, "");
  switch (part) {
    case "PROTOCOL":
      return scheme ?? null;
    case "AUTHORITY":
      return authority ?? null;
    case "HOST":
      return host === undefined || host === "" ? null : host;
    case "USERINFO":
      return authority?.includes("@") ? authority.slice(0, authority.lastIndexOf("@")) : null;
    case "PATH":
      return path;
    case "FILE":
      return query === undefined ? path : `${path}?${query}`;
    case "REF":
      return fragment ?? null;
    case "QUERY": {
      if (query === undefined) return null;
      if (key === undefined) return query;
      const found = new RegExp(`(?:^|&)${key}=([^&]*)`).exec(query);
      return found === null ? null : found[1];
    }
    default:
      return null;
  }
}

function tryParseUrl(url: string, part: string, key?: string): string | null {
  return isUrl(url) ? parseUrl(url, part, key) : null;
}

function numberFormatter(type: DataType): (x: Value, places: number) => string | null {
  return (x, places) => {
    if (places < 0) return null;
    if (type.kind === "decimal") return formatNumber(BigInt(x as number | bigint), type.scale, places);
    if (type.kind === "double" || type.kind === "float") {
      const v = x as number;
      if (Number.isNaN(v)) return "NaN";
      if (!Number.isFinite(v)) return v > 0 ? "∞" : "-∞";
      const { unscaled, scale } = exactDigits(v);
      return formatNumber(unscaled, scale, places);
    }
    return formatNumber(BigInt(x as number | bigint), 0, places);
  };
}

const MASKS = ["X", "x", "n", null] as const;

const mask: ScalarFunction = {
  kind: "scalar",
  name: "mask",
  group: "string",
  doc: {
    summary:
      "The string with capital letters, small letters, digits and others replaced by one character each; NULL leaves a kind as it is.",
    args: "input, upperChar, lowerChar, digitChar, otherChar",
    examples: [
      "mask('abcd-EFGH-8765-4321')",
      "mask('abcd-EFGH-8765-4321', 'Q')",
      "mask('AbCD123-@$#', 'Q', 'q', 'd', 'o')",
      "mask('AbCD123-@$#', NULL, 'q', NULL, 'o')",
      "mask(NULL)",
    ],
  },
  prettyName: (args) =>
    `mask(${[...args, ...MASKS.slice(args.length - 1).map(String)].join(", ").replace(/null$/, "NULL")})`,
  resolve(args, context) {
    checkCount(args, context, 1, 5);
    const inputs = args.map((_, i) => coerce(args, i, STRING, context));
    const [upper, lower, digit, other] = MASKS.map((standard, i) => {
      const arg = args[i + 1];
      if (arg === undefined) return standard;
      if (arg.literal !== undefined) return arg.literal.value as string | null;
      throw new SluiceError("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", {
        sqlExpr: `"${context.sql}"`,
        inputName: "`maskChar`",
        inputType: '"STRING"',
        inputExpr: `"${arg.sql}"`,
      });
    });
    return {
      inputs,
      output: STRING,
      nullable: args[0].nullable,
      evaluation: {
        nulls: "custom",
        emit(e, [input]) {
          const { value, isNull } = input.emit();
          if (isNull === "true") return { value: '""', isNull };
          const name = e.fresh("masked");
          const call = `${e.bind(maskWith(upper, lower, digit, other), "mask")}(${value})`;
          e.line(`const ${name} = ${isNull === "false" ? call : `${isNull} ? "" : ${call}`};`);
          return { value: name, isNull };
        },
      },
    };
  },
};

export const encodingFunctions: readonly ScalarFunction[] = [
  text({
    name: "base64",
    summary: "Bytes in Base 64.",
    args: "bin",
    examples: ["base64('Spark SQL')", "base64(X'537061726b2053514c')", "base64('')"],
    inputs: [BINARY],
    output: STRING,
    run: base64,
  }),
  text({
    name: "unbase64",
    summary: "The bytes that a text in Base 64 stands for.",
    args: "str",
    examples: ["CAST(unbase64('U3BhcmsgU1FM') AS STRING)", "hex(unbase64(''))"],
    inputs: [STRING],
    output: BINARY,
    run: unbase64,
  }),
  text({
    name: "encode",
    summary: "A string as bytes in a character set.",
    args: "str, charset",
    examples: [
      "hex(encode('abc', 'utf-8'))",
      "hex(encode('é', 'ISO-8859-1'))",
      "hex(encode('a', 'UTF-16'))",
      "hex(encode('a', 'UTF-16LE'))",
      "encode('a', 'nope')",
      "encode('é', 'US-ASCII')",
    ],
    inputs: [STRING, STRING],
    output: BINARY,
    run: encode,
  }),
  text({
    name: "decode",
    summary: "Bytes in a character set as a string.",
    args: "bin, charset",
    examples: ["decode(X'616263', 'utf-8')", "decode(X'E9', 'ISO-8859-1')", "decode(encode('añ', 'UTF-16'), 'UTF-16')"],
    inputs: [BINARY, STRING],
    output: STRING,
    run: decode,
  }),
  text({
    name: "soundex",
    summary: "The code of how an English word sounds.",
    args: "str",
    examples: [
      "soundex('Miller')",
      "soundex('Robert')",
      "soundex('')",
      "soundex('Ashcraft')",
      "soundex('1a')",
      "soundex('Tymczak')",
    ],
    inputs: [STRING],
    output: STRING,
    run: soundex,
  }),
  text({
    name: "levenshtein",
    summary:
      "Number of characters to insert, delete or change to make one string the other; −1 when above the threshold.",
    args: "str1, str2, threshold",
    examples: [
      "levenshtein('kitten', 'sitting')",
      "levenshtein('kitten', 'sitting', 2)",
      "levenshtein('', 'abc')",
      "levenshtein('a', NULL)",
    ],
    inputs: [STRING, STRING, INT],
    min: 2,
    output: INT,
    run: levenshtein,
  }),
  text({
    name: "find_in_set",
    summary: "The position of a word in a list separated by commas; 0 when it isn't there.",
    args: "str, str_array",
    examples: ["find_in_set('ab', 'abc,b,ab,c,def')", "find_in_set('x', 'a,b')", "find_in_set('a,b', 'a,b')"],
    inputs: [STRING, STRING],
    output: INT,
    run: findInSet,
  }),
  text({
    name: "luhn_check",
    summary: "True when the digits satisfy the Luhn checksum.",
    args: "str",
    examples: ["luhn_check('8112189876')", "luhn_check('79927398714')", "luhn_check('')", "luhn_check('4111x')"],
    inputs: [STRING],
    output: BOOLEAN,
    run: luhnCheck,
  }),
  mask,
  text({
    name: "url_encode",
    summary: "A string as part of a URL.",
    args: "str",
    examples: ["url_encode('https://spark.apache.org')", "url_encode('a b&c*é~')"],
    inputs: [STRING],
    output: STRING,
    run: urlEncode,
  }),
  text({
    name: "url_decode",
    summary: "The string that part of a URL stands for.",
    args: "str",
    examples: ["url_decode('https%3A%2F%2Fspark.apache.org')", "url_decode('a+b')", "url_decode('%zz')"],
    inputs: [STRING],
    output: STRING,
    run: urlDecode,
  }),
  text({
    name: "try_url_decode",
    summary: "The string that part of a URL stands for, or NULL.",
    args: "str",
    examples: ["try_url_decode('%zz')", "try_url_decode('a%20b')"],
    inputs: [STRING],
    output: STRING,
    mayReturnNull: true,
    run: tryUrlDecode,
  }),
  text({
    name: "parse_url",
    summary:
      "A part of a URL: HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY or USERINFO; one parameter of its query.",
    args: "url, partToExtract, key",
    examples: [
      "parse_url('http://spark.apache.org/path?query=1', 'HOST')",
      "parse_url('http://spark.apache.org/path?query=1', 'QUERY')",
      "parse_url('http://spark.apache.org/path?query=1', 'QUERY', 'query')",
      "parse_url('http://u:p@h:80/p?a=1#r', 'USERINFO')",
      "parse_url('http://u:p@h:80/p?a=1#r', 'AUTHORITY')",
      "parse_url('http://h/p#r', 'REF')",
      "parse_url('http://h/p?a=1', 'FILE')",
      "parse_url('http://h/p', 'X')",
      "parse_url('http://h/p?a=1', 'QUERY', 'b')",
    ],
    inputs: [STRING, STRING, STRING],
    min: 2,
    output: STRING,
    mayReturnNull: true,
    run: parseUrl,
  }),
  text({
    name: "try_parse_url",
    summary: "As parse_url, but NULL for a text that is no URL.",
    args: "url, partToExtract, key",
    examples: [
      "try_parse_url('http://spark.apache.org/path?query=1', 'HOST')",
      "try_parse_url('a b c', 'HOST')",
      "parse_url('a b c', 'HOST')",
    ],
    inputs: [STRING, STRING, STRING],
    min: 2,
    output: STRING,
    nullable: true,
    mayReturnNull: true,
    run: tryParseUrl,
  }),
  text({
    name: "format_number",
    summary: "A number with thousands separated by commas and so many digits after the point.",
    args: "expr1, expr2",
    examples: [
      "format_number(12332.123456, 4)",
      "format_number(1234567, 0)",
      "format_number(-0.5D, 0)",
      "format_number(2.5D, 0)",
      "format_number(1.005D, 2)",
      "format_number(1234.5D, -1)",
      "format_number(9007199254740993L, 2)",
    ],
    inputs: ["numeric", INT],
    output: STRING,
    mayReturnNull: true,
    make: ({ types }) => numberFormatter(types[0]),
  }),
];
