/** Bounds on disk. Of too many bytes the oldest evidence leaves first: it is large, and who is found often must not push out what was found of others. Then the oldest archived signals, then the oldest of all, each with its evidence. */
export interface StoreLimits {
  readonly signals: number
  /** Of all bodies and evidence, in UTF-16 units. */
  readonly bytes: number
  /** Messages that were refused for good, the newest, and their bodies together, in bytes. */
  readonly dead: number
  readonly deadBytes: number
}
