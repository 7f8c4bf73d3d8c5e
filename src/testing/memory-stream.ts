/**
 * A source for tests: rows given by the test, with markers among them for input that misbehaves on purpose.
 *
 * @example
 * const readings = new MemoryStream("device STRING, celsius DOUBLE");
 * const hot = readings.toDF(spark).filter("celsius > 30");
 * readings.addData(["d1", 31.5], { device: "d2", celsius: 20 });
 */
import { acceptStruct } from "../api/accept.ts";
import type { DataFrame } from "../api/dataframe.ts";
import type { SparkSession } from "../api/session.ts";
import { MemoryFeed, registerFeed } from "../connectors/memory/feed.ts";
import { parseSchema } from "../types/ddl.ts";
import type { StructType } from "../types/types.ts";

let made = 0;

export class MemoryStream {
  readonly schema: StructType;
  private readonly feed: MemoryFeed;
  private readonly unregister: () => void;

  /** `schema` is DDL (`id INT, name STRING`) or a type. */
  constructor(schema: string | StructType) {
    this.schema = typeof schema === "string" ? parseSchema(schema) : schema;
    this.feed = new MemoryFeed(`memory-stream-${++made}`, this.schema);
    this.unregister = registerFeed(this.feed);
  }

  /** The stream as a DataFrame. */
  toDF(spark: SparkSession): DataFrame {
    return spark.readStream.format("memory").option("feed", this.feed.name).load();
  }

  /** The rows that are there now, as a batch DataFrame. */
  toBatch(spark: SparkSession): DataFrame {
    return spark.read.format("memory").option("feed", this.feed.name).load();
  }

  /**
   * Adds rows: arrays in the schema's order, objects by name, or bare values where there is one column.
   * Throws CANNOT_ACCEPT_OBJECT_IN_TYPE.
   */
  addData(...rows: readonly unknown[]): void {
    this.feed.add({ kind: "rows", rows: rows.map((row, i) => rowOf(row, this.schema, `row ${i + 1}`)) });
  }

  /** The batch that reads up to here ends here; what follows is the next batch's. */
  pause(): void {
    this.feed.add({ kind: "pause" });
  }

  /** What follows is not seen until the query is started again. */
  end(): void {
    this.feed.add({ kind: "end" });
  }

  /** Reading over this point fails, the first time. */
  failOnce(error: Error = new Error("the source failed on purpose")): void {
    this.feed.add({ kind: "failOnce", error });
  }

  /** Forgets the stream: queries can no longer be started on it. */
  close(): void {
    this.unregister();
  }
}

/** A row of internal values. */
export function rowOf(row: unknown, schema: StructType, place: string) {
  const bare = schema.fields.length === 1 && (typeof row !== "object" || row === null || row instanceof Date);
  return acceptStruct(bare ? [row] : row, schema, place);
}
