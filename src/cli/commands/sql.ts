import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { SparkSession } from "../../index.ts";
import { splitStatements } from "../../sql/split.ts";
import { type Command, UsageError } from "../main.ts";

type Form = "table" | "json" | "csv";

export const sql: Command = {
  summary: "runs SQL text and prints the rows",
  usage: `Usage: sluice sql (-e "SELECT …" | -f FILE) [--format table|json|csv] [--conf key=value]…

Runs one or more statements, separated by semicolons. Kafka topics and files are read through views, e.g.

  sluice sql -e "CREATE TEMP VIEW r USING kafka OPTIONS (\`kafka.bootstrap.servers\` '127.0.0.1:9092', subscribe 'readings');
                 SELECT count(*) FROM r"

  -e TEXT         statements
  -f FILE         a file of statements
  --format FORM   how rows are printed (default table)
  --conf K=V      a setting, e.g. spark.sql.session.timeZone=UTC`,
  async run(args) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        execute: { type: "string", short: "e" },
        file: { type: "string", short: "f" },
        format: { type: "string", default: "table" },
        conf: { type: "string", multiple: true, default: [] },
      },
    });
    const text = values.execute ?? (values.file === undefined ? undefined : await readFile(values.file, "utf8"));
    if (text === undefined) throw new UsageError('give the statements: -e "SELECT …" or -f FILE');
    const form = formOf(values.format);
    const builder = SparkSession.builder.appName("sluice sql");
    for (const pair of values.conf) {
      const at = pair.indexOf("=");
      if (at < 1) throw new UsageError(`--conf ${pair}: write key=value`);
      builder.config(pair.slice(0, at), pair.slice(at + 1));
    }
    const spark = builder.getOrCreate();
    try {
      for (const statement of splitStatements(text)) await runStatement(spark, statement, form);
    } finally {
      await spark.stop();
    }
    return 0;
  },
};

function formOf(text: string): Form {
  if (text !== "table" && text !== "json" && text !== "csv")
    throw new UsageError(`--format ${text}: table, json or csv`);
  return text;
}

async function runStatement(spark: SparkSession, statement: string, form: Form): Promise<void> {
  const df = await spark.sql(statement);
  const columns = await df.columns();
  if (columns.length === 0) return;
  if (form === "table") {
    await df.show(1000, false);
    return;
  }
  if (form === "csv") process.stdout.write(`${columns.map(csvCell).join(",")}\n`);
  for await (const row of df.toLocalIterator()) {
    const line = form === "json" ? JSON.stringify(row) : columns.map((c) => csvCell(cellText(row.get(c)))).join(",");
    process.stdout.write(`${line}\n`);
  }
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" && !(value instanceof Date) ? (JSON.stringify(value) ?? "") : String(value);
}

function csvCell(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
