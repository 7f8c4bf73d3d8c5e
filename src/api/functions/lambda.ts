/** Functions of functions: `transform("readings", (x) => x.multiply(2))`. */
import { create } from "@bufbuild/protobuf";
import { type Expression, Expression_UnresolvedNamedLambdaVariableSchema } from "../../plan/messages.ts";
import { Column } from "../column.ts";
import { plain } from "../expression.ts";

/** Names that Spark's own clients give, so that plans read alike. */
const NAMES = ["x", "y", "z"];
let lastLambda = 0;

/** The lambda that `body` describes; how many of `count` parameters it takes is its own count. */
export function lambda(body: (...parameters: Column[]) => Column, count: number): Expression {
  const taken = Math.max(1, Math.min(count, body.length || count));
  lastLambda += 1;
  const variables = NAMES.slice(0, taken).map((name) =>
    create(Expression_UnresolvedNamedLambdaVariableSchema, { nameParts: [`${name}_${lastLambda}`] }),
  );
  const parameters = variables.map((value) => new Column(plain({ case: "unresolvedNamedLambdaVariable", value })));
  const result = body(...parameters);
  return plain({ case: "lambdaFunction", value: { function: result.expression, arguments: variables } });
}
