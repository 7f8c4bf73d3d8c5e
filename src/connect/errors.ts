/** Errors as Spark Connect sends them: a short form with the call that failed, and the whole for whoever asks by its id. */
import { randomUUID } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { SluiceError } from "../errors/error.ts";
import {
  FetchErrorDetailsResponse_QueryContext_ContextType as ContextType,
  ErrorInfoSchema,
  type FetchErrorDetailsResponse_ErrorSchema,
  type FetchErrorDetailsResponse_QueryContextSchema,
} from "../plan/messages.ts";
import { exceptionClasses, unforeseenClasses } from "./exceptions.ts";

export type ErrorForm = MessageInitShape<typeof FetchErrorDetailsResponse_ErrorSchema>;

/** Errors that a session remembers for FetchErrorDetails. */
const KEPT_MAX = 100;
/** Characters of a message and of its parameters that travel in the headers of the answer. */
const HEADER_TEXT_MAX = 1024;
/** Causes of causes that are told. */
const CAUSES_MAX = 8;

export class ErrorLog {
  private readonly kept = new Map<string, unknown>();

  /** The error to answer a call with; its details can be fetched afterwards. */
  report(error: unknown): ConnectError {
    if (error instanceof ConnectError) return error;
    const errorId = randomUUID();
    this.kept.set(errorId, error);
    const [oldest] = this.kept.keys();
    if (this.kept.size > KEPT_MAX) this.kept.delete(oldest);
    return connectError(error, errorId);
  }

  /** The error and its causes, outermost first; undefined for an id that isn't known. */
  details(errorId: string): ErrorForm[] | undefined {
    return this.kept.has(errorId) ? errorChain(this.kept.get(errorId)) : undefined;
  }
}

/** For calls that fail before there is a session. */
export function connectError(error: unknown, errorId?: string): ConnectError {
  if (error instanceof ConnectError) return error;
  const classes = classesOf(error);
  const metadata: Record<string, string> = { classes: JSON.stringify(classes) };
  if (errorId !== undefined) metadata["errorId"] = errorId;
  if (error instanceof SluiceError) {
    metadata["errorClass"] = error.condition;
    metadata["sqlState"] = error.sqlState;
    const parameters = JSON.stringify(error.messageParameters);
    if (parameters.length <= HEADER_TEXT_MAX) metadata["messageParameters"] = parameters;
  }
  const message = messageOf(error);
  const short = message.length <= HEADER_TEXT_MAX ? message : `${message.slice(0, HEADER_TEXT_MAX)}…`;
  const info = create(ErrorInfoSchema, { reason: classes[0], domain: "org.apache.spark", metadata });
  return new ConnectError(short, Code.Internal, undefined, [{ desc: ErrorInfoSchema, value: info }], error);
}

function errorChain(error: unknown): ErrorForm[] {
  const errors: ErrorForm[] = [];
  for (let at = error; at !== undefined && errors.length < CAUSES_MAX; at = causeOf(at)) {
    if (errors.length > 0) errors[errors.length - 1].causeIdx = errors.length;
    errors.push({
      errorTypeHierarchy: [...classesOf(at)],
      message: messageOf(at),
      ...(at instanceof SluiceError && {
        sparkThrowable: {
          errorClass: at.condition,
          sqlState: at.sqlState,
          messageParameters: { ...at.messageParameters },
          queryContexts: contextsOf(at),
        },
      }),
    });
  }
  return errors;
}

function contextsOf({ context }: SluiceError): MessageInitShape<typeof FetchErrorDetailsResponse_QueryContextSchema>[] {
  if (context === undefined) return [];
  const { fragment, start, stop, callSite } = context;
  if (callSite !== undefined) return [{ contextType: ContextType.DATAFRAME, fragment, callSite, summary: callSite }];
  return [
    {
      contextType: ContextType.SQL,
      startIndex: start,
      stopIndex: Math.max(start, stop - 1),
      fragment: fragment.slice(start, stop),
      summary: fragment,
    },
  ];
}

function classesOf(error: unknown): readonly string[] {
  return error instanceof SluiceError ? exceptionClasses(error) : unforeseenClasses();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
