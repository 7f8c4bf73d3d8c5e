import { SluiceError } from "../../errors/error.ts";
import { array, BOOLEAN, INT, STRING } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import { type MakeContext, type SimpleDefinition, simple } from "../define.ts";
import type { ScalarFunction } from "../definition.ts";
import { characterCount } from "./characters.ts";
import { javaRegExp, javaReplacement, likeRegExp } from "./pattern.ts";

function text(def: Omit<SimpleDefinition, "group">): ScalarFunction {
  return simple({ group: "string", ...def });
}

function constantText(context: MakeContext, index: number): string | undefined {
  const value = context.literals[index];
  return typeof value === "string" ? value : undefined;
}

function like(name: "like" | "ilike", examples: readonly string[]): ScalarFunction {
  const ignoreCase = name === "ilike";
  return text({
    name,
    summary: `True when the string matches the pattern: % is any text, _ any character${ignoreCase ? "; in any case" : ""}.`,
    args: "str, pattern, escape",
    examples,
    inputs: [STRING, STRING, STRING],
    min: 2,
    output: BOOLEAN,
    prettyName: (args) =>
      ignoreCase
        ? `ilike(${args[0]}, ${args[1]}${args[2] && args[2] !== "\\" ? `, '${args[2]}'` : ""})`
        : `${args[0]} LIKE ${args[1]}${args[2] && args[2] !== "\\" ? ` ESCAPE '${args[2]}'` : ""}`,
    make(context) {
      const pattern = constantText(context, 1);
      const escape = constantText(context, 2) ?? "\\";
      if (pattern === undefined) return (s: string, p: string, esc = "\\") => likeRegExp(p, esc, ignoreCase).test(s);
      const plain = ignoreCase || pattern.includes(escape) ? undefined : plainLike(pattern);
      if (plain !== undefined) return plain;
      const re = likeRegExp(pattern, escape, ignoreCase);
      return (s: string) => re.test(s);
    },
  });
}

/** The test for a pattern whose only wildcards are % at its ends. */
function plainLike(pattern: string): ((s: string) => boolean) | undefined {
  const match = /^(%?)([^%_]*)(%?)$/.exec(pattern);
  if (match === null) return undefined;
  const [, before, middle, after] = match;
  if (before && after) return (s) => s.includes(middle);
  if (before) return (s) => s.endsWith(middle);
  if (after) return (s) => s.startsWith(middle);
  return (s) => s === middle;
}

function rlike(): ScalarFunction {
  return text({
    name: "rlike",
    aliases: ["regexp_like", "regexp"],
    summary: "True when a part of the string matches the regular expression.",
    args: "str, regexp",
    examples: [
      "rlike('abc', 'b')",
      "regexp_like('abc', '^b')",
      "'a1' RLIKE '[0-9]'",
      "regexp('Abc', '(?i)abc')",
      "rlike(NULL, 'a')",
      "rlike('a', '(')",
      "rlike('x\\ty', '\\\\s')",
      "rlike('ab', '\\\\p{Alpha}+')",
    ],
    inputs: [STRING, STRING],
    output: BOOLEAN,
    prettyName: (args, written = "rlike") => `${written.toUpperCase()}(${args.join(", ")})`,
    make: (context) => withPattern(context, 1, "rlike", "", (re) => (s: string) => re.test(s)),
  });
}

/** Compiles a constant pattern once, or takes each row's from the cache. */
function withPattern(
  context: MakeContext,
  index: number,
  name: string,
  flags: string,
  make: (re: RegExp) => (...args: never[]) => Value,
): (...args: never[]) => Value {
  const pattern = constantText(context, index);
  if (pattern !== undefined) {
    let body: ((...args: never[]) => Value) | undefined;
    return (...args) => (body ??= make(javaRegExp(pattern, flags, name)))(...args);
  }
  return (...args: never[]) => make(javaRegExp(args[index] as string, flags, name))(...args);
}

function group(match: RegExpExecArray, index: number, name: string): string {
  if (index < 0 || index >= match.length) {
    throw new SluiceError("INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX", {
      parameter: "`idx`",
      functionName: `\`${name}\``,
      groupCount: match.length - 1,
      groupIndex: index,
    });
  }
  return match[index] ?? "";
}

