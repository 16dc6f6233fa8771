/** Medians and ratios. */

/** The middle of the sorted values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? NaN;
}

/** A line of a result table. */
export function line(name: string, ms: readonly number[]): string {
  return `${name.padEnd(48)} ${median(ms).toFixed(2).padStart(9)} ms`;
}
