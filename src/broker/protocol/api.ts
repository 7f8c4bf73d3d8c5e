import type { RequestContext } from "../server/context.ts";
import type { Reader } from "./reader.ts";
import type { ReadOf, Type, WriteOf } from "./schema.ts";
import type { Writer } from "./writer.ts";

type AnyShape = Type<unknown, never>;

/** A way to answer: the body goes into the writer when the response is due. */
export type WriteBody = (writer: Writer) => void;

interface ApiDefinition<Q extends AnyShape, S extends AnyShape> {
  /** Kafka's number and name of the API. */
  readonly key: number;
  readonly name: string;
  /** Versions that are answered. */
  readonly versions: readonly [min: number, max: number];
  /** Versions that ApiVersions lists, where they differ from those that are answered. */
  readonly advertised?: readonly [min: number, max: number];
  /** The first version with compact lengths and tagged fields. */
  readonly flexibleFrom: number;
  /** Answered before a client has proved who it is. */
  readonly beforeLogin?: boolean;
  readonly request: Q;
  readonly response: S;
  /** Answers a request; `null` sends no response at all (Produce with acks=0). */
  handle(context: RequestContext, request: ReadOf<Q>): Promise<WriteOf<S> | null> | WriteOf<S> | null;
  /** The response that says only that the request failed with `code`; used for injected faults and surprises. */
  failed(request: ReadOf<Q>, code: number, version: number): WriteOf<S>;
}

/** One Kafka API as the server sees it. */
export interface Api {
  readonly key: number;
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly advertised: readonly [min: number, max: number];
  readonly flexibleFrom: number;
  readonly beforeLogin: boolean;
  /** Reads a request and answers it; with `errorCode` it only says that it failed. */
  run(context: RequestContext, reader: Reader, errorCode?: number): Promise<WriteBody | null> | WriteBody | null;
}

/** An API with the types of its messages, which a client needs too. */
export interface TypedApi<Q extends AnyShape, S extends AnyShape> extends Api {
  readonly request: Q;
  readonly response: S;
}

/** Binds schemas and handler of one API together. */
export function defineApi<Q extends AnyShape, S extends AnyShape>(definition: ApiDefinition<Q, S>): TypedApi<Q, S> {
  const { key, name, versions, flexibleFrom } = definition;
  const request = definition.request as unknown as Type<ReadOf<Q>>;
  const response = definition.response as unknown as Type<unknown, WriteOf<S>>;
  return {
    key,
    name,
    min: versions[0],
    max: versions[1],
    advertised: definition.advertised ?? versions,
    flexibleFrom,
    beforeLogin: definition.beforeLogin ?? false,
    request: definition.request,
    response: definition.response,
    run(context, reader, errorCode) {
      const { version } = context;
      const flexible = version >= flexibleFrom;
      const body = request.read(reader, version, flexible);
      const answer = (value: WriteOf<S> | null): WriteBody | null =>
        value === null ? null : (writer) => response.write(writer, value, version, flexible);
      if (errorCode !== undefined) return answer(definition.failed(body, errorCode, version));
      const result = definition.handle(context, body);
      return result instanceof Promise ? result.then(answer) : answer(result);
    },
  };
}
