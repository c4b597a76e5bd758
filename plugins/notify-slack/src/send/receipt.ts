/** Where the message about a signal is. */
export interface Place {
  /** Id of the channel, as Slack returned it: a name is not taken for a change. */
  readonly channel: string
  /** Slack's name of a message, a time. */
  readonly ts: string
  /** The option `channel` when it was posted: with another one the message is not followed. */
  readonly posted: string
  readonly generation: number
}

export function receiptOf(place: Place): string {
  return JSON.stringify(place)
}

/** The place of an earlier message that is to be changed; undefined if there is none. */
export function placeOf(receipt: string | undefined, posted: string, generation: number): Place | undefined {
  if (receipt === undefined) return undefined
  try {
    const place = JSON.parse(receipt) as Partial<Place> | null
    if (typeof place?.channel !== 'string' || typeof place.ts !== 'string') return undefined
    return place.posted === posted && place.generation === generation ? (place as Place) : undefined
  } catch {
    return undefined
  }
}
