/**
 * The files of a configuration's own package are imported under a URL with `?cws=N`, N rising with each load: so a reload evaluates them
 * anew, and the mark tells them from installed packages, which are evaluated once.
 */
const mark = /[?&]cws=(\d+)(?:&|$)/

/** N of a marked URL. */
export function generationOf(url: string | undefined): string | undefined {
  return url?.startsWith('file:') ? mark.exec(url)?.[1] : undefined
}

export function withGeneration(url: string, generation: string): string {
  const marked = new URL(url)
  marked.searchParams.set('cws', generation)
  return marked.href
}
