import { tokenize } from "../types/lexer.ts";

/**
 * The texts of a script's statements, without the `;` between them. Semicolons in strings, names and comments are left
 * alone.
 *
 * @example splitStatements("SELECT ';'; SELECT 2") // ["SELECT ';'", "SELECT 2"]
 */
export function splitStatements(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let empty = true;
  for (const token of tokenize(text)) {
    if (token.kind === "op" && token.value === ";") {
      if (!empty) parts.push(text.slice(from, token.start).trim());
      from = token.stop;
      empty = true;
    } else if (token.kind !== "end") empty = false;
  }
  if (!empty) parts.push(text.slice(from).trim());
  return parts;
}
