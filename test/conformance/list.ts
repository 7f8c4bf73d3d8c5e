/** Every file of cases. A new one needs nothing but to be there. */
import { readdirSync } from "node:fs";
import type { Case } from "./case.ts";

const folder = new URL("./cases/", import.meta.url);

/** Cases by the name of their file. Throws when two cases of a file have one name. */
export async function allCases(): Promise<Record<string, readonly Case[]>> {
  const found: Record<string, readonly Case[]> = {};
  for (const file of readdirSync(folder).sort()) {
    const { cases } = (await import(new URL(file, folder).href)) as { cases?: readonly Case[] };
    if (cases === undefined) continue;
    const names = new Set(cases.map((test) => test.name));
    if (names.size < cases.length) throw new Error(`${file} has two cases of one name`);
    found[file.replace(/\.ts$/, "")] = cases;
  }
  return found;
}
