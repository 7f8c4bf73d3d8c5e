/** Files that are whole or not there: written under a temporary name, on the disk before they get their own. */
import { constants } from "node:fs";
import { mkdir, open, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Writes a file so that it is on the disk under a name that readers leave out; `publish` gives it its own. An error tells
 * the path.
 */
export async function writeHidden(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const hidden = hiddenName(path);
  const file = await open(hidden, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o644);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } catch (error) {
    const { message } = error as Error;
    throw message.includes(hidden) ? error : new Error(`${message} '${hidden}'`, { cause: error });
  } finally {
    await file.close();
  }
}

export async function publish(path: string): Promise<void> {
  await rename(hiddenName(path), path);
}

/** The name of a file that isn't published. */
export function hiddenName(path: string): string {
  return join(dirname(path), `.${basename(path)}.tmp`);
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return; // a folder can't be opened there
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
