import type { Attribute, Call, Cast, GetField, Lambda, ScriptCall, TypedExpression } from "../analyze/expression.ts";
import { SluiceError } from "../errors/error.ts";
import { isAtom, negated, parenthesised, truth } from "../functions/code.ts";
import type { Emitted, LazyArgument } from "../functions/definition.ts";
import { type DataType, isIntLike, isLongLike } from "../types/types.ts";
import type { Value } from "../types/values.ts";
import { emitCast } from "./cast.ts";
import type { CodeEmitter } from "./emitter.ts";
import { formOf, literalCode, zero } from "./literal.ts";

/**
 * How the stage gives the current row's value of a column. It may write lines (to decode a string when it is first
 * needed); it is asked once for each place in which the value can be reused.
 */
export type ColumnAccess = (attribute: Attribute) => Emitted;

/** What the surroundings of an expression provide besides its columns. */
export interface ExpressionSurroundings {
  /** The user's TypeScript function behind `token`, from internal values to an internal value. */
  readonly script?: (call: ScriptCall) => (...args: Value[]) => Value;
  /** A JS condition that the column's text is `text`, where it can be compared as bytes, without a JS string. */
  readonly textEquals?: (column: Attribute, text: string) => string | undefined;
  /** The value of a scalar subquery, computed before. */
  readonly subquery?: (expression: TypedExpression) => Value;
}

interface Scope {
  readonly e: CodeEmitter;
  readonly columns: ColumnAccess;
  readonly surroundings: ExpressionSurroundings;
  readonly variables: ReadonlyMap<number, Emitted>;
}

const NEVER_NULL = "false";
const ALWAYS_NULL = "true";

/**
 * Writes the statements that compute `expr` for the current row and returns where the value is. Equal deterministic
 * subexpressions are computed once in each block. Throws WideRequired when a constant needs the wide form.
 *
 * @example
 * const { value, isNull } = emitExpression(e, expr, (a) => ({ value: `row[${a.id}]`, isNull: `row[${a.id}] === null` }));
 * e.line(`return ${isNull} ? null : ${value};`);
 */
export function emitExpression(
  e: CodeEmitter,
  expr: TypedExpression,
  columns: ColumnAccess,
  surroundings: ExpressionSurroundings = {},
): Emitted {
  return emit({ e, columns, surroundings, variables: new Map() }, expr);
}

/** JS that is true when a BOOLEAN value is true (neither false nor null). */
export function isTrue(condition: Emitted): string {
  return truth(condition);
}

/**
 * Writes a condition of which only matters whether it is true, as in WHERE: returns JS that is false for false and null.
 * Shorter code than emitExpression's three values; the right side of AND and OR runs only when it matters.
 */
export function emitCondition(
  e: CodeEmitter,
  expr: TypedExpression,
  columns: ColumnAccess,
  surroundings: ExpressionSurroundings = {},
): string {
  return condition({ e, columns, surroundings, variables: new Map() }, expr);
}

function condition(scope: Scope, expr: TypedExpression): string {
  if (expr.kind === "call" && (expr.fn.name === "and" || expr.fn.name === "or")) return shortCircuit(scope, expr);
  return truth(emit(scope, expr));
}

function shortCircuit(scope: Scope, call: Call): string {
  const { e } = scope;
  const [left, right] = call.args;
  const operator = call.fn.name === "and" ? "&&" : "||";
  const first = condition(scope, left);
  const name = e.fresh(call.fn.name);
  let second = "";
  const lines = e.capture(() => {
    second = e.scope(() => condition(scope, right));
  }, 1);
  if (lines.length === 0) {
    const side = (code: string): string =>
      code.includes(operator === "&&" ? "||" : "&&") ? parenthesised(code) : code;
    return `(${side(first)} ${operator} ${side(second)})`;
  }
  e.line(`let ${name} = ${first};`);
  e.block(`if (${operator === "&&" ? name : `!${name}`})`, () => {
    e.append(lines);
    e.line(`${name} = ${second};`);
  });
  return name;
}

