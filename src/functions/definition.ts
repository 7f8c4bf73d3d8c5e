/**
 * What a SQL function is: one self-describing definition. The API's functions, the reference page and the support matrix
 * are generated from these; the examples are the function's tests, with results recorded from Spark.
 */
import type { DataType } from "../types/types.ts";
import type { Value } from "../types/values.ts";

/** Session settings that change results; taken when a query starts and kept for its life. */
export interface SessionSettings {
  /** IANA name or offset, e.g. `UTC`, `Europe/Athens`, `+02:00`. */
  readonly timeZone: string;
  /** Spark's spark.sql.ansi.enabled: errors instead of nulls for overflow, bad casts, missing elements. */
  readonly ansi: boolean;
  readonly caseSensitive: boolean;
}

/** What is known of an argument when a call is analysed. */
export interface Argument {
  readonly type: DataType;
  readonly nullable: boolean;
  /** The value, when the argument is a constant (already folded). */
  readonly literal?: { readonly value: Value };
  /** The argument as Spark prints it, for error messages and column names. */
  readonly sql: string;
  /** True for a lambda; then `type` and `nullable` are those of its body. */
  readonly lambda?: boolean;
}

/** The JavaScript of a value: `value` may be read only where `isNull` is false. Both are side-effect-free expressions. */
export interface Emitted {
  readonly value: string;
  /** `"false"` when the value is never null. */
  readonly isNull: string;
}

/** What generated code reads of the run that it is part of. The engine sets the fields before each batch. */
export interface RunContext {
  /** Microseconds: what current_timestamp() gives for the whole batch. */
  nowUs: number;
  /** Seed of rand() and friends where the call gives none. */
  seed: number;
  /** Rows that monotonically_increasing_id() has numbered so far. */
  rows: number;
  /** What current_user() gives. */
  user: string;
  /** Records that from_json couldn't read and gave nulls for, where they are counted. */
  badRecords?: number;
  /** Set where such records are taken out of the stream instead. */
  readonly rejects?: Rejects;
}

/** Takes records that can't be decoded. */
export interface Rejects {
  /** Set by `reject`; generated code leaves the row out and sets it back. */
  rejected: boolean;
  /**
   * @param source number of the source in the plan
   * @param record number of the record in the source's current batch
   * @throws where such a record is to end the query
   */
  reject(source: number, record: number, reason: string): void;
}

/** Writes the generated code of one stage. */
export interface Emitter {
  /** 64-bit values are `bigint` when true, exact `number` otherwise (see types/values.ts). */
  readonly wide: boolean;
  readonly settings: SessionSettings;
  /** What changes from batch to batch; bind it and read its fields in generated code. */
  readonly run: RunContext;
  /** A name not used yet in this stage, that begins with `hint`. */
  fresh(hint: string): string;
  /** Appends statements at the current place. */
  line(code: string): void;
  /** Appends `${head} {`, what `body` appends, and `}`. */
  block(head: string, body: () => void): void;
  /** Makes a JS value (function, table, RegExp, type) reachable in generated code; returns its name. Equal values share one. */
  bind(value: unknown, hint: string): string;
}

/** An argument that the definition emits itself, for functions that don't evaluate all arguments (`if`, `coalesce`). */
export interface LazyArgument {
  readonly type: DataType;
  readonly nullable: boolean;
  readonly literal?: { readonly value: Value };
  /** Emits the argument's statements at the current place and returns its value. Emit at most once on each path. */
  emit(): Emitted;
  /** As `emit`, for a BOOLEAN of which only matters whether it is true: JS that is false for false and null. */
  condition(): string;
  /** For a lambda: emits its body with these parameters. */
  apply(parameters: readonly Emitted[]): Emitted;
}

/** How a call runs, once its argument types are known. */
export type Evaluation =
  | {
      /** Null when any argument is null; `emit` sees only non-null values and returns a JS expression. */
      readonly nulls: "propagate";
      emit(e: Emitter, args: readonly string[]): string;
      /** True when the expression may itself be `null` for non-null arguments. */
      readonly mayReturnNull?: boolean;
      /**
       * True when the expression is cheap and can't throw, whatever stands in the arguments' variables (a null's place
       * holds 0, false, "" or null): it may then be written where it is used, without a guard.
       */
      readonly inline?: boolean;
    }
  | {
      readonly nulls: "custom";
      emit(e: Emitter, args: readonly LazyArgument[]): Emitted;
    };

/** A call whose types are settled. */
export interface ScalarResolution {
  /** The type that each argument is implicitly cast to. */
  readonly inputs: readonly DataType[];
  readonly output: DataType;
  /** Defaults: true when any argument is nullable or `mayReturnNull`. */
  readonly nullable?: boolean;
  /** False for functions such as rand() or uuid(): never folded, never moved. */
  readonly deterministic?: boolean;
  /** True for current_timestamp() and friends: the same for all rows of a batch, another in the next, so never folded. */
  readonly perBatch?: boolean;
  readonly evaluation: Evaluation;
}

