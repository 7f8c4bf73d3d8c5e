/** Rows as JSON text, as Spark writes JSON files: fields that are null are left out. */
import { decimalText, doubleText, floatText, textOf } from "../../columns/text.ts";
import { formatDate, zoneOf } from "../../types/datetime.ts";
import type { DataType, StructType } from "../../types/types.ts";
import type { MapValue, Value } from "../../types/values.ts";
import { isoNtzText, isoText } from "../text/iso.ts";

type Write = (value: Exclude<Value, null>) => string;

/** The function that writes a row, given its values in the schema's order. */
export function jsonRowWriter(schema: StructType, timeZone: string): (values: readonly Value[]) => string {
  return structWriter(schema, timeZone);
}

function structWriter(type: StructType, timeZone: string): (values: readonly Value[]) => string {
  const names = type.fields.map((f) => `${JSON.stringify(f.name)}:`);
  const writers = type.fields.map((f) => writerOf(f.type, timeZone));
  return (values) => {
    let text = "";
    for (let i = 0; i < names.length; i++) {
      const value = values[i];
      if (value !== null) text += (text === "" ? "" : ",") + names[i] + writers[i](value);
    }
    return `{${text}}`;
  };
}

function writerOf(type: DataType, timeZone: string): Write {
  switch (type.kind) {
    case "boolean":
    case "byte":
    case "short":
    case "integer":
    case "long":
      return String;
    case "float":
      return (v) => number(v as number, floatText);
    case "double":
      return (v) => number(v as number, doubleText);
    case "decimal":
      return (v) => decimalText(v as number | bigint, type.scale);
    case "string":
      return (v) => JSON.stringify(v);
    case "binary":
      return (v) => JSON.stringify(Buffer.from(v as Uint8Array).toString("base64"));
    case "date":
      return (v) => JSON.stringify(formatDate(v as number));
    case "timestamp": {
      const zone = zoneOf(timeZone);
      return (v) => JSON.stringify(isoText(v as number | bigint, zone));
    }
    case "timestamp_ntz":
      return (v) => JSON.stringify(isoNtzText(v as number | bigint));
    case "array": {
      const element = nullable(writerOf(type.elementType, timeZone));
      return (v) => `[${(v as Value[]).map(element).join(",")}]`;
    }
    case "map": {
      const key = textOf(type.keyType, { timeZone, nullText: "null" });
      const item = nullable(writerOf(type.valueType, timeZone));
      return (v) => {
        const { keys, values } = v as MapValue;
        return `{${keys.map((k, i) => `${JSON.stringify(key(k))}:${item(values[i])}`).join(",")}}`;
      };
    }
    case "struct": {
      const write = structWriter(type, timeZone);
      return (v) => write(v as Value[]);
    }
    default: {
      const text = textOf(type, { timeZone, nullText: "null" });
      return (v) => JSON.stringify(text(v));
    }
  }
}

function nullable(write: Write): (value: Value) => string {
  return (value) => (value === null ? "null" : write(value));
}

/** JSON has no NaN and no infinity: Spark writes them as texts. */
function number(x: number, text: (x: number) => string): string {
  return Number.isFinite(x) ? text(x) : JSON.stringify(text(x));
}
