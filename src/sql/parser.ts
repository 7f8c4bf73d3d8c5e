/** The state that all parts of the SQL parser share: the cursor, what names mean at this place, and how nodes are made. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { SluiceError } from "../errors/error.ts";
import { type Fields, inside } from "../plan/children.ts";
import {
  type Expression,
  type Expression_Window,
  ExpressionSchema,
  type Origin,
  OriginSchema,
  type Relation,
  RelationSchema,
} from "../plan/messages.ts";
import { TokenStream } from "../types/tokens.ts";

type ExpressionType = NonNullable<MessageInitShape<typeof ExpressionSchema>["exprType"]>;
type RelationType = NonNullable<MessageInitShape<typeof RelationSchema>["relType"]>;

export interface ParseOptions {
  /** What `:name` stands for (keys without the colon), or what each `?` stands for in order. */
  readonly args?: Readonly<Record<string, Expression>> | readonly Expression[];
  /**
   * The session's time zone, in which TIMESTAMP '2024-01-01 00:00:00' is read. When it isn't known here, such a constant
   * becomes a cast of its text, which whoever analyses the plan does in the session's zone.
   */
  readonly timeZone?: string;
}

/** The most relations that a text may stand for once its common table expressions are written out where they are used. */
const RELATIONS_MAX = 10_000;
/** The most operands that AND or OR may join in a row; they make a tree of little depth. */
export const CHAIN_MAX = 10_000;
/** The most levels of the resulting plan: `1 + 1 + 1 + …` nests without a bracket. What reads the plan is recursive. */
const DEPTH_MAX = 1_000;

/** Subqueries are numbered below zero, so that they never meet the numbers that clients give their relations. */
let lastSubqueryId = 0n;

export class Parser {
  readonly stream: TokenStream;
  readonly options: ParseOptions;
  /** Queries inside expressions; `WithRelations` carries them beside the root. */
  subqueries: Relation[] = [];
  /** Names of the lambda parameters around the cursor, innermost last. */
  readonly lambdas: ReadonlySet<string>[] = [];
  /** Common table expressions in sight, lower case. */
  ctes: ReadonlyMap<string, { readonly relation: Relation; readonly size: number }> = new Map();
  /** `OVER name` places that wait for the WINDOW clause, which comes after them. */
  namedWindows: { readonly name: string; readonly window: Expression_Window; readonly start: number }[] = [];
  /** The columns of what was written as a row, `(a, b)`. */
  readonly rows = new WeakMap<Expression, readonly Expression[]>();
  /** How many relations were made, uses of common table expressions counted whole. */
  relations = 0;
  private positionalUsed = 0;

  private readonly lineStarts: readonly number[];

  constructor(text: string, options: ParseOptions = {}) {
    this.stream = new TokenStream(text);
    this.options = options;
    this.lineStarts = [0, ...[...text.matchAll(/\n/g)].map((m) => m.index + 1)];
  }

  /** Where the next token starts; give it to `expression` or `relation` once the node's end was read. */
  mark(): number {
    return this.stream.peek().start;
  }

  expression(start: number, exprType: ExpressionType): Expression {
    return create(ExpressionSchema, { common: { origin: this.origin(start) }, exprType });
  }

  relation(start: number, relType: RelationType): Relation {
    this.countRelations(1);
    return create(RelationSchema, { common: { origin: this.origin(start) }, relType });
  }

  countRelations(count: number): void {
    this.relations += count;
    if (this.relations > RELATIONS_MAX) throw this.stream.tooComplex();
  }

  call(start: number, functionName: string, args: Expression[], more: { isDistinct?: boolean } = {}): Expression {
    return this.expression(start, { case: "unresolvedFunction", value: { functionName, arguments: args, ...more } });
  }

  /** A call that Spark Connect has no message for; see index.ts for the list. A cluster would refuse it. */
  internalCall(start: number, functionName: string, args: Expression[]): Expression {
    return this.expression(start, {
      case: "unresolvedFunction",
      value: { functionName, arguments: args, isInternal: true },
    });
  }

  /** `(a, b AS c, 1)`: a struct whose fields are named by their columns, their aliases, or col1, col2, … */
  row(start: number, items: readonly Expression[]): Expression {
    const args = items.flatMap((item, i) => [this.string(start, fieldName(item) ?? `col${i + 1}`), unaliased(item)]);
    const row = this.call(start, "named_struct", args);
    this.rows.set(row, items.map(unaliased));
    return row;
  }

  attribute(start: number, unparsedIdentifier: string): Expression {
    return this.expression(start, { case: "unresolvedAttribute", value: { unparsedIdentifier } });
  }

  string(start: number, value: string): Expression {
    return this.expression(start, { case: "literal", value: { literalType: { case: "string", value } } });
  }

  integer(start: number, value: number): Expression {
    return this.expression(start, { case: "literal", value: { literalType: { case: "integer", value } } });
  }

  /** Puts a query aside for WithRelations; returns the number that names it. */
  addSubquery(query: Relation): bigint {
    lastSubqueryId -= 1n;
    const planId = lastSubqueryId;
    const origin = query.common?.origin;
    this.subqueries.push(
      create(RelationSchema, { common: origin ? { origin, planId } : { planId }, relType: query.relType }),
    );
    return planId;
  }

  /** Throws FAILED_TO_PARSE_TOO_COMPLEX when the parsed tree is too deep for those who read it. */
  checkDepth<T extends Expression | Relation>(root: T): T {
    // A tree isn't deeper than its text has tokens.
    if (this.stream.tokens.length < DEPTH_MAX) return root;
    let level: Fields[] = [root as unknown as Fields];
    for (let depth = 0; level.length > 0; depth++) {
      // Between two expressions stands the message of the outer one's kind.
      if (depth > 2 * DEPTH_MAX) throw this.stream.tooComplex();
      level = level.flatMap(inside);
    }
    return root;
  }

  /** What `?` or `:name` stands for. Throws UNBOUND_SQL_PARAMETER. */
  parameter(start: number, name: string | undefined): Expression {
    const { args } = this.options;
    let value: Expression | undefined;
    if (name === undefined) {
      if (Array.isArray(args)) value = args[this.positionalUsed++];
    } else if (args !== undefined && !Array.isArray(args) && Object.hasOwn(args, name)) {
      value = (args as Readonly<Record<string, Expression>>)[name];
    }
    if (value !== undefined) return value;
    throw new SluiceError(
      "UNBOUND_SQL_PARAMETER",
      { name: name ?? `_${this.positionalUsed}` },
      { context: this.stream.context(start, this.stream.last().stop) },
    );
  }

  private origin(start: number): Origin {
    const { text } = this.stream;
    const stopIndex = Math.max(start, this.stream.last().stop - 1);
    const line = this.lineOf(start);
    const startPosition = start - this.lineStarts[line - 1];
    const value = { line, startPosition, startIndex: start, stopIndex, sqlText: text };
    return create(OriginSchema, { function: { case: "jvmOrigin", value } });
  }

  /** Counted from 1. */
  private lineOf(position: number): number {
    let low = 0;
    let high = this.lineStarts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.lineStarts[middle] <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function unaliased(e: Expression): Expression {
  return e.exprType.case === "alias" ? (e.exprType.value.expr ?? e) : e;
}

function fieldName({ exprType }: Expression): string | undefined {
  if (exprType.case === "alias") return exprType.value.name[0];
  if (exprType.case === "unresolvedAttribute") return new TokenStream(exprType.value.unparsedIdentifier).lastName();
  return undefined;
}
