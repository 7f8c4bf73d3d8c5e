/**
 * Reads tables and streams: `spark.read` and `spark.readStream`.
 *
 * @example
 * const readings = spark.readStream
 *   .format("kafka")
 *   .option("kafka.bootstrap.servers", "127.0.0.1:9092")
 *   .option("subscribe", "readings")
 *   .load();
 */
import { toJson } from "../types/json.ts";
import type { StructType } from "../types/types.ts";
import { DataFrame } from "./dataframe.ts";
import { type OptionMap, type OptionValue, withOptions } from "./options.ts";
import { relation } from "./relation.ts";
import type { SparkSession } from "./session.ts";

export class DataFrameReader {
  readonly #session: SparkSession;
  readonly #streaming: boolean;
  #format: string | undefined;
  #schema: string | undefined;
  #options: OptionMap = {};

  constructor(session: SparkSession, streaming: boolean) {
    this.#session = session;
    this.#streaming = streaming;
  }

  /** kafka, json, csv, parquet, text, rate, … */
  format(format: string): this {
    this.#format = format;
    return this;
  }

  /** As DDL, `"device STRING, celsius DOUBLE"`, or as a type. */
  schema(schema: string | StructType): this {
    this.#schema = typeof schema === "string" ? schema : toJson(schema);
    return this;
  }

  option(name: string, value: OptionValue): this {
    this.#options = withOptions(this.#options, { [name]: value });
    return this;
  }

  options(options: Readonly<Record<string, OptionValue | undefined>>): this {
    this.#options = withOptions(this.#options, options);
    return this;
  }

  load(path?: string | readonly string[]): DataFrame {
    const paths = path === undefined ? [] : [path].flat();
    const dataSource = {
      ...(this.#format !== undefined && { format: this.#format }),
      schema: this.#schema ?? "",
      options: this.#options,
      paths,
    };
    return this.#read("load", { case: "dataSource", value: dataSource });
  }

  json(path: string | readonly string[]): DataFrame {
    return this.format("json").load(path);
  }

  csv(path: string | readonly string[]): DataFrame {
    return this.format("csv").load(path);
  }

  parquet(...paths: string[]): DataFrame {
    return this.format("parquet").load(paths);
  }

  text(path: string | readonly string[]): DataFrame {
    return this.format("text").load(path);
  }

  /** A table or view by name. */
  table(name: string): DataFrame {
    return this.#read("table", { case: "namedTable", value: { unparsedIdentifier: name, options: this.#options } });
  }

  #read(fragment: string, readType: ReadType): DataFrame {
    const value = { readType, isStreaming: this.#streaming };
    return new DataFrame(this.#session, relation(fragment, { case: "read", value }));
  }
}

type ReadType =
  | { case: "dataSource"; value: { format?: string; schema: string; options: OptionMap; paths: string[] } }
  | { case: "namedTable"; value: { unparsedIdentifier: string; options: OptionMap } };
