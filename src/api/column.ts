/**
 * An expression over the columns of a DataFrame. Immutable; methods make new columns. Names and types are checked when
 * the DataFrame is analysed, not here.
 *
 * @example
 * col("celsius").multiply(1.8).plus(32).alias("fahrenheit")
 * col("status").isin("ok", "idle").and(col("battery").gt(20))
 */
import { SluiceError } from "../errors/error.ts";
import { toProtoType } from "../plan/data-types.ts";
import type {
  Expression,
  Expression_SortOrder_NullOrdering,
  Expression_SortOrder_SortDirection,
} from "../plan/messages.ts";
import type { DataType } from "../types/types.ts";
import { attribute, call, placed, plain } from "./expression.ts";
import { type LiteralValue, literal } from "./literal.ts";
import type { WindowSpec } from "./window.ts";

/** A column, or the name of one. */
export type ColumnOrName = Column | string;
/** A column, or a constant. */
export type ColumnOrValue = Column | LiteralValue;

const ASCENDING: Expression_SortOrder_SortDirection = 1;
const DESCENDING: Expression_SortOrder_SortDirection = 2;
const NULLS_FIRST: Expression_SortOrder_NullOrdering = 1;
const NULLS_LAST: Expression_SortOrder_NullOrdering = 2;

export class Column {
  /** The plan's form of this column. */
  readonly expression: Expression;

  constructor(expression: Expression) {
    this.expression = expression;
  }

  // Comparison. All but eqNullSafe give null when a side is null.

