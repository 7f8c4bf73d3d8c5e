import { KafkaError } from "../protocol/errors.ts";

const LENGTH_MAX = 249;
const PATTERNS_MAX = 1000;
const compiled = new Map<string, RegExp>();

/** Constructs that JavaScript has and RE2, which Kafka uses, has not; they can take very long to match. */
const REFUSED = /\(\?<?[=!]|\\[1-9]|[*+}]\)[*+{]/;

/**
 * A subscription's pattern, for whole topic names.
 *
 * @throws KafkaError INVALID_REGULAR_EXPRESSION
 */
export function compileTopicPattern(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > LENGTH_MAX || REFUSED.test(pattern)) {
    throw new KafkaError("INVALID_REGULAR_EXPRESSION", `SubscribedTopicRegex \`${pattern}\` is not supported.`);
  }
  try {
    const expression = new RegExp(`^(?:${pattern})$`);
    if (compiled.size >= PATTERNS_MAX) compiled.clear();
    compiled.set(pattern, expression);
    return expression;
  } catch (error) {
    throw new KafkaError(
      "INVALID_REGULAR_EXPRESSION",
      `SubscribedTopicRegex \`${pattern}\`: ${(error as Error).message}.`,
    );
  }
}
