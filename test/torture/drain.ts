import { writeLast } from "./feed.ts";
import type { Settings } from "./pipeline.ts";
import { Victim } from "./victim.ts";

/**
 * Lets the pipeline process all that is left of `records` readings, and then the last one, which closes the windows:
 * before, it could overtake others. Gives the two runs.
 */
export async function drain(settings: Settings, records: number): Promise<Victim[]> {
  const runs: Victim[] = [];
  for (const closing of [false, true]) {
    if (closing) await writeLast(settings.source.brokers, settings.source.topic, records);
    await using run = new Victim({ ...settings, untilDone: true });
    await run.done();
    runs.push(run);
  }
  return runs;
}
