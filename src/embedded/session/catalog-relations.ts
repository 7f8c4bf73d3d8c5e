/** Questions to the catalog: temporary views, the tables of memory sinks, and the functions. */
import { create } from "@bufbuild/protobuf";
import { SluiceError } from "../../errors/error.ts";
import { functionNames } from "../../functions/registry.ts";
import { type Catalog, RelationSchema } from "../../plan/messages.ts";
import { array, BOOLEAN, field, STRING, type StructType, struct } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import { patternOf } from "./name-pattern.ts";
import type { Session } from "./session.ts";
import type { SpecialRelation } from "./special-relations.ts";

const CATALOG = "spark_catalog";
const DATABASE = "default";

const CATALOGS = struct(field("name", STRING, false), field("description", STRING));
const DATABASES = struct(
  field("name", STRING, false),
  field("catalog", STRING),
  field("description", STRING),
  field("locationUri", STRING, false),
);
const FUNCTIONS = struct(
  field("name", STRING, false),
  field("catalog", STRING),
  field("namespace", array(STRING)),
  field("description", STRING),
  field("className", STRING, false),
  field("isTemporary", BOOLEAN, false),
);
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

const NOTHING = struct(field("value", STRING, false));

export function catalogRelation(session: Session, request: Catalog): SpecialRelation {
  const { catType } = request;
  switch (catType.case) {
    case "currentCatalog":
      return oneText(CATALOG);
    case "listCatalogs": {
      const matches = patternOf(catType.value.pattern);
      return rowsOf(CATALOGS, () => (matches(CATALOG) ? [[CATALOG, null]] : []));
    }
    case "setCurrentCatalog":
      return rowsOf(NOTHING, () => onlyName(catType.value.catalogName, CATALOG));
    case "currentDatabase":
      return oneText(DATABASE);
    case "databaseExists":
      return oneFlag(async () => isDatabase(catType.value.dbName));
    case "setCurrentDatabase":
      return rowsOf(NOTHING, () => onlyName(catType.value.dbName, DATABASE));
    case "getDatabase":
      return rowsOf(DATABASES, () => [...onlyName(catType.value.dbName, DATABASE), databaseRow(session)]);
    case "listDatabases": {
      const matches = patternOf(catType.value.pattern);
      return rowsOf(DATABASES, () => (matches(DATABASE) ? [databaseRow(session)] : []));
    }
    case "functionExists":
      return oneFlag(async () => session.functionExists(catType.value.functionName));
    case "getFunction":
      return rowsOf(FUNCTIONS, () => [functionRow(foundFunction(session, catType.value.functionName))]);
    case "listFunctions": {
      const matches = patternOf(catType.value.pattern);
      return rowsOf(FUNCTIONS, () => [...functionNames()].filter(matches).sort().map(functionRow));
    }
    default:
      return tableRelation(session, request);
  }
}

/** The requests about tables and views. */
function tableRelation(session: Session, { catType }: Catalog): SpecialRelation {
  const { catalog } = session;
  switch (catType.case) {
    case "tableExists":
      return oneFlag(async () => catalog.find(catType.value.tableName.split(".")) !== undefined);
    case "dropTempView":
      return oneFlag(async () => catalog.dropView(catType.value.viewName));
    case "dropGlobalTempView":
      return oneFlag(async () => catalog.dropGlobalView(catType.value.viewName));
    case "getTable":
      return rowsOf(TABLES, () => [tableRow(foundTable(session, catType.value.tableName))]);
    case "listTables": {
      const matches = patternOf(catType.value.pattern);
      return rowsOf(TABLES, () => catalog.names().filter(matches).map(tableRow));
    }
    case "listColumns":
      return { schema: COLUMNS, rows: () => listColumns(session, catType.value.tableName) };
    case "isCached":
      return oneFlag(async () => catalog.cachedNames.has(foundTable(session, catType.value.tableName).toLowerCase()));
    case "cacheTable":
      return rowsOf(NOTHING, () => {
        catalog.cachedNames.add(foundTable(session, catType.value.tableName).toLowerCase());
        return [];
      });
    case "uncacheTable":
      return rowsOf(NOTHING, () => {
        catalog.cachedNames.delete(foundTable(session, catType.value.tableName).toLowerCase());
        return [];
      });
    case "clearCache":
      return rowsOf(NOTHING, () => {
        catalog.cachedNames.clear();
        return [];
      });
    case "refreshTable":
      return rowsOf(NOTHING, () => {
        foundTable(session, catType.value.tableName);
        return [];
      });
    case "refreshByPath":
      return rowsOf(NOTHING, () => []); // files are listed anew by each query
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

function tableRow(name: string): Value[] {
  return [name, null, [], null, "TEMPORARY", true];
}

function functionRow(name: string): Value[] {
  return [name, null, null, "", name, true];
}

function databaseRow(session: Session): Value[] {
  return [DATABASE, CATALOG, "default database", session.config.value("spark.sql.warehouse.dir") ?? "spark-warehouse"];
}

/** @throws TABLE_OR_VIEW_NOT_FOUND */
function foundTable({ catalog }: Session, name: string): string {
  const parts = name.split(".");
  if (catalog.find(parts) !== undefined) return parts[parts.length - 1];
  throw new SluiceError("TABLE_OR_VIEW_NOT_FOUND", { relationName: quoted(parts), suggestion: "" });
}

function foundFunction(session: Session, name: string): string {
  if (session.functionExists(name)) return name.toLowerCase();
  const searchPath = "[`system`.`builtin`, `system`.`session`]";
  throw new SluiceError("UNRESOLVED_ROUTINE", { routineName: quoted([name]), searchPath, suggestion: "" });
}

function isDatabase(name: string): boolean {
  return name.toLowerCase() === DATABASE;
}

/** @throws SCHEMA_NOT_FOUND for another name than the one there is */
function onlyName(name: string, known: string): [] {
  if (name.toLowerCase() !== known) throw new SluiceError("SCHEMA_NOT_FOUND", { schemaName: quoted([name]), known });
  return [];
}

function quoted(parts: readonly string[]): string {
  return parts.map((part) => `\`${part.replaceAll("`", "``")}\``).join(".");
}

function rowsOf(schema: StructType, rows: () => readonly (readonly Value[])[]): SpecialRelation {
  return { schema, rows: async () => rows() };
}

function oneText(value: string): SpecialRelation {
  return { schema: struct(field("value", STRING, false)), rows: async () => [[value]] };
}

function oneFlag(value: () => Promise<boolean>): SpecialRelation {
  return { schema: struct(field("value", BOOLEAN, false)), rows: async () => [[await value()]] };
}
