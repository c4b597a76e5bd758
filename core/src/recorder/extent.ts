/** How much the flight recorder remembers, and how far evidence reaches around a signal. */
export interface Extent {
  /** Memory that recent events take at most. */
  readonly bytes: number
  readonly beforeMs: number
  /** 0: nothing is told of what came afterwards. */
  readonly afterMs: number
}

export const DEFAULT_EXTENT: Extent = { bytes: 8 * 1024 * 1024, beforeMs: 60_000, afterMs: 60_000 }

export const isSameExtent = (a: Extent, b: Extent): boolean => a.bytes === b.bytes && a.beforeMs === b.beforeMs && a.afterMs === b.afterMs
