/** `sc://host:port/;parameter=value;…`, as Spark's own clients read it. */
import { SluiceError } from "../errors/error.ts";

export interface ConnectAddress {
  /** `http://host:port`, or https with `use_ssl=true` or a token. */
  readonly baseUrl: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly userId: string | undefined;
  readonly sessionId: string | undefined;
  readonly userAgent: string | undefined;
}

const DEFAULT_PORT = "15002";

/** Throws INVALID_CONNECT_URL. A token never stands in the error. */
export function parseAddress(text: string): ConnectAddress {
  const shown = text.replace(/token=[^;]*/g, "token=***");
  const match = /^sc:\/\/([^/:;]+|\[[^\]]+\])(?::(\d+))?(?:\/(?:;(.*))?)?$/.exec(text.trim());
  if (!match) throw new SluiceError("INVALID_CONNECT_URL", { url: shown, detail: "No host and port are" });
  const [, host, port = DEFAULT_PORT, rest = ""] = match;
  const parameters = new Map<string, string>();
  for (const part of rest.split(";").filter((p) => p !== "")) {
    const at = part.indexOf("=");
    if (at < 1) throw new SluiceError("INVALID_CONNECT_URL", { url: shown, detail: `A parameter without value is` });
    parameters.set(part.slice(0, at), decodeURIComponent(part.slice(at + 1)));
  }
  const take = (name: string): string | undefined => {
    const value = parameters.get(name);
    parameters.delete(name);
    return value;
  };
  const token = take("token");
  const secure = take("use_ssl") === "true" || token !== undefined;
  const known = { userId: take("user_id"), sessionId: take("session_id"), userAgent: take("user_agent") };
  const headers = new Map(parameters);
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  return { baseUrl: `${secure ? "https" : "http"}://${host}:${port}`, headers, ...known };
}
