import { invalidOption } from "../options.ts";

export interface JaasLogin {
  /** Class name of the login module, e.g. `org.apache.kafka.common.security.scram.ScramLoginModule`. */
  readonly module: string;
  readonly options: ReadonlyMap<string, string>;
}

/**
 * Reads `sasl.jaas.config` as Java's clients do: a login module's class name, a control flag, then `name="value"` pairs,
 * ended by a semicolon.
 *
 * @throws INVALID_OPTION_VALUE, without the text, which holds a password
 * @example parseJaas('org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p";')
 */
export function parseJaas(text: string): JaasLogin {
  const words = tokens(text);
  const [module, flag] = words;
  if (module === undefined || flag === undefined || !FLAGS.has(flag.toLowerCase()) || words.at(-1) !== ";") {
    throw malformed();
  }
  const options = new Map<string, string>();
  for (let i = 2; i < words.length - 1; i += 3) {
    const [name, equals, value] = words.slice(i, i + 3);
    if (name === undefined || equals !== "=" || value === undefined || value === ";") throw malformed();
    options.set(name, value);
  }
  return { module, options };
}

const FLAGS = new Set(["required", "requisite", "sufficient", "optional"]);

function malformed(): Error {
  return invalidOption(
    "kafka",
    "kafka.sasl.jaas.config",
    "***",
    'it must read: <login module> required username="…" password="…";',
  );
}

/** Words, `=`, `;` and quoted texts, in which a backslash takes the next character as it is. */
function tokens(text: string): string[] {
  const found: string[] = [];
  for (let i = 0; i < text.length; ) {
    const c = text[i] as string;
    if (/\s/.test(c)) {
      i++;
    } else if (c === "=" || c === ";") {
      found.push(c);
      i++;
    } else if (c === '"' || c === "'") {
      let value = "";
      for (i++; i < text.length && text[i] !== c; i++) {
        if (text[i] === "\\" && i + 1 < text.length) i++;
        value += text[i];
      }
      if (i >= text.length) throw malformed();
      found.push(value);
      i++;
    } else {
      const match = /^[^\s=;"']+/.exec(text.slice(i)) as RegExpExecArray;
      found.push(match[0]);
      i += match[0].length;
    }
  }
  return found;
}
