/** Small pieces of generated JavaScript. */
import type { Emitted } from "./definition.ts";

/** True for a name, a property, a number or a string: what may be written twice. */
export function isAtom(code: string): boolean {
  return /^-?[\w$.]+$/.test(code) || /^"(?:[^"\\]|\\.)*"$/.test(code);
}

/** True when one pair of parentheses is around the whole. */
function isEnclosed(code: string): boolean {
  if (!code.startsWith("(") || !code.endsWith(")")) return false;
  const plain = code.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  let depth = 0;
  for (let i = 0; i < plain.length; i++) {
    if (plain[i] === "(") depth++;
    else if (plain[i] === ")" && --depth === 0 && i < plain.length - 1) return false;
  }
  return true;
}

/** The code in parentheses, unless it needs none in front of an operator. */
export function parenthesised(code: string): string {
  return isAtom(code) || isEnclosed(code) || /^[\w$.]+\([^()"]*\)$/.test(code) ? code : `(${code})`;
}

/** `!code`, without double negation. */
export function negated(code: string): string {
  if (code === "true") return "false";
  if (code === "false") return "true";
  const nullTest = /^([\w$.]+) === null$/.exec(code);
  if (nullTest !== null) return `${nullTest[1]} !== null`;
  if (/^![\w$.]+$/.test(code)) return code.slice(1);
  return `!${parenthesised(code)}`;
}

/** JavaScript that is true when the BOOLEAN is true, neither false nor null. */
export function truth(condition: Emitted): string {
  if (condition.isNull === "false") return condition.value;
  if (condition.isNull === "true") return "false";
  return `${negated(condition.isNull)} && ${parenthesised(condition.value)}`;
}
