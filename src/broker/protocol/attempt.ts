import { KafkaError } from "./errors.ts";

/** Does one part of a request. A refusal becomes that part's answer; anything else that goes wrong is thrown on. */
export function attempt<T, R>(action: () => T, refuse: (error: KafkaError) => R): T | R {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return refuse(error);
  }
}
