/** A cluster's errors as ours. */
import { Code, ConnectError } from "@connectrpc/connect";
import { type Condition, conditions } from "../errors/conditions.ts";
import { type QueryContext, SluiceError } from "../errors/error.ts";
import {
  ErrorInfoSchema,
  type FetchErrorDetailsResponse,
  type FetchErrorDetailsResponse_Error,
  type FetchErrorDetailsResponse_QueryContext,
} from "../plan/messages.ts";

/** What Spark said: `condition` is Spark's own where this project knows it, else SPARK_ERROR; the text is Spark's. */
export class ClusterError extends SluiceError {
  /** Spark's name of the condition, e.g. `UNRESOLVED_COLUMN.WITH_SUGGESTION`; undefined for an error without one. */
  readonly sparkCondition: string | undefined;

  constructor(
    sparkCondition: string | undefined,
    message: string,
    parameters: Readonly<Record<string, string>>,
    options: { sqlState?: string | undefined; context?: QueryContext | undefined; cause?: unknown } = {},
  ) {
    super(knownCondition(sparkCondition), { ...parameters, message }, { cause: options.cause });
    this.message = message;
    this.sparkCondition = sparkCondition;
    Object.assign(this, { messageParameters: parameters, context: options.context });
    if (options.sqlState !== undefined) Object.assign(this, { sqlState: options.sqlState });
  }
}

function knownCondition(name: string | undefined): Condition {
  return name !== undefined && Object.hasOwn(conditions, name) ? (name as Condition) : "SPARK_ERROR";
}

/** What the server can be asked for with the id that came with an error. */
export type FetchDetails = (errorId: string) => Promise<FetchErrorDetailsResponse>;

/** The error to throw for what a call to the server threw. `server` is for texts: address and version. */
export async function clusterError(
  error: unknown,
  server: { readonly url: string; readonly version: string | undefined },
  fetchDetails: FetchDetails,
): Promise<unknown> {
  if (!(error instanceof ConnectError)) return error;
  const [info] = error.findDetails(ErrorInfoSchema);
  if (info === undefined) {
    if (error.code !== Code.Unavailable) return new ClusterError(undefined, error.rawMessage, {}, { cause: error });
    return new SluiceError("CLUSTER_UNAVAILABLE", { url: server.url, reason: error.rawMessage }, { cause: error });
  }
  const errorId = info.metadata["errorId"];
  const details = errorId === undefined ? undefined : await fetchDetails(errorId).catch(() => undefined);
  const root = details?.errors[details.rootErrorIdx ?? 0];
  const condition = root?.sparkThrowable?.errorClass ?? info.metadata["errorClass"];
  const parameters = root?.sparkThrowable?.messageParameters ?? parametersOf(info.metadata["messageParameters"]);
  const message = withAdvice(root?.message ?? error.rawMessage, root, server.version);
  const sqlState = root?.sparkThrowable?.sqlState ?? info.metadata["sqlState"];
  return new ClusterError(condition, message, parameters, { sqlState, context: contextOf(root), cause: error });
}

/** Spark only says that a data source is missing; the line that brings it is worth a search. */
function withAdvice(
  text: string,
  root: FetchErrorDetailsResponse_Error | undefined,
  version: string | undefined,
): string {
  const source = root?.sparkThrowable?.messageParameters["provider"] ?? /data source:? (\w+)/i.exec(text)?.[1];
  if (source?.toLowerCase() !== "kafka" || !/find/i.test(text)) return text;
  const coordinate = `org.apache.spark:spark-sql-kafka-0-10_2.13:${version ?? "<the server's version>"}`;
  return `${text}\nThe server lacks Spark's Kafka connector. Start it with: --packages ${coordinate}`;
}

function contextOf(error: FetchErrorDetailsResponse_Error | undefined): QueryContext | undefined {
  const [context]: FetchErrorDetailsResponse_QueryContext[] = error?.sparkThrowable?.queryContexts ?? [];
  if (context === undefined) return undefined;
  const { fragment, callSite } = context;
  const place = { fragment, start: 0, stop: fragment.length };
  return callSite ? { ...place, callSite } : place;
}

function parametersOf(json: string | undefined): Record<string, string> {
  return json === undefined ? {} : (JSON.parse(json) as Record<string, string>);
}
