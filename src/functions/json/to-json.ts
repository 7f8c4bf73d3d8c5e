/** Values as JSON text, as Spark's to_json writes them. */
import type { DataType } from "../../types/types.ts";
import type { MapValue, Value } from "../../types/values.ts";
import { doubleText, floatText } from "../cast/numbers.ts";
import { textOf } from "../cast/text.ts";
import type { SessionSettings } from "../definition.ts";
import { decimalText } from "../math/decimals.ts";
import { isoTimestamp } from "./iso.ts";

type Write = (value: Value) => string;

/** Writes non-null values of the type. Null fields of structs are left out unless `ignoreNullFields` is false. */
export function jsonText(type: DataType, settings: SessionSettings, options: ReadonlyMap<string, string>): Write {
  const keepNulls = option(options, "ignoreNullFields")?.toLowerCase() === "false";
  const writer = (t: DataType): Write => {
    switch (t.kind) {
      case "string":
        return (v) => JSON.stringify(v);
      case "binary":
        return (v) => `"${Buffer.from(v as Uint8Array).toString("base64")}"`;
      case "double":
        return (v) => finite(v as number, doubleText);
      case "float":
        return (v) => finite(v as number, floatText);
      case "decimal":
        return (v) => decimalText(v as number | bigint, t.scale);
      case "timestamp":
        return (v) => `"${isoTimestamp(v as number | bigint, settings.timeZone)}"`;
      case "timestamp_ntz":
        return (v) => `"${isoTimestamp(v as number | bigint, undefined)}"`;
      case "date":
      case "daytime_interval":
      case "yearmonth_interval": {
        const text = textOf(t, settings);
        return (v) => JSON.stringify(text(v));
      }
      case "array": {
        const element = orNull(writer(t.elementType));
        return (v) => `[${(v as Value[]).map(element).join(",")}]`;
      }
      case "map": {
        const key = textOf(t.keyType, settings);
        const value = orNull(writer(t.valueType));
        return (v) => {
          const { keys, values } = v as MapValue;
          return `{${keys.map((k, i) => `${JSON.stringify(key(k))}:${value(values[i])}`).join(",")}}`;
        };
      }
      case "struct": {
        const fields = t.fields.map((f) => ({ name: `${JSON.stringify(f.name)}:`, write: writer(f.type) }));
        return (v) => {
          let out = "";
          for (let i = 0; i < fields.length; i++) {
            const x = (v as Value[])[i];
            if (x === null && !keepNulls) continue;
            if (out !== "") out += ",";
            out += fields[i].name + (x === null ? "null" : fields[i].write(x));
          }
          return `{${out}}`;
        };
      }
      default:
        return String;
    }
  };
  return writer(type);
}

function option(options: ReadonlyMap<string, string>, name: string): string | undefined {
  for (const [key, value] of options) if (key.toLowerCase() === name.toLowerCase()) return value;
  return undefined;
}

function orNull(write: Write): Write {
  return (v) => (v === null ? "null" : write(v));
}

/** JSON has no NaN and infinities; Spark writes them as texts. */
function finite(x: number, text: (x: number) => string): string {
  return Number.isFinite(x) ? text(x) : `"${text(x)}"`;
}
