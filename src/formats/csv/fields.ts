import type { CsvOptions } from "./options.ts";

/** The fields of one line; null is a field that is empty and not quoted. */
export function splitLine(line: string, options: CsvOptions): (string | null)[] {
  const { separator, quote, escape } = options;
  if (quote === "" || !line.includes(quote)) return line.split(separator).map((f) => plain(f, options));
  const fields: (string | null)[] = [];
  let at = 0;
  for (;;) {
    const lead = options.ignoreLeadingWhiteSpace ? leadingSpaces(line, at) : 0;
    if (line.startsWith(quote, at + lead)) {
      const { text, next } = quoted(line, at + lead + 1, quote, escape);
      // What stands between the closing quote and the separator belongs to the field.
      const end = fieldEnd(line, next, separator);
      fields.push(text + line.slice(next, end));
      at = end;
    } else {
      const end = fieldEnd(line, at, separator);
      fields.push(plain(line.slice(at, end), options));
      at = end;
    }
    if (at >= line.length) return fields;
    at += separator.length;
    if (at === line.length) {
      fields.push(null);
      return fields;
    }
  }
}

function plain(field: string, options: CsvOptions): string | null {
  let text = field;
  if (options.ignoreLeadingWhiteSpace) text = text.trimStart();
  if (options.ignoreTrailingWhiteSpace) text = text.trimEnd();
  return text === "" ? null : text;
}

function leadingSpaces(line: string, at: number): number {
  let n = 0;
  while (line[at + n] === " ") n++;
  return n;
}

function fieldEnd(line: string, at: number, separator: string): number {
  const end = line.indexOf(separator, at);
  return end < 0 ? line.length : end;
}

/** The text up to the closing quote. A quote inside is doubled or escaped. */
function quoted(line: string, from: number, quote: string, escape: string): { text: string; next: number } {
  let text = "";
  let at = from;
  while (at < line.length) {
    const c = line[at];
    if (c === escape && escape !== quote && (line[at + 1] === quote || line[at + 1] === escape)) {
      text += line[at + 1];
      at += 2;
    } else if (c === quote && line[at + 1] === quote) {
      text += quote;
      at += 2;
    } else if (c === quote) {
      return { text, next: at + 1 };
    } else {
      text += c;
      at++;
    }
  }
  return { text, next: at };
}

/** A row as a line, quoted where it must be. Null fields stand as `nullValue`, empty ones as a pair of quotes. */
export function joinLine(fields: readonly (string | null)[], options: CsvOptions): string {
  return fields.map((f) => (f === null ? options.nullValue : quoteField(f, options))).join(options.separator);
}

function quoteField(field: string, { separator, quote, escape }: CsvOptions): string {
  if (quote === "") return field;
  if (field === "") return quote + quote;
  if (!field.includes(separator) && !field.includes(quote) && !/[\r\n]/.test(field)) return field;
  const escaped = field.replaceAll(escape, escape + escape).replaceAll(quote, escape + quote);
  return quote + escaped + quote;
}
