import type { DataType } from "../../types/types.ts";
import { ENDED } from "./fault.ts";
import type { Shape } from "./shape.ts";

/**
 * The source text of a scanner: one function that knows the fields, and the shape that records are expected to have.
 *
 * Names in the generated code: `b` the bytes, `p` the position, `q` a position ahead, `end` where the record ends, `o` the
 * row; `v0 n0 s0 e0` the arrays of field 0 (values, nulls, starts, ends); `F` the row's flags.
 */
export interface FieldCode {
  readonly name: string;
  readonly type: DataType;
  readonly wide: boolean;
}

const hasViews = (type: DataType): boolean => type.kind === "string";

/** @param offsetUs the zone's fixed offset in microseconds, NaN when it isn't fixed */
export function scannerSource(fields: readonly FieldCode[], shape: Shape | undefined): string {
  const locals = fields.map((f, k) =>
    hasViews(f.type)
      ? `const s${k} = out.starts[${k}], e${k} = out.ends[${k}], n${k} = out.nulls[${k}];`
      : `const v${k} = out.values[${k}], n${k} = out.nulls[${k}];`,
  );
  return `"use strict";
const { T, P10, lexer, slow, iso, isoDays, offsetUs } = env;
${fields.map((_, k) => `const slow${k} = slow[${k}];`).join("\n")}
${finder(fields)}
return function scan(b, view, S, E, N, from, to, out) {
  const F = out.flags;
  ${locals.join("\n  ")}
  let strayed = 0;
  for (let i = from, o = 0; i < to; i++, o++) {
    if (N !== null && N[i] === 1) {
      F[o] = 4;
      ${fields.map((_, k) => `n${k}[o] = 1;`).join(" ")}
      continue;
    }
    const end = E[i];
    let p = S[i], q = 0, m = 0, d = 0, f = 0, at = 0;
${shape === undefined ? "" : fastPath(fields, shape)}
${keyByKey(fields, shape)}
  }
  return strayed;
};`;
}

/** Straight-line code for records of the expected shape. Leaves by `break fast` at the first difference. */
function fastPath(fields: readonly FieldCode[], shape: Shape): string {
  const ordinals = new Map(fields.map((f, k) => [f.name, k]));
  const seen = new Set<number>();
  const lines: string[] = ["    fast: {"];
  shape.values.forEach(({ key, token }, i) => {
    if (i > 0) lines.push(`      at = ${i};`);
    lines.push(separator(shape.separators[i] as Uint8Array));
    const k = ordinals.get(key);
    if (k === undefined) {
      lines.push(`      // ${JSON.stringify(key)}, not wanted`, skipCode(token));
    } else {
      seen.add(k);
      lines.push(`      // ${JSON.stringify(key)}`, valueCode(fields[k] as FieldCode, k, true));
    }
    lines.push("      if (p < 0) { at = 0; break fast; }");
  });
  lines.push(`      at = ${shape.values.length};`);
  lines.push(separator(shape.separators[shape.values.length] as Uint8Array));
  fields.forEach((_, k) => {
    if (!seen.has(k)) lines.push(`      n${k}[o] = 1;`);
  });
  lines.push("      continue;", "    }", "    strayed++;");
  return lines.join("\n");
}

/** Compares the bytes at `p` with the expected ones, four at a time, and passes them. */
function separator(bytes: Uint8Array): string {
  const tests: string[] = [`p + ${bytes.length} > end`];
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let i = 0;
  for (; i + 4 <= bytes.length; i += 4) tests.push(`view.getInt32(${at(i)}, true) !== ${data.getInt32(i, true)}`);
  for (; i + 2 <= bytes.length; i += 2) tests.push(`view.getInt16(${at(i)}, true) !== ${data.getInt16(i, true)}`);
  for (; i < bytes.length; i++) tests.push(`b[${at(i)}] !== ${bytes[i]}`);
  return `      if (${tests.join(" || ")}) break fast;\n      p += ${bytes.length};`;
}

function at(i: number): string {
  return i === 0 ? "p" : `p + ${i}`;
}

/**
 * The record key by key, in any order: what differs from the shape, what is malformed, what is blank. Where the shape held
 * for `at` values it goes on behind them.
 */
