/** Spark's types and Parquet's schema elements, in both directions, as Spark maps them. */
import type { SchemaElement, SchemaTree } from "hyparquet";
import { SluiceError } from "../../errors/error.ts";
import {
  array,
  BINARY,
  BOOLEAN,
  BYTE,
  DATE,
  type DataType,
  DOUBLE,
  decimal,
  FLOAT,
  field,
  INT,
  LONG,
  map,
  SHORT,
  STRING,
  type StructField,
  type StructType,
  struct,
  TIMESTAMP,
  TIMESTAMP_NTZ,
} from "../../types/types.ts";

/** What a file's column is, and how its raw values become internal ones. */
export interface ColumnForm {
  readonly type: DataType;
  /** How many of the raw value's units make a microsecond, or the other way round; for timestamps. */
  readonly unit?: "millis" | "micros" | "nanos" | "int96";
  /** Of a struct's fields, an array's element, a map's key and value. */
  readonly parts?: readonly ColumnForm[];
}

export function schemaOfFile(root: SchemaTree): { readonly schema: StructType; readonly forms: readonly ColumnForm[] } {
  const forms = root.children.map(formOf);
  return { schema: struct(...root.children.map((c, i) => fieldOf(c, forms[i]))), forms };
}

function fieldOf(node: SchemaTree, form: ColumnForm): StructField {
  return field(node.element.name, form.type, node.element.repetition_type !== "REQUIRED");
}

function formOf(node: SchemaTree): ColumnForm {
  const { element, children } = node;
  if (children.length === 0) return leafForm(element);
  const annotation = element.logical_type?.type ?? element.converted_type;
  if (annotation === "LIST") {
    const repeated = children[0];
    // Three levels as the format asks for, or the old two.
    const item = repeated.children.length === 1 ? repeated.children[0] : repeated;
    const part = formOf(item);
    return { type: array(part.type, item.element.repetition_type === "OPTIONAL"), parts: [part] };
  }
  if (annotation === "MAP" || annotation === "MAP_KEY_VALUE") {
    const [key, value] = children[0].children;
    const parts = [formOf(key), formOf(value)];
    return { type: map(parts[0].type, parts[1].type, value.element.repetition_type !== "REQUIRED"), parts };
  }
  const parts = children.map(formOf);
  return { type: struct(...children.map((c, i) => fieldOf(c, parts[i]))), parts };
}

function leafForm(element: SchemaElement): ColumnForm {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (converted === "DECIMAL" || logical?.type === "DECIMAL") {
    return { type: decimal(element.precision ?? 10, element.scale ?? 0) };
  }
  if (logical?.type === "TIMESTAMP") {
    const unit = logical.unit.toLowerCase() as "millis" | "micros" | "nanos";
    return { type: logical.isAdjustedToUTC ? TIMESTAMP : TIMESTAMP_NTZ, unit };
  }
  if (converted === "TIMESTAMP_MILLIS") return { type: TIMESTAMP, unit: "millis" };
  if (converted === "TIMESTAMP_MICROS") return { type: TIMESTAMP, unit: "micros" };
  if (converted === "DATE" || logical?.type === "DATE") return { type: DATE };
  switch (type) {
    case "BOOLEAN":
      return { type: BOOLEAN };
    case "INT32":
      return { type: converted === "INT_8" ? BYTE : converted === "INT_16" || converted === "UINT_8" ? SHORT : INT };
    case "INT64":
      return { type: LONG };
    case "INT96":
      return { type: TIMESTAMP, unit: "int96" };
    case "FLOAT":
      return { type: FLOAT };
    case "DOUBLE":
      return { type: DOUBLE };
    default: {
      const text = converted === "UTF8" || converted === "ENUM" || converted === "JSON" || logical?.type === "STRING";
      return { type: text ? STRING : BINARY };
    }
  }
}

/**
 * Takes away the annotations whose values we make ourselves, because the reader's own forms lose digits (decimals,
 * timestamps) or key types (maps).
 */
