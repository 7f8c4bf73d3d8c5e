/** Unresolved expressions to typed ones. One case for each kind; the larger kinds have files of their own. */

import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { SluiceError } from "../errors/error.ts";
import { neverNull } from "../functions/cast/cast.ts";
import {
  type Expression,
  type Expression_Cast,
  Expression_Cast_EvalMode,
  ScriptFunctionSchema,
} from "../plan/messages.ts";
import { canCast } from "../types/coercion.ts";
import { sqlType } from "../types/print.ts";
import { BOOLEAN, type DataType, isNumeric, sameType } from "../types/types.ts";
import type { Block } from "./block.ts";
import { resolveFunction } from "./calls.ts";
import type { Attribute, Cast, NamedExpression, TypedExpression } from "./expression.ts";
import { extractField, extractValue, updateFields } from "./extract.ts";
import { nameParts } from "./identifier.ts";
import { literalOf, metadataOf, typeOf } from "./literal.ts";
import { at } from "./place.ts";
import { prettyName } from "./print.ts";
import { candidates, type Match, proposals, type Scope, single, unresolvedColumn } from "./scope.ts";
import { resolveSubquery } from "./subquery.ts";
import { resolveWindow } from "./window-function.ts";

/** One value. Throws the error of whatever doesn't fit, with the place where it is written. */
export function resolve(block: Block, message: Expression): TypedExpression {
  return at(message, () => resolveHere(block, message));
}

function resolveHere(block: Block, message: Expression): TypedExpression {
  const e = message.exprType;
  const { session } = block;
  switch (e.case) {
    case "literal":
      return literalOf(e.value);
    case "unresolvedAttribute":
      return resolveName(block, e.value.unparsedIdentifier, e.value.planId).expression;
    case "unresolvedFunction":
      return resolveFunction(block, e.value.functionName, e.value.arguments, e.value.isDistinct);
    case "callFunction":
      return resolveFunction(block, functionName(e.value.functionName), e.value.arguments, false);
    case "expressionString":
      return resolve(block, session.context.parseExpression(e.value.expression));
    case "alias":
      return resolve(block, needed(e.value.expr));
    case "cast":
      return resolveCast(block, e.value);
    case "unresolvedExtractValue":
      return extractValue(block, resolve(block, needed(e.value.child)), resolve(block, needed(e.value.extraction)));
    case "updateFields":
      return updateFields(block, e.value);
    case "unresolvedNamedLambdaVariable":
      return resolveName(block, e.value.nameParts.join("."), undefined).expression;
    case "window":
      return resolveWindow(block, e.value);
    case "subqueryExpression":
      return resolveSubquery(block, e.value);
    case "unresolvedStar":
    case "unresolvedRegex":
      throw new SluiceError("INVALID_USAGE_OF_STAR_OR_REGEX", { elem: "*", prettyName: "this expression" });
    case "extension":
      return resolveScript(block, message);
    case "commonInlineUserDefinedFunction":
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: `The Python function ${e.value.functionName}`,
        where: " in this process",
        hint: "Write it as a TypeScript function or with SQL functions, or run the query on a Spark cluster.",
      });
    default:
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: `An expression of the kind ${e.case ?? "unknown"}`,
        where: " here",
        hint: "Write it with a function of the reference page.",
      });
  }
}

export function needed<T>(part: T | undefined): T {
  if (part === undefined)
    throw new SluiceError("INTERNAL_ERROR", { message: "The plan holds an expression without parts." });
  return part;
}

/** The last part of a function's name that may be qualified with a catalog and a database. */
function functionName(text: string): string {
  const parts = nameParts(text);
  return parts[parts.length - 1];
}

interface NamedMatch {
  readonly expression: TypedExpression;
  /** What a column that is only this name is called. */
  readonly name: string;
}

/** A column, a field of one, or a lambda's parameter, by name. */
export function resolveName(block: Block, text: string, planId: bigint | undefined): NamedMatch {
  const parts = nameParts(text);
  if (planId !== undefined) return take(block, byPlanId(block, parts, planId));
  for (let scope: Scope | undefined = block.scope; scope !== undefined; scope = scope.below) {
    const found = find(block, parts, scope);
    if (found !== undefined) return found;
  }
  for (let outer = block.scope.outer; outer !== undefined; outer = outer.outer) {
    const beyond = find(block, parts, outer);
    if (beyond !== undefined) return beyond;
  }
  throw unresolvedColumn(parts, block.scope.attributes);
}

