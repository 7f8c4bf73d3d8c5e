/** The `kafka.*` options: settings of Kafka's own clients, as far as they mean something here. */
import { readFileSync } from "node:fs";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import { nearest, SluiceError } from "../../errors/error.ts";
import type { Logger, OptionSpec, Options } from "../contract.ts";
import { invalidOption } from "../options.ts";
import type { SASLOptions } from "./client.ts";
import { parseJaas } from "./jaas.ts";

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/** What connections need. */
export interface ClientSettings {
  readonly brokers: readonly BrokerAddress[];
  readonly clientId: string;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  readonly metadataMaxAgeMs: number;
  readonly tls: TlsOptions | undefined;
  readonly sasl: SASLOptions | undefined;
  /** All `kafka.*` options, lower case, without the prefix. */
  readonly all: ReadonlyMap<string, string>;
}

const PREFIX = "kafka.";

export const KAFKA_PREFIX_SPEC: OptionSpec = {
  name: PREFIX,
  doc: "Settings of Kafka's clients: kafka.bootstrap.servers (needed), kafka.security.protocol, kafka.sasl.mechanism, …",
  prefix: true,
};

/** Settings that are followed. */
const FOLLOWED = [
  "bootstrap.servers",
  "client.id",
  "request.timeout.ms",
  "socket.connection.setup.timeout.ms",
  "retry.backoff.ms",
  "retry.backoff.max.ms",
  "reconnect.backoff.ms",
  "reconnect.backoff.max.ms",
  "metadata.max.age.ms",
  "security.protocol",
  "sasl.mechanism",
  "sasl.jaas.config",
  "ssl.truststore.type",
  "ssl.truststore.location",
  "ssl.truststore.certificates",
  "ssl.keystore.type",
  "ssl.keystore.location",
  "ssl.keystore.key",
  "ssl.keystore.certificate.chain",
  "ssl.key.password",
  "ssl.endpoint.identification.algorithm",
  "ssl.enabled.protocols",
  "ssl.protocol",
  "ssl.cipher.suites",
];

/** Settings that change nothing here; using one is told in the log. */
const WITHOUT_EFFECT = [
  "client.rack",
  "connections.max.idle.ms",
  "receive.buffer.bytes",
  "send.buffer.bytes",
  "default.api.timeout.ms",
  "socket.connection.setup.timeout.max.ms",
  "client.dns.lookup",
  "metric.reporters",
  "metrics.num.samples",
  "metrics.recording.level",
  "metrics.sample.window.ms",
  "enable.metrics.push",
  "max.poll.records",
  "max.poll.interval.ms",
  "session.timeout.ms",
  "heartbeat.interval.ms",
  "allow.auto.create.topics",
  "exclude.internal.topics",
  "check.crcs",
  "buffer.memory",
  "linger.ms",
  "max.block.ms",
  "max.in.flight.requests.per.connection",
  "retries",
  "metadata.max.idle.ms",
  "security.providers",
  "ssl.provider",
  "ssl.secure.random.implementation",
  "ssl.trustmanager.algorithm",
  "ssl.keymanager.algorithm",
  "sasl.kerberos.service.name",
  "sasl.login.class",
  "sasl.client.callback.handler.class",
];

/**
 * Reads the `kafka.*` options.
 *
 * @param own settings that this side (source or sink) follows besides the common ones
 * @throws MISSING_OPTION, UNKNOWN_OPTION, INVALID_OPTION_VALUE
 */
export function clientSettings(options: Options, own: readonly string[], log: Logger): ClientSettings {
  const all = new Map<string, string>();
  for (const [name, value] of options) {
    const lower = name.toLowerCase();
    if (lower.startsWith(PREFIX)) all.set(lower.slice(PREFIX.length), value);
  }
  checkNames(all, own, log);
  const servers = all.get("bootstrap.servers");
  if (servers === undefined || servers.trim() === "") {
    throw new SluiceError("MISSING_OPTION", {
      provider: "kafka",
      option: "kafka.bootstrap.servers",
      hint: "give the brokers' addresses, e.g. 127.0.0.1:9092.",
    });
  }
  const number = (name: string, fallback: number): number => numberSetting(all, name, fallback);
  return {
    brokers: servers.split(",").map((text) => address(text.trim(), servers)),
    clientId: all.get("client.id") ?? "sluice",
    requestTimeoutMs: number("request.timeout.ms", 30_000),
    connectTimeoutMs: number("socket.connection.setup.timeout.ms", 10_000),
    backoffMs: number("retry.backoff.ms", number("reconnect.backoff.ms", 100)),
    backoffMaxMs: number("retry.backoff.max.ms", number("reconnect.backoff.max.ms", 5_000)),
    metadataMaxAgeMs: number("metadata.max.age.ms", 1_000),
    ...security(all),
    all,
  };
}

/** A setting of the client as a whole number. */
export function numberSetting(all: ReadonlyMap<string, string>, name: string, fallback: number): number {
  const text = all.get(name);
  if (text === undefined) return fallback;
  const value = Number(text.trim());
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < 0) {
    throw invalidOption("kafka", PREFIX + name, text, "it must be a whole number");
  }
  return value;
}

