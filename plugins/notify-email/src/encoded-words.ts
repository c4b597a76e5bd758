/** Characters of a line with an encoded word in it, and of what is around the base64 (RFC 2047 §2). */
const LINE = 76
const AROUND = '=?UTF-8?B??='.length
/** Longest word that stands in a header as it is: with the header's name the line stays below 78 characters (RFC 5322 §2.1.1). */
const LONGEST_WORD = 60

/**
 * Whether text cannot stand in a header as it is. Also what already looks like an encoded word: readers would decode what somebody chose as the
 * name of a file. Also what folding at spaces would change.
 */
export function needsEncoding(text: string): boolean {
  if (/[^\x20-\x7e]|=\?|\?=|^ | $| {2}/.test(text)) return true
  return text.split(' ').some((word) => word.length > LONGEST_WORD)
}

/** Text as encoded words (RFC 2047, base64), each on a line of its own. A reader joins them into exactly this text. `before`: characters that stand before the first. */
export function encodedWords(text: string, before: number): string {
  const words: string[] = []
  let chunk = ''
  let room = bytesAfter(before)
  for (const character of text) {
    const length = Buffer.byteLength(character)
    if (length > room) {
      words.push(chunk)
      chunk = ''
      room = bytesAfter(1)
    }
    chunk += character
    room -= length
  }
  words.push(chunk)
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join('\r\n ')
}

function bytesAfter(before: number): number {
  return Math.floor((LINE - before - AROUND) / 4) * 3
}
