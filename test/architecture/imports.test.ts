// The architecture as a test: directions between rooms, what engine rooms keep their hands off, and clean files.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mayImport, refusal } from "./rooms.ts";
import { codeLines, importsOf, root, sources, text, trackedFiles } from "./source.ts";

const manifest: { dependencies: Record<string, string> } = JSON.parse(text("package.json"));

/** The pages of the console are a program of their own, with its own dependencies. */
const isFrontEnd = (path: string): boolean => path.startsWith("src/console/ui/");

const holds = (problems: readonly string[]): void => assert.ok(problems.length === 0, `\n${problems.join("\n")}`);

test("rooms import downwards only", () => {
  const problems = sources("src").flatMap((file) =>
    importsOf(file).flatMap(({ line, specifier, target }) => {
      if (target === undefined || isFrontEnd(file)) return [];
      const use = target.startsWith("src/")
        ? refusal(file, target)
        : "only what is in src/, which is what is published";
      return use === undefined ? [] : [`${file}:${line}: imports ${specifier}; use ${use}`];
    }),
  );
  holds(problems);
});

test("the direction's table is one of a tree of rooms, without a way back", () => {
  for (const [room, others] of Object.entries(mayImport)) {
    for (const other of others) {
      assert.ok(!mayImport[other]?.includes(room), `${room} and ${other} may import each other`);
    }
  }
  assert.match(refusal("src/api/session.ts", "src/embedded/engine.ts") ?? "", /contract/);
  assert.equal(refusal("src/embedded/engine.ts", "src/api/engine.ts"), undefined);
  assert.ok(refusal("src/embedded/engine.ts", "src/api/session.ts"));
});

test("every form of import is seen", () => {
  const source = [
    'import { a } from "../a/a.ts"; // not "../comment.ts"',
    "import {",
    "  type B,",
    '} from "../b/b.ts";',
    'export * from "./c.ts";',
    'import "node:fs";',
    '  const d = await import("../d/d.ts");',
    '/* import "../e.ts"; */',
    ' * import { f } from "sluice";',
    'export type { G } from "pg";',
  ].join("\n");
  assert.deepEqual(
    importsOf("src/api/x.ts", source).map(({ line, specifier, target }) => [line, target ?? specifier]),
    [
      [1, "src/a/a.ts"],
      [4, "src/b/b.ts"],
      [5, "src/api/c.ts"],
      [6, "node:fs"],
      [7, "src/d/d.ts"],
      [10, "pg"],
    ],
  );
});

test("src/ imports no package but its dependencies", () => {
  const problems = sources("src").flatMap((file) =>
    importsOf(file).flatMap(({ line, specifier, target }) => {
      if (target !== undefined || specifier.startsWith("node:") || isFrontEnd(file)) return [];
      const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
      if (Object.hasOwn(manifest.dependencies, name)) return [];
      const use = name === "sluice" ? "a relative path" : "a package among the dependencies of package.json";
      return [`${file}:${line}: imports ${specifier}; use ${use}`];
    }),
  );
  holds(problems);
});

test("every folder of src/ is a room", () => {
  const found = readdirSync(join(root, "src"), { withFileTypes: true });
  const unknown = found.filter((entry) => {
    const room = entry.name === "index.ts" ? "index" : entry.name;
    return !Object.hasOwn(mayImport, room);
  });
  holds(unknown.map((entry) => `src/${entry.name}: is no room; put it in ${Object.keys(mayImport).join(", ")}`));
});

test("no file or folder is a drawer for anything", () => {
  const problems = [...sources("src", "test", "scripts", "bench", "examples")].filter((path) =>
    path.split("/").some((part) => /^(utils?|helpers?|common|misc\.ts|shared)(\.[a-z.]+)?$/.test(part)),
  );
  holds(problems.map((path) => `${path}: says nothing; name it after what it does`));
});

test("clock, chance and timers come in by parameter in the engine's rooms", () => {
  const rooms = ["analyze", "functions", "compile", "embedded/operators", "embedded/state"];
  const forbidden = /\b(Date\.now|Math\.random|setTimeout|setInterval)\b|\bnew Date\(\)/;
  const files = sources(...rooms.map((room) => `src/${room}`));
  const problems = files.flatMap((file) =>
    codeLines(text(file)).flatMap((line) => {
      const name = forbidden.exec(line.text)?.[0];
      return name === undefined
        ? []
        : [`${file}:${line.number}: uses ${name}; use the clock or seed of the batch, passed in as a parameter`];
    }),
  );
  holds(problems);
});

test("no type is `any`, no checker is silenced", () => {
  const silenced = /@ts-(ignore|expect-error|nocheck)/;
  const untyped = /(:\s*any\s*[;,)=\]|&{]|\bas any\b|<any\b|\bany\[\]|, any>)/;
  const problems: string[] = [];
  for (const file of sources("src", "test", "scripts", "bench", "examples").filter(
    (f) => f !== "test/architecture/imports.test.ts",
  )) {
    const source = text(file);
    for (const [index, line] of source.split("\n").entries()) {
      if (silenced.test(line)) problems.push(`${file}:${index + 1}: silences the type checker; mend the type`);
      const reason = /biome-ignore(?:-all|-start)?\s+[\w/]+(.*)/.exec(line)?.[1];
      if (reason !== undefined && reason.replace(/^:/, "").trim().length < 15) {
        problems.push(`${file}:${index + 1}: silences the linter; say why, or mend the line`);
      }
    }
    for (const line of codeLines(source)) {
      if (untyped.test(withoutStrings(line.text)))
        problems.push(`${file}:${line.number}: has type any; use unknown, or the type`);
    }
  }
  holds(problems);
});

const withoutStrings = (line: string): string =>
  line.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`?/g, '""');

test("tracked files name no machine's paths and no registry", () => {
  // In parts, so that this file names none either.
  const hosts = [
    ["registry", "npmjs"],
    ["pypi"],
    ["files", "pythonhosted"],
    ["repo1", "maven"],
    ["repo", "maven", "apache"],
    ["proxy", "golang"],
    ["deb", "debian"],
  ];
  const host = new RegExp(`\\b(${hosts.map((parts) => parts.join("\\.")).join("|")})\\.(org|com)\\b`);
  const path = /(?:^|[\s"'`(=:[])\/(?:work|root|home|Users)\/[\w.]/;
  const problems: string[] = [];
  for (const file of trackedFiles()) {
    if (/\.(png|jpe?g|gif|ico|woff2?|parquet|avro|bin|gz|zst|lz4|snappy)$/.test(file)) continue;
    for (const [index, line] of text(file).split("\n").entries()) {
      const where = `${file}:${index + 1}`;
      if (host.test(line)) problems.push(`${where}: names a registry's host; use the client's own configuration`);
      if (path.test(line))
        problems.push(`${where}: has a path of one machine; use one that is relative, or a temporary folder`);
    }
  }
  holds(problems);
});