/** Every match; an empty one moves on by a character. */
function* matches(re: RegExp, s: string): Generator<RegExpExecArray> {
  re.lastIndex = 0;
  for (let m = re.exec(s); m !== null; m = re.exec(s)) {
    yield m;
    if (m[0] === "") re.lastIndex++;
  }
}

/** Splits as Java's String.split(regex, limit), where a limit of 0 or less means no limit. */
export function splitText(s: string, re: RegExp, limit: number): string[] {
  if (s === "") return [""];
  const out: string[] = [];
  let from = 0;
  for (const m of matches(re, s)) {
    if (limit > 0 && out.length === limit - 1) break;
    // Java gives no empty first part for a match of nothing at the start, and none at the end.
    if (m[0] === "" && (m.index === 0 || m.index >= s.length)) continue;
    out.push(s.slice(from, m.index));
    from = m.index + m[0].length;
  }
  out.push(s.slice(from));
  return out;
}

const STRINGS = array(STRING, false);

export const regexpFunctions: readonly ScalarFunction[] = [
  like("like", [
    "'Spark' LIKE 'S%k'",
    "'abc' LIKE 'a_c'",
    "'a%c' LIKE 'a\\\\%c'",
    "'abc' LIKE 'abc'",
    "'abc' LIKE '%b%'",
    "'abc' NOT LIKE 'b%'",
    "NULL LIKE 'a'",
    "'a%' LIKE 'a/%' ESCAPE '/'",
    "'a\\nb' LIKE 'a%b'",
    "'😀' LIKE '_'",
    "'abc' LIKE 'ABC'",
  ]),
  like("ilike", ["'Spark' ILIKE 's%K'", "ilike('ABC', 'abc')", "'É' ILIKE 'é'"]),
  rlike(),
  text({
    name: "split",
    summary: "The parts of a string between matches of a regular expression; at most `limit` when that is above 0.",
    args: "str, regex, limit",
    examples: [
      "split('oneAtwoBthreeC', '[ABC]')",
      "split('oneAtwoBthreeC', '[ABC]', 2)",
      "split('a,b,,', ',')",
      "split('abc', '')",
      "split('', ',')",
      "split('a.b', '\\\\.', 0)",
      "split('hello', 'l', -1)",
      "split(NULL, ',')",
    ],
    inputs: [STRING, STRING, INT],
    min: 2,
    output: STRINGS,
    prettyName: (args) => `split(${args.join(", ")}${args.length === 2 ? ", -1" : ""})`,
    make(context) {
      const pattern = constantText(context, 1);
      if (pattern !== undefined && /^(?:[^\\^$.*+?()[\]{}|]|\\[.|$*+?])$/.test(pattern) && context.types.length === 2) {
        const delimiter = pattern.slice(-1);
        return (s: string) => s.split(delimiter);
      }
      return withPattern(
        context,
        1,
        "split",
        "g",
        (re) =>
          (s: string, _: string, limit = -1) =>
            splitText(s, re, limit),
      );
    },
  }),
  text({
    name: "regexp_extract",
    summary: "The given group (1 by default) of the first match; an empty string when nothing matches.",
    args: "str, regexp, idx",
    examples: [
      "regexp_extract('100-200', '(\\\\d+)-(\\\\d+)', 1)",
      "regexp_extract('100-200', '(\\\\d+)-(\\\\d+)')",
      "regexp_extract('foo', 'x(y)', 1)",
      "regexp_extract('100-200', '(\\\\d+)-(\\\\d+)', 0)",
      "regexp_extract('100-200', '(\\\\d+)', 3)",
      "regexp_extract('ac', 'a(b)?c', 1)",
      "regexp_extract(NULL, 'a', 0)",
    ],
    inputs: [STRING, STRING, INT],
    min: 2,
    output: STRING,
    prettyName: (args) => `regexp_extract(${args.join(", ")}${args.length === 2 ? ", 1" : ""})`,
    make: (context) =>
      withPattern(context, 1, "regexp_extract", "", (re) => (s: string, _: string, index = 1) => {
        const m = re.exec(s);
        return m === null ? "" : group(m, index, "regexp_extract");
      }),
  }),
  text({
    name: "regexp_extract_all",
    summary: "The given group (1 by default) of every match.",
    args: "str, regexp, idx",
    examples: [
      "regexp_extract_all('100-200, 300-400', '(\\\\d+)-(\\\\d+)', 1)",
      "regexp_extract_all('a', 'b', 0)",
      "regexp_extract_all('100-200', '(\\\\d+)')",
    ],
    inputs: [STRING, STRING, INT],
    min: 2,
    output: array(STRING, true),
    prettyName: (args) => `regexp_extract_all(${args.join(", ")}${args.length === 2 ? ", 1" : ""})`,
    make: (context) =>
      withPattern(
        context,
        1,
        "regexp_extract_all",
        "g",
        (re) =>
          (s: string, _: string, index = 1) =>
            Array.from(matches(re, s), (m) => group(m, index, "regexp_extract_all")),
      ),
  }),
  text({
    name: "regexp_replace",
    summary: "The string with every match from a position on replaced; `$1` stands for a group.",
    args: "str, regexp, rep, position",
    examples: [
      "regexp_replace('100-200', '(\\\\d+)', 'num')",
      "regexp_replace('100-200', '(\\\\d+)-(\\\\d+)', '$2-$1')",
      "regexp_replace('abcabc', 'b', 'x', 4)",
      "regexp_replace('abc', '', '-')",
      "regexp_replace('aaa', 'a', '\\\\$')",
      "regexp_replace(NULL, 'a', 'b')",
    ],
    inputs: [STRING, STRING, STRING, INT],
    min: 3,
    output: STRING,
    prettyName: (args) => `regexp_replace(${args.join(", ")}${args.length === 3 ? ", 1" : ""})`,
    make: (context) =>
      withPattern(context, 1, "regexp_replace", "g", (re) => (s: string, _: string, rep: string, position = 1) => {
        const from = position - 1;
        if (from < 0 || from >= s.length) {
          if (s === "" && from === 0) return s.replace(re, rep);
          return s;
        }
        const replacement = javaReplacement(rep);
        const head = s.slice(0, from);
        return head + s.slice(from).replace(re, (...m) => replacement(groupsOf(m)));
      }),
  }),
  text({
    name: "regexp_count",
    summary: "Number of matches.",
    args: "str, regexp",
    examples: [
      "regexp_count('Steven Jones and Stephen Smith', 'Ste(v|ph)en')",
      "regexp_count('abc', 'x')",
      "regexp_count('aaa', 'a')",
    ],
    inputs: [STRING, STRING],
    output: INT,
    make: (context) =>
      withPattern(context, 1, "regexp_count", "g", (re) => (s: string) => {
        let n = 0;
        for (const _ of matches(re, s)) n++;
        return n;
      }),
  }),
  text({
    name: "regexp_substr",
    summary: "The first match, or NULL.",
    args: "str, regexp",
    examples: ["regexp_substr('Steven Jones', 'Ste(v|ph)en')", "regexp_substr('abc', 'x')"],
    inputs: [STRING, STRING],
    output: STRING,
    mayReturnNull: true,
    make: (context) =>
      withPattern(context, 1, "regexp_substr", "", (re) => (s: string) => {
        const found = re.exec(s)?.[0];
        return found === undefined || found === "" ? null : found;
      }),
  }),
  text({
    name: "regexp_instr",
    summary: "The position (1 is first) of the first match; 0 when nothing matches.",
    args: "str, regexp, idx",
    examples: [
      "regexp_instr('abcdef', 'c(d)')",
      "regexp_instr('abc', 'x')",
      "regexp_instr('user@spark.apache.org', '@[^.]*')",
    ],
    inputs: [STRING, STRING, INT],
    min: 2,
    output: INT,
    prettyName: (args) => `regexp_instr(${args.join(", ")}${args.length === 2 ? ", 0" : ""})`,
    make: (context) =>
      withPattern(context, 1, "regexp_instr", "", (re) => (s: string) => {
        const m = re.exec(s);
        return m === null ? 0 : characterCount(s.slice(0, m.index)) + 1;
      }),
  }),
];

/** The groups out of what a replacer of String.replace is given. */
function groupsOf(args: readonly unknown[]): (string | undefined)[] {
  const end = args.findIndex((a) => typeof a === "number");
  return args.slice(0, end) as (string | undefined)[];
}
