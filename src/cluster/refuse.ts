/** Finds what a plan holds that only this process can run. */
import { type Any, anyUnpack } from "@bufbuild/protobuf/wkt";
import { SluiceError } from "../errors/error.ts";
import { type Origin, ScriptFunctionSchema } from "../plan/messages.ts";

/** Options of the Kafka source that Spark would ignore in silence, while a program counts on them. */
const OWN_OPTIONS = ["badrecords", "badrecordstopic", "laterowstopic"];

/**
 * Throws SCRIPT_FUNCTION_ON_CLUSTER at the first TypeScript function in `message`, a plan or a part of one, and
 * KAFKA_OPTION_NOT_SUPPORTED at the first option of a source that only this process knows.
 */
export function refuseScripts(message: unknown, place = ""): void {
  if (typeof message !== "object" || message === null || message instanceof Uint8Array) return;
  if ("$typeName" in message && message.$typeName === "google.protobuf.Any") {
    const script = anyUnpack(message as Any, ScriptFunctionSchema);
    throw new SluiceError("SCRIPT_FUNCTION_ON_CLUSTER", { function: script ? `${script.name}()` : "This", place });
  }
  if ("$typeName" in message && message.$typeName === "spark.connect.Read.DataSource") {
    refuseOptions((message as { options?: Readonly<Record<string, string>> }).options ?? {});
  }
  const here = originOf(message) ?? place;
  for (const part of Object.values(message)) refuseScripts(part, here);
}

function refuseOptions(options: Readonly<Record<string, string>>): void {
  for (const option of Object.keys(options)) {
    if (!OWN_OPTIONS.includes(option.toLowerCase())) continue;
    const hint = "Spark doesn't know it; on a cluster, branch on the column for corrupt records instead.";
    throw new SluiceError("KAFKA_OPTION_NOT_SUPPORTED", { option, hint });
  }
}

function originOf(message: object): string | undefined {
  const origin = (message as { common?: { origin?: Origin } }).common?.origin?.function;
  const callSite = origin?.case === "pythonOrigin" ? origin.value.callSite : undefined;
  return callSite ? ` (used at ${callSite})` : undefined;
}