/** Keeps `emitted` in constants, unless it is already a name or a literal. Use before writing a value more than once. */
export function settled(e: CodeEmitter, emitted: Emitted, type: DataType, hint: string): Emitted {
  let { value, isNull } = emitted;
  if (!isAtom(isNull)) {
    const name = e.fresh(`${hint}Null`);
    e.line(`const ${name} = ${isNull};`);
    isNull = name;
  }
  if (!isAtom(value)) {
    const name = e.fresh(hint);
    e.line(`const ${name} = ${isNull === NEVER_NULL ? value : `${isNull} ? ${zero(type, e.wide)} : ${value}`};`);
    value = name;
  }
  return { value, isNull };
}

/** `a || b || …` over the arguments that can be null. */
function anyNull(args: readonly Emitted[]): string {
  if (args.some((a) => a.isNull === ALWAYS_NULL)) return ALWAYS_NULL;
  const parts = [...new Set(args.map((a) => a.isNull).filter((n) => n !== NEVER_NULL))];
  if (parts.length === 0) return NEVER_NULL;
  return parts.map((p) => (/[?&]|=>/.test(p) ? `(${p})` : p)).join(" || ");
}

function emit(scope: Scope, expr: TypedExpression): Emitted {
  switch (expr.kind) {
    case "literal":
      if (expr.value === null) return { value: zero(expr.type, scope.e.wide), isNull: ALWAYS_NULL };
      return { value: literalCode(scope.e, expr.type, expr.value), isNull: NEVER_NULL };
    case "attribute":
      return reused(scope, expr, () => scope.columns(expr));
    case "variable": {
      const value = scope.variables.get(expr.id);
      if (value === undefined) {
        throw new SluiceError("INTERNAL_ERROR", { message: `lambda variable ${expr.name} has no value here` });
      }
      return value;
    }
    case "call":
      return expr.deterministic ? reused(scope, expr, () => emitCall(scope, expr)) : emitCall(scope, expr);
    case "cast":
      return reused(scope, expr, () => emitCastOf(scope, expr));
    case "field":
      return reused(scope, expr, () => emitField(scope, expr));
    case "script":
      return emitScript(scope, expr);
    case "subquery":
    case "inSubquery": {
      const lookup = scope.surroundings.subquery;
      if (lookup === undefined) {
        throw new SluiceError("UNSUPPORTED_FEATURE", {
          feature: "A subquery",
          where: " in this place",
          hint: "Write it as a join, or run it first and use its result.",
        });
      }
      const value = lookup(expr);
      if (value === null) return { value: zero(expr.type, scope.e.wide), isNull: ALWAYS_NULL };
      return { value: literalCode(scope.e, expr.type, value), isNull: NEVER_NULL };
    }
    case "lambda":
    case "aggregate":
      throw new SluiceError("INTERNAL_ERROR", { message: `${expr.kind} expression outside its place` });
  }
}

function reused(scope: Scope, expr: TypedExpression, make: () => Emitted): Emitted {
  const key = keyOf(expr);
  const known = scope.e.recall(key);
  if (known !== undefined) return known;
  const made = make();
  scope.e.remember(key, made);
  return made;
}

/** `column = 'text'` on the bytes of a column that came in as bytes. */
function emitTextEquals({ columns, surroundings }: Scope, call: Call): Emitted | undefined {
  if (call.fn.name !== "==" || surroundings.textEquals === undefined) return undefined;
  const [a, b] = call.args[0].kind === "literal" ? [call.args[1], call.args[0]] : call.args;
  if (a.kind !== "attribute" || b.kind !== "literal" || typeof b.value !== "string") return undefined;
  const value = surroundings.textEquals(a, b.value);
  return value === undefined ? undefined : { value, isNull: columns(a).isNull };
}

