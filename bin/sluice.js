#!/usr/bin/env node
// Starts the `sluice` command: the sources of a checkout, or the built program of an installed package. Plain
// JavaScript that an old Node can read too, so that it can hand over to a newer one or say what is missing.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as nodeModule from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = join(root, "src/cli/main.ts");
const inCheckout = existsSync(source);
const neededMajor = 22;
const neededMinor = 22;

function isNewEnough() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}

/** Node as the npm package `node` brings it into a checkout. */
function newerNode() {
  const program = join(root, "node_modules/node/bin/node");
  return existsSync(program) ? program : undefined;
}

/** Runs this program again by another Node; signals are passed on and its end is ours. */
function handOver(program) {
  const args = [...process.execArgv, ...process.argv.slice(1)];
  const child = spawn(program, args, { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.once("error", (error) => {
    process.stderr.write(`sluice: ${program} could not be started: ${error.message}\n`);
    process.exit(1);
  });
  child.once("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] || 0)));
}

/**
 * Makes `sluice` and `sluice/…` mean this very package to every module, wherever the user's program lies, so that the
 * program and the command share one engine; in a checkout, its sources.
 */
function resolveOurselves() {
  // An old Node, which only hands over, has no such export.
  nodeModule.registerHooks({
    resolve(specifier, context, next) {
      if (specifier !== "sluice" && !specifier.startsWith("sluice/")) return next(specifier, context);
      const conditions = inCheckout ? [...context.conditions, "sluice-source"] : context.conditions;
      return next(specifier, { ...context, conditions, parentURL: import.meta.url });
    },
  });
}

async function run() {
  // Compiled code is kept between runs: a start takes a fraction of the time.
  nodeModule.enableCompileCache?.();
  resolveOurselves();
  const program = inCheckout ? source : join(root, "dist/cli/main.js");
  const { main } = await import(pathToFileURL(program).href);
  process.exitCode = await main(process.argv.slice(2));
  // What a command that failed half-way left open must not keep the process.
  if (process.exitCode !== 0) process.exit();
}

if (!isNewEnough()) {
  const program = newerNode();
  if (program) handOver(program);
  else {
    const has = `this is ${process.versions.node}`;
    const way = inCheckout ? "; or run npm install here once, which brings one" : "";
    process.stderr.write(`sluice needs Node ${neededMajor}.${neededMinor} or newer, ${has}${way}.\n`);
    process.exitCode = 1;
  }
} else await run();
