/**
 * Text that an attacker may have chosen, so that no mail program makes a link of an address in it: `hxxps[:]//evil[.]example`, the form that
 * analysts know. What is not written as an address stays as it is.
 */
export function defang(text: string): string {
  return text
    .replace(/(h)tt(ps?(?=:\/\/))/gi, '$1xx$2')
    .replace(/:\/\/((?:(?!:\/\/)[^\s/?#])*)/g, (_, host: string) => `[:]//${dots(host)}`)
    .replace(/\bwww\.[^\s/?#]*/gi, dots)
}

const dots = (text: string): string => text.replaceAll('.', '[.]')
