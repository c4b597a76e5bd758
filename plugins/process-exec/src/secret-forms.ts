/**
 * Secrets by their form, wherever they stand. All repetitions are bounded and no two neighbours can take the same characters: the time is
 * linear in the text. The first group stays, the rest is masked.
 */
export const FORMS: readonly RegExp[] = [
  // scheme://user:password@host
  /([a-zA-Z][a-zA-Z0-9+.-]{0,30}:\/\/[^\s/:@'"]{0,256}:)[^\s/@'"]{1,1024}(?=@)/g,
  // Authorization: Bearer …, Basic …, and other headers that carry a key
  /((?:authorization|proxy-authorization)\s{0,4}[:=]\s{0,4}(?:bearer|basic|token|digest|negotiate)?\s{0,4})[^\s'",;]{1,8192}/gi,
  /((?:x-api-key|x-auth-token|x-vault-token|private-token|cookie|set-cookie)\s{0,4}:\s{0,4})[^'"]{1,8192}/gi,
  /(\bbearer\s{1,4})[A-Za-z0-9._~+/=-]{8,8192}/gi,
  // PEM
  /(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)[^-]{1,16384}(?:-----END [A-Z ]{0,40}PRIVATE KEY-----)?/g,
  // JSON Web Token
  /()\beyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{2,8192}\.[A-Za-z0-9_-]{0,8192}/g,
  // AWS, GitHub, GitLab, Slack, Stripe, Google, npm, PyPI, OpenAI and the like
  /()\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /()\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|[sr]k_(?:live|test)_|AIza|npm_|pypi-|sk-)[A-Za-z0-9_-]{16,512}/g,
]

/** `"name": "value"`, a secret if its name says so. */
export const JSON_MEMBER = /("([A-Za-z0-9_.-]{2,64})"\s{0,4}:\s{0,4}")[^"]{1,8192}/g

/** What every text that one of these forms fits contains; most arguments hold none of it. */
const HINT =
  /:\/\/|authorization|-key|-token|cookie|bearer|-----BEGIN|eyJ|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox|[sr]k_|AIza|npm_|pypi-|sk-|"\s{0,4}:/i
/** The shortest text that a form fits. */
const SHORTEST = 7

/** Whether one of the forms, or a secret in JSON, may fit; most texts are told by one look. */
export function mayHoldSecret(text: string): boolean {
  return text.length >= SHORTEST && HINT.test(text)
}
