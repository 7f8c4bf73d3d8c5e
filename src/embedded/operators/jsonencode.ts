/**
 * to_json of a struct that is made for it, as most sinks of messages want it: the fields are computed as columns, and their
 * texts are written one behind the other as bytes. No struct, and no string, is made for a row.
 */
import type { Attribute, NamedExpression, TypedExpression } from "../../analyze/expression.ts";
import type { ProjectNode } from "../../analyze/plan.ts";
import type { Utf8Vector } from "../../columns/vector.ts";
import type { StageEnvironment } from "../../compile/stage.ts";
import { createJsonWriter, type FieldPlace, type JsonWriter } from "../../formats/json/writer.ts";
import type { DataType, StructType } from "../../types/types.ts";
import type { Operator } from "./operator.ts";
import { fieldOf, isSpread } from "./struct-fields.ts";

/** An output column: one of the columns below, or the JSON of some of them. */
type Made = { readonly column: number } | { readonly schema: StructType; readonly places: readonly FieldPlace[] };

/** A projection, split into what is computed row by row and what is written from whole columns. */
export interface JsonProjection {
  readonly below: ProjectNode;
  readonly output: readonly Attribute[];
  readonly made: readonly Made[];
}

/** Ids of the fields' columns, which no plan has. */
const ID_FIRST = -4_000_000;

/** Undefined for projections without such a call. */
export function splitJson(node: ProjectNode): JsonProjection | undefined {
  const structs = node.expressions.map((e) => structIn(e.expression));
  if (structs.every((s) => s === undefined)) return undefined;
  const expressions: NamedExpression[] = [];
  const placeOf = (name: string, expression: TypedExpression): FieldPlace => {
    const fields = fieldsOf(expression);
    if (fields !== undefined) return fields.map((f) => placeOf(`${name}_${f.name}`, f.expression));
    const { type, nullable } = expression;
    const id = ID_FIRST - expressions.length;
    const output: Attribute = { kind: "attribute", id, name, type, nullable, qualifier: [] };
    return expressions.push({ expression, output }) - 1;
  };
  const made = node.expressions.map((e, k): Made => {
    const json = structs[k];
    if (json === undefined) return { column: expressions.push(e) - 1 };
    return { schema: json.type, places: json.fields.map((f) => placeOf(f.name, f.expression)) };
  });
  const below: ProjectNode = { ...node, expressions, output: expressions.map((e) => e.output) };
  return { below, output: node.output, made };
}

interface Field {
  readonly name: string;
  readonly expression: TypedExpression;
}

/** The struct of `to_json(named_struct(…))` with usual options, where both writers of JSON write the same. */
function structIn(x: TypedExpression): { readonly type: StructType; readonly fields: readonly Field[] } | undefined {
  if (x.kind !== "call" || x.fn.name !== "to_json" || x.args.length !== 1) return undefined;
  const [made] = x.args;
  const fields = fieldsOf(made);
  if (made.type.kind !== "struct" || fields === undefined || fields.length === 0) return undefined;
  return isWritten(made.type) ? { type: made.type, fields } : undefined;
}

/** The fields of a struct that is never null. A stage computes once what several of them are taken from. */
function fieldsOf(x: TypedExpression): readonly Field[] | undefined {
  if (!isSpread(x)) return undefined;
  const isMade = x.kind === "call" && x.fn.name === "named_struct";
  return x.type.fields.map((f, ordinal) => ({
    name: f.name,
    expression: isMade ? (x.args[2 * ordinal + 1] as TypedExpression) : fieldOf(x, ordinal),
  }));
}

function isWritten(type: DataType): boolean {
  switch (type.kind) {
    case "struct":
      return type.fields.every((f) => isWritten(f.type));
    case "array":
      return isWritten(type.elementType);
    case "map":
      return isWritten(type.keyType) && isWritten(type.valueType);
    default:
      return SIMPLE.has(type.kind);
  }
}

const SIMPLE = new Set<DataType["kind"]>([
  "boolean",
  "byte",
  "short",
  "integer",
  "long",
  "float",
  "double",
  "decimal",
  "string",
  "date",
  "timestamp",
  "timestamp_ntz",
]);

/** @param input of `projection.below` */
export function jsonEncodeOperator(
  projection: JsonProjection,
  input: Operator,
  environment: StageEnvironment,
): Operator {
  const { timeZone } = environment.settings;
  const writers = projection.made.map((m): JsonWriter | undefined =>
    "schema" in m ? createJsonWriter(m.schema, { timeZone }, m.places) : undefined,
  );
  return {
    output: projection.output,
    async *run(request) {
      for await (const batch of input.run(request)) {
        const columns = projection.made.map((m, k) =>
          "column" in m ? batch.columns[m.column] : (writers[k] as JsonWriter).column(batch),
        );
        const release = (): void => {
          writers.forEach((writer, k) => {
            writer?.reuse(columns[k] as Utf8Vector);
          });
          batch.release?.();
        };
        yield { rows: batch.rows, columns, release };
        await request.context.breathe();
      }
    },
  };
}