export function withRawValues(elements: readonly SchemaElement[]): SchemaElement[] {
  const own = new Set(["DECIMAL", "MAP", "MAP_KEY_VALUE", "DATE", "TIMESTAMP", "TIMESTAMP_MILLIS", "TIMESTAMP_MICROS"]);
  return elements.map((e) => {
    const annotation = e.logical_type?.type ?? e.converted_type;
    if (annotation === undefined || !(own.has(annotation) || own.has(e.converted_type ?? ""))) return e;
    const { converted_type: _, logical_type: __, ...raw } = e;
    return raw;
  });
}

/** The elements of a file with this schema, root first. */
export function elementsOf(schema: StructType): SchemaElement[] {
  return [{ name: "spark_schema", num_children: schema.fields.length }, ...schema.fields.flatMap(elementOf)];
}

function elementOf({ name, type, nullable }: StructField): SchemaElement[] {
  const repetition_type = nullable ? "OPTIONAL" : "REQUIRED";
  const leaf = (more: Omit<SchemaElement, "name">): SchemaElement[] => [{ name, repetition_type, ...more }];
  switch (type.kind) {
    case "boolean":
      return leaf({ type: "BOOLEAN" });
    case "byte":
      return leaf({ type: "INT32", converted_type: "INT_8" });
    case "short":
      return leaf({ type: "INT32", converted_type: "INT_16" });
    case "integer":
    case "yearmonth_interval":
      return leaf({ type: "INT32" });
    case "date":
      return leaf({ type: "INT32", converted_type: "DATE", logical_type: { type: "DATE" } });
    case "long":
    case "daytime_interval":
      return leaf({ type: "INT64" });
    case "float":
      return leaf({ type: "FLOAT" });
    case "double":
      return leaf({ type: "DOUBLE" });
    case "string":
      return leaf({ type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } });
    case "binary":
      return leaf({ type: "BYTE_ARRAY" });
    case "timestamp":
      return leaf({
        type: "INT64",
        converted_type: "TIMESTAMP_MICROS",
        logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
      });
    case "timestamp_ntz":
      return leaf({ type: "INT64", logical_type: { type: "TIMESTAMP", isAdjustedToUTC: false, unit: "MICROS" } });
    case "decimal": {
      const { precision, scale } = type;
      const storage: Omit<SchemaElement, "name"> =
        precision <= 9
          ? { type: "INT32" }
          : precision <= 18
            ? { type: "INT64" }
            : { type: "FIXED_LEN_BYTE_ARRAY", type_length: decimalBytes(precision) };
      return leaf({
        ...storage,
        converted_type: "DECIMAL",
        precision,
        scale,
        logical_type: { type: "DECIMAL", precision, scale },
      });
    }
    case "array":
      return [
        { name, repetition_type, num_children: 1, converted_type: "LIST", logical_type: { type: "LIST" } },
        { name: "list", repetition_type: "REPEATED", num_children: 1 },
        ...elementOf(field("element", type.elementType, type.containsNull)),
      ];
    case "map":
      return [
        { name, repetition_type, num_children: 1, converted_type: "MAP", logical_type: { type: "MAP" } },
        { name: "key_value", repetition_type: "REPEATED", num_children: 2 },
        ...elementOf(field("key", type.keyType, false)),
        ...elementOf(field("value", type.valueType, type.valueContainsNull)),
      ];
    case "struct":
      return [{ name, repetition_type, num_children: type.fields.length }, ...type.fields.flatMap(elementOf)];
    case "null":
      throw new SluiceError("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", {
        format: "parquet",
        columnName: name,
        columnType: "VOID",
      });
  }
}

/** Bytes of a two's-complement number of so many digits. */
function decimalBytes(precision: number): number {
  let bytes = 1;
  while (2n ** BigInt(8 * bytes - 1) < 10n ** BigInt(precision)) bytes++;
  return bytes;
}
