/** Java's regular expressions and SQL's LIKE patterns as JS regular expressions. */
import { SluiceError } from "../../errors/error.ts";

const posix: Readonly<Record<string, string>> = {
  Lower: "a-z",
  Upper: "A-Z",
  ASCII: "\\x00-\\x7F",
  Alpha: "a-zA-Z",
  Digit: "0-9",
  Alnum: "a-zA-Z0-9",
  Punct: "!-\\/:-@\\[-`{-~",
  Graph: "!-~",
  Print: "\\x20-~",
  Blank: " \\t",
  Cntrl: "\\x00-\\x1F\\x7F",
  XDigit: "0-9a-fA-F",
  Space: "\\s",
};

const cache = new Map<string, RegExp>();
const CACHED_MAX = 512;

/**
 * The regular expression for one of Java's syntax. Throws INVALID_PARAMETER_VALUE.PATTERN.
 *
 * @example javaRegExp("(?i)ab+", "g", "regexp_replace")
 */
export function javaRegExp(pattern: string, flags: string, functionName: string): RegExp {
  const key = `${flags}/${pattern}`;
  let found = cache.get(key);
  if (found === undefined) {
    if (cache.size >= CACHED_MAX) cache.clear();
    found = compile(pattern, flags, functionName);
    cache.set(key, found);
  }
  return found;
}

function compile(pattern: string, flags: string, functionName: string): RegExp {
  let source = pattern;
  const lead = /^\(\?([imsux]+)\)/.exec(source);
  let all = flags;
  if (lead !== null) {
    source = source.slice(lead[0].length);
    for (const f of lead[1]) if ("ims".includes(f) && !all.includes(f)) all += f;
  }
  source = translated(source);
  if (/\\p\{|[\ud800-\udbff]|\\u\{/i.test(source)) all += "u";
  try {
    return new RegExp(source, all);
  } catch (cause) {
    throw new SluiceError(
      "INVALID_PARAMETER_VALUE.PATTERN",
      { parameter: "`regexp`", functionName: `\`${functionName}\``, value: `'${pattern}'` },
      { cause },
    );
  }
}

function translated(source: string): string {
  let out = "";
  let depth = 0;
  for (let i = 0; i < source.length; i++) {
    const c = source[i];
    if (c === "\\" && i + 1 < source.length) {
      const [text, used] = escaped(source, i, depth > 0);
      out += text;
      i += used - 1;
      continue;
    }
    if (c === "[") {
      if (depth > 0) {
        out += "\\[";
        continue;
      }
      depth++;
    } else if (c === "]" && depth > 0) depth--;
    // Possessive quantifiers: JS has none; the greedy one matches the same where it matches.
    if (depth === 0 && c === "+" && /[*+?}]$/.test(source.slice(0, i)) && !/\\[*+?}]$/.test(source.slice(0, i)))
      continue;
    out += c;
  }
  return out;
}

function escaped(source: string, i: number, inClass: boolean): [string, number] {
  const next = source[i + 1];
  const property = /^\\([pP])\{(?:Is|java)?(\w+)\}/.exec(source.slice(i));
  if (property !== null && Object.hasOwn(posix, property[2])) {
    const set = posix[property[2]];
    const text = property[1] === "P" ? `[^${set}]` : inClass ? set : `[${set}]`;
    return [text, property[0].length];
  }
  if (next === "Q") {
    const end = source.indexOf("\\E", i + 2);
    const literal = source.slice(i + 2, end < 0 ? source.length : end);
    return [literal.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"), end < 0 ? source.length - i : end + 2 - i];
  }
  switch (next) {
    case "A":
      return ["(?<![\\s\\S])", 2];
    case "z":
      return ["(?![\\s\\S])", 2];
    case "Z":
      return ["(?=\\n?(?![\\s\\S]))", 2];
    case "h":
      return [inClass ? " \\t\\xA0" : "[ \\t\\xA0]", 2];
    case "R":
      return ["(?:\\r\\n|[\\n\\r\\u2028\\u2029\\x0B\\f\\x85])", 2];
    case "e":
      return ["\\x1B", 2];
    case "a":
      return ["\\x07", 2];
    case "x":
      if (source[i + 2] === "{") {
        const end = source.indexOf("}", i);
        return [`\\u{${source.slice(i + 3, end)}}`, end + 1 - i];
      }
      return [`\\x`, 2];
    default:
      return [`\\${next}`, 2];
  }
}

/** Java's replacement text (`$1`, `\$`) as a JS replacer of the groups of a match. */
export function javaReplacement(replacement: string): (groups: readonly (string | undefined)[]) => string {
  if (!/[$\\]/.test(replacement)) return () => replacement;
  const parts: (string | number)[] = [];
  for (let i = 0; i < replacement.length; i++) {
    const c = replacement[i];
    if (c === "\\" && i + 1 < replacement.length) parts.push(replacement[++i]);
    else if (c === "$" && /[0-9]/.test(replacement[i + 1] ?? "")) parts.push(Number(replacement[++i]));
    else parts.push(c);
  }
  return (groups) => {
    let out = "";
    for (const part of parts) {
      if (typeof part === "string") out += part;
      else {
        if (part >= groups.length) {
          throw new SluiceError("INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX", {
            parameter: "`idx`",
            functionName: "`regexp_replace`",
            groupCount: groups.length - 1,
            groupIndex: part,
          });
        }
        out += groups[part] ?? "";
      }
    }
    return out;
  };
}

/** A LIKE pattern: `%` any text, `_` any character, the escape character before one of them takes it as it is. */
export function likeRegExp(pattern: string, escape: string, ignoreCase: boolean): RegExp {
  const chars = Array.from(pattern);
  let source = "";
  for (let i = 0; i < chars.length; i++) {
    const c = chars[i];
    if (c === escape) {
      const next = chars[++i];
      if (next === undefined) throw new SluiceError("INVALID_FORMAT.ESC_AT_THE_END", { format: `'${pattern}'` });
      if (next !== "%" && next !== "_" && next !== escape) {
        throw new SluiceError("INVALID_FORMAT.ESC_IN_THE_MIDDLE", { format: `'${pattern}'`, char: `'${next}'` });
      }
      source += quoted(next);
    } else if (c === "%") source += ".*";
    else if (c === "_") source += ".";
    else source += quoted(c);
  }
  return new RegExp(`^${source}$`, ignoreCase ? "sui" : "su");
}

function quoted(c: string): string {
  return c.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