function find(block: Block, parts: readonly string[], scope: Scope): NamedMatch | undefined {
  const same = (a: string, b: string): boolean => block.session.sameName(a, b);
  const variable = scope.variables.findLast((v) => same(v.name, parts[0]));
  if (variable !== undefined) {
    const expression = parts.slice(1).reduce<TypedExpression>((e, f) => extractField(block, e, f), variable);
    return { expression, name: parts[parts.length - 1] };
  }
  const match =
    single(parts, candidates(parts, scope.attributes, same)) ??
    (parts.length > 1 ? single(parts, candidates(parts, scope.hidden, same)) : undefined);
  if (match !== undefined) return take(block, match);
  const lateral = scope.lateral.filter((n) => same(n.output.name, parts[0]));
  if (lateral.length > 1) {
    throw new SluiceError("AMBIGUOUS_LATERAL_COLUMN_ALIAS", { name: parts[0], n: lateral.length });
  }
  if (lateral.length === 1) return take(block, { attribute: lateral[0].output, nested: parts.slice(1) });
  return undefined;
}

function take(block: Block, match: Match): NamedMatch {
  let expression: TypedExpression = match.attribute;
  for (const nested of match.nested) expression = extractField(block, expression, nested);
  return { expression, name: match.nested.at(-1) ?? match.attribute.name };
}

/** A column of the relation with this plan id, if it is still there. */
function byPlanId(block: Block, parts: readonly string[], planId: bigint): Match {
  const { scope, session } = block;
  const same = (a: string, b: string): boolean => session.sameName(a, b);
  const outputs = scope.planIds.get(planId);
  if (outputs === undefined) {
    for (let outer = scope.outer; outer !== undefined; outer = outer.outer) {
      if (outer.planIds.has(planId)) return byPlanId({ ...block, scope: outer }, parts, planId);
    }
    throw new SluiceError("CANNOT_RESOLVE_DATAFRAME_COLUMN", { name: parts.join(".") });
  }
  const matches: Match[] = [];
  for (const output of outputs) {
    const match = single(parts, candidates(parts, output, same));
    if (match === undefined) continue;
    const here =
      scope.attributes.find((a) => a.id === match.attribute.id) ??
      scope.hidden.find((a) => a.id === match.attribute.id);
    if (here === undefined && !scope.reachable.has(match.attribute.id)) continue;
    if (!matches.some((m) => m.attribute.id === match.attribute.id)) {
      const attribute = here ? { ...here, name: match.attribute.name } : match.attribute;
      matches.push({ attribute: here?.name === attribute.name ? here : attribute, nested: match.nested });
    }
  }
  if (matches.length === 1) return matches[0];
  if (matches.length > 1) {
    throw new SluiceError("AMBIGUOUS_COLUMN_REFERENCE", { name: parts.join(".") });
  }
  if (scope.below !== undefined) return byPlanId({ ...block, scope: scope.below }, parts, planId);
  if (!outputs.some((output) => candidates(parts, output, same).length > 0)) {
    throw unresolvedColumn(parts, outputs[0]);
  }
  throw new SluiceError("CANNOT_RESOLVE_DATAFRAME_COLUMN", { name: parts.join(".") });
}

function resolveCast(block: Block, message: Expression_Cast): TypedExpression {
  const { session } = block;
  const child = resolve(block, needed(message.expr));
  const target = message.castToType;
  const type = target.case === "type" ? typeOf(target.value) : session.parseType(needed(target.value));
  const mode =
    message.evalMode === Expression_Cast_EvalMode.TRY
      ? "try"
      : message.evalMode === Expression_Cast_EvalMode.LEGACY || !session.settings.ansi
        ? "legacy"
        : "ansi";
  if (!canCast(child.type, type)) {
    const functionNames = castSuggestion(child.type, type);
    const parameters = {
      sqlExpr: `"CAST(${prettyName(child, session)} AS ${sqlType(type)})"`,
      srcType: `"${sqlType(child.type)}"`,
      targetType: `"${sqlType(type)}"`,
    };
    if (functionNames === undefined) throw new SluiceError("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", parameters);
    throw new SluiceError("DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION", { ...parameters, functionNames });
  }
  return cast(child, type, mode);
}

