/** Where in the user's program a plan was written, so that an error can say it. */
import { fileURLToPath } from "node:url";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { codeFolder } from "../package-files.ts";
import type { OriginSchema } from "../plan/messages.ts";

/** The folder of this package's own code; frames inside it are not the user's. */
const ownFolder = codeFolder.href;
/** Frames looked at: a public method that calls public methods stands deeper than the user's call. */
const FRAMES_MAX = 8;

/** `file:line` of the innermost call from outside this package; undefined when none is near. About 5 µs. */
export function callSite(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES_MAX;
  const stack = new Error().stack ?? "";
  Error.stackTraceLimit = limit;
  for (const line of stack.split("\n")) {
    if (!line.startsWith("    at ") || line.includes(ownFolder)) continue;
    const place = /\(?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]*):(\d+):\d+\)?$/.exec(line);
    if (place) return `${place[1].startsWith("file:") ? fileURLToPath(place[1]) : place[1]}:${place[2]}`;
  }
  return undefined;
}

/** The origin of a node made by the public method `fragment`. */
export function originOf(fragment: string): MessageInitShape<typeof OriginSchema> {
  return { function: { case: "pythonOrigin", value: { fragment, callSite: callSite() ?? "" } } };
}
