import { SluiceError } from "../../errors/error.ts";

/** Options of CSV files, with Spark's names and defaults. */
export interface CsvOptions {
  readonly separator: string;
  /** Empty when there is no quoting. */
  readonly quote: string;
  readonly escape: string;
  readonly header: boolean;
  readonly nullValue: string;
  /** Text that stands for an empty string in a quoted field. */
  readonly emptyValue: string;
  readonly comment: string;
  readonly mode: "PERMISSIVE" | "DROPMALFORMED" | "FAILFAST";
  readonly columnNameOfCorruptRecord: string;
  readonly ignoreLeadingWhiteSpace: boolean;
  readonly ignoreTrailingWhiteSpace: boolean;
  readonly timeZone: string;
}

/** @throws INVALID_OPTION_VALUE */
export function csvOptions(given: ReadonlyMap<string, string>, timeZone: string): CsvOptions {
  const flag = (name: string, otherwise: boolean): boolean => {
    const value = given.get(name)?.trim().toLowerCase();
    if (value === undefined) return otherwise;
    if (value !== "true" && value !== "false") throw invalid(name, value, "it is true or false");
    return value === "true";
  };
  const character = (name: string, otherwise: string): string => {
    const value = given.get(name);
    if (value === undefined) return otherwise;
    if (value === "\\t") return "\t";
    if (value === "\\0") return "\0";
    if (value.length > 1) throw invalid(name, value, "it is one character");
    return value;
  };
  const separator = given.get("sep") ?? given.get("delimiter") ?? ",";
  if (separator === "") throw invalid("sep", separator, "it has at least one character");
  const mode = (given.get("mode") ?? "PERMISSIVE").toUpperCase();
  if (mode !== "PERMISSIVE" && mode !== "DROPMALFORMED" && mode !== "FAILFAST") {
    throw invalid("mode", mode, "it is PERMISSIVE, DROPMALFORMED or FAILFAST");
  }
  return {
    separator: separator === "\\t" ? "\t" : separator,
    quote: character("quote", '"'),
    escape: character("escape", "\\"),
    header: flag("header", false),
    nullValue: given.get("nullValue") ?? "",
    emptyValue: given.get("emptyValue") ?? "",
    comment: character("comment", ""),
    mode,
    columnNameOfCorruptRecord: given.get("columnNameOfCorruptRecord") ?? "_corrupt_record",
    ignoreLeadingWhiteSpace: flag("ignoreLeadingWhiteSpace", false),
    ignoreTrailingWhiteSpace: flag("ignoreTrailingWhiteSpace", false),
    timeZone: given.get("timeZone") ?? timeZone,
  };
}

function invalid(option: string, value: string, reason: string): SluiceError {
  return new SluiceError("INVALID_OPTION_VALUE", { provider: "csv", option, value, reason });
}
