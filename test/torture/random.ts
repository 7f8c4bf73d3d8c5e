/** Chance that its seed repeats; what processes do between two kills isn't part of it. */
export function seeded(seed: number = Math.floor(Math.random() * 2 ** 32)): { seed: number; random: () => number } {
  let state = seed >>> 0;
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, random };
}
