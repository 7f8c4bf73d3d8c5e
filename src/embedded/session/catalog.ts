/** What a session knows by name: temporary views, memory sinks' tables, and rows that it keeps for a while. */
import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import type { PlanNode } from "../../analyze/plan.ts";
import type { Batch } from "../../columns/vector.ts";
import type { MemoryTables } from "../../connectors/memory/sink.ts";
import type { MemoryTable } from "../../connectors/memory/table.ts";
import { SluiceError } from "../../errors/error.ts";
import { type Relation, RelationSchema } from "../../plan/messages.ts";
import type { StructType } from "../../types/types.ts";

/** Answers of SQL statements that can still be read. */
const ANSWERS_MAX = 1000;
/** Memory sinks' tables that a restarted query can go on with. */
const TABLES_MAX = 100;

export interface View {
  /** As it was written. */
  readonly name: string;
  readonly relation: Relation;
}

export class SessionCatalog {
  /** By lower-case name; a memory sink's table wins over an older view of its name. */
  private readonly views = new Map<string, View>();
  private readonly globalViews = new Map<string, View>();
  private readonly tables = new Map<string, MemoryTable>();
  private readonly tablesByQuery = new Map<string, MemoryTable>();
  private readonly kept = new Map<string, PlanNode>();
  private readonly answers: string[] = [];
  /** Views and tables on which cacheTable was called, in lower case: told when asked, and nothing more. */
  readonly cachedNames = new Set<string>();

  /** @throws TEMP_TABLE_OR_VIEW_ALREADY_EXISTS */
  createView(name: string, relation: Relation, options: { replace: boolean; global: boolean }): void {
    const views = options.global ? this.globalViews : this.views;
    const key = name.toLowerCase();
    const taken = views.has(key) || (!options.global && this.tables.has(key));
    if (taken && !options.replace)
      throw new SluiceError("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", { relationName: `\`${name}\`` });
    if (!options.global) this.tables.delete(key);
    views.set(key, { name, relation });
  }

  dropView(name: string): boolean {
    const key = name.toLowerCase();
    this.cachedNames.delete(key);
    const table = this.tables.delete(key);
    return this.views.delete(key) || table;
  }

  dropGlobalView(name: string): boolean {
    return this.globalViews.delete(name.toLowerCase());
  }

  /** Tables of this session's memory sinks. */
  readonly memoryTables: MemoryTables = {
    ofQuery: (queryId) => this.tablesByQuery.get(queryId),
    register: (queryId, table) => {
      const key = table.name.toLowerCase();
      this.views.delete(key);
      this.tables.set(key, table);
      this.tablesByQuery.set(queryId, table);
      if (this.tablesByQuery.size > TABLES_MAX) this.tablesByQuery.delete([...this.tablesByQuery.keys()][0]);
    },
  };

  table(name: string): MemoryTable | undefined {
    return this.tables.get(name.toLowerCase());
  }

  /** For the analyser: the view or table of this name. */
  find(parts: readonly string[]): Relation | PlanNode | undefined {
    const last = parts[parts.length - 1].toLowerCase();
    if (parts.length === 2 && parts[0].toLowerCase() === "global_temp") return this.globalViews.get(last)?.relation;
    if (parts.length > 1) return undefined;
    const table = this.tables.get(last);
    return table === undefined
      ? this.views.get(last)?.relation
      : keptPlan(table.schema, table.name, () => table.batches());
  }

  /** Names of temporary views and tables, in order. */
  names(): string[] {
    const names = [...[...this.views.values()].map((v) => v.name), ...[...this.tables.values()].map((t) => t.name)];
    return names.sort();
  }

  /** Keeps rows under an id while `use` runs, as a relation that plans can hold. */
  async keepWhile<T>(
    schema: StructType,
    batches: readonly Batch[],
    use: (relation: Relation) => Promise<T>,
  ): Promise<T> {
    const relationId = randomUUID();
    this.kept.set(
      relationId,
      keptPlan(schema, "foreachBatch", () => batches),
    );
    try {
      return await use(keptRelation(relationId));
    } finally {
      this.kept.delete(relationId);
    }
  }

  /** Keeps the rows that a statement answered with; the oldest answers are forgotten. */
  keepAnswer(schema: StructType, batches: readonly Batch[]): Relation {
    const relationId = randomUUID();
    this.kept.set(
      relationId,
      keptPlan(schema, "answer", () => batches),
    );
    this.answers.push(relationId);
    if (this.answers.length > ANSWERS_MAX) this.kept.delete(this.answers.shift() as string);
    return keptRelation(relationId);
  }

  cached(id: string): PlanNode | undefined {
    return this.kept.get(id);
  }
}

function keptRelation(relationId: string): Relation {
  return create(RelationSchema, { relType: { case: "cachedRemoteRelation", value: { relationId } } });
}

/** A plan of rows at hand. The analyser gives the attributes ids of their own. */
function keptPlan(schema: StructType, name: string, batches: () => Iterable<Batch>): PlanNode {
  const output = schema.fields.map((f, id) => ({
    kind: "attribute" as const,
    id,
    name: f.name,
    type: f.type,
    nullable: f.nullable,
    qualifier: [],
    ...(f.metadata === undefined ? {} : { metadata: f.metadata }),
  }));
  return { kind: "cached", output, name, batches };
}
