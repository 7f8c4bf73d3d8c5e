/** Calls by name: scalar functions, aggregates, generators, and the few that the analyser itself has to understand. */

import { nearest, SluiceError } from "../errors/error.ts";
import type {
  AggregateFunction,
  Argument,
  FunctionDefinition,
  GeneratorFunction,
  ResolveContext,
  ScalarFunction,
} from "../functions/definition.ts";
import { functionNames, lookupFunction } from "../functions/registry.ts";
import { type Expression, SubqueryExpression_SubqueryType } from "../plan/messages.ts";
import { type DataType, INT, STRING } from "../types/types.ts";
import type { Block } from "./block.ts";
import type { AggregateCall, Call, Lambda, LambdaVariable, TypedExpression } from "./expression.ts";
import { cast, condition, named, needed, resolve, star } from "./expressions.ts";
import { constant } from "./literal.ts";
import { at } from "./place.ts";
import { prettyName } from "./print.ts";
import { resolveSubquery } from "./subquery.ts";
import { isTimeWindowFunction, resolveTimeWindow } from "./time-window.ts";
import { isDeterministic, partsOf } from "./walk.ts";

export function resolveFunction(
  block: Block,
  written: string,
  messages: readonly Expression[],
  distinct: boolean,
): TypedExpression {
  const name = written.toLowerCase();
  if (isTimeWindowFunction(name)) return resolveTimeWindow(block, name, messages);
  if (name === "count" && messages.length === 1 && isBareStar(messages[0]) && !distinct) {
    return aggregateCall(block, lookup("count") as AggregateFunction, name, [constant(INT, 1)], false);
  }
  if (name === "struct") return structCall(block, messages);
  const [only] = messages;
  if ((name === "not" || name === "!") && only?.exprType.case === "subqueryExpression") {
    const { value } = only.exprType;
    if (value.subqueryType === SubqueryExpression_SubqueryType.IN) return resolveSubquery(block, value, true);
  }
  if (name === "aggregate_filter") return filteredAggregate(block, messages);
  if (name === "grouping" || name === "grouping_id") {
    const marker = block.session.grouping?.(
      name,
      messages.map((m) => resolve(block, m)),
    );
    if (marker !== undefined) return marker;
  }
  const definition = lookup(name, written);
  if (distinct && definition.kind !== "aggregate") {
    throw new SluiceError("INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX", {
      prettyName: `\`${name}\``,
      syntax: '"DISTINCT"',
    });
  }
  switch (definition.kind) {
    case "scalar":
      return scalarCall(block, definition, name, resolveArguments(block, definition, messages));
    case "aggregate": {
      const inner = block.scope.inAggregates ? { ...block, scope: block.scope.inAggregates } : block;
      return aggregateCall(block, definition, name, resolveArguments(inner, definition, messages), distinct);
    }
    case "generator":
      return generatorCall(block, definition, name, resolveArguments(block, definition, messages));
    case "window":
      throw new SluiceError("WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE", { funcName: `"${name}()"` });
  }
}

function isBareStar(message: Expression): boolean {
  return message.exprType.case === "unresolvedStar" && message.exprType.value.unparsedTarget === undefined;
}

/** The function with this name. Throws UNRESOLVED_ROUTINE with the nearest name. */
export function lookup(name: string, written = name): FunctionDefinition {
  const found = lookupFunction(name);
  if (found !== undefined) return found;
  const near = nearest(name, functionNames());
  throw new SluiceError("UNRESOLVED_ROUTINE", {
    routineName: `\`${written}\``,
    suggestion: near === undefined ? "" : ` Did you mean \`${near}\`?`,
  });
}

/** The arguments of a call; stars are expanded, lambdas get the types of their parameters from the definition. */
export function resolveArguments(
  block: Block,
  definition: FunctionDefinition,
  messages: readonly Expression[],
): TypedExpression[] {
  const slots: (TypedExpression | undefined)[] = [];
  const lambdas: { index: number; message: Expression }[] = [];
  for (const message of messages) {
    const e = message.exprType;
    if (e.case === "unresolvedStar") {
      slots.push(...star(block, e.value.unparsedTarget, e.value.planId).map((n) => n.expression));
    } else if (e.case === "lambdaFunction") {
      lambdas.push({ index: slots.length, message });
      slots.push(undefined);
    } else if (e.case === "namedArgumentExpression") {
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: `The named argument ${e.value.key}`,
        where: ` of ${definition.name}`,
        hint: "Give the arguments by position.",
      });
    } else {
      slots.push(resolve(block, message));
    }
  }
  for (const { index, message } of lambdas)
    slots[index] = at(message, () => lambda(block, definition, index, slots, message));
  return slots as TypedExpression[];
}

