/** The colours of tiles: one step for every two degrees Celsius. */
export const coldest = 14;
export const hottest = 32;
export const steps = 10;

/** 0 (coldest) to steps − 1. */
export function temperatureStep(celsius: number): number {
  const step = Math.floor(((celsius - coldest) / (hottest - coldest)) * steps);
  return Math.min(steps - 1, Math.max(0, Number.isNaN(step) ? 0 : step));
}
