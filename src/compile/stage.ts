/**
 * A stage is the longest run of operators that fits in one loop over a batch: filters, projections, expands, watermarks,
 * then an end (rows out, or groups updated). It is compiled to JavaScript once for each combination of column storages.
 */
import type { Attribute, NamedExpression, TypedExpression } from "../analyze/expression.ts";
import { holdsRejecting } from "../analyze/rules/bad-records.ts";
import { type Batch, bytesEqual, type Repr, reprOf, type Vector } from "../columns/vector.ts";
import type { Emitted, RunContext, SessionSettings } from "../functions/definition.ts";
import { InputColumns, signature } from "./columns.ts";
import { CodeEmitter } from "./emitter.ts";
import { type ExpressionSurroundings, emitCondition, emitExpression, settled } from "./expression.ts";
import { type SpreadStruct, StructViews } from "./structs.ts";

export type StageStep =
  | { readonly kind: "filter"; readonly condition: TypedExpression }
  | { readonly kind: "project"; readonly expressions: readonly NamedExpression[] }
  | {
      readonly kind: "expand";
      readonly projections: readonly (readonly TypedExpression[])[];
      readonly output: readonly Attribute[];
    }
  /** Takes the row's event time into `stats`: count, max, min, sum (microseconds). */
  | { readonly kind: "watermark"; readonly column: Attribute; readonly stats: Float64Array }
  /** Drops rows whose time is at or before `limit[0]` (microseconds); `onLate` is called for each. */
  | {
      readonly kind: "late";
      readonly time: TypedExpression;
      readonly limit: Float64Array;
      readonly keys: readonly TypedExpression[];
      readonly onLate: (...keys: unknown[]) => void;
    };

/** What happens to a row at the end of the loop. */
export interface StageEnd<R> {
  /** Before the loop. */
  begin(scope: StageScope): void;
  /** For each row. */
  row(scope: StageScope): void;
  /** After the loop; the code must return. */
  finish(scope: StageScope): void;
  /** Extra parameters of the generated function, after `columns` and `rows`. */
  readonly parameters: readonly string[];
  readonly result?: R;
}

/** What a stage's end sees of the code around it. */
export interface StageScope {
  readonly e: CodeEmitter;
  readonly row: string;
  readonly rows: string;
  readonly wide: boolean;
  /** Emits an expression over the attributes known at the end of the stage. */
  emit(expression: TypedExpression): Emitted;
  /** A JS condition that a BOOLEAN expression is true (neither false nor null). */
  condition(expression: TypedExpression): string;
  /** The Vector variable of a column that reaches the end as it came in and is stored as `utf8`. */
  utf8Column(expression: TypedExpression): string | undefined;
  rewrite(expression: TypedExpression): TypedExpression;
}

/** What generated code depends on besides its plan. */
export interface StageEnvironment {
  readonly settings: SessionSettings;
  readonly wide: boolean;
  /** What changes from batch to batch: set before each. */
  readonly run: RunContext;
  readonly surroundings: ExpressionSurroundings;
}

const encoder = new TextEncoder();

type Compiled<A extends readonly unknown[], R> = (columns: readonly Vector[], rows: number, ...rest: A) => R;

export class Stage<A extends readonly unknown[], R> {
  readonly #input: readonly Attribute[];
  readonly #steps: readonly StageStep[];
  readonly #end: StageEnd<R>;
  readonly #environment: StageEnvironment;
  readonly #compiled = new Map<string, Compiled<A, R>>();
  readonly #rejects: boolean;
  readonly #structs: readonly SpreadStruct[];
  readonly name: string;
  /** The code generated last. */
  code = "";

  constructor(
    name: string,
    input: readonly Attribute[],
    steps: readonly StageStep[],
    end: StageEnd<R>,
    environment: StageEnvironment,
    structs: readonly SpreadStruct[] = [],
  ) {
    this.name = name;
    this.#input = input;
    this.#structs = structs;
    this.#steps = steps;
    this.#end = end;
    this.#environment = environment;
    this.#rejects = environment.run.rejects !== undefined && steps.some(readsRecords);
  }

  run(batch: Batch, ...rest: A): R {
    const key = signature(batch);
    let compiled = this.#compiled.get(key);
    if (compiled === undefined) {
      compiled = this.#compile(batch.columns.map((c) => c.repr));
      this.#compiled.set(key, compiled);
    }
    return compiled(batch.columns, batch.rows, ...rest);
  }

