/** Options of readers and writers. */

/** Text, or what is turned into text: `option("maxOffsetsPerTrigger", 1000)`. */
export type OptionValue = string | number | boolean | bigint;

/** Names as the user wrote them; engines compare them without regard to case. */
export type OptionMap = Record<string, string>;

export function optionText(value: OptionValue): string {
  return String(value);
}

/** `options` and more of them; an undefined value is left out. */
export function withOptions(options: OptionMap, more: Readonly<Record<string, OptionValue | undefined>>): OptionMap {
  const given = Object.entries(more).filter((entry): entry is [string, OptionValue] => entry[1] !== undefined);
  return Object.fromEntries([...Object.entries(options), ...given.map(([k, v]) => [k, optionText(v)] as const)]);
}
