/** Relations without inputs: ranges, rows in the plan, tables and sources. */
import { nearest, SluiceError } from "../../errors/error.ts";
import type { LocalRelation, Range, Read, Relation } from "../../plan/messages.ts";
import { parseSchemaText } from "../../types/json.ts";
import { field, LONG, type StructType, struct } from "../../types/types.ts";
import type { ReadDescriptor, Session } from "../context.ts";
import type { Attribute } from "../expression.ts";
import { nameParts, quotedName } from "../identifier.ts";
import type { PlanNode } from "../plan.ts";
import { reinstance } from "../references.ts";
import { analyzeRelation, type Place } from "../relation.ts";
import { NO_PLAN_IDS, type Resolved } from "../scope.ts";

export function leaf(plan: PlanNode): Resolved {
  return { plan, output: plan.output, planIds: NO_PLAN_IDS };
}

export function attributesOf(session: Session, schema: StructType): Attribute[] {
  return schema.fields.map((f) =>
    session.attribute(f.name, f.type, f.nullable, f.metadata === undefined ? {} : { metadata: f.metadata }),
  );
}

/** What SELECT without FROM reads. */
export function oneRow(): Resolved {
  return leaf({ kind: "local", output: [], rows: [[]] });
}

export function rangeRelation(place: Place, message: Range): Resolved {
  if (message.step === 0n) {
    throw new SluiceError("INVALID_RANGE_STEP", {});
  }
  return leaf({
    kind: "range",
    output: [place.session.attribute("id", LONG, false)],
    start: message.start ?? 0n,
    end: message.end,
    step: message.step,
  });
}

export function localRelation(place: Place, message: LocalRelation): Resolved {
  const { session } = place;
  if (message.data === undefined) {
    const type = message.schema === undefined ? struct() : parseSchemaText(message.schema);
    const schema = type.kind === "struct" ? type : struct(field("value", type));
    return leaf({ kind: "local", output: attributesOf(session, schema), rows: [] });
  }
  const { schema, rows } = session.context.localRows(message.data, message.schema);
  return leaf({ kind: "local", output: attributesOf(session, schema), rows });
}

export function cachedRelation(place: Place, id: string): Resolved {
  const found = place.session.context.cached?.(id);
  if (found === undefined) throw new SluiceError("CACHED_RELATION_NOT_FOUND", { id });
  return given(place, found);
}

/** A relation from outside: analysed now, or analysed before, then with attributes of its own. */
function given(place: Place, found: Relation | PlanNode): Resolved {
  if ("relType" in found) return analyzeRelation(place, found);
  return leaf(reinstance(found, place.session));
}

export function readRelation(place: Place, message: Read): Resolved {
  const { readType } = message;
  switch (readType.case) {
    case "namedTable":
      return namedTable(place, readType.value.unparsedIdentifier);
    case "dataSource": {
      const read = describeRead(message);
      const schema = place.session.context.sourceSchema(read);
      return leaf({
        kind: "scan",
        id: place.session.scanId(),
        output: attributesOf(place.session, schema),
        format: read.format,
        options: read.options,
        paths: read.paths,
        userSchema: read.userSchema,
        schema,
        columns: schema.fields.map((_, i) => i),
        streaming: read.streaming,
      });
    }
    default:
      throw new SluiceError("INTERNAL_ERROR", { message: "A read without a table or a data source." });
  }
}

/** What is needed to open a data source. */
export function describeRead(message: Read): ReadDescriptor {
  if (message.readType.case !== "dataSource")
    throw new SluiceError("INTERNAL_ERROR", { message: "Not a data source." });
  const { format = "parquet", schema, options, paths } = message.readType.value;
  const type = schema ? parseSchemaText(schema) : undefined;
  const userSchema = type === undefined ? undefined : type.kind === "struct" ? type : struct(field("value", type));
  const lower = Object.entries(options).map(([k, v]) => [k.toLowerCase(), v] as const);
  const sorted = lower.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const name = format.toLowerCase();
  return {
    key: JSON.stringify([name, sorted, paths, schema ?? "", message.isStreaming]),
    format: name,
    options: new Map(sorted),
    paths,
    userSchema,
    streaming: message.isStreaming,
  };
}

const EXPANSIONS_MAX = 100;

function namedTable(place: Place, identifier: string): Resolved {
  const { session } = place;
  const parts = nameParts(identifier);
  const key = parts.join(".").toLowerCase();
  const found = (parts.length === 1 ? session.named.get(key) : undefined) ?? session.context.view(parts);
  if (found === undefined) throw tableNotFound(session, parts);
  if (session.expanding.length >= EXPANSIONS_MAX || session.expanding.includes(key)) {
    throw new SluiceError("RECURSIVE_VIEW", {
      viewIdent: quotedName(parts),
      newPath: [...session.expanding, key].join(" -> "),
    });
  }
  session.expanding.push(key);
  try {
    const resolved = given({ session, outer: undefined }, found);
    const qualifier = [parts[parts.length - 1]];
    // A view is its own world: plan ids of the relation behind it mean nothing outside.
    return { plan: resolved.plan, output: resolved.output.map((a) => ({ ...a, qualifier })), planIds: NO_PLAN_IDS };
  } finally {
    session.expanding.pop();
  }
}

export function tableNotFound(session: Session, parts: readonly string[]): SluiceError {
  const near = nearest(parts[parts.length - 1], session.context.viewNames?.() ?? []);
  return new SluiceError("TABLE_OR_VIEW_NOT_FOUND", {
    relationName: quotedName(parts),
    suggestion: near === undefined ? "" : ` Did you mean \`${near}\`?`,
  });
}
