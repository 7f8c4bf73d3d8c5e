import { isIP } from "node:net";
import { KafkaError } from "./protocol/errors.ts";

/** What client quotas may be about, and their settings; `whole` numbers are positive integers. */
const CLIENT_KEYS: ReadonlyMap<string, "whole" | "any"> = new Map([
  ["producer_byte_rate", "whole"],
  ["consumer_byte_rate", "whole"],
  ["controller_mutation_rate", "any"],
  ["request_percentage", "any"],
]);
const ADDRESS_KEYS: ReadonlyMap<string, "whole" | "any"> = new Map([["connection_creation_rate", "whole"]]);
const ENTITY_TYPES = new Set(["user", "client-id", "ip"]);

interface Entity {
  readonly entityType: string;
  /** Null for the default of its type. */
  readonly entityName: string | null;
}

interface Operation {
  readonly key: string;
  readonly value: number;
  readonly remove: boolean;
}

/** The parts of an entity, the last of each type. */
export function distinctEntity(parts: readonly Entity[]): Entity[] {
  return [...new Map(parts.map((part) => [part.entityType, part])).values()];
}

/**
 * Checks a change of a client's quotas as Kafka does.
 *
 * @throws KafkaError INVALID_REQUEST
 */
export function checkQuotaChange(parts: readonly Entity[], operations: readonly Operation[]): void {
  const names = new Map(parts.map(({ entityType, entityName }) => [entityType, entityName]));
  if (names.size === 0) throw invalid("The entity of a client quota is empty.");
  for (const [type, name] of names) {
    if (!ENTITY_TYPES.has(type)) throw invalid(`There are no client quotas for a ${type}.`);
    if (name === "") throw invalid(`The ${type} has no name.`);
  }
  const address = names.get("ip");
  if (address !== undefined && names.size > 1) throw invalid("An address has no users or clients.");
  if (address !== undefined && address !== null && isIP(address) === 0) throw invalid(`${address} is no address.`);
  const keys = address === undefined ? CLIENT_KEYS : ADDRESS_KEYS;
  for (const { key, value, remove } of operations) {
    const kind = keys.get(key);
    if (kind === undefined) throw invalid(`There is no client quota ${key} here.`);
    if (remove) continue;
    if (!(value > 0)) throw invalid(`Quota ${key} must be larger than 0.`);
    if (kind === "whole" && !Number.isInteger(value)) throw invalid(`Quota ${key} must be a whole number.`);
  }
}

const Match = { EXACT: 0, DEFAULT: 1, ANY: 2 } as const;

/**
 * Checks a question about clients' quotas as Kafka does.
 *
 * @throws KafkaError INVALID_REQUEST, UNSUPPORTED_VERSION
 */
export function checkQuotaQuery(
  components: readonly { readonly entityType: string; readonly matchType: number; readonly match: string | null }[],
): void {
  const types = new Set<string>();
  for (const { entityType, matchType, match } of components) {
    if (types.has(entityType)) throw invalid(`${entityType} is asked for twice.`);
    types.add(entityType);
    if (entityType === "") throw invalid("An entity type is empty.");
    if (!ENTITY_TYPES.has(entityType)) {
      throw new KafkaError("UNSUPPORTED_VERSION", `There are no client quotas for a ${entityType}.`);
    }
    const fits = matchType === Match.EXACT ? match !== null : match === null;
    if (!fits || matchType < Match.EXACT || matchType > Match.ANY) {
      throw invalid(`Match type ${matchType} doesn't go with ${match === null ? "no name" : "a name"}.`);
    }
  }
  if (types.has("ip") && types.size > 1) throw invalid("An address has no users or clients.");
}

function invalid(why: string): KafkaError {
  return new KafkaError("INVALID_REQUEST", why);
}
