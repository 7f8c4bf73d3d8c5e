/** Apache Arrow's types and file form come from flechette, loaded when the first batch crosses the border. */
import { createRequire } from "node:module";

type Flechette = typeof import("@uwdata/flechette");

let library: Flechette | undefined;

export function flechette(): Flechette {
  library ??= createRequire(import.meta.url)("@uwdata/flechette") as Flechette;
  return library;
}
