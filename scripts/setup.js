// What `npm start` and `npm test` run first: brings whatever a checkout lacks, and is quiet when it lacks nothing.
// Plain JavaScript without dependencies, since it runs before there is anything else, under Node 20 too.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const at = (...path) => join(root, ...path);
/** A checkout writes its files in no particular order; older by less than this is not older. */
const toleranceMs = 60_000;

function modifiedMs(path) {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

/** When the newest file below `dir` was written; 0 when there is none. */
function newestMs(dir) {
  if (!existsSync(dir)) return 0;
  let newest = 0;
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.name === "node_modules") continue;
    const path = join(dir, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestMs(path) : modifiedMs(path));
  }
  return newest;
}

/** Runs a step with its output on stderr, where progress belongs; a failure ends set-up with its exit code. */
function step(what, program, args) {
  process.stderr.write(`${what} …\n`);
  const done = spawnSync(program, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (done.status === 0) return;
  process.stderr.write(`set-up stopped at: ${what}${done.error ? ` (${done.error.message})` : ""}\n`);
  process.exit(done.status || 1);
}

function npm(...args) {
  const cli = process.env.npm_execpath;
  return cli?.endsWith(".js") ? [process.execPath, [cli, ...args]] : ["npm", args];
}

function installDependencies() {
  // npm writes this file last.
  const installed = modifiedMs(at("node_modules/.package-lock.json"));
  if (installed + toleranceMs >= modifiedMs(at("package-lock.json"))) return;
  // Not `npm ci`: it refuses a lock file that was written where the registry lacks other platforms' binaries.
  const what = installed === 0 ? "installing dependencies" : "updating dependencies";
  step(what, ...npm("install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"));
}

/** The Node that came with the dependencies; the one that runs this file may be too old for our tools. */
function node() {
  const own = at("node_modules/node/bin/node");
  return existsSync(own) ? own : process.execPath;
}

function generatePlan() {
  // The generated code is committed, so this is for whoever edits the interface.
  if (newestMs(at("proto")) <= newestMs(at("src/plan/gen")) + toleranceMs) return;
  step("generating the plan's messages", node(), [at("scripts/generate-proto.ts")]);
}

function buildConsole() {
  const config = at("src/console/ui/vite.config.ts");
  const built = at("dist/console-ui/.built");
  if (!existsSync(config) || newestMs(at("src/console/ui")) <= modifiedMs(built)) return;
  step("building the console", node(), [
    at("node_modules/vite/bin/vite.js"),
    "build",
    "--config",
    config,
    "--logLevel=warn",
  ]);
  mkdirSync(dirname(built), { recursive: true });
  writeFileSync(built, "");
}

installDependencies();
generatePlan();
buildConsole();
