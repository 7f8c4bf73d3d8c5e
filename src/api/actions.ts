/** What a DataFrame does by asking the engine. */
import { create } from "@bufbuild/protobuf";
import { rowsOf } from "../columns/rows.ts";
import { PlanSchema } from "../plan/messages.ts";
import { simpleString, treeString } from "../types/print.ts";
import type { StructType } from "../types/types.ts";
import type { DataFrame } from "./dataframe.ts";
import type { ResultBatch } from "./engine.ts";
import { observerOf } from "./observation.ts";
import { relation } from "./relation.ts";
import { type Row, rowFactory } from "./row.ts";
import { publicValue } from "./values.ts";

export async function collect(df: DataFrame): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of iterate(df)) rows.push(row);
  return rows;
}

export async function* iterate(df: DataFrame): AsyncGenerator<Row, void, undefined> {
  const engine = await df.sparkSession.engine();
  for await (const result of engine.execute(df.relation, observerOf(df.relation))) yield* publicRows(result);
}

/** A batch's rows as users see them. */
export function publicRows({ schema, batch }: ResultBatch): Row[] {
  const row = rowFactory(schema);
  const columns = schema.fields.map((field) => publicValue(field.type));
  return rowsOf(batch).map((values) => row(values.map((value, i) => columns[i](value))));
}

export async function showString(df: DataFrame, numRows: number, truncate: number, vertical: boolean): Promise<string> {
  const value = { input: df.relation, numRows, truncate, vertical };
  const engine = await df.sparkSession.engine();
  let text = "";
  const shown = relation("show", { case: "showString", value });
  for await (const { batch } of engine.execute(shown, observerOf(df.relation))) {
    for (const [cell] of rowsOf(batch)) text += String(cell);
  }
  return text;
}

export async function createView(df: DataFrame, name: string, replace: boolean): Promise<void> {
  const value = { input: df.relation, name, isGlobal: false, replace };
  const command = { commandType: { case: "createDataframeView", value } } as const;
  const plan = create(PlanSchema, { opType: { case: "command", value: command } });
  await df.sparkSession.inOrder((engine) => engine.command(plan));
}

export function dtypes(schema: StructType): [string, string][] {
  return schema.fields.map((field) => [field.name, simpleString(field.type)]);
}

export function schemaTree(schema: StructType): string {
  return treeString(schema);
}
