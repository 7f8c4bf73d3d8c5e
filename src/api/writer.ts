/**
 * Saves a DataFrame's rows: `df.write`.
 *
 * @example
 * await df.write.format("parquet").mode("overwrite").save("/data/readings");
 */
import { create } from "@bufbuild/protobuf";
import { nearest, SluiceError } from "../errors/error.ts";
import { PlanSchema } from "../plan/messages.ts";
import type { DataFrame } from "./dataframe.ts";
import { observerOf } from "./observation.ts";
import { type OptionMap, type OptionValue, withOptions } from "./options.ts";

const MODES = { append: 1, overwrite: 2, error: 3, errorifexists: 3, default: 3, ignore: 4 } as const;
export type SaveMode = "append" | "overwrite" | "error" | "errorifexists" | "ignore";

export class DataFrameWriter {
  readonly #df: DataFrame;
  #format: string | undefined;
  #mode: keyof typeof MODES = "errorifexists";
  #options: OptionMap = {};
  #partitioningColumns: string[] = [];

  constructor(df: DataFrame) {
    this.#df = df;
  }

  format(format: string): this {
    this.#format = format;
    return this;
  }

  /** What to do when there is data already: append, overwrite, ignore, or error (the default). */
  mode(mode: SaveMode): this {
    const name = mode.toLowerCase();
    if (!Object.hasOwn(MODES, name)) {
      throw new SluiceError("INVALID_SAVE_MODE", { mode, hint: nearest(name, Object.keys(MODES)) ?? "append" });
    }
    this.#mode = name as keyof typeof MODES;
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

  /** A folder for each value of these columns. */
  partitionBy(...columns: readonly (string | readonly string[])[]): this {
    this.#partitioningColumns = columns.flat() as string[];
    return this;
  }

  async save(path?: string): Promise<void> {
    const value = {
      input: this.#df.relation,
      ...(this.#format !== undefined && { source: this.#format }),
      ...(path !== undefined && { saveType: { case: "path", value: path } as const }),
      mode: MODES[this.#mode],
      partitioningColumns: this.#partitioningColumns,
      options: this.#options,
    };
    const command = { commandType: { case: "writeOperation", value } } as const;
    const engine = await this.#df.sparkSession.engine();
    const plan = create(PlanSchema, { opType: { case: "command", value: command } });
    await engine.command(plan, observerOf(this.#df.relation));
  }

  json(path: string): Promise<void> {
    return this.format("json").save(path);
  }

  csv(path: string): Promise<void> {
    return this.format("csv").save(path);
  }

  parquet(path: string): Promise<void> {
    return this.format("parquet").save(path);
  }
}
