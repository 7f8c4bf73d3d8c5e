/** Whole statements: queries, views, settings, and what a shell asks. */
import { SluiceError } from "../errors/error.ts";
import type { Relation } from "../plan/messages.ts";
import { multipartName, propertyList } from "./expressions.ts";
import { type ParseOptions, Parser } from "./parser.ts";
import { isQueryAhead, query, unsupported, withSubqueries } from "./query.ts";

export type Statement =
  | { readonly kind: "query"; readonly relation: Relation }
  /** `CREATE [OR REPLACE] [GLOBAL] TEMP VIEW name [(columns)] AS query` */
  | {
      readonly kind: "createView";
      readonly name: readonly string[];
      readonly columns: readonly string[];
      readonly relation: Relation;
      readonly replace: boolean;
      readonly isGlobal: boolean;
      readonly ifNotExists: boolean;
    }
  /** `CREATE TEMP VIEW name USING format OPTIONS (…)`; `schema` is the text of the column list, as parseDdl reads it. */
  | {
      readonly kind: "createSourceView";
      readonly name: readonly string[];
      readonly schema: string | undefined;
      readonly format: string;
      readonly options: Readonly<Record<string, string>>;
      readonly replace: boolean;
    }
  | { readonly kind: "dropView"; readonly name: readonly string[]; readonly ifExists: boolean }
  /** `pattern` uses `*` and `|`, as in SHOW TABLES LIKE 'a*|b*'. */
  | { readonly kind: "showTables"; readonly pattern: string | undefined; readonly viewsOnly: boolean }
  | { readonly kind: "describeTable"; readonly name: readonly string[]; readonly extended: boolean }
  | { readonly kind: "describeQuery"; readonly relation: Relation }
  /** `SET` alone lists all settings, `SET key` shows one, `SET key = value` changes it. */
  | { readonly kind: "set"; readonly key: string | undefined; readonly value: string | undefined }
  | { readonly kind: "reset"; readonly key: string | undefined }
  | {
      readonly kind: "explain";
      readonly mode: "simple" | "extended" | "codegen" | "cost" | "formatted";
      readonly relation: Relation;
    }
  /** CACHE and UNCACHE TABLE, REFRESH and CLEAR CACHE: accepted, without effect. */
  | { readonly kind: "ignored"; readonly command: string };

/**
 * One statement; a `;` at its end is allowed. Throws PARSE_EMPTY_STATEMENT, PARSE_SYNTAX_ERROR.
 *
 * @example parseStatement("CREATE OR REPLACE TEMP VIEW v AS SELECT 1 AS a") // { kind: "createView", name: ["v"], … }
 */
export function parseStatement(text: string, options: ParseOptions = {}): Statement {
  const p = new Parser(text, options);
  if (p.stream.atEnd()) throw new SluiceError("PARSE_EMPTY_STATEMENT");
  const parsed = statement(p);
  while (p.stream.acceptOp(";"));
  p.stream.expectEnd();
  return parsed;
}

/** The statements of a script, with `;` between them. Their errors point into the whole text. */
export function parseStatements(text: string, options: ParseOptions = {}): Statement[] {
  const p = new Parser(text, options);
  const found: Statement[] = [];
  for (;;) {
    while (p.stream.acceptOp(";"));
    if (p.stream.atEnd()) return found;
    found.push(statement(p));
    if (!p.stream.atEnd() && !p.stream.isOp(";")) throw p.stream.syntaxError();
  }
}

function statement(p: Parser): Statement {
  const { stream } = p;
  if (isQueryAhead(p)) return { kind: "query", relation: rootQuery(p) };
  const token = stream.peek();
  switch (token.kind === "word" ? token.value : "") {
    case "CREATE":
      return create(p);
    case "DROP":
      return drop(p);
    case "SHOW":
      return show(p);
    case "DESC":
    case "DESCRIBE":
      return describe(p);
    case "SET":
      return set(p);
    case "RESET":
      stream.next();
      return { kind: "reset", key: stream.atEnd() || stream.isOp(";") ? undefined : settingKey(p) };
    case "EXPLAIN":
      return explain(p);
    case "CACHE":
    case "UNCACHE":
    case "REFRESH":
    case "CLEAR":
      return ignored(p);
    case "INSERT":
    case "UPDATE":
    case "DELETE":
    case "MERGE":
    case "ALTER":
      throw unsupported(p, `The statement ${token.value}`, "Write with df.write or df.writeStream.");
    default:
      throw stream.syntaxError();
  }
}

/** A query with the subqueries that belong to it. */
function rootQuery(p: Parser): Relation {
  const relation = p.checkDepth(withSubqueries(p, query(p)));
  p.subqueries = [];
  return relation;
}