export interface ResolveContext {
  readonly settings: SessionSettings;
  /** The name as the user wrote it, for errors. */
  readonly name: string;
  /** The whole call as Spark prints it, for errors. */
  readonly sql: string;
}

export interface FunctionDoc {
  /** One sentence. */
  readonly summary: string;
  /** Argument names as Spark documents them, in order. */
  readonly args: string;
  /** SQL expressions that run by themselves, e.g. `upper('abc')`. Their results are recorded from Spark. */
  readonly examples: readonly string[];
}

interface Named {
  /** Lower case, Spark's name. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group:
    | "string"
    | "math"
    | "datetime"
    | "conditional"
    | "json"
    | "collection"
    | "map"
    | "struct"
    | "hash"
    | "bitwise"
    | "predicate"
    | "cast"
    | "window"
    | "generator"
    | "aggregate"
    | "misc";
  readonly doc: FunctionDoc;
}

export interface ScalarFunction extends Named {
  readonly kind: "scalar";
  /** Throws WRONG_NUM_ARGS / DATATYPE_MISMATCH.* / … when the arguments don't fit. */
  resolve(args: readonly Argument[], context: ResolveContext): ScalarResolution;
  /**
   * For functions that take lambdas: the parameter types of the lambda at argument `index`, given the non-lambda arguments
   * (and lambda arguments before it, whose type is then known).
   */
  lambdaParameters?(
    index: number,
    args: readonly (Argument | undefined)[],
  ): readonly { type: DataType; nullable: boolean }[];
  /** The column name Spark gives a call, when it isn't `name(arg, …)`, e.g. `(a + b)`. Arguments as printed; `written` is the alias that was used. */
  prettyName?(args: readonly string[], written?: string): string;
}

/** One column of an aggregate's state. */
export interface BufferSpec {
  readonly name: string;
  readonly type: DataType;
  /** What a new group starts with; arrays are copied for each group. */
  readonly initial: Value;
}

/** A buffer column at the current group's slot, in generated code. */
export interface BufferSlot {
  /** JS expression of the value (only where not null). */
  readonly value: string;
  /** JS expression. */
  readonly isNull: string;
  /** Statement that stores a non-null value. */
  set(code: string): string;
  /** Statement that stores null. */
  setNull(): string;
}

export interface AggregateResolution {
  readonly inputs: readonly DataType[];
  readonly output: DataType;
  readonly nullable: boolean;
  readonly buffers: readonly BufferSpec[];
  /** True: `update` isn't called for a row in which any input is null. */
  readonly skipNulls: boolean;
  /** Emits statements that take one row into the buffers. */
  update(e: Emitter, buffers: readonly BufferSlot[], args: readonly Emitted[]): void;
  /** Emits statements that take another group's buffers into these (session windows merge). */
  merge(e: Emitter, buffers: readonly BufferSlot[], other: readonly Emitted[]): void;
  /** Emits the result's statements and returns it. */
  finish(e: Emitter, buffers: readonly BufferSlot[]): Emitted;
}

export interface AggregateFunction extends Named {
  readonly kind: "aggregate";
  resolve(args: readonly Argument[], context: ResolveContext): AggregateResolution;
  prettyName?(args: readonly string[], written?: string): string;
}

/** A function that makes several rows of one: explode, posexplode, inline, … */
export interface GeneratorFunction extends Named {
  readonly kind: "generator";
  resolve(
    args: readonly Argument[],
    context: ResolveContext,
  ): {
    readonly inputs: readonly DataType[];
    /** Columns with their default names. */
    readonly output: readonly { readonly name: string; readonly type: DataType; readonly nullable: boolean }[];
    /** One row of the input in, the generated rows out (internal values). Null arguments are passed as null. */
    generate(args: readonly Value[]): Value[][];
    /** explode_outer and friends: a row of nulls when nothing is generated. */
    readonly outer: boolean;
  };
}

/** Functions over a window of rows in batch queries: row_number, rank, lag, … */
export interface WindowFunction extends Named {
  readonly kind: "window";
  resolve(
    args: readonly Argument[],
    context: ResolveContext,
  ): {
    readonly inputs: readonly DataType[];
    readonly output: DataType;
    readonly nullable: boolean;
    /** One sorted partition in (its arguments by row, and for each row the index of the first row that ties with it), values out. */
    compute(rows: readonly (readonly Value[])[], peers: Int32Array, wide: boolean): Value[];
  };
}

export type FunctionDefinition = ScalarFunction | AggregateFunction | GeneratorFunction | WindowFunction;
