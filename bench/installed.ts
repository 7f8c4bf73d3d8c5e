/** Sluice as users have it: built, in a folder without sources. */
import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { command, root } from "../scripts/parts/part.ts";

/** Builds dist/. */
export function build(): void {
  command(process.execPath, [join(root, "scripts/build.ts")]);
}

/** Lays the package out in a new folder, from what is built in dist/; gives the path of its command. */
export function installInto(dir: string): string {
  mkdirSync(dir);
  for (const name of ["bin", "package.json"]) cpSync(join(root, name), join(dir, name), { recursive: true });
  // Its modules stay where they are, and so do the packages that they find.
  symlinkSync(join(root, "dist"), join(dir, "dist"));
  return join(dir, "bin/sluice.js");
}
