/**
 * One row of a result. Columns are properties; a column whose name is also a method's (`get`, `toObject`, …) is read
 * with `get`.
 *
 * @example
 * const [row] = await df.collect();
 * row.device;         // by name
 * row.get("device");  // the same, for any name
 * row.get(0);         // by position
 * row.toObject();     // { device: "d1", … }, structs inside too
 */
import { nearest, SluiceError } from "../errors/error.ts";
import type { StructType } from "../types/types.ts";
import { Decimal } from "./decimal.ts";

export class Row {
  readonly #schema: StructType;
  readonly #values: readonly unknown[];

  constructor(schema: StructType, values: readonly unknown[]) {
    this.#schema = schema;
    this.#values = values;
  }

  /** Names and types of the columns. */
  get schema(): StructType {
    return this.#schema;
  }

  /** Count of columns. */
  get length(): number {
    return this.#values.length;
  }

  /** The value of a column by name or position. Throws FIELD_NOT_FOUND. */
  get(column: string | number): unknown {
    const index = typeof column === "number" ? column : this.#schema.fields.findIndex((field) => field.name === column);
    if (index >= 0 && index < this.#values.length) return this.#values[index];
    const names = this.#schema.fields.map((field) => field.name);
    const suggestion = nearest(String(column), names);
    throw new SluiceError("FIELD_NOT_FOUND", {
      fieldName: `\`${column}\``,
      fields: names.map((name) => `\`${name}\``).join(", "),
      hint: suggestion === undefined ? "" : ` Did you mean \`${suggestion}\`?`,
    });
  }

  values(): readonly unknown[] {
    return this.#values;
  }

  [Symbol.iterator](): Iterator<unknown> {
    return this.#values[Symbol.iterator]();
  }

  /** A plain object; structs become objects and maps stay `Map`. Of columns with the same name the last one wins. */
  toObject(): Record<string, unknown> {
    return objectOf(this);
  }

  /** What `JSON.stringify` writes: Timestamps as ISO text, bigint and Decimal as text, binary as base64. */
  toJSON(): unknown {
    return jsonOf(this);
  }

  toString(): string {
    const cells = this.#schema.fields.map((field, i) => `${field.name}=${String(this.#values[i])}`);
    return `Row(${cells.join(", ")})`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](
    _depth: number,
    options: object,
    inspect: (value: unknown, options: object) => string,
  ): string {
    return `Row ${inspect(Object.fromEntries(this.#schema.fields.map((f, i) => [f.name, this.#values[i]])), options)}`;
  }
}

/** A row whose columns' types the caller knows. */
export type RowOf<T> = Row & Readonly<T>;

/** Columns of unknown types. */
export type AnyColumns = { readonly [column: string]: unknown };

/** Makes rows of one schema: a class whose getters are the columns. */
export function rowFactory(schema: StructType): (values: readonly unknown[]) => Row {
  const Shaped = class extends Row {};
  schema.fields.forEach(({ name }, i) => {
    if (name in Row.prototype && name !== "__proto__") return;
    Object.defineProperty(Shaped.prototype, name, {
      get(this: Row) {
        return this.values()[i];
      },
      enumerable: true,
      configurable: true,
    });
  });
  Object.defineProperty(Shaped, "name", { value: "Row" });
  return (values) => new Shaped(schema, values);
}

function objectOf(row: Row): Record<string, unknown> {
  return Object.fromEntries(row.schema.fields.map((field, i) => [field.name, plainOf(row.get(i))]));
}

function plainOf(value: unknown): unknown {
  if (value instanceof Row) return objectOf(value);
  if (Array.isArray(value)) return value.map(plainOf);
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [plainOf(k), plainOf(v)]));
  return value;
}

function jsonOf(value: unknown): unknown {
  if (value instanceof Row)
    return Object.fromEntries(value.schema.fields.map((field, i) => [field.name, jsonOf(value.get(i))]));
  if (Array.isArray(value)) return value.map(jsonOf);
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [keyText(k), jsonOf(v)]));
  if (typeof value === "bigint" || value instanceof Decimal) return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return value;
}

function keyText(key: unknown): string {
  return typeof key === "string" ? key : key instanceof Date ? key.toISOString() : JSON.stringify(jsonOf(key));
}
