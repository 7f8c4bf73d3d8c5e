/** spark.read.json(df) and csv(df): a column of text to columns. */

import { SluiceError } from "../../errors/error.ts";
import { fromProtoType } from "../../plan/data-types.ts";
import { type Parse, Parse_ParseFormat } from "../../plan/messages.ts";
import { toJson } from "../../types/json.ts";
import { field, map, STRING, type StructType, struct } from "../../types/types.ts";
import { MapValue } from "../../types/values.ts";
import type { Block } from "../block.ts";
import { callNamed } from "../calls.ts";
import type { TypedExpression } from "../expression.ts";
import { alias } from "../expressions.ts";
import { getField } from "../extract.ts";
import { constant } from "../literal.ts";
import type { PlanNode } from "../plan.ts";
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
  const optionOf = (option: string) => options.find(([k]) => k.toLowerCase() === option)?.[1];
  const drops = name === "from_json" && optionOf("mode")?.toUpperCase() === "DROPMALFORMED";
  if (!drops) return fieldsOf(block, input, parsedText(block, input, name, type, options), type.fields.length);
  // The function has no such mode: a record is dropped by its column for corrupt ones, of the user's or of our own.
  const corrupt = optionOf("columnnameofcorruptrecord") ?? "_corrupt_record";
  const own = type.fields.findIndex((f) => f.name === corrupt);
  const checked = own < 0 ? struct(...type.fields, field(corrupt, STRING)) : type;
  const permissive = options.filter(([k]) => k.toLowerCase() !== "mode");
  const parsed = parsedText(block, input, name, checked, permissive);
  const records = projected(block, input, [alias(block, parsed, "record")]);
  const over = blockOf(place, records);
  const record = records.output[0];
  const fault = getField(record, checked, own < 0 ? type.fields.length : own);
  const condition = callNamed(over, "and", callNamed(over, "isnotnull", record), callNamed(over, "isnull", fault));
  const plan: PlanNode = { kind: "filter", output: records.output, input: records.plan, condition };
  return fieldsOf(over, { ...records, plan }, record, type.fields.length);
}

function parsedText(
  block: Block,
  input: Resolved,
  name: string,
  type: StructType,
  options: readonly (readonly [string, string])[],
): TypedExpression {
  const args: TypedExpression[] = [input.output[0], constant(STRING, toJson(type))];
  if (options.length > 0) {
    const value = new MapValue(
      options.map(([k]) => k),
      options.map(([, v]) => v),
    );
    args.push(constant(map(STRING, STRING, false), value));
  }
  return callNamed(block, name, ...args);
}

/** The first `count` fields of a struct as columns. */
function fieldsOf(block: Block, input: Resolved, parsed: TypedExpression, count: number): Resolved {
  const { type } = parsed;
  if (type.kind !== "struct") throw new SluiceError("INTERNAL_ERROR", { message: "Text was parsed to no struct." });
  const items = type.fields.slice(0, count).map((f, i) => alias(block, getField(parsed, type, i), f.name));
  return projected(block, input, items);
}
