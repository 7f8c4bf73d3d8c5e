/** Grouping keys: taken apart into leaves that compare as numbers, hashed and compared in generated code. */
import type { TypedExpression } from "../../analyze/expression.ts";
import { canonicalText } from "../../columns/canonical.ts";
import { reprOf } from "../../columns/vector.ts";
import type { CodeEmitter } from "../../compile/emitter.ts";
import { settled } from "../../compile/expression.ts";
import type { StageScope } from "../../compile/stage.ts";
import { type DataType, STRING } from "../../types/types.ts";
import type { SlotColumnSpec, SlotTable } from "../state/slots.ts";
import { fieldOf, isSpread, isWindow } from "./struct-fields.ts";

export interface KeyLeaf {
  readonly name: string;
  readonly expression: TypedExpression;
  readonly type: DataType;
  readonly nullable: boolean;
  readonly kind: "number" | "double" | "bool" | "big" | "text" | "any";
  /** Determined by another leaf (a window's end by its start): stored, but neither hashed nor compared. */
  readonly derived: boolean;
  /** First slot column; an `any` key has a second one behind it, with the value itself. */
  readonly column: number;
}

/** How a key column of the output is put together from leaves. */
export type KeyShape =
  | { readonly kind: "leaf"; readonly leaf: number }
  | {
      readonly kind: "struct";
      readonly type: DataType;
      /** Whether it is null where its first field is. */
      readonly nullable: boolean;
      readonly fields: readonly KeyShape[];
    };

export interface Keys {
  readonly leaves: readonly KeyLeaf[];
  /** One for each key expression. */
  readonly shapes: readonly KeyShape[];
  readonly specs: readonly SlotColumnSpec[];
  /** The leaf with the start of a window of time, where that is a number and never null. */
  readonly windowStart: KeyLeaf | undefined;
}

/** Structs that can't be null, and windows of time, are compared field by field; other complex keys by a canonical text. */
export function keysOf(
  expressions: readonly { readonly expression: TypedExpression; readonly name: string }[],
  wide: boolean,
): Keys {
  const leaves: KeyLeaf[] = [];
  const specs: SlotColumnSpec[] = [];
  let windowStart: KeyLeaf | undefined;
  const shape = (x: TypedExpression, name: string, derived = false): KeyShape => {
    const bounded = isWindow(x);
    if (bounded || isSpread(x)) {
      const first = leaves.length;
      const fields = x.type.fields.map((f, ordinal) =>
        shape(fieldOf(x, ordinal), `${name}_${f.name}`, derived || (bounded && ordinal > 0)),
      );
      const start = leaves[first];
      if (bounded && start?.kind === "number" && !start.nullable) windowStart ??= start;
      return { kind: "struct", type: x.type, nullable: !isSpread(x), fields };
    }
    const kind = leafKind(x.type, wide);
    leaves.push({ name, expression: x, type: x.type, nullable: x.nullable, kind, derived, column: specs.length });
    if (kind === "any") {
      specs.push({ name: `${name}.text`, type: STRING, interned: true, nullable: x.nullable, initial: null });
      specs.push({ name, type: x.type, interned: false, nullable: x.nullable, initial: null });
    } else specs.push({ name, type: x.type, interned: kind === "text", nullable: x.nullable, initial: null });
    return { kind: "leaf", leaf: leaves.length - 1 };
  };
  const shapes = expressions.map((x) => shape(x.expression, x.name));
  return { leaves, shapes, specs, windowStart };
}

function leafKind(type: DataType, wide: boolean): KeyLeaf["kind"] {
  if (type.kind === "string" || type.kind === "binary") return "text";
  if (type.kind === "float" || type.kind === "double") return "double";
  switch (reprOf(type, wide)) {
    case "bool":
      return "bool";
    case "i64":
      return "big";
    case "obj":
      return "any";
    default:
      return "number";
  }
}

/** Variable names of a table's columns in generated code. */
export class SlotNames {
  readonly slots: string;
  readonly values: string[] = [];
  readonly nulls: string[] = [];
  readonly changedIn: string;
  readonly #objects: string[] = [];
  readonly #table: SlotTable;

