/** Topics of the demonstration. */
export const topics = {
  /** What the devices send. */
  readings: "readings",
  /** Readings that parsed, with site and calibrated temperature. */
  clean: "clean",
  /** Averages by site and 10-second window. */
  averages: "averages",
  /** Readings that stand out. */
  alerts: "alerts",
} as const;

export const partitions = 4;