  /** `=` */
  eq(other: ColumnOrValue): Column {
    return this.#binary("==", other);
  }
  /** `<>` */
  neq(other: ColumnOrValue): Column {
    return new Column(call("not", [this.#binary("==", other).expression]));
  }
  /** `<>`: the same as `neq`. */
  notEqual(other: ColumnOrValue): Column {
    return this.neq(other);
  }
  /** `<=>`: true when both are null, never null itself. */
  eqNullSafe(other: ColumnOrValue): Column {
    return this.#binary("<=>", other);
  }
  lt(other: ColumnOrValue): Column {
    return this.#binary("<", other);
  }
  leq(other: ColumnOrValue): Column {
    return this.#binary("<=", other);
  }
  gt(other: ColumnOrValue): Column {
    return this.#binary(">", other);
  }
  geq(other: ColumnOrValue): Column {
    return this.#binary(">=", other);
  }
  /** `lower <= this AND this <= upper` */
  between(lower: ColumnOrValue, upper: ColumnOrValue): Column {
    return this.geq(lower).and(this.leq(upper));
  }
  /** True when equal to one of the values; they may be given one by one or as one array. */
  isin(...values: readonly (ColumnOrValue | readonly ColumnOrValue[])[]): Column {
    const flat = (values.length === 1 && Array.isArray(values[0]) ? values[0] : values) as readonly ColumnOrValue[];
    return new Column(call("in", [this.expression, ...flat.map(valueExpression)], false, "isin"));
  }
  isNull(): Column {
    return this.#unary("isNull");
  }
  isNotNull(): Column {
    return this.#unary("isNotNull");
  }
  isNaN(): Column {
    return this.#unary("isNaN");
  }

  // Arithmetic. `+` of two whole numbers that overflows is an error, as is division by zero (ANSI).

  plus(other: ColumnOrValue): Column {
    return this.#binary("+", other);
  }
  minus(other: ColumnOrValue): Column {
    return this.#binary("-", other);
  }
  multiply(other: ColumnOrValue): Column {
    return this.#binary("*", other);
  }
  /** `/`: of whole numbers a DOUBLE. */
  divide(other: ColumnOrValue): Column {
    return this.#binary("/", other);
  }
  /** `%`, with the sign of the dividend. */
  mod(other: ColumnOrValue): Column {
    return this.#binary("%", other);
  }
  negate(): Column {
    return this.#unary("negative");
  }
  bitwiseAND(other: ColumnOrValue): Column {
    return this.#binary("&", other);
  }
  bitwiseOR(other: ColumnOrValue): Column {
    return this.#binary("|", other);
  }
  bitwiseXOR(other: ColumnOrValue): Column {
    return this.#binary("^", other);
  }

  // Logic, with SQL's three values.

  and(other: ColumnOrValue): Column {
    return this.#binary("and", other);
  }
  or(other: ColumnOrValue): Column {
    return this.#binary("or", other);
  }
  not(): Column {
    return this.#unary("not");
  }

  // Text

  /** SQL's LIKE: `%` any text, `_` one character. */
  like(pattern: ColumnOrValue): Column {
    return this.#binary("like", pattern);
  }
  ilike(pattern: ColumnOrValue): Column {
    return this.#binary("ilike", pattern);
  }
  /** True when a part of the text matches the (Java) regular expression. */
  rlike(pattern: ColumnOrValue): Column {
    return this.#binary("rlike", pattern);
  }
  startsWith(prefix: ColumnOrValue): Column {
    return this.#binary("startswith", prefix);
  }
  endsWith(suffix: ColumnOrValue): Column {
    return this.#binary("endswith", suffix);
  }
  contains(part: ColumnOrValue): Column {
    return this.#binary("contains", part);
  }
  /** `length` characters from `start`, counted from 1. */
  substr(start: ColumnOrValue, length: ColumnOrValue): Column {
    return new Column(call("substr", [this.expression, valueExpression(start), valueExpression(length)]));
  }

  // Types and names

  /** Converts, e.g. `"int"`, `"decimal(10,2)"`, `types.double`. A value that can't be converted is an error. */
  cast(type: string | DataType): Column {
    return new Column(placed("cast", { case: "cast", value: { expr: this.expression, castToType: castTarget(type) } }));
  }
  astype(type: string | DataType): Column {
    return this.cast(type);
  }
  /** Converts; null when a value can't be. */
  try_cast(type: string | DataType): Column {
    const value = { expr: this.expression, castToType: castTarget(type), evalMode: 3 as const };
    return new Column(placed("try_cast", { case: "cast", value }));
  }
  tryCast(type: string | DataType): Column {
    return this.try_cast(type);
  }
  /** Names the column. Several names are for generators that make several columns. */
  alias(...names: string[]): Column {
    return new Column(placed("alias", { case: "alias", value: { expr: this.expression, name: names } }));
  }
  as(...names: string[]): Column {
    return this.alias(...names);
  }
  /** Names the column and attaches metadata to its field. */
  aliasWithMetadata(name: string, metadata: Readonly<Record<string, unknown>>): Column {
    const value = { expr: this.expression, name: [name], metadata: JSON.stringify(metadata) };
    return new Column(placed("alias", { case: "alias", value }));
  }

  // Parts of arrays, maps and structs

  /** The field of a struct. */
  getField(name: string): Column {
    return this.getItem(name);
  }
  /** The element of an array (counted from 0), the value of a map's key, or the field of a struct. */
  getItem(key: ColumnOrValue): Column {
    const value = { child: this.expression, extraction: valueExpression(key) };
    return new Column(placed("getItem", { case: "unresolvedExtractValue", value }));
  }
  /** The struct with a field added or replaced; `a.b` reaches into nested structs. */
  withField(name: string, value: Column): Column {
    const update = { structExpression: this.expression, fieldName: name, valueExpression: value.expression };
    return new Column(placed("withField", { case: "updateFields", value: update }));
  }
  /** The struct without these fields. */
  dropFields(...names: string[]): Column {
    return names.reduce<Column>((column, fieldName) => {
      const value = { structExpression: column.expression, fieldName };
      return new Column(placed("dropFields", { case: "updateFields", value }));
    }, this);
  }

  // Order

  /** Ascending, nulls first. */
  asc(): Column {
    return this.#ordered(ASCENDING, NULLS_FIRST);
  }
  asc_nulls_first(): Column {
    return this.#ordered(ASCENDING, NULLS_FIRST);
  }
  asc_nulls_last(): Column {
    return this.#ordered(ASCENDING, NULLS_LAST);
  }
  /** Descending, nulls last. */
  desc(): Column {
    return this.#ordered(DESCENDING, NULLS_LAST);
  }
  desc_nulls_first(): Column {
    return this.#ordered(DESCENDING, NULLS_FIRST);
  }
  desc_nulls_last(): Column {
    return this.#ordered(DESCENDING, NULLS_LAST);
  }

  // Conditions: when(…).when(…).otherwise(…)

  /** Adds a branch to `when(…)` from `sluice/functions`. */
  when(condition: Column, value: ColumnOrValue): Column {
    return new Column(call("when", [...this.#branches("when"), condition.expression, valueExpression(value)]));
  }
  /** What `when(…)` gives if no condition is true; without it null. */
  otherwise(value: ColumnOrValue): Column {
    return new Column(call("when", [...this.#branches("otherwise"), valueExpression(value)]));
  }

  /** Computes an aggregate or ranking function over a window of rows, in batch queries. */
  over(window: WindowSpec): Column {
    const value = { windowFunction: this.expression, ...window.parts };
    return new Column(placed("over", { case: "window", value }));
  }

  #unary(name: string): Column {
    return new Column(call(name, [this.expression]));
  }

  #binary(name: string, other: ColumnOrValue): Column {
    return new Column(call(name, [this.expression, valueExpression(other)]));
  }

  #ordered(direction: Expression_SortOrder_SortDirection, nullOrdering: Expression_SortOrder_NullOrdering): Column {
    return new Column(plain({ case: "sortOrder", value: { child: this.expression, direction, nullOrdering } }));
  }

  #branches(method: string): readonly Expression[] {
    const type = this.expression.exprType;
    if (
      type.case === "unresolvedFunction" &&
      type.value.functionName === "when" &&
      type.value.arguments.length % 2 === 0
    )
      return type.value.arguments;
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: `${method}() on a column that isn't an open when()`,
      where: "",
      hint: "Start with when(condition, value) from sluice/functions and call otherwise(…) last.",
    });
  }
}

/** A string is the name of a column. */
export function columnExpression(column: ColumnOrName): Expression {
  return typeof column === "string" ? attribute(column) : column.expression;
}

/** A string is a constant. */
export function valueExpression(value: ColumnOrValue): Expression {
  if (value instanceof Column) return value.expression;
  if (Array.isArray(value)) return call("array", (value as readonly ColumnOrValue[]).map(valueExpression));
  return plain({ case: "literal", value: literal(value) });
}

function castTarget(type: string | DataType) {
  return typeof type === "string"
    ? ({ case: "typeStr", value: type } as const)
    : ({ case: "type", value: toProtoType(type) } as const);
}