  constructor(e: CodeEmitter, table: SlotTable) {
    this.#table = table;
    this.slots = e.bind(table, "slots");
    this.changedIn = e.fresh("changedIn");
    for (const c of table.columns) {
      this.#objects.push(e.bind(c, `${c.spec.name}_slots`));
      this.values.push(e.fresh(`g_${c.spec.name}`));
      this.nulls.push(e.fresh(`g_${c.spec.name}_nulls`));
    }
  }

  /** Fetches the arrays; they are replaced when the table grows. */
  load(e: CodeEmitter, declare: boolean): void {
    const word = declare ? "let " : "";
    this.#table.columns.forEach((c, k) => {
      e.line(`${word}${this.values[k]} = ${this.#objects[k]}.values;`);
      if (c.nulls !== null) e.line(`${word}${this.nulls[k]} = ${this.#objects[k]}.nulls;`);
    });
    e.line(`${word}${this.changedIn} = ${this.slots}.changedIn;`);
  }
}

/** A key's value in the current row, in the form in which it is stored. */
export interface KeyValue {
  readonly leaf: KeyLeaf;
  /** Stored form: number, bigint or code; 0 for null. */
  readonly value: string;
  readonly isNull: string;
  /** For `any`: the value itself. */
  readonly whole: string | undefined;
}

/**
 * Emits a key leaf of the current row.
 *
 * @param ahead names an array of the codes that a column's texts have already, −1 for others
 */
export function emitKey(
  scope: StageScope,
  leaf: KeyLeaf,
  table: SlotTable,
  ahead?: (dictionary: string, column: string) => string,
): KeyValue {
  const { e } = scope;
  const interner = table.columns[leaf.column]?.interner;
  if (leaf.kind === "text") {
    const dictionary = e.bind(interner, `${leaf.name}_dictionary`);
    const raw = scope.utf8Column(leaf.expression);
    const code = e.fresh(`${leaf.name}_code`);
    const x =
      raw === undefined ? settled(e, scope.emit(leaf.expression), leaf.type, leaf.name) : scope.emit(leaf.expression);
    const lookup =
      raw !== undefined
        ? lookUp(dictionary, raw, scope.row, ahead?.(dictionary, raw))
        : leaf.type.kind === "string"
          ? `${dictionary}.codeOfText(${x.value})`
          : `${dictionary}.code(${x.value}, 0, ${x.value}.length)`;
    e.line(`const ${code} = ${x.isNull === "false" ? lookup : `(${x.isNull}) ? 0 : (${lookup})`};`);
    return { leaf, value: code, isNull: x.isNull, whole: undefined };
  }
  const x = settled(e, scope.emit(leaf.expression), leaf.type, leaf.name);
  const zero = leaf.kind === "big" ? "0n" : "0";
  const pick = (value: string) => (x.isNull === "false" ? value : `(${x.isNull}) ? ${zero} : ${value}`);
  const v = e.fresh(`${leaf.name}_key`);
  switch (leaf.kind) {
    case "bool":
      e.line(`const ${v} = ${pick(`(${x.value} ? 1 : 0)`)};`);
      break;
    case "any": {
      const dictionary = e.bind(interner, `${leaf.name}_dictionary`);
      e.line(
        `const ${v} = ${pick(`${dictionary}.codeOfText(${e.bind(canonicalText, "canonicalText")}(${x.value}))`)};`,
      );
      return { leaf, value: v, isNull: x.isNull, whole: x.value };
    }
    case "double":
      // −0 and 0 are one key.
      e.line(`const ${v} = ${pick(`${x.value} + 0`)};`);
      break;
    default:
      if (x.isNull === "false") return { leaf, value: x.value, isNull: "false", whole: undefined };
      e.line(`const ${v} = ${pick(x.value)};`);
  }
  return { leaf, value: v, isNull: x.isNull, whole: undefined };
}