/** The function that does what a cast between these types can't. */
function castSuggestion(from: DataType, to: DataType): string | undefined {
  if (from.kind === "date" && isNumeric(to)) return "`UNIX_DATE`";
  if (isNumeric(from) && to.kind === "date") return "`DATE_FROM_UNIX_DATE`";
  return undefined;
}

/** A cast, or the child where there is nothing to do. Casts of the user are kept, for the name that they give. */
export function cast(child: TypedExpression, type: DataType, mode: Cast["mode"]): TypedExpression {
  if (mode === "implicit" && sameType(child.type, type)) return child;
  if (mode === "implicit" && child.kind === "literal" && child.value === null) return { ...child, type };
  return { kind: "cast", child, type, mode, nullable: child.nullable || !neverNull(child.type, type, mode) };
}

/** The expression as a condition. Throws when it isn't BOOLEAN. */
export function condition(block: Block, message: Expression, clause: string): TypedExpression {
  const expression = resolve(block, message);
  if (expression.type.kind === "null") return cast(expression, BOOLEAN, "implicit");
  if (expression.type.kind !== "boolean") {
    throw new SluiceError("DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", {
      sqlExpr: `"${prettyName(expression, block.session)}"`,
      filter: clause,
      type: `"${sqlType(expression.type)}"`,
    });
  }
  return expression;
}

function resolveScript(block: Block, message: Expression): TypedExpression {
  if (message.exprType.case !== "extension") throw new SluiceError("INTERNAL_ERROR", { message: "No extension." });
  const script = anyUnpack(message.exprType.value, ScriptFunctionSchema);
  if (script === undefined) {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: `The extension ${message.exprType.value.typeUrl}`,
      where: " in an expression",
      hint: "Use a function of the reference page.",
    });
  }
  return {
    kind: "script",
    token: script.token,
    name: script.name,
    args: script.arguments.map((a) => resolve(block, a)),
    type: typeOf(needed(script.returnType)),
    nullable: true,
  };
}

/** A column of the result: several for a star. */
export function resolveItem(block: Block, message: Expression): NamedExpression[] {
  return at(message, () => {
    const e = message.exprType;
    switch (e.case) {
      case "unresolvedStar":
        return star(block, e.value.unparsedTarget, e.value.planId);
      case "unresolvedRegex":
        return regexColumns(block, e.value.colName, e.value.planId);
      case "expressionString":
        return resolveItem(block, block.session.context.parseExpression(e.value.expression));
      case "alias":
        return aliased(block, needed(e.value.expr), e.value.name, e.value.metadata);
      case "unresolvedFunction":
        if (e.value.functionName === "star_except") return starExcept(block, e.value.arguments);
        return otherItem(block, message);
      case "unresolvedAttribute": {
        const { expression, name } = resolveName(block, e.value.unparsedIdentifier, e.value.planId);
        return [named(block, expression, expression.kind === "attribute" ? expression.name : name)];
      }
      default:
        return otherItem(block, message);
    }
  });
}

/** An expression without a name of its own: named as Spark prints it; a generator's own names. */
function otherItem(block: Block, message: Expression): NamedExpression[] {
  const before = block.pending.generators.length;
  const expression = resolve(block, message);
  const generator = block.pending.generators[before];
  if (generator !== undefined && generator.outputs[0] === expression) {
    return generator.outputs.map((output) => ({ expression: output, output }));
  }
  return [named(block, expression, castName(message, expression) ?? prettyName(expression, block.session))];
}

/** A column that is only cast keeps its name. */
function castName(message: Expression, expression: TypedExpression): string | undefined {
  if (message.exprType.case !== "cast" || expression.kind !== "cast") return undefined;
  return expression.child.kind === "attribute" ? expression.child.name : undefined;
}

/** `* EXCEPT (a, b)`. */
function starExcept(block: Block, messages: readonly Expression[]): NamedExpression[] {
  const all = resolveItem(block, needed(messages[0]));
  const dropped = messages.slice(1).map((m) => resolve(block, m));
  const ids = new Set(dropped.map((d) => (d.kind === "attribute" ? d.id : -1)));
  return all.filter((n) => n.expression.kind !== "attribute" || !ids.has(n.expression.id));
}

/** The expression under this name: itself when it is a column that has it already. */
export function named(block: Block, expression: TypedExpression, name: string): NamedExpression {
  if (expression.kind === "attribute" && expression.name === name) return { expression, output: expression };
  return alias(block, expression, name);
}

