/** What `df.observe` saw in a batch query. */
import { randomUUID } from "node:crypto";
import { SluiceError } from "../errors/error.ts";
import type { Relation } from "../plan/messages.ts";
import { walk } from "../plan/walk.ts";
import type { ObservedMetrics, Observer } from "./engine.ts";
import { publicValue } from "./values.ts";

let attach: (observation: Observation, relation: Relation) => void;
let fill: (observation: Observation, metrics: ObservedMetrics) => void;

/**
 * Takes the metrics of one `df.observe` in a batch query: aggregates over the rows that pass there, without a second pass.
 * The first action (`collect`, `count`, `show`, `write`, …) on the DataFrame, or on one made from it, fills it; later ones
 * leave it as it is. A view's reader doesn't: its plan only names the view. In a stream, give `observe` a name instead and
 * read `observedMetrics` of the progress.
 *
 * @example
 * const seen = new Observation();
 * await readings.observe(seen, count(lit(1)).alias("rows"), max("celsius").alias("highest")).write.parquet("/data/readings");
 * await seen.get(); // { rows: 1000, highest: 40.5 }
 */
export class Observation {
  readonly name: string;
  readonly #metrics = Promise.withResolvers<Record<string, unknown>>();
  #isAttached = false;

  /** @param name a random one unless told */
  constructor(name: string = randomUUID()) {
    this.name = name;
  }

  /**
   * The metrics by name; waits until the first action has ended.
   *
   * @throws NO_OBSERVE_BEFORE_GET when no DataFrame has been given this observation
   */
  async get(): Promise<Record<string, unknown>> {
    if (!this.#isAttached) throw new SluiceError("NO_OBSERVE_BEFORE_GET");
    return { ...(await this.#metrics.promise) };
  }

  // What only this file may do to it.
  static {
    attach = (observation, relation) => {
      if (observation.#isAttached) throw new SluiceError("REUSE_OBSERVATION", { name: observation.name });
      observation.#isAttached = true;
      attached.set(relation, observation);
    };
    fill = (observation, { schema, values }) => {
      const metrics = schema.fields.map(({ name, type }, i) => [name, publicValue(type)(values[i])] as const);
      observation.#metrics.resolve(Object.fromEntries(metrics));
    };
  }
}

/** Ties an observation to the relation that observes. Throws REUSE_OBSERVATION when it has one already. */
export function attachObservation(observation: Observation, relation: Relation): void {
  attach(observation, relation);
}

/** An observation lives as long as the DataFrames that it is in. */
const attached = new WeakMap<Relation, Observation>();

/** Who must hear the metrics of a run of `relation`; undefined where nobody waits for any. */
export function observerOf(relation: Relation): Observer | undefined {
  const found = observationsIn(relation);
  if (found.size === 0) return undefined;
  return (metrics) => {
    const observation = found.get(metrics.name);
    if (observation !== undefined) fill(observation, metrics);
  };
}

/** @throws UNSUPPORTED_FEATURE for a stream whose metrics an Observation waits for */
export function refuseObservations(relation: Relation): void {
  for (const { name } of observationsIn(relation).values()) {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: `The Observation ${name}`,
      where: " in a stream",
      hint: `Give observe a name, e.g. observe("seen", …), and read observedMetrics of the progress.`,
    });
  }
}

function observationsIn(relation: Relation): Map<string, Observation> {
  const found = new Map<string, Observation>();
  walk(relation, {
    relation(inner) {
      const observation = attached.get(inner);
      if (observation !== undefined) found.set(observation.name, observation);
      return undefined;
    },
    expression: () => false, // there are no relations in expressions
  });
  return found;
}
