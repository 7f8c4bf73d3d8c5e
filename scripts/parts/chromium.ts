// Chromium from the system's packages, driven by playwright-core.
// `node scripts/parts/chromium.ts` brings it.
import { aptInstall, onPath, type Part, runAsProgram } from "./part.ts";

export const chromium: Part = {
  name: "chromium",
  command: "node scripts/parts/chromium.ts",
  available: () => (find() === undefined ? "Chromium is not installed" : undefined),
  install: async () => {
    if (find() === undefined) await aptInstall("chromium", "fonts-dejavu-core");
  },
};

const find = (): string | undefined => onPath("chromium") ?? onPath("chromium-browser") ?? onPath("google-chrome");

/** The browser's program, for playwright's `executablePath`. */
export function chromiumPath(): string {
  const path = find();
  if (path === undefined) throw new Error(`Chromium is not installed: ${chromium.command}`);
  return path;
}

/** Arguments that the browser needs to run as root, without calling home. */
export const chromiumArgs: readonly string[] = [
  "--no-sandbox",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-dev-shm-usage",
];

await runAsProgram(import.meta.url, chromium);
