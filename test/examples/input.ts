/** What the examples read, on Spark and here. */
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Messages on each topic, in order, all on one partition. */
export const messages: Readonly<Record<string, readonly (string | null)[]>> = {
  test: ["the cat sat on the mat", "the dog", "", "a cat and a dog", null, "Ünïcode cat", "the  end", "the mat"],
  ratings: [
    rating("Metropolis", 4.5, 1),
    rating("Alien", 3, 4),
    rating("Metropolis", 5, 9.9),
    rating("Alien", 9, 12),
    "not json",
    rating("Alien", 4, 15),
    rating("Metropolis", 1.5, 8),
    rating("Brazil", 2, 31),
    rating("Metropolis", 3, 2),
    rating("Alien", null, 33),
    rating("Brazil", 4.25, 70),
    rating("Brazil", 4.75, 39),
    rating("Alien", 0, 71),
  ],
  readings: [
    reading("d1", 20, 0),
    reading("d2", 21.5, 1),
    reading("d3", 59, 2),
    '{"device":"d1","celsius":"broken',
    reading("d9", 10, 3),
    reading("d1", 39.6, 7),
    reading("d2", null, 8),
    reading("d1", 22, 12),
    reading("d3", 61, 14),
    reading("d1", 23, 11),
    reading("d2", 20.25, 25),
    reading("d1", 99, 1),
    reading("d3", 58.5, 26),
    reading("d1", 24, 40),
  ],
};

/** The files of the history folder, in order. */
const history = [
  [reading("d1", 18, -86_400), reading("d2", 17.5, -80_000), reading("d1", null, -70_000)],
  [reading("d1", 19, -3_600), reading("d3", 40, -60)],
];

export function writeHistory(folder: string): void {
  mkdirSync(folder, { recursive: true });
  history.forEach((lines, i) => {
    const file = join(folder, `day-${i}.json`);
    writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
    utimesSync(file, 1_700_000_000 + i, 1_700_000_000 + i);
  });
}

function rating(movie: string, stars: number | null, second: number): string {
  return JSON.stringify({ movie, rating: stars, time: at(second) });
}

function reading(device: string, celsius: number | null, second: number): string {
  return JSON.stringify({ device, celsius, battery: 80, time: at(second) });
}

function at(second: number): string {
  return new Date(Date.UTC(2026, 0, 31) + second * 1000).toISOString();
}
