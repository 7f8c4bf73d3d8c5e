/** Where this package's own files are: in a checkout with its sources, or published, where the build has put modules together. */
import { existsSync } from "node:fs";

const isSource = import.meta.url.endsWith(".ts");

/** The folder of package.json. The modules of a build lie at different depths of dist/. */
export const packageRoot: URL = rootAbove(new URL("./", import.meta.url));

/** The folder of this package's code. */
export const codeFolder: URL = new URL(isSource ? "src/" : "dist/", packageRoot);

/** A module that is loaded by its place: `ownModule("connectors/kafka/decode/worker")`. The build knows it as an entry. */
export function ownModule(path: string): URL {
  return new URL(`${path}${isSource ? ".ts" : ".js"}`, codeFolder);
}

function rootAbove(folder: URL): URL {
  for (let at = folder; ; ) {
    if (existsSync(new URL("package.json", at))) return at;
    const above = new URL("../", at);
    // In a program that somebody has bundled there may be none.
    if (above.href === at.href) return folder;
    at = above;
  }
}