function checkNames(all: ReadonlyMap<string, string>, own: readonly string[], log: Logger): void {
  const known = [...FOLLOWED, ...own];
  for (const name of all.keys()) {
    if (known.includes(name)) continue;
    if (WITHOUT_EFFECT.includes(name)) {
      log.warn(`The option ${PREFIX}${name} has no effect here.`);
      continue;
    }
    const near = nearest(name, [...known, ...WITHOUT_EFFECT]);
    throw new SluiceError("UNKNOWN_OPTION", {
      provider: "kafka",
      option: PREFIX + name,
      suggestion: near === undefined ? "" : ` Did you mean ${PREFIX}${near}?`,
      known: known.map((n) => PREFIX + n).join(", "),
    });
  }
}

function address(text: string, whole: string): BrokerAddress {
  const match = /^(?:[A-Za-z_]+:\/\/)?(\[[0-9a-fA-F:.]+\]|[^:/\s]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port < 1 || port > 65535) {
    throw invalidOption("kafka", "kafka.bootstrap.servers", whole, "it must be a list of host:port");
  }
  return { host: (match[1] as string).replace(/^\[|\]$/g, ""), port };
}

function security(all: ReadonlyMap<string, string>): Pick<ClientSettings, "tls" | "sasl"> {
  const protocol = (all.get("security.protocol") ?? "PLAINTEXT").toUpperCase();
  if (!["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"].includes(protocol)) {
    const reason = "it must be PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL";
    throw invalidOption("kafka", "kafka.security.protocol", protocol, reason);
  }
  return {
    tls: protocol.endsWith("SSL") ? tlsOptions(all) : undefined,
    sasl: protocol.startsWith("SASL") ? saslOptions(all) : undefined,
  };
}

function saslOptions(all: ReadonlyMap<string, string>): SASLOptions {
  const mechanism = all.get("sasl.mechanism") ?? "GSSAPI";
  if (mechanism !== "PLAIN" && mechanism !== "SCRAM-SHA-256" && mechanism !== "SCRAM-SHA-512") {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: `The SASL mechanism ${mechanism}`,
      where: "",
      hint: "Set kafka.sasl.mechanism to PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.",
    });
  }
  const text = all.get("sasl.jaas.config");
  if (text === undefined) {
    throw new SluiceError("MISSING_OPTION", {
      provider: "kafka",
      option: "kafka.sasl.jaas.config",
      hint: `the mechanism ${mechanism} takes its user name and password from it.`,
    });
  }
  const { module, options } = parseJaas(text);
  const expected = mechanism === "PLAIN" ? "PlainLoginModule" : "ScramLoginModule";
  const username = options.get("username");
  const password = options.get("password");
  if (!module.endsWith(expected) || username === undefined || password === undefined) {
    const reason = `for ${mechanism} it must name ${expected}, username and password`;
    throw invalidOption("kafka", "kafka.sasl.jaas.config", "***", reason);
  }
  return { mechanism, username, password };
}

function tlsOptions(all: ReadonlyMap<string, string>): TlsOptions {
  for (const store of ["truststore", "keystore"]) {
    const type = all.get(`ssl.${store}.type`);
    const located = all.has(`ssl.${store}.location`);
    if ((type !== undefined && type.toUpperCase() !== "PEM") || (type === undefined && located)) {
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: `A ${store} of type ${type ?? "JKS"}`,
        where: "",
        hint: `Convert it to PEM and set kafka.ssl.${store}.type to PEM.`,
      });
    }
  }
  const file = (name: string): string | undefined => {
    const path = all.get(name);
    if (path === undefined) return undefined;
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      throw invalidOption("kafka", PREFIX + name, path, `the file can't be read: ${(error as Error).message}`);
    }
  };
  const keystore = file("ssl.keystore.location");
  const ca = all.get("ssl.truststore.certificates") ?? file("ssl.truststore.location");
  const key = all.get("ssl.keystore.key") ?? keystore;
  const cert = all.get("ssl.keystore.certificate.chain") ?? keystore;
  const passphrase = all.get("ssl.key.password");
  const ciphers = all.get("ssl.cipher.suites");
  const unchecked = all.get("ssl.endpoint.identification.algorithm")?.trim() === "";
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(key === undefined ? {} : { key }),
    ...(cert === undefined ? {} : { cert }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(ciphers === undefined ? {} : { ciphers: ciphers.split(",").join(":") }),
    ...(unchecked ? { checkServerIdentity: () => undefined } : {}),
    ...versions(all),
  };
}

function versions(all: ReadonlyMap<string, string>): TlsOptions {
  const enabled = all.get("ssl.enabled.protocols") ?? all.get("ssl.protocol");
  if (enabled === undefined) return {};
  const names = enabled.split(",").map((n) => n.trim());
  const known = ["TLSv1.2", "TLSv1.3"] as const;
  const used = known.filter((n) => names.includes(n));
  if (used.length === 0) {
    throw invalidOption("kafka", "kafka.ssl.enabled.protocols", enabled, "TLSv1.2 and TLSv1.3 are supported");
  }
  return { minVersion: used[0], maxVersion: used.at(-1) as "TLSv1.2" | "TLSv1.3" };
}
