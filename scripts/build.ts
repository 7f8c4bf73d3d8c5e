// Builds the published package into dist/: JavaScript and declarations of src/, what src/ holds besides TypeScript,
// and the console's front end. `npm pack` runs it.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const frontEnd = "console-ui";

function run(program: string, ...args: string[]): void {
  const done = spawnSync(program, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (done.status === 0) return;
  console.error(`the build stopped at: ${[program, ...args].join(" ")}`);
  process.exit(done.status ?? 1);
}

/** Generated messages are JavaScript with declarations already; tsc leaves both where they are. */
function copyWhatIsNotTypeScript(): void {
  const source = join(root, "src");
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    const from = join(entry.parentPath, entry.name);
    const path = relative(source, from);
    const compiled = /\.[cm]?tsx?$/.test(path) && !path.endsWith(".d.ts");
    if (!entry.isFile() || compiled || path.endsWith(".md") || path.startsWith(join("console", "ui"))) continue;
    const to = join(dist, path);
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
  }
}

// The front end stays: set-up builds it when it is stale, and a running `sluice dev` may be serving it.
if (existsSync(dist)) {
  for (const name of readdirSync(dist)) {
    if (name !== frontEnd) rmSync(join(dist, name), { recursive: true });
  }
}
run(process.execPath, join(root, "scripts/setup.js"));
run(join(root, "node_modules/.bin/tsc"), "-p", "tsconfig.build.json");
copyWhatIsNotTypeScript();