function lookUp(dictionary: string, column: string, row: string, codes: string | undefined): string {
  const code = `${dictionary}.code(${column}.bytes, ${column}.starts[${row}], ${column}.ends[${row}])`;
  return codes === undefined ? code : `${codes}[${row}] >= 0 ? ${codes}[${row}] : ${code}`;
}

const f64 = new Float64Array(1);
const halves = new Int32Array(f64.buffer);
const hashBigint = (x: bigint): number => Number(BigInt.asIntN(32, x ^ (x >> 32n)));

/** Emits the hash of the keys; returns its variable. */
export function emitHash(e: CodeEmitter, keys: readonly KeyValue[]): string {
  const h = e.fresh("hash");
  e.line(`let ${h} = 0;`);
  const mix = (code: string) => e.line(`${h} = Math.imul(${h} ^ ${code}, -1640531535); ${h} ^= ${h} >>> 15;`);
  for (const k of keys) {
    if (k.leaf.derived) continue;
    if (k.leaf.kind === "big") mix(`${e.bind(hashBigint, "hashBigint")}(${k.value})`);
    else if (k.leaf.kind === "double" || isF64(k.leaf)) {
      const f = e.bind(f64, "f64");
      const i = e.bind(halves, "halves");
      e.line(`${f}[0] = ${k.value};`);
      mix(`(${i}[0] ^ Math.imul(${i}[1], -2048144789))`);
    } else mix(k.value);
    if (k.leaf.nullable && k.isNull !== "false") e.line(`if (${k.isNull}) ${h} ^= 0x51ed270b;`);
  }
  return h;
}

function isF64(leaf: KeyLeaf): boolean {
  return leaf.kind === "number" && reprOf(leaf.type, false) === "f64";
}

/** JS condition: the slot's key equals the row's. */
export function emitEqual(keys: readonly KeyValue[], names: SlotNames, slot: string): string {
  const parts = keys
    .filter((k) => !k.leaf.derived)
    .map((k) => {
      const stored = `${names.values[k.leaf.column]}[${slot}]`;
      const same =
        k.leaf.kind === "double"
          ? `(${stored} === ${k.value} || (${k.value} !== ${k.value} && ${stored} !== ${stored}))`
          : `${stored} === ${k.value}`;
      if (!k.leaf.nullable) return same;
      const flag = `${names.nulls[k.leaf.column]}[${slot}]`;
      if (k.isNull === "false") return `${flag} === 0 && ${same}`;
      return `((${k.isNull}) ? ${flag} === 1 : ${flag} === 0 && ${same})`;
    });
  return parts.length === 0 ? "true" : parts.join(" && ");
}

/** Stores the row's keys in a new slot. */
export function emitStore(e: CodeEmitter, keys: readonly KeyValue[], names: SlotNames, slot: string): void {
  for (const k of keys) {
    const c = k.leaf.column;
    e.line(`${names.values[c]}[${slot}] = ${k.value};`);
    if (k.leaf.nullable)
      e.line(`${names.nulls[c]}[${slot}] = ${k.isNull === "false" ? "0" : `(${k.isNull}) ? 1 : 0`};`);
    if (k.whole !== undefined) {
      e.line(
        `${names.values[c + 1]}[${slot}] = ${k.isNull === "false" ? k.whole : `(${k.isNull}) ? null : ${k.whole}`};`,
      );
      if (k.leaf.nullable)
        e.line(`${names.nulls[c + 1]}[${slot}] = ${k.isNull === "false" ? "0" : `(${k.isNull}) ? 1 : 0`};`);
    }
  }
}

/** Key values as they stand in a slot, for rebuilding the index after loading. */
export function storedKeys(keys: Keys, names: SlotNames, slot: string): KeyValue[] {
  return keys.leaves.map((leaf) => ({
    leaf,
    value: `${names.values[leaf.column]}[${slot}]`,
    isNull: leaf.nullable ? `(${names.nulls[leaf.column]}[${slot}] === 1)` : "false",
    whole: undefined,
  }));
}
