/**
 * to_json of a struct that is made for it, as most sinks of messages want it: the fields are computed as columns, and their
 * texts are written one behind the other as bytes. No struct, and no string, is made for a row.
 */
import type { Attribute, NamedExpression, TypedExpression } from "../../analyze/expression.ts";
import type { ProjectNode } from "../../analyze/plan.ts";
import type { StageEnvironment } from "../../compile/stage.ts";
import { createJsonWriter, type JsonWriter } from "../../formats/json/writer.ts";
import { type DataType, field, type StructType, struct } from "../../types/types.ts";
import type { Operator } from "./operator.ts";

/** An output column: one of the columns below, or the JSON of some of them. */
type Made = { readonly column: number } | { readonly schema: StructType; readonly fields: readonly number[] };

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
  const structs = node.expressions.map((e) => fieldsOf(e.expression));
  if (structs.every((s) => s === undefined)) return undefined;
  const expressions: NamedExpression[] = [];
  const made = node.expressions.map((e, k): Made => {
    const fields = structs[k];
    if (fields === undefined) return { column: expressions.push(e) - 1 };
    const places = fields.map(({ name, expression }) => {
      const { type, nullable } = expression;
      const id = ID_FIRST - expressions.length;
      const output: Attribute = { kind: "attribute", id, name, type, nullable, qualifier: [] };
      return expressions.push({ expression, output }) - 1;
    });
    return { schema: struct(...fields.map((f) => field(f.name, f.expression.type))), fields: places };
  });
  const below: ProjectNode = { ...node, expressions, output: expressions.map((e) => e.output) };
  return { below, output: node.output, made };
}

/** The fields of `to_json(named_struct(…))` with usual options and fields of simple types. */
function fieldsOf(x: TypedExpression): { readonly name: string; readonly expression: TypedExpression }[] | undefined {
  if (x.kind !== "call" || x.fn.name !== "to_json" || x.args.length !== 1) return undefined;
  const [made] = x.args;
  if (made.kind !== "call" || made.fn.name !== "named_struct" || made.type.kind !== "struct" || made.nullable) {
    return undefined;
  }
  const { fields } = made.type;
  if (fields.length === 0 || !fields.every((f) => isSimple(f.type))) return undefined;
  return fields.map((f, k) => ({ name: f.name, expression: made.args[2 * k + 1] }));
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

function isSimple(type: DataType): boolean {
  return SIMPLE.has(type.kind);
}

/** @param input of `projection.below` */
export function jsonEncodeOperator(
  projection: JsonProjection,
  input: Operator,
  environment: StageEnvironment,
): Operator {
  const { timeZone } = environment.settings;
  const writers = projection.made.map((m): JsonWriter | undefined =>
    "schema" in m ? createJsonWriter(m.schema, { timeZone }) : undefined,
  );
  return {
    output: projection.output,
    async *run(request) {
      for await (const batch of input.run(request)) {
        const columns = projection.made.map((m, k) => {
          if ("column" in m) return batch.columns[m.column];
          const fields = { rows: batch.rows, columns: m.fields.map((f) => batch.columns[f]) };
          return (writers[k] as JsonWriter).column(fields);
        });
        yield { rows: batch.rows, columns };
        await request.context.breathe();
      }
    },
  };
}
