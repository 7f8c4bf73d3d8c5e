/** The schema of JSON records that came without one, by Spark's rules: fields in the order of their names. */
import {
  array,
  BOOLEAN,
  type DataType,
  DOUBLE,
  field,
  LONG,
  NULL,
  STRING,
  type StructType,
  struct,
} from "../../types/types.ts";

/** Undefined when no record is an object. */
export function inferJsonSchema(records: Iterable<string>, corruptName: string): StructType | undefined {
  let merged: DataType = NULL;
  let corrupt = false;
  for (const record of records) {
    const type = typeOfRecord(record);
    if (type?.kind === "struct") merged = merge(merged, type);
    else corrupt = true;
  }
  if (merged.kind !== "struct" && !corrupt) return undefined;
  const fields = merged.kind === "struct" ? (settled(merged) as StructType).fields : [];
  const all = corrupt ? [...fields, field(corruptName, STRING)] : fields;
  return struct(...[...all].sort((a, b) => (a.name < b.name ? -1 : 1)));
}

class Typed {
  readonly type: DataType;
  constructor(type: DataType) {
    this.type = type;
  }
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => Typed;

function typeOfRecord(record: string): DataType | undefined {
  try {
    // The reviver sees each value after its parts, and a number's own text: 1 is a BIGINT, 1.0 a DOUBLE.
    const parsed = JSON.parse(record, typeOfValue as unknown as (key: string, value: unknown) => unknown) as Typed;
    return parsed.type;
  } catch {
    return undefined;
  }
}

const typeOfValue: Reviver = (_key, value, { source }) => {
  if (value === null) return new Typed(NULL);
  switch (typeof value) {
    case "boolean":
      return new Typed(BOOLEAN);
    case "number":
      return new Typed(/^-?\d{1,19}$/.test(source ?? "") ? LONG : DOUBLE);
    case "string":
      return new Typed(STRING);
    default:
  }
  if (Array.isArray(value)) {
    return new Typed(array((value as Typed[]).reduce<DataType>((t, item) => merge(t, item.type), NULL)));
  }
  return new Typed(struct(...Object.entries(value as object).map(([name, part]) => field(name, (part as Typed).type))));
};

function merge(a: DataType, b: DataType): DataType {
  if (a.kind === "null") return b;
  if (b.kind === "null") return a;
  if (a.kind === "struct" && b.kind === "struct") {
    const fields = new Map(a.fields.map((f) => [f.name, f.type]));
    for (const f of b.fields) fields.set(f.name, merge(fields.get(f.name) ?? NULL, f.type));
    return struct(...[...fields].map(([name, type]) => field(name, type)));
  }
  if (a.kind === "array" && b.kind === "array") return array(merge(a.elementType, b.elementType));
  if (a.kind === b.kind) return a;
  const numbers = ["long", "double"];
  return numbers.includes(a.kind) && numbers.includes(b.kind) ? DOUBLE : STRING;
}

/** What was always null is a text; fields stand in the order of their names. */
function settled(type: DataType): DataType {
  switch (type.kind) {
    case "null":
      return STRING;
    case "array":
      return array(settled(type.elementType));
    case "struct": {
      const fields = type.fields.map((f) => field(f.name, settled(f.type)));
      return struct(...fields.sort((a, b) => (a.name < b.name ? -1 : 1)));
    }
    default:
      return type;
  }
}
