// Makes src/errors/conditions.ts from src/errors/conditions.md. With --check it only says whether the file is up to date.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("..", import.meta.url);
const source = fileURLToPath(new URL("src/errors/conditions.md", root));
const target = fileURLToPath(new URL("src/errors/conditions.ts", root));

interface Entry {
  name: string;
  template: string;
  sqlState: string;
}

function parse(markdown: string): Entry[] {
  const entries: Entry[] = [];
  for (const section of markdown.split(/^## /m).slice(1)) {
    const lines = section.split("\n");
    const name = (lines[0] as string).trim();
    const template = lines
      .filter((l) => l.startsWith("> "))
      .map((l) => l.slice(2).trim())
      .join(" ");
    const sqlState = /^SQLSTATE ([0-9A-Z]{5})$/m.exec(section)?.[1] ?? "";
    if (!/^[A-Z0-9_]+(\.[A-Z0-9_]+)?$/.test(name)) throw new Error(`conditions.md: bad heading "${name}"`);
    if (!template) throw new Error(`conditions.md: "${name}" has no quoted message`);
    if (entries.some((e) => e.name === name)) throw new Error(`conditions.md: "${name}" stands twice`);
    entries.push({ name, template, sqlState });
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function render(entries: Entry[]): string {
  const body = entries.map(
    (e) =>
      `  ${/^\w+$/.test(e.name) ? e.name : JSON.stringify(e.name)}: {\n    template: ${JSON.stringify(e.template)},\n    sqlState: ${JSON.stringify(e.sqlState)},\n  },`,
  );
  return `// Made by scripts/generate-errors.ts from conditions.md; do not edit.
export const conditions = {
${body.join("\n")}
} as const;

/** The name of an error condition. */
export type Condition = keyof typeof conditions;
`;
}

const text = render(parse(readFileSync(source, "utf8")));
if (process.argv.includes("--check")) {
  let current = "";
  try {
    current = readFileSync(target, "utf8");
  } catch {
    // Missing counts as stale.
  }
  if (current !== text) {
    console.error("src/errors/conditions.ts is stale: run node scripts/generate-errors.ts");
    process.exit(1);
  }
} else writeFileSync(target, text);
