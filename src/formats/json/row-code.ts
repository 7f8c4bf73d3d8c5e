import { CLOCK_BYTES, ESCAPED_BYTES, REAL_BYTES, WHOLE_BYTES } from "./bytes-out.ts";

/**
 * How a column's values get their text: straight from the column's storage, or (`value`, and what the others can't do) by a
 * function that is given the value.
 */
export type FieldForm = "whole" | "real" | "clock" | "bool" | "text" | "bytes" | "value";

export interface FieldCode {
  /** `,"name":` */
  readonly name: Uint8Array;
  readonly form: FieldForm;
  readonly hasNulls: boolean;
}

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
  const fixed = fields.reduce((sum, f) => sum + f.name.length + BYTES[f.form], 2);
  const texts = fields.flatMap((f, k) => (f.form === "text" ? [textNeed(f, k)] : []));
  return `"use strict";
const { putWhole, putReal, putClock, putQuoted, putBytes, names, writers } = env;
return function writeRows(columns, rows, out, starts, ends) {
  ${fields.map(arraysOf).join("\n  ")}
  let b = out.bytes, n = out.length;
  for (let i = 0; i < rows; i++) {
    const need = ${[fixed, ...texts].join(" + ")};
    if (n + need > b.length) {
      out.length = n;
      out.reserve(need);
      b = out.bytes;
    }
    const first = starts[i] = n;
${fields.map(fieldOf).join("\n")}
    if (n === first) n++;
    b[first] = 123;
    b[n++] = 125;
    ends[i] = n;
  }
  out.length = n;
};`;
}

function arraysOf({ form, hasNulls }: FieldCode, k: number): string {
  const own =
    form === "text" || form === "bytes"
      ? `const b${k} = columns[${k}].bytes, s${k} = columns[${k}].starts, e${k} = columns[${k}].ends;`
      : `const v${k} = columns[${k}].values;`;
  return hasNulls ? `${own} const n${k} = columns[${k}].nulls;` : own;
}

/** Of a null row the bounds may be anything. */
function textNeed({ hasNulls }: FieldCode, k: number): string {
  const need = `${ESCAPED_BYTES} * (e${k}[i] - s${k}[i])`;
  return hasNulls ? `(n${k}[i] === 1 ? 0 : ${need})` : need;
}

function fieldOf(field: FieldCode, k: number): string {
  const code = `${nameOf(field.name, k)} ${valueOf(field.form, k)}`;
  return field.hasNulls ? `    if (n${k}[i] === 0) { ${code} }` : `    ${code}`;
}

function nameOf(name: Uint8Array, k: number): string {
  if (name.length > NAME_BYTES_MAX) return `n = putBytes(b, n, names[${k}]);`;
  return `${Array.from(name, (byte, j) => `b[n + ${j}] = ${byte};`).join(" ")} n += ${name.length};`;
}

function valueOf(form: FieldForm, k: number): string {
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
