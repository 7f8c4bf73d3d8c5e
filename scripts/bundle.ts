/**
 * Puts the modules of src/, and those of some packages that a query's start needs, together into few files: a start that has to
 * find, read and compile eight hundred modules takes twice the time and the memory.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { type OutputChunk, type Plugin, rolldown } from "rolldown";

/** What is found by its place: what package.json exports and runs, and the threads that decode. */
const ENTRIES = ["index", "functions", "testing/index", "cli/main", "connectors/kafka/decode/worker"];

/** Packages that are put in. Those that none of the entries reaches at its start are left to be found when they are needed. */
const INSIDE = new Set([
  "@bufbuild/protobuf",
  "@connectrpc/connect",
  "@connectrpc/connect-node",
  "@platformatic/dynamic-buffer",
  "@platformatic/kafka",
  "debug",
  "fastq",
  "mnemonist",
  "ms",
  "obliterator",
  "reusify",
]);

const CLIENT = join("connectors", "kafka", "client");
/** Checks the options of client classes that aren't put in; compiling it would cost more than all the rest of the client. */
const UNUSED = /^ajv(\/|$)/;
const STAND_IN = `
export default {};
export class Ajv2020 {
  addKeyword() {}
  compile() {
    return () => {
      throw new Error("the client's own option checks are not in this package");
    };
  }
}
export { Ajv2020 as Ajv };`;

const packageOf = (specifier: string): string => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;

function packages(root: string): Plugin {
  const kafka = join(root, "node_modules/@platformatic/kafka");
  return {
    name: "packages",
    resolveId(specifier, importer) {
      if (importer === undefined || /^([./]|node:)/.test(specifier)) return null;
      const isOfClient = importer.startsWith(kafka) || importer.endsWith(`${CLIENT}.ts`);
      if (UNUSED.test(specifier)) return { id: "\0stand-in" };
      // Elsewhere it is used with its producer and admin, as it is.
      const isInside = INSIDE.has(packageOf(specifier)) && (specifier !== "@platformatic/kafka" || isOfClient);
      return isInside ? null : { id: specifier, external: true };
    },
    load(id) {
      if (id === "\0stand-in") return STAND_IN;
      if (!id.endsWith(`${CLIENT}.ts`)) return null;
      return { code: readFileSync(id.replace(/\.ts$/, "-bundled.ts"), "utf8"), moduleType: "ts" };
    },
  };
}

/** Writes the bundle of root's src/ to `dir`. */
export async function bundle(root: string, dir: string): Promise<void> {
  const input = Object.fromEntries(ENTRIES.map((entry) => [entry, join(root, "src", `${entry}.ts`)]));
  await using build = await rolldown({
    cwd: root,
    input,
    platform: "node",
    treeshake: { moduleSideEffects: [{ test: /node_modules/, sideEffects: false }] },
    plugins: [packages(root)],
  });
  const { output } = await build.write({
    dir,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
  });
  const modules = output.flatMap((file) => (file.type === "chunk" ? Object.keys((file as OutputChunk).modules) : []));
  writeFileSync(join(dir, "THIRD-PARTY-LICENSES.txt"), licences(root, modules));
}

/** The licences of the packages that modules were taken from. */
function licences(root: string, modules: readonly string[]): string {
  const folders = new Set<string>();
  for (const id of modules) {
    const path = relative(root, id).split(sep).join("/");
    const found = /^node_modules\/((@[^/]+\/)?[^/]+)\//.exec(path);
    if (found !== null) folders.add(join(root, found[0]));
  }
  const parts = [...folders].toSorted().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? "" : `\n\n${readFileSync(join(folder, file), "utf8").trim()}`;
    return `${name} ${version}, ${license}${text}\n`;
  });
  const head = "This package holds code of these packages.\n";
  return [head, ...parts].join(`\n${"-".repeat(80)}\n\n`);
}
