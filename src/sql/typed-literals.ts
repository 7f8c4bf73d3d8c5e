/** `DATE '2024-02-29'`, `TIMESTAMP '…'`, `X'1F'`. */
import { SluiceError } from "../errors/error.ts";
import { toProtoType } from "../plan/data-types.ts";
import type { Expression } from "../plan/messages.ts";
import { parseDate, parseTimestamp, parseTimestampNtz, zoneOf } from "../types/datetime.ts";
import { TIMESTAMP } from "../types/types.ts";
import type { Parser } from "./parser.ts";

export const TYPED_LITERALS = new Set(["DATE", "TIMESTAMP", "TIMESTAMP_LTZ", "TIMESTAMP_NTZ", "X"]);

const HINTS: Readonly<Record<string, string>> = {
  DATE: "Write it as in DATE '2024-02-29'.",
  TIMESTAMP: "Write it as in TIMESTAMP '2024-02-29 12:30:00', with a zone at the end if you like.",
  X: "Write it with hexadecimal digits, as in X'1F'.",
};

/** The constant at the cursor, which is at its type's name; a string follows. */
export function typedLiteral(p: Parser): Expression {
  const { stream } = p;
  const start = p.mark();
  const type = stream.next().value;
  const token = stream.next();
  const literalType = valueOf(p, type, token.value);
  if (literalType?.case === "timestamp" && p.options.timeZone === undefined && needsZone(token.value)) {
    const castToType = { case: "type", value: toProtoType(TIMESTAMP) } as const;
    return p.expression(start, { case: "cast", value: { expr: p.string(token.start, token.value), castToType } });
  }
  if (literalType !== undefined) return p.expression(start, { case: "literal", value: { literalType } });
  throw new SluiceError(
    "INVALID_TYPED_LITERAL",
    { value: token.text, valueType: `"${type}"`, hint: HINTS[type] ?? HINTS["TIMESTAMP"] },
    { context: stream.context(start, token.stop) },
  );
}

function valueOf(p: Parser, type: string, text: string) {
  switch (type) {
    case "DATE": {
      const value = parseDate(text);
      return value === undefined ? undefined : ({ case: "date", value } as const);
    }
    case "X":
      return binary(text);
    case "TIMESTAMP_NTZ": {
      const value = parseTimestampNtz(text, true);
      return value === undefined ? undefined : ({ case: "timestampNtz", value: BigInt(value) } as const);
    }
    default: {
      const value = parseTimestamp(text, zoneOf(p.options.timeZone ?? "UTC"), true);
      return value === undefined ? undefined : ({ case: "timestamp", value: BigInt(value) } as const);
    }
  }
}

/** True when the text names no zone of its own. */
function needsZone(text: string): boolean {
  return parseTimestamp(text, zoneOf("UTC"), true) !== parseTimestamp(text, zoneOf("+01:00"), true);
}

function binary(text: string) {
  if (!/^[0-9A-Fa-f]*$/.test(text)) return undefined;
  const padded = text.length % 2 === 0 ? text : `0${text}`;
  return { case: "binary", value: Uint8Array.from(Buffer.from(padded, "hex")) } as const;
}
