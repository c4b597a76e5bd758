/** Shorter parts are words, not secrets. */
const SHORTEST = 6

/** An answer may repeat what was sent: the text without the secrets that are in it. Before it is cut, for half a secret is not found any more. */
export function conceal(text: string, secrets: readonly string[]): string {
  let concealed = text
  for (const secret of secrets) if (secret.length >= SHORTEST) concealed = concealed.replaceAll(secret, '(secret)')
  return concealed
}

/** What of a webhook's URL is secret: each part of its path that is no plain word, and its query. */
export function secretsIn(url: string): string[] {
  const { pathname, search } = new URL(url)
  return [...pathname.split('/').filter((part) => !/^[a-z]*$/.test(part)), search.slice(1)].sort((a, b) => b.length - a.length)
}
