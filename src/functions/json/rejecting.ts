/** from_json over records of a source whose bad records are taken out of the stream: it tells of them, row by row. */
import type { DataType } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import type { Evaluation, RunContext, SessionSettings } from "../definition.ts";
import { jsonOptions, readOptions } from "./functions.ts";
import { fromJson } from "./parse.ts";

/** How `from_json(text, schema, options, record, source)` runs; the last two say which record the text came from. */
export function rejectingFromJson(type: DataType, options: Value): Evaluation {
  const parsed = jsonOptions(readOptions(options));
  return {
    nulls: "propagate",
    mayReturnNull: true,
    emit(e, [text, , , record, source]) {
      const { run } = e;
      const convert = fromJson(type, parsed, e.settings, e.wide, run);
      const read = (json: string, recordAt: number, sourceId: number): Value =>
        convert(json, (reason) => run.rejects?.reject(sourceId, recordAt, reason));
      return `${e.bind(read, "fromJson")}(${text}, ${record}, ${source})`;
    },
  };
}

/** Says why from_json can't read a text. */
export function badRecordReason(
  type: DataType,
  options: ReadonlyMap<string, string>,
  settings: SessionSettings,
  run: Pick<RunContext, "nowUs">,
): (text: string) => string {
  const lower = new Map([...options].map(([name, value]) => [name.toLowerCase(), value]));
  const time = {
    get nowUs() {
      return run.nowUs;
    },
  };
  const read = fromJson(type, jsonOptions(lower), settings, true, time);
  return (text) => {
    let reason = "it can't be read";
    read(text, (found) => {
      reason = found;
    });
    return reason;
  };
}
