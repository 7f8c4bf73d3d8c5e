// What the architecture's tests read: the tree's files, their imports, their lines without comments.
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path/posix";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Text of a file named from the root. */
export const text = (path: string): string => readFileSync(join(root, path), "utf8");

/** TypeScript that people write, under these folders, named from the root. Generated code is left out. */
export function sources(...folders: string[]): string[] {
  const patterns = folders.map((folder) => `${folder}/**/*.{ts,tsx}`);
  return globSync(patterns, { cwd: root })
    .filter((path) => !path.startsWith("src/plan/gen/") && !path.includes("node_modules/"))
    .sort();
}

/** Every file that git tracks and that is there. */
export function trackedFiles(): string[] {
  const listed = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8", maxBuffer: 16 << 20 });
  return listed.split("\0").filter((path) => path !== "" && existsSync(join(root, path)));
}

export interface Line {
  readonly number: number;
  readonly text: string;
}

/** A file's lines with their comments cut off. Strings stay, since generated code is made of them. */
export function codeLines(source: string): Line[] {
  let inComment = false;
  const lines: Line[] = [];
  for (const [index, raw] of source.split("\n").entries()) {
    let line = raw;
    if (inComment) {
      const end = line.indexOf("*/");
      if (end < 0) continue;
      line = line.slice(end + 2);
      inComment = false;
    }
    line = line.replace(/\/\*.*?\*\//g, "").replace(/(^|[\s;{(])\/\/.*$/, "$1");
    const start = /^\s*\/\*/.exec(line);
    if (start) {
      inComment = true;
      continue;
    }
    if (line.trim() !== "") lines.push({ number: index + 1, text: line });
  }
  return lines;
}

export interface Import {
  readonly file: string;
  readonly line: number;
  /** As written. */
  readonly specifier: string;
  /** The file it means, from the root; undefined for a package. */
  readonly target: string | undefined;
}

const specifierAt = [
  // The last line of a static import or export, however many lines it began above.
  /^(?:import\b|export\b|\}).*?\bfrom\s+["']([^"']+)["']/,
  /^import\s+["']([^"']+)["']/,
  /\bimport\(\s*["']([^"']+)["']\s*\)/,
];

/** Every import of a file, also of types and at run time. */
export function importsOf(file: string, source = text(file)): Import[] {
  const found: Import[] = [];
  for (const line of codeLines(source)) {
    for (const pattern of specifierAt) {
      const specifier = pattern.exec(line.text)?.[1];
      if (specifier === undefined) continue;
      const target = specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : undefined;
      found.push({ file, line: line.number, specifier, target });
    }
  }
  return found;
}