function keyByKey(fields: readonly FieldCode[], shape: Shape | undefined): string {
  const cases = fields.map(
    (f, k) => `        case ${k}: {
${valueCode(f, k, false)}
          break;
        }`,
  );
  const allNull = fields.map((_, k) => `n${k}[o] = 1;`).join(" ");
  return `    if (at > 0) {
      ${shape === undefined ? "" : unread(fields, shape)}
    } else {
      F[o] = 0;
      ${allNull}
      p = lexer.space(b, S[i], end);
      if (p >= end) { F[o] = 4; continue; }
      if (b[p] !== 123) { F[o] = 3; continue; }
      p = lexer.space(b, p + 1, end);
      if (p < end && b[p] === 125) continue;
    }
    for (;;) {
      if (at > 0) {
        if (b[p] <= 47) p = lexer.space(b, p, end);
        if (p >= end) { p = -1; break; }
        if (b[p] !== 44) {
          if (b[p] !== 125) p = -1;
          break;
        }
        p++;
        if (b[p] !== 34) p = lexer.space(b, p, end);
      }
      at = 1;
      q = p + 1;
      if (b[p] === 34) { while (T[b[q] | 0] === 0) q++; }
      if (b[p] === 34 && b[q] === 34 && b[q + 1] === 58 && q + 2 < end) {
        f = find(b, p + 1, q);
        p = q + 2;
        if (b[p] <= 32) p = lexer.space(b, p, end);
      } else {
        p = lexer.key(b, p, end);
        if (p < 0) break;
        f = env.findText(lexer.text(b, lexer.keyStart, lexer.keyEnd, lexer.escaped));
      }
      switch (f) {
${cases.join("\n")}
        default:
          if (b[p] === 34) {
${skipCode("string")}
          } else {
${skipCode("int")}
          }
      }
      if (p < 0) break;
    }
    if (p < 0) {
      if (p === ${ENDED}) F[o] |= 1;
      else {
        F[o] = 3;
        ${allNull}
      }
    }`;
}

/** Marks as null the fields whose values come after the first `at` of the shape, and those that it doesn't have. */
function unread(fields: readonly FieldCode[], shape: Shape): string {
  const places = fields.map((f) => shape.values.findIndex((v) => v.key === f.name));
  const lines = places.map((place, k) => {
    return place < 0 ? `n${k}[o] = 1;` : place === 0 ? "" : `if (at <= ${place}) n${k}[o] = 1;`;
  });
  return lines.filter((line) => line !== "").join("\n      ");
}

/** `find(b, start, end)`: which field has this key, by length and bytes; -1 for none. */
function finder(fields: readonly FieldCode[]): string {
  const byLength = new Map<number, { k: number; bytes: Buffer }[]>();
  fields.forEach((f, k) => {
    const bytes = Buffer.from(f.name);
    const group = byLength.get(bytes.length) ?? [];
    group.push({ k, bytes });
    byLength.set(bytes.length, group);
  });
  const cases = [...byLength].map(([length, group]) => {
    const tests = group.map(({ k, bytes }) => {
      const same = [...bytes].map((byte, i) => `b[s + ${i}] === ${byte}`);
      return `      if (${same.join(" && ") || "true"}) return ${k};`;
    });
    return `    case ${length}:\n${tests.join("\n")}\n      return -1;`;
  });
  return `function find(b, s, e) {
  switch (e - s) {
${cases.join("\n")}
    default:
      return -1;
  }
}`;
}

/**
 * Reads the value at `p` into field `k`; afterwards `p` is behind it, or -1. Anything but the plain form goes to
 * `slow`, which also flags values of another type.
 *
 * @param fresh the row's null byte is still 0 (in key-by-key code it is 1 until a value was read)
 */
function valueCode(field: FieldCode, k: number, fresh: boolean): string {
  const slow = `${fresh ? `n${k}[o] = 1; ` : ""}p = slow${k}(b, p, end, o);`;
  const done = fresh ? "" : ` n${k}[o] = 0;`;
  const { type, wide } = field;
  switch (type.kind) {
    case "string":
      return `          q = p + 1;
          if (b[p] === 34) { while (T[b[q] | 0] === 0) q++; }
          if (q < end && b[q] === 34 && b[p] === 34) { s${k}[o] = p + 1; e${k}[o] = q;${done} p = q + 1; }
          else { ${slow} }`;
    case "boolean":
      return `          if (b[p] === 116 && b[p + 1] === 114 && b[p + 2] === 117 && b[p + 3] === 101) { v${k}[o] = 1;${done} p += 4; }
          else if (b[p] === 102 && b[p + 1] === 97 && b[p + 2] === 108 && b[p + 3] === 115 && b[p + 4] === 101) { v${k}[o] = 0;${done} p += 5; }
          else { ${slow} }`;
    case "byte":
      return wholeCode(k, 3, "m < 128", done, slow, (x) => x);
    case "short":
      return wholeCode(k, 5, "m < 32768", done, slow, (x) => x);
    case "integer":
      return wholeCode(k, 9, "", done, slow, (x) => x);
    case "long":
      return wholeCode(k, 15, "", done, slow, (x) => (wide ? `BigInt(${x})` : x));
    case "float":
      return realCode(k, done, slow, (x) => `Math.fround(${x})`);
    case "double":
      return realCode(k, done, slow, (x) => x);
    case "decimal":
      return type.precision <= 15 ? decimalCode(k, type.precision, type.scale, wide, done, slow) : `          ${slow}`;
    case "date":
      return quotedCode(k, "q - p === 11 ? isoDays(b, p + 1, q) : NaN", done, slow, (x) => x);
    case "timestamp": {
      const store = (x: string): string => (wide ? `BigInt(${x})` : x);
      const seconds = wholeCode(k, 15, "m <= 9000000000", done, slow, (x) => store(`(${x}) * 1000000`));
      return `          if (b[p] === 34) {
${quotedCode(k, "iso(b, view, p + 1, q, offsetUs)", done, slow, store)}
          } else {
${seconds}
          }`;
    }
    default:
      return `          ${slow}`;
  }
}

