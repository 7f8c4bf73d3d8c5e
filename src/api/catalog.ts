/** Tables, views and databases by name: `spark.catalog`. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CatalogSchema } from "../plan/messages.ts";
import { DataFrame } from "./dataframe.ts";
import { relation } from "./relation.ts";
import type { AnyColumns, RowOf } from "./row.ts";
import type { SparkSession } from "./session.ts";

export interface CatalogTable {
  readonly name: string;
  readonly catalog: string | null;
  readonly namespace: readonly string[] | null;
  readonly description: string | null;
  readonly tableType: string;
  readonly isTemporary: boolean;
}

export interface CatalogColumn {
  readonly name: string;
  readonly description: string | null;
  readonly dataType: string;
  readonly nullable: boolean;
  readonly isPartition: boolean;
  readonly isBucket: boolean;
}

export class Catalog {
  readonly #session: SparkSession;

  constructor(session: SparkSession) {
    this.#session = session;
  }

  currentCatalog(): Promise<string> {
    return this.#value({ case: "currentCatalog", value: {} });
  }

  currentDatabase(): Promise<string> {
    return this.#value({ case: "currentDatabase", value: {} });
  }

  async listTables(dbName?: string, pattern?: string): Promise<CatalogTable[]> {
    const rows = await this.#rows({
      case: "listTables",
      value: { ...(dbName && { dbName }), ...(pattern && { pattern }) },
    });
    return rows.map((row) => row.toObject() as unknown as CatalogTable);
  }

  async listColumns(tableName: string): Promise<CatalogColumn[]> {
    const rows = await this.#rows({ case: "listColumns", value: { tableName } });
    return rows.map((row) => row.toObject() as unknown as CatalogColumn);
  }

  tableExists(tableName: string): Promise<boolean> {
    return this.#value({ case: "tableExists", value: { tableName } });
  }

  databaseExists(dbName: string): Promise<boolean> {
    return this.#value({ case: "databaseExists", value: { dbName } });
  }

  functionExists(functionName: string): Promise<boolean> {
    return this.#value({ case: "functionExists", value: { functionName } });
  }

  /** True when there was such a view. */
  dropTempView(viewName: string): Promise<boolean> {
    return this.#value({ case: "dropTempView", value: { viewName } });
  }

  async #value<T>(catType: CatalogInit): Promise<T> {
    return (await this.#rows(catType))[0]?.get(0) as T;
  }

  #rows(catType: CatalogInit): Promise<RowOf<AnyColumns>[]> {
    return new DataFrame(this.#session, relation("catalog", { case: "catalog", value: { catType } })).collect();
  }
}

type CatalogInit = NonNullable<MessageInitShape<typeof CatalogSchema>["catType"]>;
