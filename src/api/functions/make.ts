/** Makers of the functions that follow the common pattern: columns in (a string is a column's name), a column out. */
import { Column, type ColumnOrName, columnExpression } from "../column.ts";
import { call } from "../expression.ts";

export type Nullary = () => Column;
export type Unary = (column: ColumnOrName) => Column;
export type Binary = (left: ColumnOrName, right: ColumnOrName) => Column;
export type Ternary = (first: ColumnOrName, second: ColumnOrName, third: ColumnOrName) => Column;
export type Variadic = (...columns: ColumnOrName[]) => Column;

/** A call by name; strings are names of columns. */
export function columnCall(name: string, columns: readonly (ColumnOrName | undefined)[], distinct = false): Column {
  return new Column(call(name, columns.filter((c) => c !== undefined).map(columnExpression), distinct));
}

export const nullary =
  (name: string): Nullary =>
  () =>
    columnCall(name, []);
export const unary =
  (name: string): Unary =>
  (column) =>
    columnCall(name, [column]);
export const binary =
  (name: string): Binary =>
  (left, right) =>
    columnCall(name, [left, right]);
export const ternary =
  (name: string): Ternary =>
  (a, b, c) =>
    columnCall(name, [a, b, c]);
export const variadic =
  (name: string): Variadic =>
  (...columns) =>
    columnCall(name, columns);
