import { CLOCK_BYTES, ESCAPED_BYTES, REAL_BYTES, WHOLE_BYTES } from "./bytes-out.ts";

/**
 * How a column's values get their text: straight from the column's storage, or (`value`, and what the others can't do) by a
 * function that is given the value.
 */
export type FieldForm = "whole" | "real" | "clock" | "bool" | "text" | "bytes" | "value";

interface NamedCode {
  /** Unique among the fields of a row, and of its structs. */
  readonly ordinal: number;
  /** `,"name":` */
  readonly name: Uint8Array;
}

export interface ValueCode extends NamedCode {
  readonly column: number;
  readonly form: FieldForm;
  readonly hasNulls: boolean;
}

/** A struct that is never null, whose fields are columns of their own. */
export interface StructCode extends NamedCode {
  readonly fields: readonly FieldCode[];
}

export type FieldCode = ValueCode | StructCode;

/** Most bytes of a value, besides those that its own length says. A clock has a date and a zone's offset around it. */
const BYTES: Readonly<Record<FieldForm, number>> = {
  whole: WHOLE_BYTES,
  real: REAL_BYTES,
  clock: CLOCK_BYTES + 52,
  bool: 5,
  text: 2,
  bytes: 0,
  value: 0,
};
/** Longer names are copied by a loop. */
const NAME_BYTES_MAX = 40;

/**
 * The source text of a function that writes rows as JSON objects, one behind the other:
 * `(columns, rows, out, starts, ends)`. The first comma of an object becomes its opening brace.
 *
 * Names in the generated code: `b` the bytes, `n` the position, `i` the row; `v0 n0` the arrays of field 0, or `b0 s0 e0 n0`.
 */
export function rowsSource(fields: readonly FieldCode[]): string {
  const values = fields.flatMap(valuesOf);
  const texts = values.flatMap((v) => (v.form === "text" ? [textNeed(v)] : []));
  return `"use strict";
const { putWhole, putReal, putClock, putQuoted, putBytes, names, writers } = env;
return function writeRows(columns, rows, out, starts, ends) {
  ${values.map(arraysOf).join("\n  ")}
  let b = out.bytes, n = out.length;
  for (let i = 0; i < rows; i++) {
    const need = ${[bytesOf(fields), ...texts].join(" + ")};
    if (n + need > b.length) {
      out.length = n;
      out.reserve(need);
      b = out.bytes;
    }
    const first = starts[i] = n;
${objectOf(fields, "first")}
    ends[i] = n;
  }
  out.length = n;
};`;
}

const valuesOf = (f: FieldCode): ValueCode[] => ("fields" in f ? f.fields.flatMap(valuesOf) : [f]);

/** Braces, names and values, but for what a value's own length says. */
function bytesOf(fields: readonly FieldCode[]): number {
  return fields.reduce((sum, f) => sum + f.name.length + ("fields" in f ? bytesOf(f.fields) : BYTES[f.form]), 2);
}

function arraysOf({ ordinal: k, column, form, hasNulls }: ValueCode): string {
  const own =
    form === "text" || form === "bytes"
      ? `const b${k} = columns[${column}].bytes, s${k} = columns[${column}].starts, e${k} = columns[${column}].ends;`
      : `const v${k} = columns[${column}].values;`;
  return hasNulls ? `${own} const n${k} = columns[${column}].nulls;` : own;
}

/** Of a null row the bounds may be anything. */
function textNeed({ ordinal: k, hasNulls }: ValueCode): string {
  const need = `${ESCAPED_BYTES} * (e${k}[i] - s${k}[i])`;
  return hasNulls ? `(n${k}[i] === 1 ? 0 : ${need})` : need;
}

/** @param first the variable that says where the object begins */
function objectOf(fields: readonly FieldCode[], first: string): string {
  return `${fields.map(fieldOf).join("\n")}
    if (n === ${first}) n++;
    b[${first}] = 123;
    b[n++] = 125;`;
}

function fieldOf(field: FieldCode): string {
  const name = nameOf(field);
  if ("fields" in field) {
    const first = `first${field.ordinal}`;
    return `    ${name}\n    const ${first} = n;\n${objectOf(field.fields, first)}`;
  }
  const code = `${name} ${valueOf(field)}`;
  return field.hasNulls ? `    if (n${field.ordinal}[i] === 0) { ${code} }` : `    ${code}`;
}

function nameOf({ ordinal, name }: FieldCode): string {
  if (name.length > NAME_BYTES_MAX) return `n = putBytes(b, n, names[${ordinal}]);`;
  return `${Array.from(name, (byte, j) => `b[n + ${j}] = ${byte};`).join(" ")} n += ${name.length};`;
}

function valueOf({ ordinal: k, form }: ValueCode): string {
  switch (form) {
    case "whole":
      return `n = putWhole(b, n, v${k}[i]);`;
    case "real":
      return `const end${k} = putReal(b, n, v${k}[i]); if (end${k} >= 0) n = end${k}; else { ${slow(k, `v${k}[i]`)} }`;
    case "clock":
      return `n = putClock(b, n, v${k}[i]);`;
    case "bool":
      return `n = putBytes(b, n, v${k}[i] === 1 ? names.true : names.false);`;
    case "text":
      return `n = putQuoted(b, n, b${k}, s${k}[i], e${k}[i]);`;
    case "bytes":
      return slow(k, `b${k}.subarray(s${k}[i], e${k}[i])`);
    case "value":
      return slow(k, `v${k}[i]`);
  }
}

/** The function makes its own room; afterwards there has to be some again for what follows. */
function slow(k: number, value: string): string {
  return `out.length = n; writers[${k}](${value}, out); out.reserve(need); n = out.length; b = out.bytes;`;
}
