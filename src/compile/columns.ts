/** How generated code reads the columns of its input batch. */
import type { Attribute } from "../analyze/expression.ts";
import { type Batch, type Repr, textAt } from "../columns/vector.ts";
import type { Emitted } from "../functions/definition.ts";
import type { CodeEmitter } from "./emitter.ts";

/** An input column as generated code sees it. */
export interface InputColumn {
  readonly attribute: Attribute;
  readonly repr: Repr;
  readonly ordinal: number;
}

interface ColumnNames {
  readonly vector: string;
  readonly values: string;
  readonly nulls: string;
  text?: string;
}

/** Storage of each column: code is generated for one such signature. */
export function signature(batch: Batch): string {
  let s = "";
  for (const v of batch.columns) s += `${v.repr},`;
  return s;
}

/**
 * Names of one batch's arrays in generated code. A column's variables are declared only when something reads them:
 * generate the loop first, then write `prelude`.
 */
export class InputColumns {
  readonly #e: CodeEmitter;
  readonly #columns: ReadonlyMap<number, InputColumn>;
  readonly #row: string;
  readonly #names = new Map<number, ColumnNames>();

  constructor(e: CodeEmitter, attributes: readonly Attribute[], reprs: readonly Repr[], row: string) {
    this.#e = e;
    this.#row = row;
    this.#columns = new Map(
      attributes.map((attribute, ordinal) => [attribute.id, { attribute, repr: reprs[ordinal] as Repr, ordinal }]),
    );
  }

  find(id: number): InputColumn | undefined {
    return this.#columns.get(id);
  }

  /** The attribute's value in the current row. */
  access(attribute: Attribute): Emitted | undefined {
    const column = this.#columns.get(attribute.id);
    if (column === undefined) return undefined;
    const names = this.#use(column);
    const i = this.#row;
    const isNull = attribute.nullable ? `(${names.nulls} !== null && ${names.nulls}[${i}] === 1)` : "false";
    switch (column.repr) {
      case "bool":
        return { value: `(${names.values}[${i}] === 1)`, isNull };
      case "utf8":
        if (attribute.type.kind === "binary") {
          return {
            value: `${names.vector}.bytes.slice(${names.vector}.starts[${i}], ${names.vector}.ends[${i}])`,
            isNull,
          };
        }
        names.text ??= this.#e.fresh(`${attribute.name}_text`);
        return { value: `(${names.text} ??= ${this.#e.bind(textAt, "textAt")}(${names.vector}, ${i}))`, isNull };
      default:
        return { value: `${names.values}[${i}]`, isNull };
    }
  }

  /** The variable that holds the Vector itself; for columns of repr `utf8`. */
  vectorName(attribute: Attribute): string | undefined {
    const column = this.#columns.get(attribute.id);
    return column === undefined ? undefined : this.#use(column).vector;
  }

  /** Declarations before the loop. `columns` is the parameter with the batch's vectors. */
  prelude(columns: string): void {
    for (const [id, names] of this.#names) {
      const column = this.#columns.get(id) as InputColumn;
      this.#e.line(`const ${names.vector} = ${columns}[${column.ordinal}];`);
      if (column.repr !== "utf8") this.#e.line(`const ${names.values} = ${names.vector}.values;`);
      if (column.attribute.nullable) this.#e.line(`const ${names.nulls} = ${names.vector}.nulls;`);
    }
  }

  /** Declarations at the top of each row: text is decoded at most once a row, and only when read. */
  rowPrelude(): void {
    for (const names of this.#names.values()) if (names.text) this.#e.line(`let ${names.text};`);
  }

  #use(column: InputColumn): ColumnNames {
    const known = this.#names.get(column.attribute.id);
    if (known !== undefined) return known;
    const name = column.attribute.name;
    const names: ColumnNames = {
      vector: this.#e.fresh(`${name}_column`),
      values: this.#e.fresh(name),
      nulls: this.#e.fresh(`${name}_nulls`),
    };
    this.#names.set(column.attribute.id, names);
    return names;
  }
}