function emitCall(scope: Scope, call: Call): Emitted {
  const compared = emitTextEquals(scope, call);
  if (compared !== undefined) return compared;
  const { e } = scope;
  const evaluation = call.resolution.evaluation;
  if (evaluation.nulls === "custom") {
    const result = evaluation.emit(
      e,
      call.args.map((arg) => lazy(scope, arg)),
    );
    return call.nullable || result.isNull === ALWAYS_NULL || /^\w+ === null$/.test(result.isNull)
      ? result
      : { value: result.value, isNull: result.isNull };
  }
  const hint = hintOf(call);
  const args: Emitted[] = [];
  for (const arg of call.args) {
    const emitted = emit(scope, arg);
    if (emitted.isNull === ALWAYS_NULL) return { value: zero(call.type, e.wide), isNull: ALWAYS_NULL };
    args.push(evaluation.inline && isAtom(emitted.value) ? emitted : settled(e, emitted, arg.type, hintOf(arg)));
  }
  const values = args.map((a) => a.value);
  if (evaluation.inline && !evaluation.mayReturnNull) {
    return { value: parenthesised(evaluation.emit(e, values)), isNull: anyNull(args) };
  }
  return guarded(e, anyNull(args), call.type, hint, evaluation.mayReturnNull === true, () =>
    evaluation.emit(e, values),
  );
}

/** Computes `body` where `isNull` is false. `body` may write lines. */
function guarded(
  e: CodeEmitter,
  isNull: string,
  type: DataType,
  hint: string,
  mayReturnNull: boolean,
  body: () => string,
): Emitted {
  const name = e.fresh(hint);
  if (isNull === NEVER_NULL) {
    e.line(`const ${name} = ${body()};`);
    return { value: name, isNull: mayReturnNull ? `${name} === null` : NEVER_NULL };
  }
  let guard = isNull;
  if (!isAtom(guard) && !mayReturnNull) {
    guard = e.fresh(`${hint}Null`);
    e.line(`const ${guard} = ${isNull};`);
  }
  let code = "";
  const lines = e.capture(() => {
    code = body();
  });
  const none = mayReturnNull ? "null" : zero(type, e.wide);
  if (lines.length === 0) {
    e.line(`const ${name} = ${guard} ? ${none} : ${code};`);
  } else {
    e.line(`let ${name} = ${none};`);
    e.block(`if (${negated(guard)})`, () => {
      e.line(`${name} = ${body()};`);
    });
  }
  return { value: name, isNull: mayReturnNull ? `${name} === null` : guard };
}

function emitCastOf(scope: Scope, cast: Cast): Emitted {
  const { e } = scope;
  const child = emit(scope, cast.child);
  if (child.isNull === ALWAYS_NULL) return { value: zero(cast.type, e.wide), isNull: ALWAYS_NULL };
  const made = emitCast(e, cast.child.type, cast.type, cast.mode);
  if (made.identity) return child;
  const arg = settled(e, child, cast.child.type, hintOf(cast.child));
  if (made.pure) return { value: made.code(arg.value), isNull: arg.isNull };
  return guarded(e, arg.isNull, cast.type, hintOf(cast), made.mayReturnNull, () => made.code(arg.value));
}

function emitField(scope: Scope, expr: GetField): Emitted {
  const { e } = scope;
  const struct = settled(e, emit(scope, expr.child), expr.child.type, hintOf(expr.child));
  if (struct.isNull === ALWAYS_NULL) return { value: zero(expr.type, e.wide), isNull: ALWAYS_NULL };
  const access = `${struct.value}[${expr.ordinal}]`;
  const name = e.fresh(expr.name);
  if (!expr.nullable && struct.isNull === NEVER_NULL) {
    e.line(`const ${name} = ${access};`);
    return { value: name, isNull: NEVER_NULL };
  }
  e.line(`const ${name} = ${struct.isNull === NEVER_NULL ? access : `${struct.isNull} ? null : ${access}`};`);
  return { value: name, isNull: `${name} === null` };
}

function emitScript(scope: Scope, call: ScriptCall): Emitted {
  const { e } = scope;
  const script = scope.surroundings.script;
  if (script === undefined) {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: `The TypeScript function ${call.name}`,
      where: " in this place",
      hint: "Use it in select, withColumn or filter of a query that runs in this process.",
    });
  }
  const body = script(call);
  const { wide } = e;
  // The function answers with bigints; here they are in the form of the stage.
  const run = e.bind((...values: Value[]) => formOf(body(...values), call.type, wide), call.name);
  const args = call.args.map((arg) => {
    const emitted = settled(e, emit(scope, arg), arg.type, hintOf(arg));
    return emitted.isNull === NEVER_NULL ? emitted.value : `${emitted.isNull} ? null : ${emitted.value}`;
  });
  const name = e.fresh(call.name);
  e.line(`const ${name} = ${run}(${args.join(", ")});`);
  return { value: name, isNull: `${name} === null` };
}

