/** The value below which a share of the samples lies (nearest rank). */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5)
}

/** One figure a line: `name value unit`, with the target where there is one. */
export function figure(name: string, value: number, unit: string, target?: string): void {
  console.log(`${name.padEnd(56)} ${Number(value.toPrecision(4))} ${unit}${target ? `  (target ${target})` : ''}`)
}
