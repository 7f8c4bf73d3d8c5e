/** Relations that aren't queries: the text of show(), and questions to the catalog. */
import { create } from "@bufbuild/protobuf";
import type { ResultBatch } from "../../api/engine.ts";
import { batchFromRows, rowsOf } from "../../columns/rows.ts";
import { showRows } from "../../columns/show.ts";
import { SluiceError } from "../../errors/error.ts";
import { type Catalog, type Relation, RelationSchema, type ShowString } from "../../plan/messages.ts";
import { array, BOOLEAN, field, STRING, type StructType, struct } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import type { Session } from "./session.ts";

export interface SpecialRelation {
  readonly schema: StructType;
  rows(): Promise<Value[][]>;
}

/** What to do instead of analysing the relation; undefined for every other kind. */
export function specialRelation(session: Session, relation: Relation): SpecialRelation | undefined {
  switch (relation.relType.case) {
    case "showString": {
      const show = relation.relType.value;
      return {
        schema: struct(field("show_string", STRING, false)),
        rows: async () => [[await showText(session, show)]],
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

async function showText(session: Session, show: ShowString): Promise<string> {
  const { input, numRows, truncate, vertical } = show;
  if (input === undefined) throw new SluiceError("INTERNAL_ERROR", { message: "showString without a relation" });
  const rows: Value[][] = [];
  let schema = struct();
  // One row more than is shown tells whether there are more.
  for await (const result of session.execute(await limited(session, input, Math.max(0, numRows) + 1))) {
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

const TABLES = struct(
  field("name", STRING, false),
  field("catalog", STRING),
  field("namespace", array(STRING)),
  field("description", STRING),
  field("tableType", STRING, false),
  field("isTemporary", BOOLEAN, false),
);
const COLUMNS = struct(
  field("name", STRING, false),
  field("description", STRING),
  field("dataType", STRING, false),
  field("nullable", BOOLEAN, false),
  field("isPartition", BOOLEAN, false),
  field("isBucket", BOOLEAN, false),
  field("isCluster", BOOLEAN, false),
);

function catalogRelation(session: Session, { catType }: Catalog): SpecialRelation {
  const { catalog } = session;
  switch (catType.case) {
    case "currentCatalog":
      return oneText("spark_catalog");
    case "currentDatabase":
      return oneText("default");
    case "databaseExists":
      return oneFlag(async () => catType.value.dbName.toLowerCase() === "default");
    case "tableExists":
      return oneFlag(async () => catalog.find(catType.value.tableName.split(".")) !== undefined);
    case "functionExists":
      return oneFlag(async () => session.functionExists(catType.value.functionName));
    case "dropTempView":
      return oneFlag(async () => catalog.dropView(catType.value.viewName));
    case "dropGlobalTempView":
      return oneFlag(async () => catalog.dropGlobalView(catType.value.viewName));
    case "listTables": {
      const matches = patternOf(catType.value.pattern);
      const rows = () =>
        catalog
          .names()
          .filter(matches)
          .map((name): Value[] => [name, null, [], null, "TEMPORARY", true]);
      return { schema: TABLES, rows: async () => rows() };
    }
    case "listColumns":
      return { schema: COLUMNS, rows: () => listColumns(session, catType.value.tableName) };
    default:
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: `The catalog request ${catType.case ?? "?"}`,
        where: " by the embedded engine",
        hint: "It knows temporary views and the tables of memory sinks.",
      });
  }
}

async function listColumns(session: Session, tableName: string): Promise<Value[][]> {
  const table = create(RelationSchema, {
    relType: {
      case: "read",
      value: { readType: { case: "namedTable", value: { unparsedIdentifier: tableName } } },
    },
  });
  const schema = await session.schema(table);
  return schema.fields.map((f) => [f.name, null, session.typeName(f.type), f.nullable, false, false, false]);
}

/** `*` stands for any text and `|` for "or", as in SHOW TABLES LIKE. */
export function patternOf(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined) return () => true;
  const choices = pattern.split("|").map((p) =>
    p
      .trim()
      .split("*")
      .map((s) => s.toLowerCase()),
  );
  return (name) => choices.some((parts) => matches(name.toLowerCase(), parts));
}

function matches(name: string, parts: readonly string[]): boolean {
  if (parts.length === 1) return name === parts[0];
  if (!name.startsWith(parts[0])) return false;
  let at = parts[0].length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const last = parts[parts.length - 1];
  return name.length - last.length >= at && name.endsWith(last);
}

function oneText(value: string): SpecialRelation {
  return { schema: struct(field("value", STRING, false)), rows: async () => [[value]] };
}

function oneFlag(value: () => Promise<boolean>): SpecialRelation {
  return { schema: struct(field("value", BOOLEAN, false)), rows: async () => [[await value()]] };
}