function lazy(scope: Scope, arg: TypedExpression): LazyArgument {
  return {
    type: arg.type,
    nullable: arg.nullable,
    ...(arg.kind === "literal" ? { literal: { value: formOf(arg.value, arg.type, scope.e.wide) } } : {}),
    emit: () => (arg.kind === "lambda" ? emit(scope, arg.body) : emit(scope, arg)),
    condition: () => condition(scope, arg),
    apply: (parameters) => applyLambda(scope, arg, parameters),
  };
}

function applyLambda(scope: Scope, arg: TypedExpression, parameters: readonly Emitted[]): Emitted {
  if (arg.kind !== "lambda") throw new SluiceError("INTERNAL_ERROR", { message: "a lambda was expected here" });
  const variables = new Map(scope.variables);
  (arg as Lambda).parameters.forEach((p, i) => {
    variables.set(p.id, settled(scope.e, parameters[i], p.type, p.name));
  });
  return scope.e.scope(() => emit({ ...scope, variables }, arg.body));
}

const operatorHints: Readonly<Record<string, string>> = {
  "+": "sum",
  "-": "difference",
  "*": "product",
  "/": "quotient",
  "%": "remainder",
  "==": "equal",
  "=": "equal",
  "<=>": "same",
  "<": "less",
  "<=": "atMost",
  ">": "greater",
  ">=": "atLeast",
};

/** What a variable that holds the expression is called. */
export function hintOf(expr: TypedExpression): string {
  switch (expr.kind) {
    case "attribute":
    case "field":
    case "script":
    case "variable":
      return expr.name;
    case "call":
      return operatorHints[expr.fn.name] ?? expr.fn.name;
    case "cast":
      return expr.child.kind === "literal" ? "cast" : `${hintOf(expr.child)}_${expr.type.kind}`;
    default:
      return "v";
  }
}

const keys = new WeakMap<TypedExpression, string>();
const typeKeys = new WeakMap<DataType, string>();
const objectKeys = new WeakMap<object, number>();
let objectCount = 0;

function typeKey(type: DataType): string {
  if (isIntLike(type) || (isLongLike(type) && type.kind !== "decimal")) return type.kind;
  let key = typeKeys.get(type);
  if (key === undefined) typeKeys.set(type, (key = JSON.stringify(type)));
  return key;
}

function objectKey(object: object): string {
  let key = objectKeys.get(object);
  if (key === undefined) objectKeys.set(object, (key = ++objectCount));
  return `#${key}`;
}

/** Equal for expressions that always give the same value for the same row. */
export function keyOf(expr: TypedExpression): string {
  let key = keys.get(expr);
  if (key === undefined) keys.set(expr, (key = makeKey(expr)));
  return key;
}

function makeKey(expr: TypedExpression): string {
  switch (expr.kind) {
    case "attribute":
      return `@${expr.id}`;
    case "variable":
      return `$${expr.id}`;
    case "literal": {
      const v = expr.value;
      const text =
        v !== null && typeof v === "object" ? objectKey(v) : `${typeof v}:${Object.is(v, -0) ? "-0" : String(v)}`;
      return `(lit ${typeKey(expr.type)} ${JSON.stringify(text)})`;
    }
    case "call":
      if (!expr.deterministic) return objectKey(expr);
      return `(${expr.fn.name} ${typeKey(expr.type)} ${expr.args.map(keyOf).join(" ")})`;
    case "cast":
      return `(cast ${typeKey(expr.child.type)} ${typeKey(expr.type)} ${expr.mode} ${keyOf(expr.child)})`;
    case "field":
      return `(field ${expr.ordinal} ${keyOf(expr.child)})`;
    case "lambda":
      return `(lambda ${expr.parameters.map((p) => p.id).join(" ")} ${keyOf(expr.body)})`;
    default:
      return objectKey(expr);
  }
}
