import { basicAggregates } from "./aggregate/basic.ts";
import { collectingAggregates } from "./aggregate/collect.ts";
import { momentAggregates } from "./aggregate/moments.ts";
import { simpleAggregates } from "./aggregate/simple.ts";
import { castFunctions } from "./cast/functions.ts";
import { accessFunctions } from "./collection/access.ts";
import { arrayFunctions } from "./collection/array.ts";
import { lambdaFunctions } from "./collection/lambda.ts";
import { mapFunctions } from "./collection/map.ts";
import { conditionalFunctions } from "./conditional/conditional.ts";
import { datetimeFunctions } from "./datetime/functions.ts";
import { timeTextFunctions } from "./datetime/text.ts";
import type { FunctionDefinition } from "./definition.ts";
import { generatorFunctions } from "./generator/generators.ts";
import { hashFunctions } from "./hash/hash.ts";
import { jsonFunctions } from "./json/functions.ts";
import { bitFunctions } from "./math/bits.ts";
import { elementaryFunctions } from "./math/elementary.ts";
import { operatorFunctions } from "./math/operators.ts";
import { roundingFunctions } from "./math/rounding.ts";
import { miscFunctions } from "./misc/environment.ts";
import { booleanFunctions } from "./predicate/boolean.ts";
import { comparisonFunctions } from "./predicate/comparison.ts";
import { stringFunctions } from "./string/basic.ts";
import { composingFunctions } from "./string/compose.ts";
import { encodingFunctions } from "./string/encoding.ts";
import { regexpFunctions } from "./string/regexp.ts";
import { windowFunctions } from "./window/ranking.ts";

const groups: readonly (readonly FunctionDefinition[])[] = [
  operatorFunctions,
  comparisonFunctions,
  booleanFunctions,
  conditionalFunctions,
  castFunctions,
  elementaryFunctions,
  roundingFunctions,
  bitFunctions,
  stringFunctions,
  composingFunctions,
  encodingFunctions,
  regexpFunctions,
  datetimeFunctions,
  timeTextFunctions,
  arrayFunctions,
  mapFunctions,
  accessFunctions,
  lambdaFunctions,
  hashFunctions,
  jsonFunctions,
  miscFunctions,
  basicAggregates,
  simpleAggregates,
  momentAggregates,
  collectingAggregates,
  generatorFunctions,
  windowFunctions,
];

const byName = new Map<string, FunctionDefinition>();
for (const definition of groups.flat()) {
  for (const name of [definition.name, ...(definition.aliases ?? [])]) {
    if (byName.has(name)) throw new Error(`two functions are called ${name}`);
    byName.set(name, definition);
  }
}

/** The function of that name or alias, in lower case. */
export function lookupFunction(name: string): FunctionDefinition | undefined {
  return byName.get(name);
}

/** Every function once, by name. */
export function allFunctions(): readonly FunctionDefinition[] {
  return groups.flat().toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Every name that lookupFunction knows, aliases included. */
export function functionNames(): Iterable<string> {
  return byName.keys();
}
