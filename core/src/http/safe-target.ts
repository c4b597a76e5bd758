import { isForbiddenHost } from './forbidden.ts'

/** Whether secrets may be sent to this URL: https, or http to this very host; never to a link-local address or a metadata service. */
export function isSafeTarget(url: URL): boolean {
  if (isForbiddenHost(url.hostname)) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

/** Whether the URL holds a user or a password, which would be shown wherever the URL is. */
export function hasCredentials(url: URL): boolean {
  return url.username !== '' || url.password !== ''
}

/** URL parsing has brought every way to write an IPv4 address into dotted form. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
