/** What the analyser needs from its surroundings, and what it remembers while it works on one plan. */
import type { SessionSettings } from "../functions/definition.ts";
import type { Expression, Relation } from "../plan/messages.ts";
import { parseSchemaText } from "../types/json.ts";
import type { DataType, StructType } from "../types/types.ts";
import type { Value } from "../types/values.ts";
import type { AggregateCall, Attribute, TypedExpression } from "./expression.ts";
import type { PlanNode } from "./plan.ts";

/** One source that a plan reads: everything that is needed to open it. `key` is equal for reads that are the same. */
export interface ReadDescriptor {
  readonly key: string;
  readonly format: string;
  /** Names in lower case, as Spark compares them. */
  readonly options: ReadonlyMap<string, string>;
  readonly paths: readonly string[];
  readonly userSchema: StructType | undefined;
  readonly streaming: boolean;
}

/** The frame of an aggregate that is used as a window function, in rows or in the order's values. */
export interface WindowFrame {
  readonly unit: "rows" | "range";
  /** Negative is before the current row; -Infinity and Infinity are unbounded. */
  readonly lower: number;
  readonly upper: number;
}

export interface AnalyzeContext {
  readonly settings: SessionSettings;
  /** A temporary view, a table of the catalog or a memory sink's table, by the parts of its name. */
  view(name: readonly string[]): Relation | PlanNode | undefined;
  /** Names for the hint in TABLE_OR_VIEW_NOT_FOUND. */
  viewNames?(): Iterable<string>;
  /** The schema of a source that was opened before (see collectReads). */
  sourceSchema(read: ReadDescriptor): StructType;
  /** A SQL expression, e.g. of filter("id > 2"). */
  parseExpression(text: string): Expression;
  /** A SQL query. */
  parseQuery(text: string, args: SqlArguments): Relation;
  /** Rows of a local relation: an Arrow stream, with the schema text that came with it. */
  localRows(data: Uint8Array, schema: string | undefined): LocalRows;
  /** A relation that the engine keeps: foreachBatch's rows, a cached local relation by its hash. */
  cached?(id: string): PlanNode | Relation | undefined;
  /** Evaluates an expression without attributes. May throw the expression's own error. */
  fold?(expression: TypedExpression): Value;
  /** Runs an aggregate over the frames of one sorted partition. Without it, aggregates can't be window functions. */
  windowAggregate?(
    call: AggregateCall,
    frame: WindowFrame,
  ): (rows: readonly (readonly Value[])[], peers: Int32Array, wide: boolean) => Value[];
}

export interface SqlArguments {
  readonly named: ReadonlyMap<string, Expression>;
  readonly positional: readonly Expression[];
}

export interface LocalRows {
  readonly schema: StructType;
  readonly rows: readonly (readonly Value[])[];
}

/** Numbers handed out while one plan is analysed, and places that only errors need. */
export class Session {
  readonly context: AnalyzeContext;
  /** Relations that subquery expressions refer to by plan id (WithRelations). */
  readonly references = new Map<bigint, Relation>();
  /** Relations of WithRelations that have a name; they hide views of that name. */
  readonly named = new Map<string, Relation>();
  /** How a placeholder column was written, for the names of expressions around it. */
  readonly written = new Map<number, string>();
  #nextId = 0;
  #nextScan = 0;
  /** Set while the results of grouping sets are resolved: what grouping() and grouping_id() read. */
  grouping: ((name: string, args: readonly TypedExpression[]) => TypedExpression) | undefined;
  /** Names of the views being expanded, to stop at a view that reads itself. */
  readonly expanding: string[] = [];

  constructor(context: AnalyzeContext) {
    this.context = context;
  }

  get settings(): SessionSettings {
    return this.context.settings;
  }

  id(): number {
    return this.#nextId++;
  }

  scanId(): number {
    return this.#nextScan++;
  }

  /** A type from text: DDL, or Spark's JSON form. */
  parseType(text: string): DataType {
    return parseSchemaText(text);
  }

  attribute(name: string, type: DataType, nullable: boolean, extra: Partial<Attribute> = {}): Attribute {
    return { qualifier: [], ...extra, kind: "attribute", id: this.id(), name, type, nullable };
  }

  /** Whether two names are the same name in this session. */
  sameName(a: string, b: string): boolean {
    return this.settings.caseSensitive ? a === b : a.toLowerCase() === b.toLowerCase();
  }
}
