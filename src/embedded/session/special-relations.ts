/** Relations that aren't queries: the text of show(), and questions to the catalog. */
import { create } from "@bufbuild/protobuf";
import type { Observer, ResultBatch } from "../../api/engine.ts";
import { batchFromRows, rowsOf } from "../../columns/rows.ts";
import { showRows } from "../../columns/show.ts";
import { SluiceError } from "../../errors/error.ts";
import { type Relation, RelationSchema, type ShowString } from "../../plan/messages.ts";
import { field, STRING, type StructType, struct } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import { catalogRelation } from "./catalog-relations.ts";
import type { Session } from "./session.ts";

export interface SpecialRelation {
  readonly schema: StructType;
  rows(): Promise<readonly (readonly Value[])[]>;
}

/** What to do instead of analysing the relation; undefined for every other kind. */
export function specialRelation(
  session: Session,
  relation: Relation,
  observer?: Observer,
): SpecialRelation | undefined {
  switch (relation.relType.case) {
    case "showString": {
      const show = relation.relType.value;
      return {
        schema: struct(field("show_string", STRING, false)),
        rows: async () => [[await showText(session, show, observer)]],
      };
    }
    case "catalog":
      return catalogRelation(session, relation.relType.value);
    default:
      return undefined;
  }
}

export function resultOf(schema: StructType, rows: readonly (readonly Value[])[]): ResultBatch {
  return {
    schema,
    batch: batchFromRows(
      schema.fields.map((f) => f.type),
      rows,
      true,
    ),
  };
}

async function showText(session: Session, show: ShowString, observer: Observer | undefined): Promise<string> {
  const { input, numRows, truncate, vertical } = show;
  if (input === undefined) throw new SluiceError("INTERNAL_ERROR", { message: "showString without a relation" });
  const rows: Value[][] = [];
  let schema = struct();
  // One row more than is shown tells whether there are more.
  const shown = await limited(session, input, Math.max(0, numRows) + 1);
  for await (const result of session.execute(shown, observer)) {
    schema = result.schema;
    rows.push(...rowsOf(result.batch));
  }
  if (schema.fields.length === 0) schema = await session.schema(input);
  const { timeZone } = session.config.settings();
  return showRows(schema, rows, { numRows: Math.max(0, numRows), truncate, vertical, timeZone });
}

async function limited(session: Session, input: Relation, limit: number): Promise<Relation> {
  if (specialRelation(session, input) !== undefined) return input;
  return create(RelationSchema, { relType: { case: "limit", value: { input, limit } } });
}
