/** Dotted names with backquotes, e.g. `t.a`, `` `my col`.b ``. */
import { SluiceError } from "../errors/error.ts";

/** The parts of a name. Throws INVALID_ATTRIBUTE_NAME_SYNTAX. */
export function nameParts(text: string): string[] {
  const parts: string[] = [];
  let i = 0;
  const fail = (): never => {
    throw new SluiceError("INVALID_ATTRIBUTE_NAME_SYNTAX", { name: text });
  };
  if (text.length === 0) return [""];
  for (;;) {
    if (text[i] === "`") {
      let part = "";
      for (i++; ; i++) {
        if (i >= text.length) fail();
        if (text[i] !== "`") part += text[i];
        else if (text[i + 1] === "`") {
          part += "`";
          i++;
        } else break;
      }
      i++;
      parts.push(part);
      if (i < text.length && text[i] !== ".") fail();
    } else {
      const dot = text.indexOf(".", i);
      const part = text.slice(i, dot < 0 ? text.length : dot);
      if (part.length === 0 || part.includes("`")) fail();
      parts.push(part);
      i += part.length;
    }
    if (i >= text.length) return parts;
    i++;
  }
}

/** One part in backquotes, as Spark quotes names in errors. */
export function quoted(part: string): string {
  return `\`${part.replaceAll("`", "``")}\``;
}

export function quotedName(parts: readonly string[]): string {
  return parts.map(quoted).join(".");
}
