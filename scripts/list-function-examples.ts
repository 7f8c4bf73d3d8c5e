// Prints the examples of all functions as JSON: [{ group, function, sql }, …]. scripts/record-functions.py runs them on Spark.
import { allFunctions } from "../src/functions/registry.ts";

const seen = new Set<string>();
const list = [];
for (const definition of allFunctions()) {
  for (const sql of definition.doc.examples) {
    if (seen.has(sql)) continue;
    seen.add(sql);
    list.push({ group: definition.group, function: definition.name, sql });
  }
}
console.log(JSON.stringify(list));
