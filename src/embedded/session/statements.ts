/** SQL statements that aren't queries: views, settings, and what a shell asks. */
import { create } from "@bufbuild/protobuf";
import { SluiceError } from "../../errors/error.ts";
import { type Relation, RelationSchema } from "../../plan/messages.ts";
import type { Statement } from "../../sql/index.ts";
import { BOOLEAN, field, STRING, type StructType, struct } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import { patternOf } from "./name-pattern.ts";
import type { Session } from "./session.ts";

const SHOWN_TABLES = struct(
  field("namespace", STRING, false),
  field("tableName", STRING, false),
  field("isTemporary", BOOLEAN, false),
);
const SHOWN_VIEWS = struct(
  field("namespace", STRING, false),
  field("viewName", STRING, false),
  field("isTemporary", BOOLEAN, false),
);
const DESCRIBED = struct(field("col_name", STRING, false), field("data_type", STRING, false), field("comment", STRING));
const SETTING = struct(field("key", STRING, false), field("value", STRING, false));
const PLAN = struct(field("plan", STRING, false));

/** Runs the statement and answers with the relation of its rows; a query answers with itself. */
export async function runStatement(session: Session, statement: Statement): Promise<Relation> {
  switch (statement.kind) {
    case "query":
      return statement.relation;
    case "createView":
      return createView(session, statement);
    case "createSourceView":
      return createSourceView(session, statement);
    case "dropView":
      return dropView(session, statement.name, statement.ifExists);
    case "showTables": {
      const names = session.catalog.names().filter(patternOf(statement.pattern));
      const schema = statement.viewsOnly ? SHOWN_VIEWS : SHOWN_TABLES;
      return session.keepRows(
        schema,
        names.map((name) => ["", name, true]),
      );
    }
    case "describeTable":
      return describe(session, tableRelation(statement.name));
    case "describeQuery":
      return describe(session, statement.relation);
    case "set":
      return set(session, statement.key, statement.value);
    case "reset":
      for (const key of statement.key === undefined ? (await session.config.all()).keys() : [statement.key]) {
        await session.config.unset(key);
      }
      return session.keepRows(struct(), []);
    case "explain":
      return session.keepRows(PLAN, [[await session.explain(statement.relation, statement.mode)]]);
    case "ignored":
      return session.keepRows(struct(), []);
  }
}

async function createView(session: Session, s: Extract<Statement, { kind: "createView" }>): Promise<Relation> {
  const name = s.name[s.name.length - 1];
  const relation =
    s.columns.length === 0
      ? s.relation
      : create(RelationSchema, {
          relType: { case: "toDf", value: { input: s.relation, columnNames: [...s.columns] } },
        });
  await session.schema(relation); // its errors belong here, not where the view is read
  const exists = session.catalog.find(s.isGlobal ? ["global_temp", name] : [name]) !== undefined;
  if (!(exists && s.ifNotExists))
    session.catalog.createView(name, relation, { replace: s.replace, global: s.isGlobal });
  return session.keepRows(struct(), []);
}

async function createSourceView(
  session: Session,
  s: Extract<Statement, { kind: "createSourceView" }>,
): Promise<Relation> {
  const { path, ...options } = s.options;
  const relation = create(RelationSchema, {
    relType: {
      case: "read",
      value: {
        readType: {
          case: "dataSource",
          value: {
            format: s.format,
            options,
            paths: path === undefined ? [] : [path],
            ...(s.schema === undefined ? {} : { schema: s.schema }),
          },
        },
      },
    },
  });
  await session.schema(relation);
  session.catalog.createView(s.name[s.name.length - 1], relation, { replace: s.replace, global: false });
  return session.keepRows(struct(), []);
}

function dropView(session: Session, parts: readonly string[], ifExists: boolean): Relation {
  const name = parts[parts.length - 1];
  const global = parts.length === 2 && parts[0].toLowerCase() === "global_temp";
  const dropped = global ? session.catalog.dropGlobalView(name) : session.catalog.dropView(name);
  if (!dropped && !ifExists)
    throw new SluiceError("TABLE_OR_VIEW_NOT_FOUND", { relationName: `\`${name}\``, suggestion: "" });
  return session.keepRows(struct(), []);
}

async function describe(session: Session, relation: Relation): Promise<Relation> {
  const schema: StructType = await session.schema(relation);
  return session.keepRows(
    DESCRIBED,
    schema.fields.map((f): Value[] => [f.name, session.typeName(f.type), (f.metadata?.["comment"] as string) ?? null]),
  );
}

async function set(session: Session, key: string | undefined, value: string | undefined): Promise<Relation> {
  if (key === undefined) {
    const all = [...(await session.config.all())].sort(([a], [b]) => (a < b ? -1 : 1));
    return session.keepRows(SETTING, all);
  }
  if (value !== undefined) await session.config.set(key, value);
  return session.keepRows(SETTING, [[key, (await session.config.get(key)) ?? "<undefined>"]]);
}

function tableRelation(parts: readonly string[]): Relation {
  const unparsedIdentifier = parts.map((p) => `\`${p.replaceAll("`", "``")}\``).join(".");
  return create(RelationSchema, {
    relType: { case: "read", value: { readType: { case: "namedTable", value: { unparsedIdentifier } } } },
  });
}
