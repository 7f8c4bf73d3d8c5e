/** Puts readings into a topic. */
import { jsonOf, lastReading, type Reading, readingOf } from "./input.ts";
import { TopicWriter } from "./kcat.ts";

const LINES_A_WRITE = 1000;

const lineOf = (reading: Reading): string => `${reading.device}\t${jsonOf(reading)}\n`;

/** The readings from … to − 1; resolves when kcat has taken them. */
export async function feed(input: TopicWriter, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n += LINES_A_WRITE) {
    const lines: string[] = [];
    for (let i = n; i < Math.min(to, n + LINES_A_WRITE); i++) lines.push(lineOf(readingOf(i)));
    await input.write(lines.join(""));
  }
}

/** The last one, after `records` others; resolves when the broker has it. */
export async function writeLast(brokers: string, topic: string, records: number): Promise<void> {
  await using last = new TopicWriter(brokers, topic);
  await last.write(lineOf(lastReading(records)));
  await last.end();
}
