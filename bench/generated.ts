/**
 * Notes who makes which generated function, for profiles: preloaded with `--import` into the process that is profiled and its
 * workers. Writes `generated-….json` to the folder SLUICE_BENCH_GENERATED.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import { fileOf } from "./steps.ts";

/** By `name:line` of a function, as a profile calls it. */
export type Generated = Record<string, { readonly file: string; readonly groupLine?: number }>;

const folder = process.env["SLUICE_BENCH_GENERATED"];
const noted: Generated = {};
/** `new Function` puts its own head before the body. */
const HEAD_LINES = 2;
const MAKERS = /^(compile\/emitter|bench\/)/;

function note(source: string): void {
  const lines = source.split("\n");
  const files = (new Error().stack ?? "").match(/file:\/\/[^\s):]+/g) ?? [];
  const file = files.map(fileOf).find((path) => !MAKERS.test(path));
  if (file === undefined || files.some((url) => url.includes("/node_modules/"))) return;
  const groupAt = lines.findIndex((line) => line.trim() === "let hash = 0;");
  lines.forEach((line, at) => {
    const name = /\bfunction (\w+)\(/.exec(line)?.[1];
    if (name === undefined) return;
    const groupLine = groupAt > at ? { groupLine: groupAt + HEAD_LINES } : {};
    noted[`${name}:${at + HEAD_LINES}`] = { file: `generated/${file}`, ...groupLine };
  });
  if (folder !== undefined) {
    writeFileSync(join(folder, `generated-${process.pid}-${threadId}.json`), JSON.stringify(noted));
  }
}

globalThis.Function = new Proxy(Function, {
  construct(target, args: string[]) {
    note(args.at(-1) ?? "");
    return Reflect.construct(target, args) as object;
  },
});