/** The expression as a new column. */
export function alias(
  block: Block,
  expression: TypedExpression,
  name: string,
  metadata?: Readonly<Record<string, unknown>>,
): NamedExpression {
  const inherited = expression.kind === "attribute" ? expression : undefined;
  const kept = metadata ?? inherited?.metadata ?? fieldMetadata(expression);
  const delay = inherited?.watermarkDelayUs ?? delayOfWindowTime(expression);
  return {
    expression,
    output: block.session.attribute(name, expression.type, expression.nullable, {
      ...(inherited?.isPresent && { isPresent: true }),
      ...(kept === undefined ? {} : { metadata: kept }),
      ...(delay === undefined ? {} : { watermarkDelayUs: delay }),
    }),
  };
}

/** The watermark of a window is that of its window_time, too. */
function delayOfWindowTime(expression: TypedExpression): number | undefined {
  if (expression.kind !== "call" || expression.fn.name !== "window_time") return undefined;
  const [window] = expression.args;
  return window.kind === "attribute" ? window.watermarkDelayUs : undefined;
}

function fieldMetadata(expression: TypedExpression): Readonly<Record<string, unknown>> | undefined {
  if (expression.kind !== "field" || expression.child.type.kind !== "struct") return undefined;
  return expression.child.type.fields[expression.ordinal]?.metadata;
}

function aliased(
  block: Block,
  inner: Expression,
  names: readonly string[],
  metadata: string | undefined,
): NamedExpression[] {
  const generatorsBefore = block.pending.generators.length;
  const expression = resolve(block, inner);
  const generator = block.pending.generators[generatorsBefore];
  if (generator !== undefined && generator.outputs[0] === expression) {
    if (names.length !== generator.outputs.length) {
      throw new SluiceError("UDTF_ALIAS_NUMBER_MISMATCH", {
        aliasesSize: generator.outputs.length,
        aliasesNames: names.join(","),
      });
    }
    return generator.outputs.map((output, i) => {
      const renamed: Attribute = { ...output, name: names[i] };
      return { expression: renamed, output: renamed };
    });
  }
  if (names.length !== 1) {
    throw new SluiceError("MULTI_ALIAS_WITHOUT_GENERATOR", {
      expr: prettyName(expression, block.session),
      names: names.join(", "),
    });
  }
  return [alias(block, expression, names[0], metadataOf(metadata))];
}

/** `*`, `t.*` or `struct.*`. */
export function star(block: Block, target: string | undefined, planId: bigint | undefined): NamedExpression[] {
  const { scope, session } = block;
  if (planId !== undefined) {
    const outputs = scope.planIds.get(planId) ?? [];
    const ids = new Set(outputs.flat().map((a) => a.id));
    return scope.attributes.filter((a) => ids.has(a.id)).map((a) => ({ expression: a, output: a }));
  }
  if (target === undefined || target === "*") return scope.attributes.map((a) => ({ expression: a, output: a }));
  const parts = nameParts(target.endsWith(".*") ? target.slice(0, -2) : target);
  const same = (a: string, b: string): boolean => session.sameName(a, b);
  const qualified = scope.attributes.filter(
    (a) =>
      a.qualifier.length >= parts.length &&
      parts.every((p, i) => same(p, a.qualifier[a.qualifier.length - parts.length + i])),
  );
  if (qualified.length > 0) return qualified.map((a) => ({ expression: a, output: a }));
  const found = find(block, parts, scope);
  if (found === undefined) {
    throw new SluiceError("CANNOT_RESOLVE_STAR_EXPAND", {
      targetString: `\`${parts.join("`.`")}\``,
      columns: proposals(parts, scope.attributes).join(", "),
    });
  }
  const { type } = found.expression;
  if (type.kind !== "struct") {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: `${target} of a column of type ${sqlType(type)}`,
      where: "",
      hint: "Only a relation or a STRUCT column can be expanded with `.*`.",
    });
  }
  return type.fields.map((f) => alias(block, extractField(block, found.expression, f.name), f.name));
}

function regexColumns(block: Block, pattern: string, planId: bigint | undefined): NamedExpression[] {
  const quoted = /^(?:(.*)\.)?`(.+)`$/s.exec(pattern);
  const regex = new RegExp(`^(?:${quoted ? quoted[2] : pattern})$`, block.session.settings.caseSensitive ? "" : "i");
  return star(block, quoted?.[1], planId).filter((n) => regex.test(n.output.name));
}
