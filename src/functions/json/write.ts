/** Values to JSON text, as Spark's to_json. */

import { doubleText, floatText, mapKeyText } from "../../columns/text.ts";
import { formatDate, zoneOf } from "../../types/datetime.ts";
import { datetimeFormat } from "../../types/datetime-pattern.ts";
import type { DataType } from "../../types/types.ts";
import type { MapValue, Value } from "../../types/values.ts";
import { textOf } from "../cast/text.ts";
import type { SessionSettings } from "../definition.ts";
import { decimalText } from "../math/decimals.ts";

export interface JsonWriteOptions {
  /** Leave out fields that are null; Spark's default. */
  readonly ignoreNullFields: boolean;
  readonly dateFormat?: string;
  readonly timestampFormat?: string;
  readonly timestampNtzFormat?: string;
  readonly timeZone?: string;
  readonly pretty: boolean;
}

const TIMESTAMP_FORMAT = "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]";
const TIMESTAMP_NTZ_FORMAT = "yyyy-MM-dd'T'HH:mm:ss[.SSS]";

/** A string as JSON writes it. */
export function jsonString(text: string): string {
  const quoted = JSON.stringify(text);
  // Spark writes the digits of an escape as capitals.
  if (!quoted.includes("\\u00")) return quoted;
  return quoted.replace(/\\(?:u00([01][0-9a-f])|.)/g, (escape, digits?: string) =>
    digits === undefined ? escape : `\\u00${digits.toUpperCase()}`,
  );
}

type Writer = (value: Value, indent: string) => string;

/** The function that writes non-null values of the type. */
export function jsonWriter(
  type: DataType,
  options: JsonWriteOptions,
  settings: SessionSettings,
): (value: Value) => string {
  const writer = writerOf(type, options, settings);
  return (value) => writer(value, "");
}

function writerOf(type: DataType, options: JsonWriteOptions, settings: SessionSettings): Writer {
  switch (type.kind) {
    case "null":
      return () => "null";
    case "boolean":
    case "byte":
    case "short":
    case "integer":
    case "long":
      return String;
    case "float":
    case "double": {
      const text = type.kind === "float" ? floatText : doubleText;
      return (v) => (Number.isFinite(v) ? text(v as number) : `"${text(v as number)}"`);
    }
    case "decimal":
      return (v) => decimalText(v as number | bigint, type.scale);
    case "string":
      return (v) => jsonString(v as string);
    case "binary":
      return (v) => `"${Buffer.from(v as Uint8Array).toString("base64")}"`;
    case "date": {
      const format = options.dateFormat;
      if (format === undefined) return (v) => `"${formatDate(v as number)}"`;
      const utc = zoneOf("UTC");
      return (v) => jsonString(datetimeFormat(format).format(BigInt(v as number) * 86400000000n, utc, "UTC"));
    }
    case "timestamp": {
      const zoneId = options.timeZone ?? settings.timeZone;
      const zone = zoneOf(zoneId);
      const format = datetimeFormat(options.timestampFormat ?? TIMESTAMP_FORMAT);
      return (v) => jsonString(format.format(v as number | bigint, zone, zoneId));
    }
    case "timestamp_ntz": {
      const format = datetimeFormat(options.timestampNtzFormat ?? TIMESTAMP_NTZ_FORMAT);
      return (v) => jsonString(format.format(v as number | bigint, zoneOf("UTC"), "UTC"));
    }
    case "array": {
      const element = orNull(writerOf(type.elementType, options, settings));
      return (v, indent) =>
        `[${spaced(
          (v as Value[]).map((x) => element(x, indent)),
          options.pretty ? ", " : ",",
        )}]`;
    }
    case "map": {
      const key = mapKeyText(type.keyType);
      const value = orNull(writerOf(type.valueType, options, settings));
      return (v, indent) => {
        const { keys, values } = v as MapValue;
        return braces(
          keys.map((k, i) => [jsonString(key(k)), value(values[i], `${indent}  `)]),
          options.pretty,
          indent,
        );
      };
    }
    case "struct": {
      const fields = type.fields.map((f) => ({
        name: jsonString(f.name),
        write: orNull(writerOf(f.type, options, settings)),
      }));
      return (v, indent) => {
        const entries: [string, string][] = [];
        fields.forEach((f, i) => {
          const x = (v as Value[])[i];
          if (x !== null || !options.ignoreNullFields) entries.push([f.name, f.write(x, `${indent}  `)]);
        });
        return braces(entries, options.pretty, indent);
      };
    }
    default: {
      const text = textOf(type, settings);
      return (v) => jsonString(text(v));
    }
  }
}

function orNull(write: Writer): Writer {
  return (v, indent) => (v === null ? "null" : write(v, indent));
}

function spaced(items: readonly string[], separator: string): string {
  return separator === ", " && items.length > 0 ? ` ${items.join(separator)} ` : items.join(separator);
}

function braces(entries: readonly (readonly [string, string])[], pretty: boolean, indent: string): string {
  if (!pretty) return `{${entries.map(([k, v]) => `${k}:${v}`).join(",")}}`;
  if (entries.length === 0) return "{ }";
  return `{\n${entries.map(([k, v]) => `${indent}  ${k} : ${v}`).join(",\n")}\n${indent}}`;
}