function lambda(
  block: Block,
  definition: FunctionDefinition,
  index: number,
  slots: readonly (TypedExpression | undefined)[],
  message: Expression,
): Lambda {
  if (message.exprType.case !== "lambdaFunction") throw new SluiceError("INTERNAL_ERROR", { message: "No lambda." });
  const { function: body, arguments: names } = message.exprType.value;
  const parametersOf = definition.kind === "scalar" ? definition.lambdaParameters : undefined;
  if (parametersOf === undefined) {
    throw new SluiceError("INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION", { class: definition.name });
  }
  const args = slots.map((s) => s && argumentOf(block, s));
  const types = parametersOf(index, args);
  if (names.length > types.length) {
    throw new SluiceError("INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH", {
      expectedNumArgs: types.length,
      actualNumArgs: names.length,
    });
  }
  const parameters = names.map((n, i): LambdaVariable => {
    return { kind: "variable", id: block.session.id(), name: n.nameParts.join("."), ...types[i] };
  });
  const scope = { ...block.scope, variables: [...block.scope.variables, ...parameters] };
  const resolved = resolve({ ...block, scope }, needed(body));
  return { kind: "lambda", parameters, body: resolved, type: resolved.type, nullable: resolved.nullable };
}

/** What a definition is told of an argument. */
export function argumentOf(block: Block, expression: TypedExpression): Argument {
  const { session } = block;
  const value = constantOf(block, expression);
  return {
    type: expression.type,
    nullable: expression.nullable,
    sql: prettyName(expression, session),
    ...(value === undefined ? {} : { literal: value }),
    ...(expression.kind === "lambda" ? { lambda: true } : {}),
  };
}

/** The value of an expression that needs no row; undefined when it has none, or when computing it fails. */
export function constantOf(block: Block, expression: TypedExpression): Argument["literal"] {
  if (expression.kind === "literal") return { value: expression.value };
  const fold = block.session.context.fold;
  if (fold === undefined || !isConstant(expression)) return undefined;
  try {
    return { value: fold(expression) };
  } catch {
    return undefined;
  }
}

/** True when the expression reads no column and always gives the same. */
export function isConstant(expression: TypedExpression): boolean {
  const free = (e: TypedExpression): boolean => {
    switch (e.kind) {
      case "attribute":
      case "aggregate":
      case "subquery":
      case "inSubquery":
      case "script":
        return false;
      case "call":
        return e.resolution.perBatch !== true && e.args.every(free);
      default:
        return partsOf(e).every(free);
    }
  };
  return free(expression) && isDeterministic(expression) && expression.kind !== "lambda";
}

function contextOf(block: Block, name: string, args: readonly Argument[]): ResolveContext {
  return { settings: block.session.settings, name, sql: `${name}(${args.map((a) => a.sql).join(", ")})` };
}

function coerced(args: readonly TypedExpression[], inputs: readonly DataType[]): TypedExpression[] {
  return args.map((arg, i) =>
    arg.kind === "lambda" || inputs[i] === undefined ? arg : cast(arg, inputs[i], "implicit"),
  );
}

/** A scalar call with its types settled and its arguments cast. */
export function scalarCall(block: Block, fn: ScalarFunction, name: string, args: readonly TypedExpression[]): Call {
  const described = args.map((a) => argumentOf(block, a));
  const context = contextOf(block, name, described);
  const sql = fn.prettyName ? fn.prettyName(described.map((a) => a.sql)) : context.sql;
  const resolution = fn.resolve(described, { ...context, sql });
  const { evaluation } = resolution;
  const mayReturnNull = evaluation.nulls === "propagate" && evaluation.mayReturnNull === true;
  const casts = coerced(args, resolution.inputs);
  return {
    kind: "call",
    fn,
    resolution,
    args: casts,
    type: resolution.output,
    nullable: resolution.nullable ?? (mayReturnNull || casts.some((a) => a.nullable)),
    deterministic: resolution.deterministic !== false,
    ...(name === fn.name ? {} : { written: name }),
  };
}

