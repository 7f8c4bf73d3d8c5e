// kafkajs, the JavaScript client that most programs in the field still use. `node scripts/parts/kafkajs.ts` brings it.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { command, isComplete, once, type Part, partDir, runAsProgram } from "./part.ts";

const version = "2.2.4";
const folder = `kafkajs-${version}`;

export const kafkajs: Part = {
  name: "kafkajs",
  command: "node scripts/parts/kafkajs.ts",
  available: () => (isComplete(folder) ? undefined : `kafkajs ${version} is not installed`),
  install: () =>
    once(folder, (dir) => {
      writeFileSync(join(dir, "package.json"), `{"private": true}\n`);
      command("npm", ["install", "--no-audit", "--no-fund", "--save-exact", `kafkajs@${version}`], { cwd: dir });
    }),
};

/** The module `kafkajs`; it is not among our dependencies, so the caller says what it takes it for. */
export function requireKafkajs(): unknown {
  return createRequire(join(partDir(folder), "package.json"))("kafkajs");
}

await runAsProgram(import.meta.url, kafkajs);