  /** Generates the code as if a first batch with usual storages had come: for explain. */
  preview(): string {
    if (this.code === "") {
      this.#compile(
        this.#input.map((a) =>
          a.type.kind === "string" || a.type.kind === "binary" ? "utf8" : reprOf(a.type, this.#environment.wide),
        ),
      );
    }
    return this.code;
  }

  #compile(reprs: readonly Repr[]): Compiled<A, R> {
    const { wide, settings, surroundings, run } = this.#environment;
    const e = new CodeEmitter(wide, settings, run);
    const columns = e.fresh("columns");
    const rows = e.fresh("rows");
    for (const p of this.#end.parameters) e.fresh(p);
    const row = e.fresh("i");
    const input = new InputColumns(e, this.#input, reprs, row);
    const locals = new Map<number, Emitted>();
    const views = new StructViews();
    for (const { struct, fields } of this.#structs) views.define(struct, fields);
    const access = (a: Attribute): Emitted => {
      const found = locals.get(a.id) ?? input.access(a) ?? views.build(a, access);
      if (found === undefined) throw new Error(`column ${a.name}#${a.id} is not available in stage ${this.name}`);
      return found;
    };
    const bytesOf = (x: TypedExpression): string | undefined => {
      const y = views.rewrite(x);
      if (y.kind !== "attribute" || locals.has(y.id)) return undefined;
      return input.find(y.id)?.repr === "utf8" ? input.vectorName(y) : undefined;
    };
    const textEquals = (column: Attribute, text: string): string | undefined => {
      const vector = bytesOf(column);
      if (vector === undefined) return undefined;
      return `${e.bind(bytesEqual, "bytesEqual")}(${vector}, ${row}, ${e.bind(encoder.encode(text), "bytes")})`;
    };
    const emit = (x: TypedExpression) => emitExpression(e, views.rewrite(x), access, { ...surroundings, textEquals });
    const scope: StageScope = {
      e,
      row,
      rows,
      wide,
      emit,
      condition: (x) => emitCondition(e, views.rewrite(x), access, { ...surroundings, textEquals }),
      rewrite: (x) => views.rewrite(x),
      utf8Column: bytesOf,
    };
    const loop = e.capture(() => {
      e.block(`for (let ${row} = 0; ${row} < ${rows}; ${row}++)`, () => {
        const body = e.capture(() => this.#emitSteps(0, scope, locals, views));
        if (this.#rejects) e.line(`${e.bind(run.rejects, "rejects")}.rejected = false;`);
        input.rowPrelude();
        e.append(body);
      });
    });
    input.prelude(columns);
    this.#end.begin(scope);
    e.append(loop);
    this.#end.finish(scope);
    this.code = e.code;
    return e.compile<Compiled<A, R>>(this.name.replace(/\W+/g, "_"), [columns, rows, ...this.#end.parameters]);
  }

  #emitSteps(from: number, scope: StageScope, locals: Map<number, Emitted>, views: StructViews): void {
    const { e } = scope;
    for (let s = from; s < this.#steps.length; s++) {
      const step = this.#steps[s] as StageStep;
      switch (step.kind) {
        case "filter": {
          e.line(`if (!(${scope.condition(step.condition)})) continue;`);
          break;
        }
        case "project":
          emitProject(step.expressions, scope, locals, views);
          break;
        case "watermark": {
          const t = scope.emit(step.column);
          const stats = e.bind(step.stats, "eventTimes");
          const us = e.fresh("eventTime");
          e.block(`if (!(${t.isNull}))`, () => {
            e.line(`const ${us} = ${scope.wide ? `Number(${t.value})` : t.value};`);
            e.line(`${stats}[0]++;`);
            e.line(`if (${us} > ${stats}[1]) ${stats}[1] = ${us};`);
            e.line(`if (${us} < ${stats}[2]) ${stats}[2] = ${us};`);
            e.line(`${stats}[3] += ${us};`);
          });
          break;
        }
        case "late": {
          const t = scope.emit(step.time);
          const limit = e.bind(step.limit, "lateLimit");
          const time = scope.wide ? `Number(${t.value})` : t.value;
          e.block(`if (!(${t.isNull}) && ${time} <= ${limit}[0])`, () => {
            const keys = step.keys.map((k) => {
              const v = scope.emit(k);
              return v.isNull === "false" ? v.value : `(${v.isNull}) ? null : ${v.value}`;
            });
            e.line(`${e.bind(step.onLate, "late")}(${keys.join(", ")});`);
            e.line("continue;");
          });
          break;
        }
        case "expand":
          emitExpand(step, scope, locals, views, () => this.#emitSteps(s + 1, scope, locals, views));
          return;
      }
    }
    if (this.#rejects) e.line(`if (${e.bind(this.#environment.run.rejects, "rejects")}.rejected) continue;`);
    this.#end.row(scope);
  }
}

/** Whether a step reads records that may turn out bad: such a row is left out. */
function readsRecords(step: StageStep): boolean {
  switch (step.kind) {
    case "filter":
      return holdsRejecting(step.condition);
    case "project":
      return step.expressions.some((n) => holdsRejecting(n.expression));
    case "expand":
      return step.projections.some((p) => p.some(holdsRejecting));
    default:
      return false;
  }
}

type Expand = Extract<StageStep, { kind: "expand" }>;

/** A loop over the copies of a row; `rest` is emitted once, inside. Structs made here are kept as their fields. */
function emitExpand(
  step: Expand,
  scope: StageScope,
  locals: Map<number, Emitted>,
  views: StructViews,
  rest: () => void,
): void {
  const { e } = scope;
  const columns: { readonly target: Attribute; readonly sources: readonly TypedExpression[] }[] = [];
  const structs: { readonly struct: Attribute; readonly parts: readonly Attribute[] }[] = [];
  step.output.forEach((a, j) => {
    const sources = step.projections.map((p) => p[j] as TypedExpression);
    if (sources.every((x) => x.kind === "attribute" && x.id === a.id)) return;
    const fields = sources.map((x) => views.fieldsOf(x));
    if (!fields.every((f) => f !== undefined)) {
      columns.push({ target: a, sources });
      return;
    }
    const parts = (fields[0] ?? []).map((f, k): Attribute => {
      const made = fields.map((list) => (list as NonNullable<typeof list>)[k].expression);
      const nullable = made.some((x) => x.nullable);
      const name = `${a.name}_${f.name}`;
      const part: Attribute = {
        kind: "attribute",
        id: views.freshId(),
        name,
        type: f.expression.type,
        nullable,
        qualifier: [],
      };
      columns.push({ target: part, sources: made });
      return part;
    });
    structs.push({ struct: a, parts });
  });
  const copy = e.fresh("copy");
  const targets = columns.map((c) => ({
    ...c,
    value: e.fresh(c.target.name),
    isNull: e.fresh(`${c.target.name}_null`),
  }));
  e.block(`for (let ${copy} = 0; ${copy} < ${step.projections.length}; ${copy}++)`, () => {
    for (const t of targets) e.line(t.target.nullable ? `let ${t.value}, ${t.isNull} = false;` : `let ${t.value};`);
    e.block(`switch (${copy})`, () => {
      for (let p = 0; p < step.projections.length; p++) {
        e.block(`case ${p}:`, () => {
          for (const t of targets) {
            const r = scope.emit(t.sources[p] as TypedExpression);
            if (r.isNull === "false" || !t.target.nullable) e.line(`${t.value} = ${r.value};`);
            else e.line(`if (!(${t.isNull} = (${r.isNull}))) ${t.value} = ${r.value};`);
          }
          e.line("break;");
        });
      }
    });
    for (const t of targets)
      locals.set(t.target.id, { value: t.value, isNull: t.target.nullable ? t.isNull : "false" });
    for (const v of structs) views.define(v.struct, v.parts);
    rest();
  });
}

function emitProject(
  expressions: readonly NamedExpression[],
  scope: StageScope,
  locals: Map<number, Emitted>,
  views: StructViews,
): void {
  for (const { expression, output } of expressions) {
    if (expression.kind === "attribute" && expression.id === output.id) continue;
    const fields = views.fieldsOf(expression);
    if (fields !== undefined) {
      // A struct made here is kept as its fields; it is put together only where somebody wants it whole.
      const parts = fields.map((f) => {
        const part: Attribute = {
          kind: "attribute",
          id: views.freshId(),
          name: `${output.name}_${f.name}`,
          type: f.expression.type,
          nullable: f.expression.nullable,
          qualifier: [],
        };
        locals.set(part.id, settled(scope.e, scope.emit(f.expression), part.type, part.name));
        return part;
      });
      views.define(output, parts);
      continue;
    }
    const target = views.rewrite(expression);
    // A bare column keeps reading from where it is: strings stay bytes.
    if (target.kind === "attribute" && scope.utf8Column(target) !== undefined) {
      views.alias(output, target);
      continue;
    }
    locals.set(output.id, settled(scope.e, scope.emit(expression), output.type, output.name));
  }
}
