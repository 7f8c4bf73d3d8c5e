/** Finds what a plan holds that only this process can run. */
import { type Any, anyUnpack } from "@bufbuild/protobuf/wkt";
import { SluiceError } from "../errors/error.ts";
import { type Origin, ScriptFunctionSchema } from "../plan/messages.ts";

/** Throws SCRIPT_FUNCTION_ON_CLUSTER at the first TypeScript function in `message`, a plan or a part of one. */
export function refuseScripts(message: unknown, place = ""): void {
  if (typeof message !== "object" || message === null || message instanceof Uint8Array) return;
  if ("$typeName" in message && message.$typeName === "google.protobuf.Any") {
    const script = anyUnpack(message as Any, ScriptFunctionSchema);
    throw new SluiceError("SCRIPT_FUNCTION_ON_CLUSTER", { function: script ? `${script.name}()` : "This", place });
  }
  const here = originOf(message) ?? place;
  for (const part of Object.values(message)) refuseScripts(part, here);
}

function originOf(message: object): string | undefined {
  const origin = (message as { common?: { origin?: Origin } }).common?.origin?.function;
  const callSite = origin?.case === "pythonOrigin" ? origin.value.callSite : undefined;
  return callSite ? ` (used at ${callSite})` : undefined;
}
