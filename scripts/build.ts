// Builds the published package into dist/: the modules of src/ put together (bundle.ts), their declarations, and the console's
// front end. `npm pack` runs it.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const frontEnd = "console-ui";

function run(program: string, ...args: string[]): void {
  const done = spawnSync(program, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (done.status === 0) return;
  console.error(`the build stopped at: ${[program, ...args].join(" ")}`);
  process.exit(done.status ?? 1);
}

/** Generated messages have declarations already; tsc leaves them where they are. */
function copyDeclarations(): void {
  const source = join(root, "src");
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    const from = join(entry.parentPath, entry.name);
    const path = relative(source, from);
    if (!entry.isFile() || !path.endsWith(".d.ts") || path.startsWith(join("console", "ui"))) continue;
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
copyDeclarations();
await bundle(root, dist);