function create(p: Parser): Statement {
  const { stream } = p;
  stream.next();
  const replace = stream.acceptWord("OR", "REPLACE");
  const isGlobal = stream.acceptWord("GLOBAL");
  if (!stream.acceptWord("TEMP") && !stream.acceptWord("TEMPORARY")) {
    throw unsupported(
      p,
      "CREATE of anything but a temporary view",
      "Write CREATE TEMP VIEW; tables live in their data sources.",
    );
  }
  stream.expectWord("VIEW");
  const ifNotExists = stream.acceptWord("IF", "NOT", "EXISTS");
  const name = multipartName(p);
  const columns = stream.isOp("(") ? columnListText(p) : undefined;
  if (stream.acceptWord("USING")) {
    const format = multipartName(p).join(".");
    const options = stream.acceptWord("OPTIONS") ? propertyList(p) : {};
    return { kind: "createSourceView", name, schema: columns, format, options, replace };
  }
  stream.expectWord("AS");
  const relation = rootQuery(p);
  return { kind: "createView", name, columns: viewColumns(columns), relation, replace, isGlobal, ifNotExists };
}

/** The text between the brackets at the cursor. */
function columnListText(p: Parser): string {
  const { stream } = p;
  const from = stream.expectOp("(").stop;
  for (let depth = 1; depth > 0; ) {
    if (stream.atEnd()) throw stream.syntaxError(": ')' is expected here");
    const token = stream.next();
    if (token.kind === "op" && token.value === "(") depth++;
    if (token.kind === "op" && token.value === ")") depth--;
  }
  return stream.text.slice(from, stream.last().start);
}

/** `a COMMENT 'x', b` → the names. */
function viewColumns(text: string | undefined): string[] {
  if (text === undefined) return [];
  const p = new Parser(text);
  const names: string[] = [];
  do {
    names.push(p.stream.expectName());
    if (p.stream.acceptWord("COMMENT")) p.stream.expectString();
  } while (p.stream.acceptOp(","));
  p.stream.expectEnd();
  return names;
}

function drop(p: Parser): Statement {
  const { stream } = p;
  stream.next();
  if (!stream.acceptWord("VIEW")) {
    stream.acceptWord("TEMP");
    stream.expectWord("VIEW");
  }
  const ifExists = stream.acceptWord("IF", "EXISTS");
  return { kind: "dropView", name: multipartName(p), ifExists };
}

function show(p: Parser): Statement {
  const { stream } = p;
  stream.next();
  const viewsOnly = stream.acceptWord("VIEWS");
  if (!viewsOnly) stream.expectWord("TABLES");
  if (stream.acceptWord("IN") || stream.acceptWord("FROM")) multipartName(p);
  const like = stream.acceptWord("LIKE");
  const pattern = like || stream.peek().kind === "string" ? stream.expectString() : undefined;
  return { kind: "showTables", pattern, viewsOnly };
}

function describe(p: Parser): Statement {
  const { stream } = p;
  stream.next();
  stream.acceptWord("QUERY");
  if (isQueryAhead(p)) return { kind: "describeQuery", relation: rootQuery(p) };
  if (stream.isWord("TABLE") && stream.isName(1)) stream.next();
  const extended = (stream.isWord("EXTENDED") || stream.isWord("FORMATTED")) && stream.isName(1);
  if (extended) stream.next();
  return { kind: "describeTable", name: multipartName(p), extended };
}

/** `SET a.b-c = anything up to the end`; Spark takes the text as it is. */
function set(p: Parser): Statement {
  const { stream } = p;
  stream.next();
  if (stream.atEnd() || stream.isOp(";")) return { kind: "set", key: undefined, value: undefined };
  if (stream.acceptWord("TIME", "ZONE")) {
    const value = stream.peek().kind === "string" ? stream.next().value : stream.expectName();
    return { kind: "set", key: "spark.sql.session.timeZone", value: value.toUpperCase() === "LOCAL" ? "UTC" : value };
  }
  const key = settingKey(p);
  if (!stream.acceptOp("=")) return { kind: "set", key, value: undefined };
  const from = stream.peek();
  while (!stream.atEnd() && !stream.isOp(";")) stream.next();
  const only = stream.last() === from && from.kind === "string";
  const value = only ? from.value : stream.text.slice(from.start, Math.max(from.start, stream.last().stop)).trim();
  return { kind: "set", key, value };
}

function settingKey(p: Parser): string {
  const { stream } = p;
  if (stream.peek().kind === "quoted") return stream.next().value;
  const from = stream.peek();
  while (!stream.atEnd() && !stream.isOp("=") && !stream.isOp(";")) stream.next();
  return stream.text.slice(from.start, stream.last().stop);
}

function explain(p: Parser): Statement {
  const { stream } = p;
  stream.next();
  const modes = ["extended", "codegen", "cost", "formatted"] as const;
  const mode = modes.find((m) => stream.acceptWord(m.toUpperCase())) ?? "simple";
  if (!isQueryAhead(p)) throw stream.syntaxError(": EXPLAIN takes a query");
  return { kind: "explain", mode, relation: rootQuery(p) };
}

function ignored(p: Parser): Statement {
  const { stream } = p;
  const command = stream.next().value;
  while (!stream.atEnd() && !stream.isOp(";")) stream.next();
  return { kind: "ignored", command };
}
