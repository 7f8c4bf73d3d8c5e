/**
 * TypeScript functions in a plan. The plan carries a token; the function itself stays here, in this process, so only the
 * embedded engine can run it.
 */

import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { SluiceError } from "../errors/error.ts";
import { toProtoType } from "../plan/data-types.ts";
import { ScriptFunctionSchema } from "../plan/messages.ts";
import { parseDdl } from "../types/ddl.ts";
import type { DataType } from "../types/types.ts";
import type { Value } from "../types/values.ts";
import { acceptValue } from "./accept.ts";
import { Column, type ColumnOrName, columnExpression } from "./column.ts";
import { placed } from "./expression.ts";
import { publicValue } from "./values.ts";

/** Gets public values (see `values.ts`; null where the column is null) and returns one. */
export type ScriptFunctionBody = (...values: never[]) => unknown;

interface Script {
  readonly name: string;
  readonly body: (...values: unknown[]) => unknown;
}

/** By token. A script lives as long as its `udf(…)` function or a plan that calls it, so that a loop may define many. */
const scripts = new Map<string, WeakRef<Script>>();
const calledBy = new WeakMap<object, Script>();
const gone = new FinalizationRegistry<string>((token) => scripts.delete(token));
let lastToken = 0;

/**
 * Makes a TypeScript function usable on columns. It runs in this process: on the embedded engine only.
 *
 * @example
 * const fahrenheit = udf((celsius: number | null) => (celsius === null ? null : celsius * 1.8 + 32), "double");
 * df.select(fahrenheit("celsius").alias("f"));
 */
export function udf(
  body: ScriptFunctionBody,
  returnType: string | DataType = "string",
): (...columns: ColumnOrName[]) => Column {
  lastToken += 1;
  const token = `script-${lastToken}`;
  const name = body.name || "<lambda>";
  const type = typeof returnType === "string" ? parseDdl(returnType) : returnType;
  const script: Script = { name, body: body as Script["body"] };
  scripts.set(token, new WeakRef(script));
  gone.register(script, token);
  return (...columns) => {
    const call = { token, name, returnType: toProtoType(type), arguments: columns.map(columnExpression) };
    const value = anyPack(ScriptFunctionSchema, create(ScriptFunctionSchema, call));
    calledBy.set(value, script);
    return new Column(placed(name, { case: "extension", value }));
  };
}

/**
 * The function of `token` on internal values: what the embedded engine calls. 64-bit results come as `bigint`.
 * Throws UNSUPPORTED_FEATURE when the plan was made by another process.
 */
export function bindScript(
  token: string,
  argumentTypes: readonly DataType[],
  returnType: DataType,
): (...values: Value[]) => Value {
  const script = scripts.get(token)?.deref();
  if (script === undefined) {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: "A TypeScript function of another process",
      where: "",
      hint: "Define it with udf(…) in the process that runs the query.",
    });
  }
  const inputs = argumentTypes.map(publicValue);
  const place = `what ${script.name}() returned`;
  return (...values) => acceptValue(script.body(...values.map((value, i) => inputs[i](value))), returnType, place);
}
