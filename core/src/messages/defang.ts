/** Dots that browsers take in names of hosts, also the ideographic, fullwidth and halfwidth ones; not those that are broken already. */
const DOTS = /(?<!\[)[.\u3002\uff0e\uff61]|[.\u3002\uff0e\uff61](?!\])/g
/** What stands behind a broken `://` up to the path. */
const AUTHORITY = /(?<=\[:\]\/\/)[^\s/?#]+/g
/** A dot of other scripts within a word. By itself, before names of hosts are looked for: it may begin one too, and to begin anew at each of many took seconds. */
const WIDE_DOT = /(?<=[\p{L}\p{N}-])[\u3002\uff0e\uff61](?=[\p{L}\p{N}])/gu
/** A name of a host that stands alone, or behind two slashes that begin an address: not a part of a path, and its last label of letters. */
const BARE_HOST =
  /(?:(?<![\p{L}\p{N}/._-])|(?<=(?<![\p{L}\p{N}/_])\/\/))(?:[\p{L}\p{N}][\p{L}\p{N}-]{0,62}\.)+(?:\p{L}{2,63}|xn--[\da-z-]{1,59})(?![\p{L}\p{N}_-]|\.\p{N})/giu
/** What programs take for the beginning of an address whatever follows. */
const WWW = /(?<![\p{L}\p{N}/._-])www[.\u3002\uff0e\uff61](?=[\p{L}\p{N}])/giu
const MAIL = /(?<=[\p{L}\p{N}._%+-])@(?=[\p{L}\p{N}-]+[.\u3002\uff0e\uff61])/gu

/**
 * Text in which programs that make links of what looks like one find none, in the manner of threat reports: `https://evil.example/x` becomes
 * `hxxps[:]//evil[.]example/x`, `evil.example` `evil[.]example`, `a@evil.example` `a[@]evil[.]example`. Paths and
 * addresses of numbers alone stay as they are. Idempotent.
 */
export function defang(text: string): string {
  return text
    .replace(/\bhttp(?=s?:\/\/)/gi, 'hxxp')
    .replace(MAIL, '[@]')
    .replaceAll('://', '[:]//')
    .replace(AUTHORITY, broken)
    .replace(WIDE_DOT, '[.]')
    .replace(BARE_HOST, broken)
    .replace(WWW, broken)
}

function broken(host: string): string {
  return host.replace(DOTS, '[.]')
}
