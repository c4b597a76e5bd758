const LONG_INTEGER = /[:,[]-?\d{16}/

type WithSource = (key: string, value: unknown, context: { readonly source?: string }) => unknown
const json = JSON as unknown as { rawJSON(text: string): unknown; parse(text: string, reviver: WithSource): unknown }

/** Reads JSON of our own. Integers beyond 2^53 stay raw JSON numbers, so that it can be written again without loss. */
export function parseExact(text: string): unknown {
  return LONG_INTEGER.test(text) ? json.parse(text, keepLongIntegers) : JSON.parse(text)
}

function keepLongIntegers(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  return typeof value === 'number' && source !== undefined && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
    ? json.rawJSON(source)
    : value
}
