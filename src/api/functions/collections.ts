/** Arrays, maps, structs, and rows made of them. */
import { Column, type ColumnOrName, type ColumnOrValue, columnExpression, valueExpression } from "../column.ts";
import { call } from "../expression.ts";
import { lambda } from "./lambda.ts";
import { binary, columnCall, ternary, unary, variadic } from "./make.ts";

type Lambda1 = (x: Column) => Column;
type Lambda2 = (x: Column, y: Column) => Column;
type Lambda3 = (key: Column, a: Column, b: Column) => Column;

const listed =
  (name: string) =>
  (...columns: readonly (ColumnOrName | readonly ColumnOrName[])[]): Column =>
    columnCall(name, columns.flat() as ColumnOrName[]);

export const array = listed("array");
/** From keys and values in turn. */
export const create_map = listed("map");
export const struct = listed("struct");
/** From names and values in turn: `named_struct(lit("a"), "x")`. */
export const named_struct = variadic("named_struct");
export const map_from_arrays = binary("map_from_arrays");
export const map_from_entries = unary("map_from_entries");
export const map_keys = unary("map_keys");
export const map_values = unary("map_values");
export const map_entries = unary("map_entries");
export const map_concat = listed("map_concat");
export const size = unary("size");
export const cardinality = unary("cardinality");
export const array_size = unary("array_size");
export const array_distinct = unary("array_distinct");
export const array_max = unary("array_max");
export const array_min = unary("array_min");
export const array_compact = unary("array_compact");
export const array_except = binary("array_except");
export const array_union = binary("array_union");
export const array_intersect = binary("array_intersect");
export const arrays_overlap = binary("arrays_overlap");
export const arrays_zip = variadic("arrays_zip");
export const flatten = unary("flatten");
export const shuffle = unary("shuffle");

// One row for each element. `_outer` keeps a row of nulls where there is none; `pos` adds the position.

export const explode = unary("explode");
export const explode_outer = unary("explode_outer");
export const posexplode = unary("posexplode");
export const posexplode_outer = unary("posexplode_outer");
export const inline = unary("inline");
export const inline_outer = unary("inline_outer");
export const stack = variadic("stack");

const withValue =
  (name: string) =>
  (column: ColumnOrName, value: ColumnOrValue): Column =>
    new Column(call(name, [columnExpression(column), valueExpression(value)]));

export const array_contains = withValue("array_contains");
/** Where the value stands first, counted from 1; 0 when nowhere. */
export const array_position = withValue("array_position");
export const array_remove = withValue("array_remove");
export const array_append = withValue("array_append");
export const array_prepend = withValue("array_prepend");
export const map_contains_key = withValue("map_contains_key");
/** The element counted from 1 (from the end when negative), or the value of a key; an error when it isn't there. */
export const element_at = withValue("element_at");
export const try_element_at = binary("try_element_at");
/** The element counted from 0; null when it isn't there. */
export function get(column: ColumnOrName, index: ColumnOrName | number): Column {
  return new Column(call("get", [columnExpression(column), indexExpression(index)]));
}
export function array_insert(column: ColumnOrName, position: ColumnOrName | number, value: ColumnOrValue): Column {
  return new Column(
    call("array_insert", [columnExpression(column), indexExpression(position), valueExpression(value)]),
  );
}
export function array_repeat(column: ColumnOrName, count: ColumnOrName | number): Column {
  return new Column(call("array_repeat", [columnExpression(column), indexExpression(count)]));
}
export function array_join(column: ColumnOrName, separator: string, nullReplacement?: string): Column {
  const more = nullReplacement === undefined ? [] : [valueExpression(nullReplacement)];
  return new Column(call("array_join", [columnExpression(column), valueExpression(separator), ...more]));
}
export function slice(column: ColumnOrName, start: ColumnOrName | number, length: ColumnOrName | number): Column {
  return new Column(call("slice", [columnExpression(column), indexExpression(start), indexExpression(length)]));
}
export function sort_array(column: ColumnOrName, ascending = true): Column {
  return new Column(call("sort_array", [columnExpression(column), valueExpression(ascending)]));
}
/** Sorted ascending with nulls last, or by a comparator that gives a negative, zero or positive number. */
export function array_sort(column: ColumnOrName, comparator?: Lambda2): Column {
  const more = comparator === undefined ? [] : [lambda(comparator, 2)];
  return new Column(call("array_sort", [columnExpression(column), ...more]));
}
export const sequence = (start: ColumnOrName, stop: ColumnOrName, step?: ColumnOrName): Column =>
  columnCall("sequence", [start, stop, step]);

const withLambda =
  <L extends (...parameters: Column[]) => Column>(name: string, least: number, most: number) =>
  (column: ColumnOrName, body: L): Column =>
    new Column(call(name, [columnExpression(column), lambda(body, least, most)]));

/** Each element through a function of it, or of it and its position. */
export const transform = withLambda<Lambda2>("transform", 1, 2);
export const filter = withLambda<Lambda2>("filter", 1, 2);
export const exists = withLambda<Lambda1>("exists", 1, 1);
export const forall = withLambda<Lambda1>("forall", 1, 1);
export const transform_keys = withLambda<Lambda2>("transform_keys", 2, 2);
export const transform_values = withLambda<Lambda2>("transform_values", 2, 2);
export const map_filter = withLambda<Lambda2>("map_filter", 2, 2);

/** Folds the elements: `aggregate("a", lit(0), (sum, x) => sum.plus(x))`. */
export function aggregate(column: ColumnOrName, initial: ColumnOrName, merge: Lambda2, finish?: Lambda1): Column {
  const more = finish === undefined ? [] : [lambda(finish, 1)];
  return new Column(
    call("aggregate", [columnExpression(column), columnExpression(initial), lambda(merge, 2), ...more]),
  );
}
export const reduce = aggregate;
export function zip_with(left: ColumnOrName, right: ColumnOrName, body: Lambda2): Column {
  return new Column(call("zip_with", [columnExpression(left), columnExpression(right), lambda(body, 2)]));
}
export function map_zip_with(left: ColumnOrName, right: ColumnOrName, body: Lambda3): Column {
  return new Column(call("map_zip_with", [columnExpression(left), columnExpression(right), lambda(body, 3)]));
}

/** Text to a map: `str_to_map("a", lit(","), lit(":"))`. */
export const str_to_map = ternary("str_to_map");

function indexExpression(value: ColumnOrName | number) {
  return typeof value === "number" ? valueExpression(value) : columnExpression(value);
}