/** A whole number of at most `digitsMax` digits. The loop ends with `d` = the next byte - 48. */
function wholeCode(
  k: number,
  digitsMax: number,
  range: string,
  done: string,
  slow: string,
  store: (x: string) => string,
): string {
  const inRange = range === "" ? "" : ` && ${range}`;
  return `          q = b[p] === 45 ? p + 1 : p;
          f = q;
          m = 0;
          while (((d = (b[q] | 0) - 48) >>> 0) < 10) { m = m * 10 + d; q++; }
          if (q > f && q - f <= ${digitsMax} && q < end && d !== -2 && d !== 53 && d !== 21 && (b[f] !== 48 || q - f === 1)${inRange}) {
            v${k}[o] = ${store("b[p] === 45 ? 0 - m : m")};${done}
            p = q;
          } else { ${slow} }`;
}

/** A number of at most 15 digits, with or without a fraction: exact as mantissa / power of ten, so rounded once. */
function realCode(k: number, done: string, slow: string, store: (x: string) => string): string {
  return `          q = b[p] === 45 ? p + 1 : p;
          f = q;
          m = 0;
          while (((d = (b[q] | 0) - 48) >>> 0) < 10) { m = m * 10 + d; q++; }
          if (q > f && (b[f] !== 48 || q - f === 1)) {
            if (d === -2) {
              const point = q++;
              while (((d = (b[q] | 0) - 48) >>> 0) < 10) { m = m * 10 + d; q++; }
              if (q - point > 1 && q - f <= 16 && q < end && d !== 53 && d !== 21) {
                v${k}[o] = ${store("(b[p] === 45 ? -m : m) / P10[q - point - 1]")};${done}
                p = q;
              } else { ${slow} }
            } else if (q - f <= 15 && q < end && d !== 53 && d !== 21) {
              v${k}[o] = ${store("b[p] === 45 ? 0 - m : m")};${done}
              p = q;
            } else { ${slow} }
          } else { ${slow} }`;
}

function decimalCode(k: number, precision: number, scale: number, wide: boolean, done: string, slow: string): string {
  const store = wide ? "BigInt(m)" : "m";
  return `          q = b[p] === 45 ? p + 1 : p;
          f = q;
          m = 0;
          while (((d = (b[q] | 0) - 48) >>> 0) < 10) { m = m * 10 + d; q++; }
          if (q > f && (b[f] !== 48 || q - f === 1)) {
            let places = 0;
            let whole = true;
            if (d === -2) {
              const point = q++;
              while (((d = (b[q] | 0) - 48) >>> 0) < 10) { m = m * 10 + d; q++; }
              places = q - point - 1;
              whole = places > 0;
            }
            if (whole && places <= ${scale} && q - f <= 15 && q < end && d !== -2 && d !== 53 && d !== 21 && (m *= P10[${scale} - places]) < ${10 ** precision}) {
              if (b[p] === 45) m = 0 - m;
              v${k}[o] = ${store};${done}
              p = q;
            } else { ${slow} }
          } else { ${slow} }`;
}

/** A string of plain bytes whose content `read` turns into a number, NaN where it isn't of the usual form. */
function quotedCode(k: number, read: string, done: string, slow: string, store: (x: string) => string): string {
  return `          q = p + 1;
          if (b[p] === 34) { while (T[b[q] | 0] === 0) q++; }
          m = q < end && b[q] === 34 && b[p] === 34 ? ${read} : NaN;
          if (m === m) { v${k}[o] = ${store("m")};${done} p = q + 1; }
          else { ${slow} }`;
}

/** Passes a value that nobody wants, by the kind it had in the sample; other kinds by the lexer. */
function skipCode(token: string): string {
  const other = "p = lexer.skip(b, p, end, 1);";
  if (token === "string") {
    return `      q = p + 1;
      if (b[p] === 34) { while (T[b[q] | 0] === 0) q++; }
      if (q < end && b[q] === 34 && b[p] === 34) p = q + 1;
      else ${other}`;
  }
  if (token === "int" || token === "float") {
    return `      q = b[p] === 45 ? p + 1 : p;
      f = q;
      while (((d = (b[q] | 0) - 48) >>> 0) < 10) q++;
      m = q > f && (b[f] !== 48 || q - f === 1) ? 1 : 0;
      if (d === -2) {
        f = ++q;
        while (((d = (b[q] | 0) - 48) >>> 0) < 10) q++;
        if (q === f) m = 0;
      }
      if (m === 1 && q < end && q - p < 32 && d !== 53 && d !== 21) p = q;
      else ${other}`;
  }
  return `      ${other}`;
}
