/** spark.read.json(df) and csv(df): a column of text to columns. */

import { SluiceError } from "../../errors/error.ts";
import { fromProtoType } from "../../plan/data-types.ts";
import { type Parse, Parse_ParseFormat } from "../../plan/messages.ts";
import { toJson } from "../../types/json.ts";
import { map, STRING } from "../../types/types.ts";
import { MapValue } from "../../types/values.ts";
import { callNamed } from "../calls.ts";
import type { TypedExpression } from "../expression.ts";
import { alias } from "../expressions.ts";
import { getField } from "../extract.ts";
import { constant } from "../literal.ts";
import { analyzeRelation, blockOf, type Place } from "../relation.ts";
import type { Resolved } from "../scope.ts";
import { projected } from "./project.ts";

export function parseRelation(place: Place, message: Parse): Resolved {
  const input = analyzeRelation(place, message.input);
  const block = blockOf(place, input);
  const name = message.format === Parse_ParseFormat.JSON ? "from_json" : "from_csv";
  const type = message.schema && fromProtoType(message.schema);
  if (type?.kind !== "struct" || input.output.length !== 1) {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: "Reading text of a DataFrame without a schema",
      where: "",
      hint: "Give the schema, and a DataFrame with one STRING column.",
    });
  }
  const options = Object.entries(message.options);
  const args: TypedExpression[] = [input.output[0], constant(STRING, toJson(type))];
  if (options.length > 0) {
    const value = new MapValue(
      options.map(([k]) => k),
      options.map(([, v]) => v),
    );
    args.push(constant(map(STRING, STRING, false), value));
  }
  const parsed = callNamed(block, name, ...args);
  if (parsed.type.kind !== "struct") throw new SluiceError("INTERNAL_ERROR", { message: `${name} gave no struct.` });
  const { type: row } = parsed;
  return projected(
    block,
    input,
    row.fields.map((f, i) => alias(block, getField(parsed, row, i), f.name)),
  );
}
