/** Rows as the table that Spark's `show()` and console sink draw. */
import type { StructType } from "../types/types.ts";
import type { Value } from "../types/values.ts";
import { textOf } from "./text.ts";

export interface ShowForm {
  /** Rows to show; more of them are announced in the last line. */
  readonly numRows: number;
  /** Longest text of a cell; 0 shows whole texts, to the left. */
  readonly truncate: number;
  readonly vertical: boolean;
  readonly timeZone: string;
}

const MIN_WIDTH = 3;

/**
 * The table of `rows`, of which at most `numRows` are shown. Pass one row more than `numRows` when there is one.
 * As in Spark, a last line that isn't the table's has no newline at its end.
 *
 * @example
 * showRows(schema, [[1, "a"]], { numRows: 20, truncate: 20, vertical: false, timeZone: "UTC" })
 * // +---+----+
 * // | id|name|
 * // +---+----+
 * // |  1|   a|
 * // +---+----+
 */
export function showRows(schema: StructType, rows: readonly (readonly Value[])[], form: ShowForm): string {
  const formats = schema.fields.map((f) => textOf(f.type, { timeZone: form.timeZone, nullText: "NULL" }));
  const cells = rows
    .slice(0, form.numRows)
    .map((row) => formats.map((format, c) => cut(escapeControls(format(row[c] ?? null)), form.truncate)));
  const names = schema.fields.map((f) => cut(escapeControls(f.name), form.truncate));
  const table = form.vertical ? verticalTable(names, cells) : gridTable(names, cells, form.truncate > 0);
  if (form.vertical && cells.length === 0) return `${table}(0 rows)`;
  if (rows.length <= form.numRows) return table;
  return `${table}only showing top ${form.numRows} ${form.numRows === 1 ? "row" : "rows"}`;
}

function gridTable(names: readonly string[], rows: readonly (readonly string[])[], right: boolean): string {
  const widths = names.map((name, c) =>
    rows.reduce((w, r) => Math.max(w, width(r[c])), Math.max(MIN_WIDTH, width(name))),
  );
  const rule = `+${widths.map((w) => "-".repeat(w)).join("+")}+\n`;
  const line = (row: readonly string[]) => `|${row.map((cell, c) => pad(cell, widths[c], right)).join("|")}|\n`;
  return `${rule}${line(names)}${rule}${rows.map(line).join("")}${rule}`;
}

function verticalTable(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const nameWidth = names.reduce((w, n) => Math.max(w, width(n)), MIN_WIDTH);
  const dataWidth = rows.flat().reduce((w, cell) => Math.max(w, width(cell)), MIN_WIDTH);
  return rows
    .map((row, i) => {
      const head = `-RECORD ${i}`.padEnd(nameWidth + dataWidth + 5, "-");
      const lines = row.map((cell, c) => ` ${pad(names[c], nameWidth, false)} | ${pad(cell, dataWidth, false)} \n`);
      return `${head}\n${lines.join("")}`;
    })
    .join("");
}

function cut(text: string, truncate: number): string {
  if (truncate <= 0 || text.length <= truncate) return text;
  return truncate < 4 ? text.slice(0, truncate) : `${text.slice(0, truncate - 3)}...`;
}

function pad(text: string, to: number, right: boolean): string {
  const space = " ".repeat(Math.max(0, to - width(text)));
  return right ? space + text : text + space;
}

const FULL_WIDTH =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE10-\uFE19\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/g;

/** Columns of a terminal that the text takes. */
function width(text: string): number {
  return text.length + (text.match(FULL_WIDTH)?.length ?? 0);
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\f": "\\f",
  "\b": "\\b",
  "\u000B": "\\v",
  "\u0007": "\\a",
};

function escapeControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to escape
  return text.replace(/[\n\r\t\f\b\u000B\u0007]/g, (c) => ESCAPES[c]);
}
