/** Patterns of names, as `SHOW TABLES LIKE` and the catalog take them. */

/** `*` stands for any text and `|` for "or", as in SHOW TABLES LIKE. */
export function patternOf(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined) return () => true;
  const choices = pattern.split("|").map((p) =>
    p
      .trim()
      .split("*")
      .map((s) => s.toLowerCase()),
  );
  return (name) => choices.some((parts) => matches(name.toLowerCase(), parts));
}

function matches(name: string, parts: readonly string[]): boolean {
  if (parts.length === 1) return name === parts[0];
  if (!name.startsWith(parts[0])) return false;
  let at = parts[0].length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const last = parts[parts.length - 1];
  return name.length - last.length >= at && name.endsWith(last);
}
