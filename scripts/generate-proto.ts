// Makes src/plan/gen from proto/. With --check it only says whether the folder is up to date.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const gen = "src/plan/gen";

/** Runs buf with `base` as the folder that the paths of buf.gen.yaml start from. */
function generate(base: string): void {
  const bin = join(root, "node_modules/.bin");
  const done = spawnSync(join(bin, "buf"), ["generate", "--output", base, "--clean"], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` },
  });
  if (done.status !== 0) throw new Error(`buf generate failed:\n${done.stdout}${done.stderr}${done.error ?? ""}`);
}

/** Every file below `dir`, as path → text. */
function contents(dir: string): Map<string, string> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const texts = files.map((file): [string, string] => {
    const path = join(file.parentPath, file.name);
    return [path.slice(dir.length), readFileSync(path, "utf8")];
  });
  return new Map(texts);
}

if (process.argv.includes("--check")) {
  const base = mkdtempSync(join(tmpdir(), "sluice-proto-"));
  try {
    generate(base);
    const wanted = contents(join(base, gen));
    const found = contents(join(root, gen));
    const paths = new Set([...wanted.keys(), ...found.keys()]);
    const stale = [...paths].filter((path) => wanted.get(path) !== found.get(path));
    for (const path of stale) console.error(`${gen}${path} is stale: run node scripts/generate-proto.ts`);
    if (stale.length > 0) process.exitCode = 1;
  } finally {
    rmSync(base, { recursive: true });
  }
} else generate(root);
