/** Options of a read or a write: names without regard to case, none ignored in silence, secrets never shown. */
import { nearest, SluiceError } from "../errors/error.ts";
import type { OptionSpec, Options } from "./contract.ts";

/** A map whose names are compared without regard to case, and listed as documented. */
export class OptionMap extends Map<string, string> {
  override get(name: string): string | undefined {
    return super.get(this.spelling(name));
  }
  override has(name: string): boolean {
    return super.has(this.spelling(name));
  }
  override set(name: string, value: string): this {
    return super.set(this.spelling(name), value);
  }
  override delete(name: string): boolean {
    return super.delete(this.spelling(name));
  }
  /** The name under which an equal one is already kept. */
  private spelling(name: string): string {
    if (super.has(name)) return name;
    const lower = name.toLowerCase();
    for (const known of this.keys()) if (known.toLowerCase() === lower) return known;
    return name;
  }
}

/**
 * Checks the options of `provider` against its documented ones and returns them under their documented names.
 * Defaults aren't filled in.
 * @throws UNKNOWN_OPTION, with the nearest name
 */
export function checkOptions(
  provider: string,
  given: Iterable<readonly [string, string]>,
  specs: readonly OptionSpec[],
): Options {
  const checked = new OptionMap();
  for (const [name, value] of given) {
    const lower = name.toLowerCase();
    const exact = specs.find((s) => !s.prefix && s.name.toLowerCase() === lower);
    const family =
      exact ?? specs.find((s) => s.prefix && lower.startsWith(s.name.toLowerCase()) && lower.length > s.name.length);
    if (family === undefined) throw unknownOption(provider, name, specs);
    checked.set(exact?.name ?? name, value);
  }
  return checked;
}

function unknownOption(provider: string, option: string, specs: readonly OptionSpec[]): SluiceError {
  const near = nearest(
    option,
    specs.map((s) => s.name),
  );
  return new SluiceError("UNKNOWN_OPTION", {
    provider,
    option,
    suggestion: near === undefined ? "" : ` Did you mean ${near}?`,
    known: specs.map((s) => (s.prefix ? `${s.name}*` : s.name)).join(", ") || "none",
  });
}

const SECRET = /secret|password|passwd|token|access[._-]?key|api[._-]?key|jaas|credential/i;
const USER_INFO = /(\/\/[^/:@\s]*):[^@/\s]*@/g;

/** The options as they may be printed. */
export function redactOptions(
  given: Iterable<readonly [string, string]>,
  specs: readonly OptionSpec[] = [],
): Record<string, string> {
  const shown: [string, string][] = [];
  for (const [name, value] of given) {
    const lower = name.toLowerCase();
    const secret = SECRET.test(name) || specs.some((s) => s.secret && s.name.toLowerCase() === lower);
    shown.push([name, secret ? "***" : value.replace(USER_INFO, "$1:***@")]);
  }
  return Object.fromEntries(shown);
}

export function booleanOption(provider: string, options: Options, name: string, fallback: boolean): boolean {
  const value = options.get(name);
  if (value === undefined) return fallback;
  switch (value.trim().toLowerCase()) {
    case "true":
      return true;
    case "false":
      return false;
    default:
      throw invalidOption(provider, name, value, "it must be true or false");
  }
}

/** A whole number of at least `min`. */
export function integerOption<T>(provider: string, options: Options, name: string, fallback: T, min = 1): number | T {
  const value = options.get(name);
  if (value === undefined) return fallback;
  const number = Number(value.trim());
  if (value.trim() === "" || !Number.isSafeInteger(number) || number < min) {
    throw invalidOption(provider, name, value, `it must be a whole number of at least ${min}`);
  }
  return number;
}

export function choiceOption<T extends string>(
  provider: string,
  options: Options,
  name: string,
  choices: readonly T[],
  fallback: T,
): T {
  const value = options.get(name);
  if (value === undefined) return fallback;
  const choice = choices.find((c) => c.toLowerCase() === value.trim().toLowerCase());
  if (choice === undefined) throw invalidOption(provider, name, value, `it must be one of ${choices.join(", ")}`);
  return choice;
}

export function invalidOption(provider: string, option: string, value: string, reason: string): SluiceError {
  return new SluiceError("INVALID_OPTION_VALUE", { provider, option, value, reason });
}
