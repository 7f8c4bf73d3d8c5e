/** Functions of functions: `transform("readings", (x) => x.multiply(2))`. */
import { create } from "@bufbuild/protobuf";
import { type Expression, Expression_UnresolvedNamedLambdaVariableSchema } from "../../plan/messages.ts";
import { Column } from "../column.ts";
import { plain } from "../expression.ts";

/** Names that Spark's own clients give, so that plans read alike. */
const NAMES = ["x", "y", "z"];
let lastLambda = 0;

/** The lambda that `body` describes: with as many parameters as `body` takes, within what the function allows. */
export function lambda(body: (...parameters: Column[]) => Column, least: number, most = least): Expression {
  const count = Math.max(least, Math.min(most, body.length));
  lastLambda += 1;
  const variables = NAMES.slice(0, count).map((name) =>
    create(Expression_UnresolvedNamedLambdaVariableSchema, { nameParts: [`${name}_${lastLambda}`] }),
  );
  const parameters = variables.map((value) => new Column(plain({ case: "unresolvedNamedLambdaVariable", value })));
  const result = body(...parameters);
  return plain({ case: "lambdaFunction", value: { function: result.expression, arguments: variables } });
}
