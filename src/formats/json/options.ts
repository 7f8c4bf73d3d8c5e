import { SluiceError } from "../../errors/error.ts";

/** Options of from_json and of JSON files, with Spark's names and defaults. */
export interface JsonOptions {
  readonly mode: "PERMISSIVE" | "DROPMALFORMED" | "FAILFAST";
  readonly columnNameOfCorruptRecord: string;
  readonly allowSingleQuotes: boolean;
  readonly allowUnquotedFieldNames: boolean;
  readonly allowNumericLeadingZeros: boolean;
  readonly allowBackslashEscapingAnyCharacter: boolean;
  readonly allowUnquotedControlChars: boolean;
  readonly allowNonNumericNumbers: boolean;
  readonly allowComments: boolean;
  /** Numbers and booleans are read as text, whatever the schema was inferred to be; no effect on a given schema. */
  readonly primitivesAsString: boolean;
  readonly dateFormat: string | undefined;
  readonly timestampFormat: string | undefined;
  readonly timestampNTZFormat: string | undefined;
  /** IANA zone or offset for text without one. */
  readonly timeZone: string;
  readonly maxNestingDepth: number;
  readonly maxNumLen: number;
}

/**
 * Reads JSON options; names are compared without regard to case.
 *
 * @param timeZone the session's, used when the option `timeZone` is absent
 * @throws SluiceError INVALID_OPTION_VALUE
 */
export function jsonOptions(given: ReadonlyMap<string, string>, timeZone: string): JsonOptions {
  const lower = new Map([...given].map(([name, value]) => [name.toLowerCase(), value]));
  const flag = (name: string, otherwise: boolean): boolean => {
    const value = lower.get(name.toLowerCase());
    if (value === undefined) return otherwise;
    const text = value.trim().toLowerCase();
    if (text !== "true" && text !== "false") {
      throw new SluiceError("INVALID_OPTION_VALUE", {
        option: name,
        value,
        provider: "json",
        reason: "it is true or false",
      });
    }
    return text === "true";
  };
  const count = (name: string, otherwise: number): number => {
    const value = lower.get(name.toLowerCase());
    if (value === undefined) return otherwise;
    if (!/^[0-9]{1,9}$/.test(value)) {
      throw new SluiceError("INVALID_OPTION_VALUE", {
        option: name,
        value,
        provider: "json",
        reason: "it is a whole number",
      });
    }
    return Number(value);
  };
  return {
    mode: modeOf(lower.get("mode")),
    columnNameOfCorruptRecord: lower.get("columnnameofcorruptrecord") ?? "_corrupt_record",
    allowSingleQuotes: flag("allowSingleQuotes", true),
    allowUnquotedFieldNames: flag("allowUnquotedFieldNames", false),
    allowNumericLeadingZeros: flag("allowNumericLeadingZeros", false),
    allowBackslashEscapingAnyCharacter: flag("allowBackslashEscapingAnyCharacter", false),
    allowUnquotedControlChars: flag("allowUnquotedControlChars", false),
    allowNonNumericNumbers: flag("allowNonNumericNumbers", true),
    allowComments: flag("allowComments", false),
    primitivesAsString: flag("primitivesAsString", false),
    dateFormat: lower.get("dateformat"),
    timestampFormat: lower.get("timestampformat"),
    timestampNTZFormat: lower.get("timestampntzformat"),
    timeZone: lower.get("timezone") ?? timeZone,
    maxNestingDepth: count("maxNestingDepth", 1000),
    maxNumLen: count("maxNumLen", 1000),
  };
}

function modeOf(text: string | undefined): JsonOptions["mode"] {
  const mode = text?.toUpperCase() ?? "PERMISSIVE";
  if (mode === "PERMISSIVE" || mode === "DROPMALFORMED" || mode === "FAILFAST") return mode;
  throw new SluiceError("INVALID_OPTION_VALUE", {
    option: "mode",
    value: text ?? "",
    provider: "json",
    reason: "it is PERMISSIVE, DROPMALFORMED or FAILFAST",
  });
}
