/** get_json_object's paths: `$.a.b`, `$['a']`, `$.a[0]`, `$.a[*]`, `$.*`. */

import { doubleText } from "../../columns/text.ts";
import { JsonReader, JsonSyntaxError } from "./reader.ts";
import { jsonString } from "./write.ts";

export type Json =
  | { readonly kind: "object"; readonly entries: readonly (readonly [string, Json])[] }
  | { readonly kind: "array"; readonly items: readonly Json[] }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "plain"; readonly text: string };

/** The tree of a text, numbers as they stand; undefined when it isn't JSON. */
export function readJson(text: string): Json | undefined {
  try {
    const reader = new JsonReader(text);
    return reader.peek() === "end" ? undefined : readTree(reader);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
}

/** The value that the reader stands at. */
export function readTree(r: JsonReader): Json {
  const token = r.peek();
  switch (token) {
    case "object": {
      const entries: [string, Json][] = [];
      r.object((name) => {
        entries.push([name, readTree(r)]);
      });
      return { kind: "object", entries };
    }
    case "array": {
      const items: Json[] = [];
      r.array(() => {
        items.push(readTree(r));
      });
      return { kind: "array", items };
    }
    case "string":
      return { kind: "string", text: r.string() };
    case "number":
      return { kind: "plain", text: r.number() };
    case "end":
      return r.fail("a value was expected");
    default:
      r.takeWord(token);
      return { kind: "plain", text: token };
  }
}

/** Compact JSON text. */
export function writeJson(json: Json): string {
  switch (json.kind) {
    case "object":
      return `{${json.entries.map(([k, v]) => `${jsonString(k)}:${writeJson(v)}`).join(",")}}`;
    case "array":
      return `[${json.items.map(writeJson).join(",")}]`;
    case "string":
      return jsonString(json.text);
    case "plain":
      return plainText(json.text);
  }
}

/** Fractions go through a double, as in Spark: `1.50` comes out as `1.5`, `1e3` as `1000.0`. Whole numbers stay as they are. */
export function plainText(text: string): string {
  if (/^-?\d.*[.eE]/.test(text)) return doubleText(Number(text));
  if (text === "-0") return "0";
  // Not a number, but no JSON either: Spark writes it as a string.
  if (!/^[+-]?[NI]/.test(text)) return text;
  return `"${text.replace("+", "").replace(/INF$/, "Infinity")}"`;
}

/** A value alone: strings without quotes, null as undefined. */
export function jsonText(json: Json): string | undefined {
  if (json.kind === "string") return json.text;
  return json.kind === "plain" && json.text === "null" ? undefined : writeJson(json);
}

type Step =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" }
  | { readonly kind: "each" };

/** Undefined when the text isn't a path. */
export function parsePath(path: string): readonly Step[] | undefined {
  if (!path.startsWith("$")) return undefined;
  const steps: Step[] = [];
  const re = /\.\*|\.([^.[]+)|\['([^'?]+)'\]|\[(\d+)\]|\[\*\]|\['\*'\]/y;
  re.lastIndex = 1;
  while (re.lastIndex < path.length) {
    const m = re.exec(path);
    if (m === null) return undefined;
    if (m[1] !== undefined) steps.push({ kind: "name", name: m[1] });
    else if (m[2] !== undefined) steps.push({ kind: "name", name: m[2] });
    else if (m[3] !== undefined) steps.push({ kind: "index", index: Number(m[3]) });
    else steps.push({ kind: m[0] === "[*]" ? "each" : "all" });
  }
  return steps;
}

/** What a path finds, as get_json_object shows it; null when nothing. */
export function evaluatePath(json: Json, steps: readonly Step[]): string | null {
  const found = select(json, steps);
  if (found.length === 0) return null;
  const wild = steps.some((s) => s.kind === "each" || s.kind === "all");
  if (!wild || found.length === 1) {
    const [only] = found;
    if (wild) return only.kind === "string" ? jsonString(only.text) : writeJson(only);
    return jsonText(only) ?? null;
  }
  return `[${found.map(writeJson).join(",")}]`;
}

function select(json: Json, steps: readonly Step[]): Json[] {
  if (steps.length === 0) return [json];
  const [step, ...rest] = steps;
  switch (step.kind) {
    case "name": {
      if (json.kind !== "object") return [];
      const found = json.entries.find(([k, v]) => k === step.name && !(v.kind === "plain" && v.text === "null"));
      return found === undefined ? [] : select(found[1], rest);
    }
    case "index":
      return json.kind === "array" && step.index < json.items.length ? select(json.items[step.index], rest) : [];
    case "each":
      return json.kind === "array" ? json.items.flatMap((x) => select(x, rest)) : [];
    case "all":
      return json.kind === "object" ? json.entries.flatMap(([, v]) => select(v, rest)) : [];
  }
}