/** A call of a scalar function by name, for expressions that the analyser makes itself. */
export function callNamed(block: Block, name: string, ...args: TypedExpression[]): Call {
  return scalarCall(block, lookup(name) as ScalarFunction, name, args);
}

export function aggregateCall(
  block: Block,
  fn: AggregateFunction,
  name: string,
  args: readonly TypedExpression[],
  distinct: boolean,
  filter?: TypedExpression,
): AggregateCall {
  if (block.aggregates !== "allowed" && block.aggregates.refusedIn === "WHERE") {
    throw new SluiceError("INVALID_WHERE_CONDITION", {
      expressionList: `${name}(${args.map((a) => prettyName(a, block.session)).join(", ")})`,
    });
  }
  if (block.aggregates !== "allowed") {
    throw new SluiceError("INVALID_AGGREGATE_PLACE", { function: `${name}()`, clause: block.aggregates.refusedIn });
  }
  const described = args.map((a) => argumentOf(block, a));
  const resolution = fn.resolve(described, contextOf(block, name, described));
  return {
    kind: "aggregate",
    fn,
    resolution,
    args: coerced(args, resolution.inputs),
    distinct,
    filter,
    type: resolution.output,
    nullable: resolution.nullable,
    ...(name === fn.name ? {} : { written: name }),
  };
}

function generatorCall(
  block: Block,
  fn: GeneratorFunction,
  name: string,
  args: readonly TypedExpression[],
): TypedExpression {
  const { session, pending } = block;
  const described = args.map((a) => argumentOf(block, a));
  const context = contextOf(block, name, described);
  const resolution = fn.resolve(described, context);
  const outputs = resolution.output.map((o) => session.attribute(o.name, o.type, o.nullable || resolution.outer));
  pending.generators.push({
    fn,
    args: coerced(args, resolution.inputs),
    generate: resolution.generate,
    outer: resolution.outer,
    outputs,
  });
  return outputs[0];
}

/** The SQL parser's form of `sum(x) FILTER (WHERE c)`. */
function filteredAggregate(block: Block, messages: readonly Expression[]): TypedExpression {
  const call = resolve(block, needed(messages[0]));
  if (call.kind !== "aggregate") {
    throw new SluiceError("INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX", {
      prettyName: `\`${prettyName(call, block.session)}\``,
      syntax: '"FILTER CLAUSE"',
    });
  }
  const scope = block.scope.inAggregates ?? block.scope;
  const filter = condition({ ...block, scope, aggregates: { refusedIn: "FILTER" } }, needed(messages[1]), "FILTER");
  return { ...call, filter };
}

/** struct(a, b + 1, c AS x): fields are named after their expressions, as far as those have names. */
function structCall(block: Block, messages: readonly Expression[]): TypedExpression {
  const args: TypedExpression[] = [];
  let position = 0;
  for (const message of messages) {
    for (const { expression, name } of structField(block, message, position)) {
      position++;
      args.push(constant(STRING, name), expression);
    }
  }
  return { ...callNamed(block, "named_struct", ...args), written: "struct" };
}

function structField(
  block: Block,
  message: Expression,
  position: number,
): { expression: TypedExpression; name: string }[] {
  const e = message.exprType;
  if (e.case === "unresolvedStar") {
    return star(block, e.value.unparsedTarget, e.value.planId).map((n) => ({
      expression: n.expression,
      name: n.output.name,
    }));
  }
  if (e.case === "expressionString") {
    return structField(block, block.session.context.parseExpression(e.value.expression), position);
  }
  const expression = resolve(block, message);
  if (e.case === "alias" && e.value.name.length === 1) return [{ expression, name: e.value.name[0] }];
  if (expression.kind === "field") return [{ expression, name: expression.name }];
  if (expression.kind === "attribute" || expression.kind === "variable") return [{ expression, name: expression.name }];
  return [{ expression, name: named(block, expression, `col${position + 1}`).output.name }];
}
